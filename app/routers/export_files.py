"""A study as files for analysts: resources line by line (NDJSON), and flat tables (CSV), pseudonymised.

The files grow page by page, from one pass over the study, however many of them there are.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.clinical.asked import Asked
from app.clinical.studies.answer_tables import TABLES
from app.clinical.studies.table import SUBJECT, Cell
from app.fhir_mapping import codec
from app.fhir_mapping.csv_text import lines
from app.fhir_mapping.export_operation import DICTIONARY, EXPORTED
from app.fhir_mapping.pseudonymous import STAYS, pseudonymous
from app.protocol.definition import Protocol
from app.routers.study_decisions import decided
from app.store.of_study import Page, Subjects

_DICTIONARY_HEADER: Final = ("table", "column", "meaning", "unit", "source")
_RESOURCES: Final = "resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is exported: types of resources, and tables, which need the protocol.

    A file is known by its type or its table; `asked` says for which day the tables are computed.
    """

    subjects: Subjects
    types: Sequence[str] = ()
    tables: Sequence[str] = ()
    protocol: Protocol | None = None
    asked: Asked

    async def pieces(self) -> AsyncIterator[Mapping[str, bytes]]:
        """The next bytes of each file: its beginning, then those of each page of subjects."""
        yield self._beginnings()
        if set(self.types) <= {"ResearchStudy"} and not {*self.tables} - {DICTIONARY}:
            return
        work = partial(_of_page, self.types, self.tables, self.protocol, self.asked)
        async for piece in decided(self.subjects, work):
            yield piece

    def _beginnings(self) -> Mapping[str, bytes]:
        """What stands before the subjects: the studies themselves, the headers, the whole dictionary."""
        found = dict.fromkeys(self.types, b"")
        if "ResearchStudy" in found:
            studies = (row[5] for row in self.subjects.studies.values())
            found["ResearchStudy"] = b"".join(_line(document) for document in studies)
        for name in self.tables:
            found[name] = dictionary() if name == DICTIONARY else lines([TABLES[name].header])
        return found


def dictionary() -> bytes:
    """What every column means, its unit and its source; and what is left out of the resources, and why."""
    return lines([_DICTIONARY_HEADER, *_meanings()])


def _meanings() -> Iterator[Sequence[Cell]]:
    for table in TABLES.values():
        yield (table.name, "", table.about, "", "")
        yield (table.name, SUBJECT, "the subject's part in the study", "", "ResearchSubject.id")
        for column in table.columns:
            yield (table.name, column.name, column.meaning, column.unit, column.source)
    yield (_RESOURCES, "", "One line for each resource, without what identifies the patient.", "", "")
    for element, meaning in STAYS.items():
        yield (_RESOURCES, element, meaning, "", "")


def _of_page(
    types: Sequence[str], tables: Sequence[str], protocol: Protocol | None, asked: Asked, page: Page
) -> Mapping[str, bytes]:
    """What a page of subjects adds to each file."""
    found = {kind: b"".join(_lines(kind, page)) for kind in types if kind != "ResearchStudy"}
    wanted = [TABLES[name] for name in tables if name != DICTIONARY]
    if wanted and protocol is not None:
        histories = list(page.histories())
        for table in wanted:
            rows = (row for history in histories for row in table.rows(protocol, history, asked))
            found[table.name] = lines(rows)
    return found


def _lines(kind: str, page: Page) -> Iterator[bytes]:
    """The resources of a type, but those that belong to another study."""
    for rows in page.documents.values():
        for row in rows:
            if row[0] == kind and row[4] in {None, *page.studies}:
                yield _line(row[5])


def _line(document: bytes | None) -> bytes:
    return b"" if document is None else pseudonymous(codec.read(document)) + b"\n"


def file_name(name: str) -> str:
    """What a file is called on a disk."""
    return f"{name}.ndjson" if name in EXPORTED else f"{name}.csv"
