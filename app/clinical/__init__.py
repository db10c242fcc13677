"""Decisions about the trial: pure functions over what is recorded and what the protocol says."""
