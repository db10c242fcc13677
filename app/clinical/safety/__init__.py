"""Adverse events: tolerance, the safety of a study, and when events must be reported (§1.11)."""
