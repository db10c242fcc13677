"""What was current at an instant: the statements that fetch it, for everyone who asks about the past."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.store.database import Connection, Database, Row
from app.store.visibility import Visibility, earlier, visible

END_OF_TIME = datetime.fromisoformat("9999-12-31T23:59:59.999999+00:00")
"""Stands for now: whatever has been stored was stored before."""

_WHOLE = "r.type, r.id, r.version, r.patient_id, r.study_id, r.document"
_WITHOUT_DOCUMENT = "r.type, r.id, r.version, r.patient_id, r.study_id, NULL"
_COUNTED = "r.type, r.study_id, count(*)"
_SIZED = "r.patient_id, count(*)"

# `NOT (… > …)` says `<=` so that SQLite, which keeps no statistics, does not read the whole store in the
# order it was written: the other conditions name an index each.
_THEN = """(SELECT type, id, version, patient_id, study_id, site, document FROM resource
 WHERE {now} AND NOT (last_updated > $1)
 UNION ALL SELECT type, id, version, patient_id, study_id, site, document FROM version v
 WHERE {then} AND NOT (last_updated > $1) AND superseded > $1 AND {earlier}) AS r"""


class AsOf:
    """The store as it stood at an instant, as far as the asker may see it; read on one connection."""

    def __init__(
        self, database: Database, connection: Connection, visibility: Visibility, at: datetime | None
    ) -> None:
        self._database = database
        self._connection = connection
        self._visibility = visibility
        self._at = at if at is not None else END_OF_TIME

    async def named(self, kind: str, name: str | None) -> list[Row]:
        """The resource of that type and id; with no document where it was deleted."""
        condition = "type = $2 AND id = $3"
        return await self._rows(condition, condition, [kind, name])

    async def of_type(self, kind: str) -> list[Row]:
        """Every resource of a type of which there are few."""
        return await self._rows("type = $2", "type = $2", [kind])

    async def enrolled(self, studies: Sequence[str]) -> list[Row]:
        """The ResearchSubjects of some studies, without their documents."""
        one_of = self._database.member("study_id", 2)
        condition = f"type = 'ResearchSubject' AND {one_of} AND document IS NOT NULL"
        values = [self._database.members(studies)]
        return await self._rows(condition, condition, values, columns=_WITHOUT_DOCUMENT)

    async def about(self, patients: Sequence[str], kinds: Sequence[str]) -> list[Row]:
        """The resources of these types about these patients."""
        return await self._rows(*self._about(kinds), [self._database.members(patients)])

    async def also_elsewhere(self, patients: Sequence[str]) -> set[str]:
        """Those of these patients who take part in a study that the asker may not see."""
        if self._visibility.studies is None:
            return set()
        whose = self._database.member("patient_id", 2)
        condition = f"type = 'ResearchSubject' AND {whose} AND document IS NOT NULL"
        values: list[Any] = [self._at, self._database.members(patients)]
        seen = visible(self._database, self._visibility, "r", values)
        then = _THEN.format(now=condition, then=condition, earlier=earlier(self._visibility, "v"))
        sql = f"SELECT r.patient_id FROM {then} WHERE ({seen}) IS NOT TRUE"
        rows = await self._connection.fetch(sql, *values)
        return {patient for (patient,) in rows}

    async def counts(self, patients: Sequence[str], kinds: Sequence[str]) -> list[Row]:
        """How many resources of each of these types there are about these patients: type, study, number."""
        return await self._grouped(patients, kinds, columns=_COUNTED, by="r.type, r.study_id")

    async def sizes(self, patients: Sequence[str], kinds: Sequence[str]) -> list[Row]:
        """How many resources of these types there are about each of these patients."""
        return await self._grouped(patients, kinds, columns=_SIZED, by="r.patient_id")

    async def _grouped(
        self, patients: Sequence[str], kinds: Sequence[str], *, columns: str, by: str
    ) -> list[Row]:
        now, then = (f"{condition} AND document IS NOT NULL" for condition in self._about(kinds))
        values = [self._database.members(patients)]
        return await self._rows(now, then, values, columns=columns, end=f" GROUP BY {by}")

    def _about(self, kinds: Sequence[str]) -> tuple[str, str]:
        whose, kind = self._database.member("patient_id", 2), ", ".join(f"'{one}'" for one in kinds)
        return f"type IN ({kind}) AND {whose}", f"(type || '') IN ({kind}) AND {whose}"

    async def _rows(
        self, now: str, then: str, values: list[Any], *, columns: str = _WHOLE, end: str = ""
    ) -> list[Row]:
        values = [self._at, *values]
        seen = visible(self._database, self._visibility, "r", values)
        whole = _THEN.format(now=now, then=then, earlier=earlier(self._visibility, "v"))
        sql = f"SELECT {columns} FROM {whole} WHERE {seen}{end}"
        return await self._connection.fetch(sql, *values)
