"""What this server remembers of tokens: the keys it signs with, what was used up, what counts no more."""

from datetime import UTC, datetime, timedelta

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import OPERATOR, SERVICE, Actor
from app.fhir_mapping.access.jose import Jwk, new_key
from app.fhir_mapping.audit_event import SIGNING_KEY
from app.store.access_tables import assertion, revoked, signing_key
from app.store.acts import command
from app.store.database import Connection
from app.store.session import Store

KEY_DAYS = 30
"""For how long a key signs; the next token is signed with a new one."""
_UNLESS_THERE = "ON CONFLICT DO NOTHING"


async def use_up(store: Store, client: str, jti: str, *, expires: int) -> bool:
    """Whether an assertion is used for the first time; from now on it is used up."""
    row = (client, jti, _instant(expires))
    return await store.database.write(lambda c: c.insert(assertion, [row], on_conflict=_UNLESS_THERE)) == 1


async def revoke(store: Store, jti: str, *, expires: int) -> None:
    """Let a token count no more; every process knows within two seconds."""
    row = (jti, _instant(expires))
    await store.database.write(lambda c: c.insert(revoked, [row], on_conflict=_UNLESS_THERE))
    store.access.expire()


async def key_to_sign(store: Store, *, at: datetime) -> Jwk:
    """The key tokens are signed with now: the newest, or a new one where that is too old or there is none."""
    access = await store.access.now()
    if access.keys and access.keys[-1].made > at - timedelta(days=KEY_DAYS):
        return access.keys[-1].key
    return await rotate(store, at=at, by=SERVICE)


async def rotate(store: Store, *, at: datetime, drop: bool = False, by: Actor = OPERATOR) -> Jwk:
    """Sign with a new key from now on; with `drop` nothing the others signed counts any more."""
    key = new_key()

    async def work(connection: Connection) -> None:
        if drop:
            await connection.execute("DELETE FROM signing_key")
        await connection.insert(signing_key, [(key["kid"], at, codec.write(key))])

    named = [(SIGNING_KEY, str(key["kid"]))]
    await command(store, "keys-drop" if drop else "keys-rotate", work, at=at, named=named, by=by)
    store.access.expire()
    return key


async def forget(store: Store, *, at: datetime) -> None:
    """Forget what has expired: it would be refused by its age."""
    old = at - timedelta(days=KEY_DAYS + 1)

    async def work(connection: Connection) -> None:
        await connection.execute("DELETE FROM assertion WHERE expires < $1", at)
        await connection.execute("DELETE FROM revoked WHERE expires < $1", at)
        await connection.execute("DELETE FROM signing_key WHERE made < $1", old)

    await store.database.write(work)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
