"""The commands that look after the data, migrate, backup, rebuild and export; and openapi."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.talk import FAILED, MISUSED, say, settings_or_stop, stop

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.rebuild import Derive


def migrate() -> None:
    """Bring the database to the form this version needs; run it before `serve`, and after every upgrade."""
    from app.store.migrate import head, upgrade

    settings = settings_or_stop()
    try:
        upgrade(settings.database_url, base=settings.fhir_base)
    except Exception as error:  # noqa: BLE001 whatever the driver says, the operator needs a sentence
        stop(f"the database could not be migrated: {type(error).__name__}: {error}", FAILED)
    say(f"the database is at migration {head()}")


def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.", metavar="FILE")],
) -> None:
    """Copy an SQLite database, whole and of one moment, while it is served; on PostgreSQL use pg_dump."""
    from app.store.backup import back_up

    url = settings_or_stop().database_url
    if not url.startswith("sqlite:"):
        stop("a PostgreSQL database is backed up by pg_dump (docs/operating.md)", MISUSED)
    try:
        size = back_up(url, to)
    except Exception as error:  # noqa: BLE001 as above
        stop(f"nothing was backed up: {type(error).__name__}: {error}", FAILED)
    say(f"{to}: {size} bytes")


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would come out otherwise; exit code 1 if anything.")
    ] = False,
) -> None:
    """Derive every typed and search row again from the stored documents; the documents stay as they are."""
    from app.store.rebuild import differing
    from app.store.rebuild import rebuild as derive_again

    settings = settings_or_stop()
    say("deriving every row again …")
    try:
        rows = asyncio.run(_on_store(settings, differing if check else derive_again))
    except Exception as error:  # noqa: BLE001 as above
        stop(f"nothing was changed: {type(error).__name__}: {error}", FAILED)
    for table, count in rows.items():
        typer.echo(f"{table}: {count}")
    if check and any(rows.values()):
        stop("rows are missing, or there that should not be: `trialbridge rebuild` mends them", FAILED)


def export(
    study: Annotated[str, typer.Option(help="Its registry number, such as NCT03562065, or its id.")],
    to: Annotated[Path, typer.Option(help="The directory for the files; made where it is not there.")],
    as_of: Annotated[str, typer.Option(help="As recorded up to this instant or day, instead of now.")] = "",
) -> None:
    """Write a study as pseudonymised files: NDJSON of resources, CSV tables and what their columns mean."""
    from app.fhir_mapping.outcome import Refusal
    from app.fhir_mapping.question import instant
    from app.routers.export_directory import export_to
    from app.routers.trial_answers import now

    settings = settings_or_stop()
    at = instant(as_of) if as_of else now()
    if at is None:
        stop("--as-of must be an instant, such as 2024-05-03T10:20:30+02:00, or a day", MISUSED)
    try:
        sizes = asyncio.run(export_to(settings, to, study=study, as_of=at, say=say))
    except Refusal as refusal:
        stop("; ".join(issue.text for issue in refusal.issues), FAILED)
    except Exception as error:  # noqa: BLE001 as above
        stop(f"the export is not complete: {type(error).__name__}: {error}", FAILED)
    for name, size in sizes.items():
        typer.echo(f"{name}: {size} bytes")


def openapi() -> None:
    """Print the description of the API (openapi/openapi.json) to standard output."""
    from app.routers.openapi import text

    sys.stdout.buffer.write(text())


async def _on_store(settings: "Settings", derive: "Derive") -> dict[str, int]:
    from app.store.session import Store

    store = await Store.open(settings.database_url, base=settings.fhir_base, audit=settings.audit)
    try:
        return await derive(store, base=settings.fhir_base)
    finally:
        await store.close()
