"""The dose of cells: its check, and which dose comes next (§1.13, §1.14)."""
