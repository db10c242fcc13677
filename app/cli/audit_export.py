"""The command that writes the trail for an inspector: `audit export`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.talk import FAILED, MISUSED, settings_or_stop, stop

if TYPE_CHECKING:
    from app.settings import Settings

README = """What is in this directory
=========================

audit-events.ndjson  Every event of the trail that was asked for, one FHIR AuditEvent a line, as it is kept.
audit-events.csv     The same as a table: when, who, in which role, from where, what, whom about, which
                     versions, how it was searched, why, with what outcome; and its place in the trail.

{what}

How to see that nothing was changed
-----------------------------------

Each event belongs to the chain of its `study` and `committer`, in which it has a `number`. Its hash is the
SHA-256 of the hash of the event before it (`previous`; none for number 1) followed by its own line in
audit-events.ndjson, without the end of the line. In Python:

    import csv, hashlib
    last = {{}}
    with open("audit-events.csv", newline="") as table, open("audit-events.ndjson", "rb") as events:
        for row, line in zip(csv.DictReader(table), events, strict=True):
            line, chain = line.rstrip(b"\\n"), (row["study"], row["committer"])
            assert hashlib.sha256(bytes.fromhex(row["previous"]) + line).hexdigest() == row["hash"], row
            assert last.get(chain, row["previous"]) == row["previous"], row
            last[chain] = row["hash"]

An event of the interaction `link` cites where the other chains stood: the number and hash of the last event
of each. Whoever changed an event would have had to change every later one of its chain, and every link since.

The same is done, with what is stored of every version, by `trialbridge audit verify` on the server. What was
cut off the end of a chain after it was last cited shows only against heads that were kept elsewhere
(`trialbridge audit heads`).
"""


def export(
    to: Annotated[Path, typer.Option(help="The directory for the files; made where it is not there.")],
    study: Annotated[str, typer.Option(help="The id of one ResearchStudy, instead of the whole trail.")] = "",
    from_: Annotated[
        str, typer.Option("--from", help="Only what was recorded on this day, or at this instant, or later.")
    ] = "",
    until: Annotated[
        str, typer.Option(help="Only what was recorded on this day or before, or before this instant.")
    ] = "",
) -> None:
    """Write the trail for an inspector: NDJSON of AuditEvents, a table, and how to verify them."""
    settings = settings_or_stop()
    since, before = _instant("--from", from_), _instant("--until", until, ends=True)
    try:
        to.mkdir(parents=True, exist_ok=True)
        count = asyncio.run(_written(settings, to, study=study or None, since=since, until=before))
    except Exception as error:  # noqa: BLE001 whatever went wrong, the operator needs a sentence
        stop(f"the export is not complete: {type(error).__name__}: {error}", FAILED)
    typer.echo(f"{count} events")


def _instant(option: str, text: str, *, ends: bool = False) -> datetime | None:
    """The instant an option means; a day means its beginning, or its end where it `ends` what is asked."""
    from app.fhir_mapping.datatypes import moment

    found = moment(text) if text else None
    if text and (found is None or found.day is None):
        stop(f"{option} must be a day, such as 2024-05-03, or an instant, 2024-05-03T10:20:30+02:00", MISUSED)
    if found is None:
        return None
    return found.end if ends and not found.has_time else found.start


async def _written(
    settings: "Settings", to: Path, *, study: str | None, since: datetime | None, until: datetime | None
) -> int:
    """Write the files; how many events there are."""
    from app.fhir_mapping import audit_table, codec
    from app.store.session import open_database
    from app.store.trail_export import events

    database, count = await open_database(settings.database_url), 0
    try:
        with (to / "audit-events.ndjson").open("wb") as listed, (to / "audit-events.csv").open("wb") as table:
            table.write(audit_table.head())
            async for kept in events(database, study=study, since=since, until=until):
                listed.write(kept.document + b"\n")
                event = codec.read(kept.document)
                table.write(audit_table.row(event, previous=kept.previous, hashed=kept.hash))
                count += 1
    finally:
        await database.close()
    of = "All studies, and what is about none." if study is None else f"Only the study {study}."
    span = "".join(f" {word} {at.isoformat()}." for word, at in (("From", since), ("Before", until)) if at)
    (to / "README.txt").write_text(README.format(what=f"{of}{span} {count} events."), "utf-8")
    return count
