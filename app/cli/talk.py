"""What every command needs: to say something, to stop with an exit code, and the settings."""

from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from app.settings import Settings

FAILED, MISUSED = 1, 2


def say(text: str) -> None:
    """Tell the operator; what a command answers goes to standard output instead."""
    typer.echo(text, err=True)


def stop(text: str, code: int) -> NoReturn:
    """End with this exit code and a sentence that says why."""
    say(f"trialbridge: {text}")
    raise typer.Exit(code)


def settings_or_stop() -> "Settings":
    """The settings of this process."""
    from app.settings import SettingsError, from_environment

    try:
        return from_environment()
    except SettingsError as error:
        stop(str(error), MISUSED)
