"""Whether treatment failed: end-stage, doubled creatinine, nephritis, rescue (§1.10)."""
