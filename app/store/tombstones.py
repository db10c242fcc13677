"""What is left of a version that was erased: who erased it, when, why, and the digest of what was there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.fhir_mapping import links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.database import Connection, Database, Key

_ERASED = """SELECT e.type, e.id, e.version, e.erased, e.client, e.reason, e.digest FROM {keys}
 JOIN erasure e ON e.type = k.type AND e.id = k.id ORDER BY e.type, e.id, e.version"""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A version that was erased; `digest` is the SHA-256 of the document that was there."""

    type: str
    id: str
    version: int
    erased: datetime
    client: str
    reason: str
    digest: bytes

    def issue(self) -> Issue:
        """What is said to whoever asks for it."""
        by = self.client or "a client of the open sandbox"
        name = f"{self.type}/{self.id}/_history/{self.version}"
        text = f"{name} was erased on {links.instant(self.erased)} by {by} because: {self.reason}"
        return Issue("deleted", text, self.type)


async def tombstones(database: Database, connection: Connection, keys: Sequence[Key]) -> list[Tombstone]:
    """The versions of these resources that were erased."""
    sql = _ERASED.format(keys=database.keys(1))
    rows = await connection.fetch(sql, database.key_set(sorted(set(keys))))
    return [Tombstone(*(*said, bytes(digest))) for *said, digest in rows]


async def told(database: Database, connection: Connection, versions: Sequence[Version]) -> list[Version]:
    """The versions, those without a document told apart: which were erased, and which are deletions."""
    bare = [(version.type, version.id) for version in versions if version.document is None]
    if not bare:
        return list(versions)
    found = {(one.type, one.id, one.version): one for one in await tombstones(database, connection, bare)}
    return [
        version
        if (one := found.get((version.type, version.id, version.version))) is None
        else replace(version, erased=True, remarks=(replace(one.issue(), severity="information"),))
        for version in versions
    ]


class Erased(Refusal):
    """410: it was erased, and cannot be read any more."""


def gone_for_good(version: Version, tag: str) -> Erased:
    """410, with who erased it, when and why."""
    issues = tuple(replace(one, severity="error") for one in version.remarks)
    return Erased(410, issues, {"ETag": tag})
