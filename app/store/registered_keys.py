"""Which keys let somebody in, told without all that makes a client: asked before the service is loaded."""

from app.fhir_mapping import codec
from app.store.database import Database


async def key_ids(database: Database) -> dict[str, list[str]]:
    """The ids of the keys of every client that is not disabled, by its name."""
    rows = await database.read(lambda c: c.fetch("SELECT definition FROM client ORDER BY name"))
    clients = [codec.read(bytes(row[0])) for row in rows]
    return {
        one["name"]: [str(key.get("kid")) for key in (one["jwks"] or {}).get("keys", ())]
        for one in clients
        if not one["disabled"]
    }
