"""Immunological and biological markers (§1.12)."""
