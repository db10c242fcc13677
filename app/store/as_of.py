"""What was current at an instant: the statements that fetch it, for everyone who asks about the past."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.store.database import Connection, Database, Row
from app.store.visibility import Visibility, earlier, visible

ELSEWHERE, MORE = "elsewhere", "more"
"""What a row without a type says: a part in a study out of the asker's sight; that not all was looked at."""

_WHOLE = "r.type, r.id, r.version, r.patient_id, r.study_id, r.document"
_WITHOUT_DOCUMENT = "r.type, r.id, r.version, r.patient_id, r.study_id, NULL"
_COUNTED = "r.type, r.study_id, count(*)"
_SIZED = "r.patient_id, count(*)"

_COLUMNS = "type, id, version, patient_id, study_id, site, document"
_NAMES = """type, id, version, patient_id, study_id, site,
 CASE WHEN document IS NULL THEN NULL ELSE 1 END AS document"""
_NOW = f"(SELECT {_COLUMNS} FROM resource WHERE {{now}}) AS r"
# `NOT (… > …)` says `<=` so that SQLite, which keeps no statistics, does not read the whole store in the
# order it was written: the other conditions name an index each.
_THEN = f"""(SELECT {_COLUMNS} FROM resource WHERE {{now}} AND NOT (last_updated > {{at}})
 UNION ALL SELECT {_COLUMNS} FROM version v
 WHERE {{then}} AND NOT (last_updated > {{at}}) AND superseded > {{at}} AND {{earlier}}) AS r"""

_IS_NAMED = "type = 'ResearchSubject' AND id = $1"
_IS_THEIRS = "patient_id = (SELECT patient_id FROM own)"
_IS_STUDY = "type = 'ResearchStudy' AND id = (SELECT study_id FROM own)"
# Gathered first, so that who may see it is planned once and not for each of its parts. What it is gathered by
# is not judged: nothing leaves it unseen, and where the subject itself does not, there is no answer.
_OF_SUBJECT = """WITH own AS (SELECT patient_id, study_id FROM {subject} WHERE document IS NOT NULL),
 found AS MATERIALIZED
 (SELECT {gathered} FROM {subject} UNION ALL SELECT {gathered} FROM {study}
 UNION ALL SELECT {gathered} FROM {about}{end}),
 judged AS (SELECT found.*, ({seen}) AS seen FROM found)
 SELECT type, id, version, patient_id, study_id, document FROM judged WHERE seen"""
_ELSEWHERE = f""" UNION ALL SELECT '', '{ELSEWHERE}', 0, NULL, NULL, NULL WHERE EXISTS
 (SELECT 1 FROM judged WHERE type = 'ResearchSubject' AND document IS NOT NULL AND seen IS NOT TRUE)"""
_MORE = f""" UNION ALL SELECT '', '{MORE}', 0, NULL, NULL, NULL
 WHERE (SELECT count(*) FROM found) = {{most}}"""


class AsOf:
    """The store as it stood at an instant, as far as the asker may see it; read on one connection."""

    def __init__(
        self, database: Database, connection: Connection, visibility: Visibility, at: datetime | None
    ) -> None:
        self._database = database
        self._connection = connection
        self._visibility = visibility
        self._at = at

    async def named(self, kind: str, name: str | None) -> list[Row]:
        """The resource of that type and id; with no document where it was deleted."""
        condition = "type = $1 AND id = $2"
        return await self._rows(condition, condition, [kind, name])

    async def of_subject(
        self, name: str, kinds: Sequence[str], *, documents: bool = True, most: int | None = None
    ) -> list[Row]:
        """A ResearchSubject, its study and what is of these types about its patient: one statement.

        Without `documents` a row says in their place whether there is one. No more than `most` are looked at.
        """
        values: list[Any] = [name]
        at = self._moment(values)
        of_kind = ", ".join(f"'{kind}'" for kind in kinds)
        theirs = f"{_IS_THEIRS} AND NOT ({_IS_NAMED})"
        about = f"type IN ({of_kind}) AND {theirs}", f"(type || '') IN ({of_kind}) AND {theirs}"
        sql = _OF_SUBJECT.format(
            gathered=_COLUMNS if documents else _NAMES,
            seen=visible(self._database, self._visibility, "found", values),
            subject=self._there(_IS_NAMED, _IS_NAMED, at),
            study=self._there(_IS_STUDY, _IS_STUDY, at),
            about=self._there(*about, at),
            end="" if most is None else f" LIMIT {most}",
        )
        sql += "" if self._visibility.studies is None else _ELSEWHERE
        sql += "" if most is None else _MORE.format(most=most)
        return await self._connection.fetch(sql, *values)

    async def of_type(self, kind: str) -> list[Row]:
        """Every resource of a type of which there are few."""
        return await self._rows("type = $1", "type = $1", [kind])

    async def enrolled(self, studies: Sequence[str]) -> list[Row]:
        """The ResearchSubjects of some studies, without their documents."""
        one_of = self._database.member("study_id", 1)
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
        whose = self._database.member("patient_id", 1)
        condition = f"type = 'ResearchSubject' AND {whose} AND document IS NOT NULL"
        values: list[Any] = [self._database.members(patients)]
        there = self._there(condition, condition, self._moment(values))
        seen = visible(self._database, self._visibility, "r", values)
        sql = f"SELECT r.patient_id FROM {there} WHERE ({seen}) IS NOT TRUE"
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
        whose, kind = self._database.member("patient_id", 1), ", ".join(f"'{one}'" for one in kinds)
        return f"type IN ({kind}) AND {whose}", f"(type || '') IN ({kind}) AND {whose}"

    async def _rows(
        self, now: str, then: str, values: list[Any], *, columns: str = _WHOLE, end: str = ""
    ) -> list[Row]:
        values = list(values)
        there = self._there(now, then, self._moment(values))
        seen = visible(self._database, self._visibility, "r", values)
        sql = f"SELECT {columns} FROM {there} WHERE {seen}{end}"
        return await self._connection.fetch(sql, *values)

    def _moment(self, values: list[Any]) -> str:
        """The placeholder of the instant, which is added to `values`; none for now."""
        if self._at is None:
            return ""
        values.append(self._at)
        return f"${len(values)}"

    def _there(self, now: str, then: str, at: str) -> str:
        """What there was at that instant, by a condition on what stands and one on what is superseded."""
        if self._at is None:
            return _NOW.format(now=now)
        return _THEN.format(now=now, then=then, earlier=earlier(self._visibility, "v"), at=at)
