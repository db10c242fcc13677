"""The protocols as prose a clinician can read and sign, in English and in French."""
