"""Who sees what of the trail: every statement about it has these conditions.

A site is shown who saw or changed what is its own: an event that names resources out of sight is found by,
and shown with, those in sight alone. What is about nothing in sight is seen by the client that did it, and by
who oversees the studies it belongs to. The scopes of a token narrow what of the trial is read, not what of
the trail is.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from app.fhir_mapping.trail_view import own_part
from app.store.asker import Asker
from app.store.database import Connection, Database
from app.store.visibility import EVERYTHING, Visibility, visible

OVERSEEING: Final = frozenset(("auditor", "administrator", "sandbox"))
"""The roles that see what is about nobody, too."""

_STANDS = """EXISTS (SELECT 1 FROM (SELECT x.type, x.id, x.study_id, x.site,
 COALESCE(NULLIF({entity}.patient_id, ''), x.patient_id) AS patient_id
 FROM resource x WHERE x.type = {entity}.type AND x.id = {entity}.id) AS r WHERE {seen})"""
"""What is named is seen by whom it was about when it was written down, as that patient stands now."""
_OF_EVENTS = """SELECT e.audit_id, e.type, e.id, e.version, e.patient_id FROM audit_entity e
 WHERE {among} AND {seen}"""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the trail."""

    id: str
    chain: str
    client: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Sight:
    """What an asker sees of the trail."""

    database: Database
    asker: Asker

    @property
    def visibility(self) -> Visibility:
        """What they would see of the trial if their token allowed everything their role does."""
        return replace(self.asker.visibility, kinds=None, narrowed=())

    @property
    def _oversees(self) -> bool:
        return self.asker.actor.role in OVERSEEING

    def entity(self, alias: str, values: list[Any]) -> str:
        """That a row of `audit_entity` is about what they see."""
        if self.visibility == EVERYTHING:
            return "TRUE"
        seen = visible(self.database, self.visibility, "r", values)
        return _STANDS.format(entity=alias, seen=seen)

    def event(self, alias: str, values: list[Any]) -> str:
        """That a row of `audit` is theirs to see, be it in part."""
        if self._oversees and self.visibility.studies is None and self.visibility.sites is None:
            return "TRUE"
        seen = self.entity("own", values)
        ways = [f"EXISTS (SELECT 1 FROM audit_entity own WHERE own.audit_id = {alias}.id AND {seen})"]
        if self.asker.actor.client:
            values.append(self.asker.actor.client)
            ways.append(f"{alias}.client = ${len(values)}")
        if self._oversees and self.visibility.studies:
            values.append(self.database.members(sorted(self.visibility.studies)))
            ways.append(self.database.member(f"{alias}.chain", len(values)))
        return f"({' OR '.join(ways)})"

    async def shown(self, connection: Connection, events: list[Event]) -> list[bytes]:
        """Each event as they may see it."""
        if self.visibility == EVERYTHING or not events:
            return [event.document for event in events]
        values: list[Any] = [self.database.members([event.id for event in events])]
        among = self.database.member("e.audit_id", 1)
        sql = _OF_EVENTS.format(among=among, seen=self.entity("e", values))
        seen: dict[str, set[str]] = {event.id: set() for event in events}
        for name, kind, own, version, patient in await connection.fetch(sql, *values):
            seen[name] |= {
                f"{kind}/{own}" + (f"/_history/{version}" if version else ""),
                f"Patient/{patient}",
            }
        return [own_part(event.document, seen[event.id], query=self._knows_query(event)) for event in events]

    def _knows_query(self, event: Event) -> bool:
        """Whether they may see how it was searched, which may name whom it did not find.

        They may where the search was their own, or was within their studies and they see those at every site.
        """
        if event.client and event.client == self.asker.actor.client:
            return True
        studies = self.visibility.studies
        return self.visibility.sites is None and (studies is None or event.chain in studies)
