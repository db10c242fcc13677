"""The trail is looked through from its first event to its last: whatever was changed afterwards is named.

Nothing is believed but the documents of the events, which the hashes cover: what is kept beside them in
columns, what a link cites and what is stored of every version is compared with them, page by page.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.fhir_mapping import codec
from app.fhir_mapping.audit_event import Head
from app.fhir_mapping.audit_evidence import BEFORE, is_evidence
from app.fhir_mapping.audit_told import Told, told
from app.fhir_mapping.outcome import Refusal
from app.store.database import Database, Row
from app.store.rebuild import LOCAL
from app.store.trail import HEADS, head_of
from app.store.trail_ends import chained
from app.store.verify_acts import acts
from app.store.verify_versions import Version, as_bytes, as_text, compared, unaccounted, unfollowed

PAGE: Final = 100
_EVENTS = f"""SELECT a.id, a.chain, a.committer, a.number, COALESCE(a.recorded, a.recorded), a.action,
 a.interaction, a.outcome, a.client, a.patient_id, a.document, a.previous, a.hash FROM audit a
 WHERE (a.chain, a.committer, a.number) > ($1, $2, $3){{of}} ORDER BY a.chain, a.committer, a.number
 LIMIT {PAGE}"""
_OF_STUDY = " AND a.chain = $4"
_ENTITIES = (
    "SELECT e.audit_id, e.type, e.id, e.version, e.patient_id, e.digest FROM audit_entity e WHERE {of}"
)
_CITED = """SELECT a.chain, a.committer, a.number, a.hash FROM {tokens} JOIN audit a
 ON a.chain = k.type AND a.committer = k.system AND a.number = CAST(k.code AS integer)"""
_ORPHANS = f"""SELECT DISTINCT e.audit_id FROM audit_entity e WHERE e.audit_id > $1
 AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.id = e.audit_id) ORDER BY e.audit_id LIMIT {PAGE}"""

_FIRST = "SELECT COALESCE(recorded, recorded) FROM audit ORDER BY recorded LIMIT 1"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as it was written: the table, the row, and what is wrong with it."""

    table: str
    id: str
    text: str


@dataclass(slots=True)
class Verification:
    """A walk through the trail of a study, or of all; it counts what it has seen.

    `older` are versions that were stored before the trail began, which it cannot prove; `base` is the address
    under which absolute references are our own.
    """

    database: Database
    study: str | None = None
    events: int = 0
    links: int = 0
    versions: int = 0
    older: int = 0
    base: str = LOCAL
    _left: set[tuple[str, str]] = field(default_factory=set)
    _before: set[str] = field(default_factory=set)
    _last: Head = field(default_factory=lambda: Head(study="", committer="", number=0, hash=b""))

    async def faults(self) -> AsyncIterator[Fault]:
        """Everything that is wrong, as it is found."""
        async for page in self._pages():
            for fault in [*self._chained(page), *await self._beside(page)]:
                yield fault
        async for name in self._orphans():
            yield Fault("audit_entity", name, "belongs to an event that is not there")
        async for fault in self._stored():
            yield fault
        async for found in acts(self.database, self._left, whole=self.study is None):
            yield Fault(*found)

    async def _stored(self) -> AsyncIterator[Fault]:
        """What is stored that no event tells of, and what of the history is out of its order."""
        first = await self.database.read(lambda c: c.fetch(_FIRST))
        if not first:
            return
        since = _instant(min(self._before, default="")) or first[0][0]
        async for one in unaccounted(self.database, self.study, since=since):
            self.versions += 1
            self.older += one.is_older and not one.is_told
            if not one.is_told and not one.is_older:
                yield _of_version(one.version, "no event tells of it")
        if self._before and {one.partition(" ")[0] for one in self._before} != {str(self.older)}:
            told_as = ", ".join(sorted(self._before))
            yield Fault("version", "*", f"{self.older} are older than the trail, which began with {told_as}")
        if self.study is None:
            async for found in unfollowed(self.database):
                yield _of_version(*found)

    async def held(self, heads: Sequence[Head]) -> AsyncIterator[Fault]:
        """What is not there any more of the heads that were kept elsewhere."""
        for start in range(0, len(heads), PAGE):
            for fault in await self._missing([("elsewhere", one) for one in heads[start : start + PAGE]]):
                yield fault

    async def _pages(self) -> AsyncIterator[Sequence[Row]]:
        of = "" if self.study is None else _OF_STUDY
        further = () if self.study is None else (self.study,)
        place: tuple[str, str, int] = ("", "", 0)
        while rows := await self.database.read(
            lambda c, at=place: c.fetch(_EVENTS.format(of=of), *at, *further)  # type: ignore[misc]
        ):
            yield rows
            _, *named = rows[-1][:4]
            place = (named[0], named[1], named[2])

    def _chained(self, rows: Sequence[Row]) -> Iterator[Fault]:
        """The rows of each chain follow one another, without a gap."""
        for name, study, committer, number, *_, document, previous, hashed in rows:
            last = self._last
            if (study, committer) != (last.study, last.committer):
                last = Head(study=study, committer=committer, number=0, hash=b"")
            self.events += 1
            if number != last.number + 1:
                yield Fault("audit", name, f"is number {number} of its chain, after {last.number}")
            kept = [as_bytes(one) for one in (document, previous, hashed)]
            if kept[1] != last.hash:
                yield Fault("audit", name, "does not follow the event before it in its chain")
            if kept[2] is None or kept[2] != chained(kept[1] or b"", kept[0] or b""):
                yield Fault("audit", name, "is not what was written down: its hash is another")
            place = number if isinstance(number, int) else 0
            self._last = Head(study=study, committer=committer, number=place, hash=kept[2] or b"")

    async def _beside(self, rows: Sequence[Row]) -> list[Fault]:
        """What is kept beside the documents, and what they say of other rows."""
        said: dict[str, Told] = {}
        faults = []
        for row in rows:
            event = _told(row)
            if event is None:
                faults.append(Fault("audit", row[0], "its document cannot be read"))
                continue
            said[row[0]] = event
            self._left.update(one for one in event.named if is_evidence(one[0]))
            self._before.update(value for system, value in event.named if system == BEFORE)
            if _columns(event) != _stored(row):
                faults.append(Fault("audit", row[0], "its columns are not what its document says"))
        faults += await self._entities(said)
        cited = [(name, head) for name, event in said.items() for head in event.heads]
        self.links += sum(1 for event in said.values() if event.heads)
        for start in range(0, len(cited), PAGE):
            faults += await self._missing(cited[start : start + PAGE])
        changed = {key: digest for event in said.values() for key, digest in event.changed.items()}
        faults += [_of_version(*found) async for found in compared(self.database, changed, base=self.base)]
        return faults

    async def _entities(self, said: dict[str, Told]) -> list[Fault]:
        """The rows that say what each event is about."""
        sql = _ENTITIES.format(of=self.database.member("e.audit_id", 1))
        names = self.database.members(list(said))
        rows = await self.database.read(lambda c: c.fetch(sql, names))
        found: dict[str, list[Row]] = {name: [] for name in said}
        for name, *rest in rows:
            found[name].append(rest)
        return [
            Fault("audit_entity", name, "what its event is about is not what its document says")
            for name, event in said.items()
            if not _is_about(event, found[name])
        ]

    async def _missing(self, cited: Sequence[tuple[str, Head]]) -> list[Fault]:
        """What is cited and not there, or another."""
        keys = sorted({(head.study, head.committer, str(head.number)) for _, head in cited})
        sql = _CITED.format(tokens=self.database.tokens(1))
        rows = await self.database.read(lambda c: c.fetch(sql, self.database.token_set(keys)))
        there = {
            Head(study=row[0], committer=row[1], number=row[2], hash=as_bytes(row[3]) or b"") for row in rows
        }
        return [
            Fault("audit", f"{head.study}/{head.committer}/{head.number}", f"is not as it is cited by {name}")
            for name, head in cited
            if head not in there
        ]

    async def _orphans(self) -> AsyncIterator[str]:
        last = ""
        while rows := await self.database.read(lambda c, at=last: c.fetch(_ORPHANS, at)):  # type: ignore[misc]
            for (last,) in rows:
                yield last


async def heads(database: Database) -> list[Head]:
    """Where every chain stands: kept elsewhere, they show that nothing was cut off its end."""
    return sorted(
        map(head_of, await database.read(lambda c: c.fetch(HEADS))),
        key=lambda head: (head.study, head.committer),
    )


def _told(row: Row) -> Told | None:
    try:
        return told(codec.read(as_bytes(row[10]) or b""))
    except (Refusal, LookupError, ValueError, TypeError, AttributeError):
        return None


def _instant(before: str) -> datetime | None:
    """When the trail began, as its first link tells."""
    try:
        return datetime.fromisoformat(before.partition(" ")[2])
    except ValueError:
        return None


def _columns(event: Told) -> tuple[object, ...]:
    """The columns a document calls for."""
    place = (event.id, event.study, event.committer, event.number, event.recorded)
    return (*place, event.action, event.interaction, event.outcome, event.client, event.patient)


def _stored(row: Row) -> tuple[object, ...]:
    return (*row[:4], as_text(row[4]), *row[5:10])


def _is_about(event: Told, rows: Iterable[Row]) -> bool:
    found = {(kind, name, version): digest for kind, name, version, _, digest in rows}
    digests = {key: None if digest is None else as_bytes(digest) for key, digest in found.items()}
    patients = {row[3] for row in rows if row[3]}
    said = {**dict.fromkeys(event.seen), **event.changed}
    return digests == said and patients == event.patients


def _of_version(version: Version, text: str) -> Fault:
    kind, name, number = version
    return Fault("version", f"{kind}/{name}/_history/{number}", text)
