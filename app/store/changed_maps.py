"""Which maps changed since everything was last translated, what of, and which results that may concern."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.concept_map import Mapped, canonical, mapped
from app.fhir_mapping.loinc import LOINC
from app.fhir_mapping.sender import Sender, Senders
from app.store.database import Connection, Key, Row
from app.store.session import Store

PAGE = 100
_CHANGED = """SELECT r.id, coalesce(s.version, 0), r.version FROM resource r
 LEFT JOIN swept s ON s.kind = 'ConceptMap' AND s.id = r.id
 WHERE r.type = 'ConceptMap' AND (s.version IS NULL OR s.version <> r.version) ORDER BY r.id"""
_VERSION = """SELECT document FROM version WHERE type = 'ConceptMap' AND id = $1 AND version = $2
 UNION ALL SELECT document FROM resource WHERE type = 'ConceptMap' AND id = $1 AND version = $2"""
_SWEPT = "SELECT id FROM swept WHERE kind = 'sender'"
_CODED = """SELECT DISTINCT patient_id, id FROM search_token WHERE type = 'Observation'
 AND parameter = $1 AND code = $2 AND system = $3 AND (patient_id, id) > ($4, $5)
 ORDER BY patient_id, id LIMIT $6"""
_OWN = """SELECT i.value, i.code, r.id, r.document FROM identity i
 JOIN resource r ON r.type = i.type AND r.id = i.id AND NOT r.deleted
 WHERE i.type = 'Observation' AND i.system = $1 AND (i.value, i.code) > ($2, $3)
 ORDER BY i.value, i.code LIMIT $4"""

Said = frozenset[tuple[str, Mapped]]
"""What a version of a map says, each with the name of the map."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is to be looked at: what new `senders` sent, and what bears `codes` or `units` that mean another.

    `maps` are the ConceptMaps that changed, each with the version it was swept by and the one it is at;
    `said` is what each of them says otherwise: the system and the code, or the spelling of a unit.
    """

    senders: Sequence[Sender] = ()
    maps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    codes: Sequence[Key] = ()
    units: frozenset[Key] = frozenset()
    said: Mapping[str, frozenset[Key]] = field(default_factory=dict)

    def why(self, sender: Sender, raw: bytes) -> str:
        """Why a result of a sender is translated anew: by the maps that concern it."""
        systems = {*sender.code_systems, sender.unit_system}
        concerning = []
        for name, keys in sorted(self.said.items()):
            texts = [codec.write(text) for system, text in keys if system in systems]
            if texts and _may_contain(raw, texts):
                concerning.append(f"ConceptMap/{name}/_history/{self.maps[name][1]}")
        return f"translated anew by {', '.join(concerning) or 'what its sender is registered with'}"


async def changed(connection: Connection, senders: Senders) -> Changed:
    """What changed since everything was last translated, whatever was said in between."""
    swept = {name for (name,) in await connection.fetch(_SWEPT)}
    maps = {name: (before, now) for name, before, now in await connection.fetch(_CHANGED)}
    if not senders.registered:
        return Changed(maps=maps)
    codes: set[Key] = set()
    units: set[Key] = set()
    of_each: dict[str, set[Key]] = defaultdict(set)
    for name, (before, now) in maps.items():
        async for said in _otherwise(connection, name, before, now):
            (codes if said.target == LOINC else units).add((said.source, said.text))
            of_each[name].add((said.source, said.text))
    new = [sender for sender in senders.registered if sender.name not in swept]
    by_map = {name: frozenset(keys) for name, keys in of_each.items()}
    return Changed(new, maps, sorted(codes), frozenset(units), by_map)


async def _otherwise(connection: Connection, name: str, before: int, now: int) -> AsyncIterator[Mapped]:
    """Whatever some version of a map, from one to another, does not say as the one before it did."""
    last: Said | None = None
    for number in range(before, now + 1):
        rows = await connection.fetch(_VERSION, name, number)
        said = _said(rows[0][0], number) if rows else frozenset()
        for _, one in said ^ (said if last is None else last):
            yield one
        last = said


def _said(stored: Any, number: int) -> Said:
    if stored is None:  # deleted
        return frozenset()
    document = codec.read(bytes(stored))
    name = canonical(document, number).partition("|")[0]
    return frozenset((name, one) for one in mapped(document))


async def pages(store: Store, senders: Senders, what: Changed) -> AsyncIterator[list[Key]]:
    """The results that what changed may concern, page by page; some of them twice."""
    for sender in what.senders:
        async for keys in _own(store, sender, None):
            yield keys
    new = {sender.name for sender in what.senders}
    others = [sender for sender in senders.registered if sender.name not in new]
    own = {system for sender in others for system in sender.code_systems}
    for system, code in what.codes:
        if system in own:
            async for keys in _coded(store, system, code):
                yield keys
    for sender in others:
        spellings = {text for system, text in what.units if system == sender.unit_system}
        if spellings:
            async for keys in _own(store, sender, spellings):
                yield keys


async def _coded(store: Store, system: str, code: str) -> AsyncIterator[list[Key]]:
    """Every Observation that bears a code, or a component of which does."""
    for parameter in ("code", "component-code"):
        last: Key = ("", "")
        while rows := await _fetch(store, _CODED, parameter, code, system, *last, PAGE):
            last = (rows[-1][0], rows[-1][1])
            yield [("Observation", name) for _, name in rows]


async def _own(store: Store, sender: Sender, spellings: Iterable[str] | None) -> AsyncIterator[list[Key]]:
    """Every Observation of a sender, or those that may have a unit so spelt.

    No index holds how a unit is spelt: units are mapped once, and new spellings of them come up rarely.
    """
    looked_for = None if spellings is None else [codec.write(text) for text in spellings]
    for system in sender.systems:
        last: Key = ("", "")
        while rows := await _fetch(store, _OWN, system, *last, PAGE):
            last = (rows[-1][0], rows[-1][1])
            yield [("Observation", row[2]) for row in rows if _may_contain(bytes(row[3]), looked_for)]


def _may_contain(raw: bytes, texts: Sequence[bytes] | None) -> bool:
    """Whether any of these texts is written there, or may be behind an escape."""
    return texts is None or b"\\" in raw or any(text in raw for text in texts)


async def _fetch(store: Store, sql: str, *values: Any) -> list[Row]:
    await asyncio.sleep(0)  # others come first: there may be many pages
    return await store.database.read(partial(_asked, sql, values))


async def _asked(sql: str, values: Sequence[Any], connection: Connection) -> list[Row]:
    return await connection.fetch(sql, *values)
