"""The results a sender pushed, by its own numbers, as they stand now."""

from collections.abc import Sequence
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.resource import Document
from app.store.session import Store
from app.store.visibility import Visibility, visible

_STANDING = """SELECT i.system, i.value, r.document FROM {tokens}
 JOIN identity i ON i.type = k.type AND i.system = k.system AND i.value = k.code
 JOIN resource r ON r.type = i.type AND r.id = i.id WHERE NOT r.deleted AND {visible}"""


async def observations(
    store: Store, visibility: Visibility, numbers: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Document]:
    """The Observations under these identifiers (system, value); those that are not there are left out."""
    if not numbers:
        return {}
    database = store.database
    values: list[Any] = [database.token_set(sorted({("Observation", *one) for one in numbers}))]
    seen = visible(database, visibility, "r", values)
    sql = _STANDING.format(tokens=database.tokens(1), visible=seen)
    rows = await database.read(lambda connection: connection.fetch(sql, *values))
    return {(system, value): codec.read(bytes(document)) for system, value, document in rows}
