"""What every command needs: to say something, to stop with an exit code, the settings, and the store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.session import Store

T = TypeVar("T")
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


def on_store(work: "Callable[[Store], Awaitable[T]]") -> T:
    """Do it on the store of the settings; a refusal or a failure ends the command with a sentence."""
    from app.fhir_mapping.outcome import Refusal
    from app.store.session import Store

    settings = settings_or_stop()

    async def opened() -> T:
        store = await Store.open(settings.database_url, base=settings.fhir_base, audit=settings.audit)
        try:
            await store.ready()
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(opened())
    except Refusal as refusal:
        wrong = refusal.status == 400  # noqa: PLR2004 - asked as it must not be
        stop("; ".join(issue.text for issue in refusal.issues), MISUSED if wrong else FAILED)
    except Exception as error:  # noqa: BLE001 whatever the driver says, the operator needs a sentence
        stop(f"the database could not be asked: {type(error).__name__}: {error}", FAILED)
