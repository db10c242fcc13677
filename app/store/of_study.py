"""All subjects of a study, page by page: what a question about the study as a whole is answered from.

A page is one statement, however many subjects it is about, and is small enough to hold in memory. It has the
documents as they are stored, so that they can be read, and decided from, in another process.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.clinical.history import History
from app.clinical.records import Study
from app.fhir_mapping import codec
from app.fhir_mapping.datatypes import target_id
from app.fhir_mapping.outcome import gone, not_found
from app.store.as_of import AsOf
from app.store.database import Connection, Row
from app.store.records import KINDS, history, read_study
from app.store.session import Store
from app.store.visibility import Visibility

PAGE = 100
"""Patients on a page."""

DOCUMENTS = 5_000
"""Documents on a page, unless one patient alone has more."""

SECONDS = 60.0
"""How long one of the statements may take; a study has many, so the limit of one search says nothing here."""


@dataclass(frozen=True, slots=True)
class Page:
    """The documents of some subjects of a study: by subject the patient and the study they are of."""

    subjects: Sequence[tuple[str, str, str]]
    documents: Mapping[str, Sequence[Row]]
    studies: Mapping[str, Row]
    elsewhere: Collection[str] = ()  # the patients who take part in a study that the asker may not see

    def histories(self) -> Iterator[History]:
        """What they say of each subject."""
        for name, patient, study in self.subjects:
            rows = [self.studies[study], *self.documents[patient]]
            yield history(name, rows, elsewhere=patient in self.elsewhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """The subjects of a study as of a moment, those of its parts (such as a site's) among them.

    `members` says for each subject the patient and the study; it is ordered by patient. `sizes` says how many
    documents there are about a patient.
    """

    store: Store
    visibility: Visibility
    as_of: datetime
    study: Study
    studies: Mapping[str, Row]
    members: Sequence[tuple[str, str, str]]
    sizes: Mapping[str, int]

    @property
    def patients(self) -> Sequence[str]:
        """Every patient once, in order."""
        return list(dict.fromkeys(patient for _, patient, _ in self.members))

    @property
    def shown(self) -> Sequence[tuple[str, str, int]]:
        """What an answer about all of them shows something of: the studies, every subject and its patient."""
        studies = (tuple(row[:3]) for row in self.studies.values())
        subjects = (("ResearchSubject", name, 0) for name, _, _ in self.members)
        return [*studies, *subjects, *(("Patient", patient, 0) for patient in self.patients)]

    @property
    def is_of_a_part(self) -> bool:
        """Whether the study is part of another, as a site's is."""
        return bool(_wholes(self.studies[self.study.source.id]))

    def cut(self, size: int) -> Iterator[Sequence[str]]:
        """Every patient, page by page: at most so many, and not more documents than a page may hold."""
        page: list[str] = []
        held = 0
        for patient in self.patients:
            number = self.sizes.get(patient, 0)
            if page and (len(page) == size or held + number > DOCUMENTS):
                yield page
                page, held = [], 0
            page.append(patient)
            held += number
        if page:
            yield page

    async def pages(self, size: int) -> AsyncIterator[Page]:
        """Every subject, in pages of at most so many patients."""
        for patients in self.cut(size):
            yield await self._page(patients)

    async def counts(self) -> Mapping[str, int]:
        """How many resources of each type there are about the subjects, without those of other studies."""

        async def work(connection: Connection) -> list[Row]:
            then = AsOf(self.store.database, connection, self.visibility, self.as_of)
            return await then.counts(self.patients, KINDS)

        found = Counter({"ResearchStudy": len(self.studies)})
        for kind, study, number in await self.store.database.read(work, seconds=SECONDS):
            if study is None or study in self.studies:
                found[kind] += number
        return found

    async def _page(self, patients: Sequence[str]) -> Page:
        async def work(connection: Connection) -> tuple[list[Row], set[str]]:
            then = AsOf(self.store.database, connection, self.visibility, self.as_of)
            return await then.about(patients, KINDS), await then.also_elsewhere(patients)

        found, elsewhere = await self.store.database.read(work, seconds=SECONDS)
        documents: dict[str, list[Row]] = {patient: [] for patient in patients}
        for row in found:
            documents[row[3]].append(tuple(row))  # a row of a driver cannot go to another process
        there = {row[:2] for rows in documents.values() for row in rows if row[5] is not None}
        subjects = [one for one in self.members if ("ResearchSubject", one[0]) in there]
        return Page(subjects, documents, self.studies, elsewhere)


async def subjects_of(store: Store, visibility: Visibility, name: str, as_of: datetime) -> Subjects:
    """The subjects of a ResearchStudy.

    Raises Refusal 404 where there is no such study (or was none then), 410 where it was deleted.
    """

    async def work(connection: Connection) -> tuple[dict[str, Row], list[Row], list[Row]]:
        then = AsOf(store.database, connection, visibility, as_of)
        studies = {row[1]: row for row in await then.of_type("ResearchStudy")}
        parts = _with_parts(name, studies)
        rows = [row for row in await then.enrolled(parts) if row[3] is not None]
        sizes = await then.sizes(list({row[3] for row in rows}), KINDS)
        return {part: tuple(studies[part]) for part in parts}, rows, sizes

    studies, rows, sizes = await store.database.read(work, seconds=SECONDS)
    return Subjects(
        store=store,
        visibility=visibility,
        as_of=as_of,
        study=read_study(studies[name]),
        studies=studies,
        members=sorted(((row[1], row[3], row[4]) for row in rows), key=_by_patient),
        sizes={row[0]: row[1] for row in sizes},
    )


async def study_named(store: Store, visibility: Visibility, name: str, as_of: datetime) -> str:
    """The id of the ResearchStudy with this id or registry number; Refusal 404 where there is none."""

    async def work(connection: Connection) -> list[Row]:
        return await AsOf(store.database, connection, visibility, as_of).of_type("ResearchStudy")

    there = [row for row in await store.database.read(work, seconds=SECONDS) if row[5] is not None]
    for row in there:
        if row[1] == name or any(one.code == name for one in read_study(row).identifiers):
            return str(row[1])
    raise not_found(f"ResearchStudy {name}")


def _by_patient(member: tuple[str, str, str]) -> tuple[str, str]:
    return member[1], member[0]


def _with_parts(name: str, studies: Mapping[str, Row]) -> list[str]:
    """The study and all that is part of it, directly or not."""
    if name not in studies:
        raise not_found(f"ResearchStudy/{name}")
    if studies[name][5] is None:
        raise gone(f"ResearchStudy/{name}")
    wholes = {one: _wholes(row) for one, row in studies.items()}
    found = [name]
    for whole in found:  # grows while it is walked
        found += [one for one in studies if whole in wholes[one] and one not in found]
    return found


def _wholes(row: Row) -> list[str | None]:
    """The studies one is part of; a deleted one is part of none."""
    document = codec.read(row[5]) if row[5] is not None else {}
    return [target_id(part, "ResearchStudy") for part in document.get("partOf", ())]
