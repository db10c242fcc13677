"""Every setting, read from the environment with the prefix TRIALBRIDGE_; the only reader of it."""
