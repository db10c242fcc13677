"""Scores and questionnaires: what each amounts to, and how it changed (§1.1 to §1.3, §1.6 to §1.8, §1.15)."""
