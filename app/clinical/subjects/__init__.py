"""Where a subject stands: states, visits, events, survival (§0.5, §1.16)."""
