"""A table for analysts: its columns with what each means, and the rows of one subject."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.timeline import Infusion, infusion
from app.protocol.definition import Protocol

Cell = str | int | Decimal | bool | date | None
"""None where nothing is recorded or known."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject whose rows are made; `t0` is None where there is no day 0."""

    protocol: Protocol
    history: History
    asked: Asked
    t0: Infusion | None

    @property
    def id(self) -> str:
        """The ResearchSubject."""
        return self.history.enrolment.source.id


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """One column: what it means, where it comes from, and its UCUM unit where that is always the same."""

    name: str
    meaning: str
    source: str
    cell: Callable[[Item], Cell]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table(Generic[Item]):
    """A table: `items` are what each row of a subject is about. Every row begins with the subject."""

    name: str
    about: str
    items: Callable[[Subject], Iterable[Item]]
    columns: tuple[Column[Item], ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return (SUBJECT, *(column.name for column in self.columns))

    def rows(self, protocol: Protocol, history: History, asked: Asked) -> Iterator[Sequence[Cell]]:
        """The rows of one subject."""
        t0 = infusion(protocol, history)
        subject = Subject(protocol, history, asked, t0 if isinstance(t0, Infusion) else None)
        for item in self.items(subject):
            yield (subject.id, *(column.cell(item) for column in self.columns))


SUBJECT = "subject"
"""The first column of every table."""
