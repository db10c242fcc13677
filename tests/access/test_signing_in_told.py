"""Who signed in, signed out and was refused is in the trail, and so is what the operator commanded."""

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.access.jose import Signed
from app.routers.entrance import TOLD_A_MINUTE
from app.store.clients import disable, rotate
from app.store.rebuild import rebuild
from app.store.session import Store, utc_now
from app.store.tokens import rotate as rotate_keys
from app.store.verify import Verification
from tests.access.attacks import AUDIENCE
from tests.access.signing import SITE, Key, assertion, form, jwks, new_key, register_client

TOLD = (
    "SELECT interaction, outcome, client, document FROM audit WHERE interaction <> 'link' ORDER BY recorded"
)


async def events(store: Store) -> list[tuple[str, str, str, bytes]]:
    rows = await store.database.read(lambda c: c.fetch(TOLD))
    return [(row[0], row[1], row[2], bytes(row[3])) for row in rows]


async def kinds(store: Store) -> list[tuple[str, str, str]]:
    return [event[:3] for event in await events(store)]


@pytest.fixture
async def key(client: httpx.AsyncClient, store: Store) -> Key:
    del client  # it opens the store
    return await register_client(store, "chu-a", role=SITE, sites=["SLS"])


async def test_a_token_given_and_given_back_is_told_and_cannot_be_read_there(
    client: httpx.AsyncClient, store: Store, key: Key
) -> None:
    signed = assertion("chu-a", key, AUDIENCE)
    token = (await client.post("/auth/token", data=form(signed))).json()["access_token"]
    sent = {"Authorization": f"Bearer {token}"}
    assert (await client.post("/auth/revoke", data={"token": token}, headers=sent)).status_code == 200

    *_, login, logout = await events(store)
    assert (login[:3], logout[:3]) == (("login", "0", "chu-a"), ("logout", "0", "chu-a"))
    for *_, document in (login, logout):
        event = codec.read(document)
        assert event["type"]["code"] == "110114"
        assert event["agent"][0]["network"]["address"] == "127.0.0.1"
        for secret in (token, str(Signed.of(token, ["ES384", "RS384"]).claims["jti"]), signed):
            assert secret.encode() not in document
    named = [codec.read(one[3])["entity"][-1]["what"]["identifier"]["value"] for one in (login, logout)]
    assert named[0] == named[1]
    assert [fault async for fault in Verification(store.database).faults()] == []


async def test_refusals_of_a_known_client_are_told_up_to_so_many_and_of_a_stranger_never(
    client: httpx.AsyncClient, store: Store, key: Key
) -> None:
    before = len(await events(store))
    wrong = new_key(str(key.kid))
    for _ in range(TOLD_A_MINUTE + 5):
        answer = await client.post("/auth/token", data=form(assertion("chu-a", wrong, AUDIENCE)))
        assert answer.status_code == 401
        stranger = await client.post("/auth/token", data=form(assertion("stranger", wrong, AUDIENCE)))
        assert stranger.status_code == 401

    assert (await kinds(store))[before:] == [("login", "4", "chu-a")] * TOLD_A_MINUTE


async def test_a_scope_that_is_not_given_is_told(client: httpx.AsyncClient, store: Store, key: Key) -> None:
    asked = form(assertion("chu-a", key, AUDIENCE), "nonsense")
    assert (await client.post("/auth/token", data=asked)).status_code == 400

    assert (await kinds(store))[-1] == ("login", "4", "chu-a")


async def test_what_the_operator_commands_is_told_with_whom_it_is_about(store: Store, key: Key) -> None:
    await rotate(store, "chu-a", jwks(key))
    await rotate_keys(store, at=utc_now(), drop=True)
    await rebuild(store)
    await disable(store, "chu-a")

    told = await events(store)
    commands = ["client-add", "client-rotate", "keys-drop", "rebuild", "client-disable"]
    assert [event[0] for event in told] == commands
    for name, _, client, document in told:
        event = codec.read(document)
        assert (client, event["agent"][0]["role"][0]["coding"][0]["code"]) == ("", "operator")
        assert (b"sid/client" in document and b'"chu-a"' in document) is name.startswith("client-")
    assert [fault async for fault in Verification(store.database).faults()] == []
