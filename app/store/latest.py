"""The newest observations of each kind among those that meet a search (R4's `$lastn`)."""

from dataclasses import dataclass

from app.fhir_mapping.change import Version
from app.fhir_mapping.query import Query
from app.store.documents import COLUMNS, version_of
from app.store.search_conditions import where
from app.store.search_statement import Of, Statement
from app.store.session import Store
from app.store.visibility import Visibility

MOST = 1000
"""Observations in one answer."""

# What has no code of its own, only text, is like nothing else. CROSS JOIN keeps SQLite from reading
# everybody's codes first.
_RANKED = f"""SELECT {COLUMNS} FROM (
 SELECT r.id, s.system, s.code, row_number() OVER (
   PARTITION BY s.system, s.code, CASE WHEN s.code = '' THEN s.id ELSE '' END
   ORDER BY CASE WHEN r.date_low IS NULL THEN 1 ELSE 0 END, r.date_low DESC, r.id DESC) AS place
 FROM resource r CROSS JOIN search_token s
 WHERE s.type = r.type AND s.id = r.id AND s.parameter = 'code' AND {{where}}) AS ranked
 JOIN resource r ON r.type = 'Observation' AND r.id = ranked.id
 WHERE ranked.place <= {{most}} ORDER BY ranked.system, ranked.code, ranked.place LIMIT {{limit}}"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest of each kind; `truncated` says that there are more than one answer holds."""

    versions: list[Version]
    truncated: bool


async def latest_of_each(store: Store, visibility: Visibility, query: Query, *, most: int) -> Latest:
    """The matches, at most so many of each code, newest first; by code.

    Two observations are of one kind where they bear the same code in the same system; one that bears
    several codes is given once.
    """
    statement = Statement(store.database, visibility)
    met = where(statement, Of("r", query.resource), query.conditions)
    sql = _RANKED.format(where=met, most=statement.value(most), limit=MOST + 1)
    whole = statement.whole(sql)
    rows = await store.search(lambda connection: connection.fetch(whole, *statement.values))
    versions = {row[1]: version_of(row) for row in rows[:MOST]}
    return Latest(list(versions.values()), len(rows) > MOST)
