"""What a patient took, day by day, and the exposure to corticosteroids (§1.9)."""
