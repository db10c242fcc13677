"""People looked at as candidates of a stored study, by documents that are not stored themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.clinical.history import History
from app.fhir_mapping import codec
from app.fhir_mapping.candidate_bundle import assumed_subject
from app.fhir_mapping.change import Put
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import gone, not_found
from app.store.as_of import AsOf
from app.store.database import Connection, Row
from app.store.records import history
from app.store.session import Store
from app.store.visibility import Visibility

NOT_STORED = 0
"""The version of a resource that is looked at and not stored."""


async def study_row(store: Store, visibility: Visibility, name: str) -> Row:
    """The stored study; Refusal 404 where there is none, 410 where it was deleted."""

    async def work(connection: Connection) -> list[Row]:
        return await AsOf(store.database, connection, visibility, None).named("ResearchStudy", name)

    found = await store.search(work)
    if not found:
        raise not_found(f"ResearchStudy/{name}")
    if found[0][5] is None:
        raise gone(f"ResearchStudy/{name}")
    return found[0]


def candidates(
    study: Row, puts: Sequence[Put], *, base: str, population: str | None
) -> Iterator[tuple[str, History]]:
    """Each candidate by name, and what is said: a subject of the study, or a patient without one."""
    rows = [_row(put, base) for put in puts if put.resource.name != "ResearchStudy"]
    patients = dict.fromkeys(row[3] for row in rows if row[0] in {"Patient", "ResearchSubject"} and row[3])
    for patient in patients:
        own = [row for row in rows if row[3] == patient]
        subjects = [row for row in own if row[0] == "ResearchSubject" and row[4] == study[1]]
        for name in [row[1] for row in subjects] or [None]:
            yield _candidate(study, own, patient, name, population)


def _candidate(
    study: Row, own: list[Row], patient: str, name: str | None, population: str | None
) -> tuple[str, History]:
    """One candidate; the part in the study is assumed where none is sent."""
    if name is None:
        assumed = codec.write(assumed_subject(patient, study[1], population))
        row = ("ResearchSubject", "assumed", NOT_STORED, patient, study[1], assumed)
        return f"Patient/{patient}", history("assumed", [study, *own, row])
    found = history(name, [study, *own])
    if population is not None:
        found = replace(found, enrolment=replace(found.enrolment, assigned_arm=population))
    return f"ResearchSubject/{name}", found


def _row(put: Put, base: str) -> Row:
    """The document as the store would read it back."""
    found = index_rows(put.resource, put.document, base=base, own_id=put.id)
    return (put.resource.name, put.id, NOT_STORED, found.patient, found.study, put.raw)
