"""A study exported to a directory, as `trialbridge export` does: every file, in one pass over the study."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from app.clinical.asked import Asked
from app.clinical.studies.answer_tables import TABLES
from app.fhir_mapping.access.actor import OPERATOR
from app.fhir_mapping.audit_event import Event
from app.fhir_mapping.export_operation import DICTIONARY, EXPORTED
from app.routers.export_files import Export, file_name
from app.routers.trial_answers import protocol_of, today
from app.settings import Settings
from app.store.acts import act, carry_out
from app.store.database import Connection
from app.store.of_study import PAGE, study_named, subjects_of
from app.store.session import Store, utc_now
from app.store.visibility import EVERYTHING

Say = Callable[[str], None]


async def export_to(
    settings: Settings, directory: Path, *, study: str, as_of: datetime, say: Say
) -> dict[str, int]:
    """Write every file of the study; how many bytes each has. `say` is told how far it is.

    `study` is its registry number or its id. Refusal 404 where there is no such study, 422 where it names no
    protocol.
    """
    store = await Store.open(settings.database_url, base=settings.fhir_base, audit=settings.audit)
    try:
        name = await study_named(store, EVERYTHING, study, as_of)
        subjects = await subjects_of(store, EVERYTHING, name, as_of)
        made = Export(
            subjects=subjects,
            types=EXPORTED,
            tables=(*TABLES, DICTIONARY),
            protocol=protocol_of(subjects.study, name),
            asked=Asked(today=today(as_of)),
        )
        await carry_out(store, _told(name))
        return await _write(made, directory, say)
    finally:
        await store.close()


def _told(study: str) -> Callable[[Connection], Awaitable[tuple[None, Event]]]:
    """That the study leaves the server: it is written down before the first file is."""

    async def work(_connection: Connection) -> tuple[None, Event]:
        return None, act("export", ("ResearchStudy", study), by=OPERATOR, at=utc_now(), study=study)

    return work


async def _write(made: Export, directory: Path, say: Say) -> dict[str, int]:
    """A file bears its name only once it is whole."""
    directory.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 nobody else waits for this loop
    names = [file_name(one) for one in (*made.types, *made.tables)]
    patients = len(made.subjects.patients)
    done = accumulate((len(page) for page in made.subjects.cut(PAGE)), initial=0)
    with ExitStack() as opened:
        files = {one: opened.enter_context((directory / f"{one}.part").open("wb")) for one in names}
        async for piece in made.pieces():
            for one, found in piece.items():
                files[file_name(one)].write(found)
            say(f"{next(done)} of {patients} patients")
    return {one: (directory / f"{one}.part").rename(directory / one).stat().st_size for one in names}
