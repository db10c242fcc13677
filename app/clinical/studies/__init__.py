"""Questions and tables about a whole study."""
