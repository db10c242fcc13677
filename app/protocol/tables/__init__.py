"""Tables that hold for every trial: legal regimes of reporting, organ classes of adverse events."""
