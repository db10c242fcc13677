"""Who may enter a trial: every kind of criterion, and what the criteria say together (§2)."""
