"""How fast the service is, as ratios to a limit measured in the same run."""
