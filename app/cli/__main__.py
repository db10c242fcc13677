"""`python -m app.cli` is the command `trialbridge`."""

from app.cli import main

main()
