"""Where the chains of one committer stand, and how an event is put at the end of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Table

from app.fhir_mapping.access.actor import SERVICE
from app.fhir_mapping.audit_drawing import drawn
from app.fhir_mapping.audit_event import LINK, Event, Head
from app.store import models
from app.store.database import Row
from app.store.ids import new_id

EVENTS_BETWEEN_LINKS: Final = 100
BETWEEN_LINKS: Final = timedelta(minutes=5)
BETWEEN_LOOKS: Final = timedelta(seconds=1)
"""A busy process writes many links in a second; it looks once how far the others have come."""


@dataclass(slots=True)
class Ends:
    """The ends of a committer's chains, and the rows that are to be written to have them there.

    `events` are those since the last link, which was at `linked`; `latest` is when the newest was; `looked`,
    when it was last looked how far the others have come.
    """

    committer: str
    heads: dict[str, Head] = field(default_factory=dict)
    events: int = 0
    latest: datetime | None = None
    linked: datetime | None = None
    looked: datetime | None = None
    rows: list[Row] = field(default_factory=list)
    entities: list[Row] = field(default_factory=list)

    def written(self) -> "Ends":
        """The same when its rows are written."""
        return Ends(
            self.committer, dict(self.heads), self.events, self.latest, self.linked, looked=self.looked
        )

    def extend(self, events: Iterable[Event]) -> None:
        """Put events at the ends of their chains, the last of them the newest."""
        for event in events:
            self._append(event)
            self.events += 1
            self.latest = event.recorded if self.latest is None else max(self.latest, event.recorded)

    def link(self, others: Sequence[Head] = (), *, named: Sequence[tuple[str, str]] = ()) -> None:
        """Cite where these chains stand, and those of others."""
        if self.latest is None:
            raise LookupError("there is nothing to cite yet")
        link = Event(
            recorded=self.latest, action="E", interaction=LINK, status=200, actor=SERVICE, named=named
        )
        self._append(link, [*others, *self.heads.values()])
        self.events, self.linked = 0, self.latest

    @property
    def is_linking(self) -> bool:
        """Whether it is time for a link."""
        if self.latest is None or not self.events:
            return False
        return (
            self.linked is None
            or self.events >= EVENTS_BETWEEN_LINKS
            or self.latest - self.linked >= BETWEEN_LINKS
        )

    @property
    def is_looking(self) -> bool:
        """Whether it is time to look how far the others have come."""
        return self.looked is None or self.latest is None or self.latest - self.looked >= BETWEEN_LOOKS

    @property
    def tables(self) -> Mapping[Table, Sequence[Row]]:
        """The rows that are to be written, by their table."""
        rows = ((models.audit, self.rows), (models.audit_entity, self.entities))
        return {table: of_table for table, of_table in rows if of_table}

    def _append(self, event: Event, cited: Sequence[Head] = ()) -> None:
        """Put an event at the end of its chain, and what it is about beside it."""
        name, last = new_id(), self.heads.get(event.study)
        previous, number = (last.hash, last.number + 1) if last is not None else (b"", 1)
        place = Head(study=event.study, committer=self.committer, number=number, hash=previous)
        document = drawn(name, event, place, cited)
        hashed = chained(previous, document)
        self.heads[event.study] = Head(
            study=event.study, committer=self.committer, number=number, hash=hashed
        )
        where = (name, event.study, self.committer, number, event.recorded)
        what = (event.action, event.interaction, event.outcome, event.actor.client, event.patient)
        self.rows.append((*where, *what, document, previous, hashed))
        self.entities += (
            (name, one.type, one.id, one.version, one.whose, one.digest) for one in event.entities
        )


def chained(previous: bytes, document: bytes) -> bytes:
    """The hash of an event: of the one before it, and of the document that tells it."""
    return sha256(previous + document).digest()
