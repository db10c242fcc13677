"""The commands that look after the trail: `audit verify`, `audit heads` and `audit export`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.audit_export import export
from app.cli.talk import FAILED, MISUSED, say, settings_or_stop, stop

if TYPE_CHECKING:
    from app.fhir_mapping.audit_event import Head
    from app.store.database import Database
    from app.store.verify import Fault, Verification

T = TypeVar("T")

audit = typer.Typer(
    name="audit", help="The trail of who did what: whether it is whole.", no_args_is_help=True
)
audit.command()(export)
_NO_STUDY = "-"


@audit.command()
def verify(
    study: Annotated[str, typer.Option(help="The id of one study, instead of the whole trail.")] = "",
    kept: Annotated[
        Path | None, typer.Option("--heads", help="What `audit heads` printed earlier, kept elsewhere.")
    ] = None,
) -> None:
    """Look through the trail and what is stored; each fault is named, and the exit code is 1.

    What was cut off the end of a chain after it was last cited is found by the heads that were kept.
    """
    earlier = [] if kept is None else _read(kept)
    base = settings_or_stop().fhir_base
    found = _on_database(lambda database: _verified(database, study or None, earlier, base=base))
    if found:
        stop(f"{found} faults: the trail, or what it tells of, is not as it was written", FAILED)


@audit.command()
def heads() -> None:
    """Print where every chain stands: study, committer, number, hash. Keep it where nobody can change it."""
    _on_database(_printed)


async def _verified(database: "Database", study: str | None, earlier: "list[Head]", *, base: str) -> int:
    from app.store.verify import Verification

    walk = Verification(database, study, base=base)
    found = 0
    async for fault in _faults(walk, earlier):
        typer.echo(f"{fault.table} {fault.id}: {fault.text}")
        found += 1
    older = f"of which {walk.older} are older than the trail, and not proved by it"
    say(f"{walk.events} events, {walk.links} links, {walk.versions} versions, {older}")
    if not found:
        await _printed(database)
    return found


async def _faults(walk: "Verification", earlier: "list[Head]") -> "AsyncIterator[Fault]":
    async for fault in walk.faults():
        yield fault
    async for fault in walk.held(earlier):
        yield fault


async def _printed(database: "Database") -> None:
    from app.store.verify import heads as standing

    for head in await standing(database):
        typer.echo(f"{head.study or _NO_STUDY} {head.committer} {head.number} {head.hash.hex()}")


def _read(file: Path) -> "list[Head]":
    """The heads of a file, as they were printed."""
    from app.fhir_mapping.audit_event import Head

    try:
        lines = [line.split() for line in file.read_text().splitlines() if line.strip()]
        return [
            Head(
                study="" if study == _NO_STUDY else study,
                committer=committer,
                number=int(number),
                hash=bytes.fromhex(hashed),
            )
            for study, committer, number, hashed in lines
        ]
    except (OSError, ValueError):
        stop(f"{file} does not hold what `trialbridge audit heads` prints", MISUSED)


def _on_database(work: "Callable[[Database], Awaitable[T]]") -> T:
    from app.store.session import open_database

    settings = settings_or_stop()

    async def opened() -> T:
        database = await open_database(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(opened())
    except Exception as error:  # noqa: BLE001 whatever the driver says, the operator needs a sentence
        stop(f"the trail could not be read: {type(error).__name__}: {error}", FAILED)
