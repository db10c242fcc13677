"""The trial as data: one file per study and protocol version, read once and checked at the start."""
