"""Who does not belong is refused, whatever token they bring; who does is let in, for as long as they do."""

import asyncio

import httpx
import pytest

from app.store.clients import disable, rotate
from app.store.session import Store, utc_now
from app.store.tokens import rotate as rotate_own
from tests.access.attacks import ADDRESS, AT_THE_DESK, AT_THE_DOOR, AUDIENCE, Attack, Expected, Scene, opened
from tests.access.signing import assertion, bearer, form, jwks, new_key, register_client

ATTACKS = 71
"""How many ways to get in without belonging are tried."""


@pytest.fixture
async def scene(client: httpx.AsyncClient, store: Store) -> Scene:
    keys = {
        "chu-a": await register_client(store, "chu-a"),
        "chu-b": await register_client(store, "chu-b", key=new_key("b1", algorithm="RS384")),
        "reader": await register_client(store, "reader", scopes="system/Patient.rs"),
    }
    return Scene(client, store, keys)


def test_so_many_attacks_are_tried() -> None:
    assert len(AT_THE_DESK) + len(AT_THE_DOOR) == ATTACKS
    assert not AT_THE_DESK.keys() & AT_THE_DOOR.keys() - {"revoked"}


def error_at_the_door(answer: httpx.Response) -> str | None:
    """The error of a challenge (RFC 6750), in an answer that is an OperationOutcome.

    What is refused before anybody is asked who they are challenges nobody: then its own code.
    """
    if answer.status_code == 400:
        assert "www-authenticate" not in answer.headers
        return str(answer.json()["issue"][0]["code"])
    assert answer.json()["issue"][0]["code"] == "login", answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="Trialbridge"')
    assert f'"{ADDRESS}/fhir/.well-known/smart-configuration"' in challenge
    return challenge.partition('error="')[2].partition('"')[0] or None


async def outcome(attack: Attack, scene: Scene) -> Expected:
    answer = await attack(scene)
    if answer.request.url.path.startswith("/fhir"):
        return answer.status_code, error_at_the_door(answer)
    said = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert "access_token" not in said
    assert said["error_description"]
    return answer.status_code, said["error"]


@pytest.mark.parametrize(
    "attacks",
    [
        pytest.param(AT_THE_DESK, id=f"{len(AT_THE_DESK)}-attacks-on-the-token-endpoint"),
        pytest.param(AT_THE_DOOR, id=f"{len(AT_THE_DOOR)}-attacks-on-the-door"),
    ],
)
async def test_every_attack_is_refused_with_its_status_and_error(
    scene: Scene, attacks: dict[str, tuple[Attack, Expected]]
) -> None:
    expected = {name: said for name, (_, said) in attacks.items()}

    assert {name: await outcome(attack, scene) for name, (attack, _) in attacks.items()} == expected


async def test_of_many_who_use_one_assertion_at_once_in_two_processes_one_gets_a_token(
    scene: Scene, database_url: str
) -> None:
    from app.main import create_app
    from app.settings import Settings
    from tests.servers import client_of, running

    once = form(assertion("chu-a", scene.keys["chu-a"], AUDIENCE))
    other = create_app(Settings(database_url=database_url, base_url=ADDRESS))
    async with running(other) as app, client_of(app) as second:
        asked = [one.post("/auth/token", data=once) for one in (scene.client, second) for _ in range(5)]
        answers = await asyncio.gather(*asked)

    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 9]


async def test_what_is_done_in_one_process_counts_in_the_other_within_two_seconds(
    scene: Scene, database_url: str
) -> None:
    token = {"Authorization": f"Bearer {await scene.token()}"}
    assert (await scene.client.get("/fhir/Patient", headers=token)).status_code == 200
    elsewhere = await Store.open(database_url)

    await disable(elsewhere, "chu-a")
    await elsewhere.close()
    await asyncio.sleep(2.05)

    assert (await scene.client.get("/fhir/Patient", headers=token)).status_code == 401


async def test_a_token_of_a_key_another_process_made_a_moment_ago_is_believed(
    scene: Scene, database_url: str
) -> None:
    from app.main import create_app
    from app.settings import Settings
    from tests.servers import client_of, running

    await scene.token()
    other = create_app(Settings(database_url=database_url, base_url=ADDRESS))
    async with running(other) as app, client_of(app) as second:
        await rotate_own(app.state.service.store, at=utc_now())
        headers = await bearer(second, "chu-a", scene.keys["chu-a"])

    assert (await scene.client.get("/fhir/Patient", headers=headers)).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
async def test_a_client_gets_what_it_asks_for_of_what_it_holds(
    client: httpx.AsyncClient, store: Store, algorithm: str
) -> None:
    key = new_key(algorithm=algorithm)
    await register_client(store, "lab", scopes="system/Observation.cruds system/Patient.rs", key=key)
    asked = form(assertion("lab", key, AUDIENCE), "system/Observation.read system/*.s system/Device.rs")

    answer = await client.post("/auth/token", data=asked)

    said = answer.json()
    assert said["scope"] == "system/Observation.rs system/Observation.s system/Patient.s"
    assert (said["token_type"], said["expires_in"]) == ("bearer", 300)
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    claims = opened(said["access_token"].split(".")[1])
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ADDRESS, f"{ADDRESS}/fhir", "lab")
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize("scope", [None, "", " "])
async def test_without_a_scope_a_client_gets_all_it_holds(
    client: httpx.AsyncClient, store: Store, scope: str | None
) -> None:
    key = await register_client(store, "lab", scopes="system/Observation.cruds system/Patient.rs")

    answer = await client.post("/auth/token", data=form(assertion("lab", key, AUDIENCE), scope))

    assert answer.json()["scope"] == "system/Observation.cruds system/Patient.rs"


async def test_as_many_scopes_as_are_granted_the_server_takes(scene: Scene) -> None:
    def asked(number: int) -> str:
        return " ".join(f"system/Observation.rs?category=x{one}" for one in range(number))

    key = scene.keys["chu-a"]
    most = await scene.token("chu-a", asked(102))
    refused = await scene.ask(assertion("chu-a", key, AUDIENCE), scope=asked(500))

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    headers = {"Authorization": f"Bearer {most}"}
    assert (await scene.client.get("/fhir/Observation", headers=headers)).status_code == 200


async def test_a_stranger_is_not_told_who_is_a_client_and_the_operator_is(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trialbridge")
    await disable(scene.store, "chu-b")
    own = scene.keys["chu-b"]
    tries = [("nobody", new_key()), ("chu-b", own), ("chu-a", new_key("k9")), ("chu-a", new_key("k1"))]

    answers = [await scene.ask(assertion(name, key, AUDIENCE)) for name, key in tries]

    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    said = [vars(one) for one in caplog.records if one.getMessage() == "assertion not believed"]
    assert [one["client"] for one in said] == [name for name, _ in tries]
    assert len({one["reason"] for one in said}) == len(tries)


async def test_a_token_counts_for_no_more_than_its_client_holds_now(scene: Scene) -> None:
    headers = {"Authorization": f"Bearer {await scene.token('chu-a', 'system/Patient.rs system/Device.rs')}"}
    assert (await scene.client.get("/fhir/Device", headers=headers)).status_code == 200

    await register_client(scene.store, "chu-a", scopes="system/Patient.rs", key=scene.keys["chu-a"])

    assert (await scene.client.get("/fhir/Device", headers=headers)).status_code == 403
    assert (await scene.client.get("/fhir/Patient", headers=headers)).status_code == 200


async def test_bearer_is_read_in_any_case(scene: Scene) -> None:
    assert (await scene.come(f"bEaReR {await scene.token()}")).status_code == 200


async def test_a_client_changes_its_key_without_a_pause(scene: Scene) -> None:
    old, new = scene.keys["chu-a"], new_key("k2")

    await rotate(scene.store, "chu-a", jwks(new), keep_old=True)
    both = [await scene.ask(assertion("chu-a", key, AUDIENCE)) for key in (old, new)]
    await rotate(scene.store, "chu-a", jwks(new))
    after = [await scene.ask(assertion("chu-a", key, AUDIENCE)) for key in (old, new)]

    assert [answer.status_code for answer in (*both, *after)] == [200, 200, 401, 200]


async def test_what_an_older_key_of_the_server_signed_counts_until_it_ends(scene: Scene) -> None:
    before = await scene.token()
    await rotate_own(scene.store, at=utc_now())
    after = await scene.token()

    assert len((await scene.client.get("/auth/jwks")).json()["keys"]) == 2
    assert [(await scene.come(f"Bearer {token}")).status_code for token in (before, after)] == [200, 200]


async def test_what_is_published_of_the_servers_keys_is_their_public_side(scene: Scene) -> None:
    await scene.token()

    (key,) = (await scene.client.get("/auth/jwks")).json()["keys"]

    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x", "y"]


async def test_only_its_own_client_revokes_a_token(scene: Scene) -> None:
    token, other = await scene.token("chu-a"), await scene.token("reader")

    async def revoke(**by: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {other}"} if not by else {}
        return await scene.client.post("/auth/revoke", data={"token": token} | by, headers=headers)

    anothers = await revoke()
    assert (anothers.status_code, anothers.json()["error"]) == (400, "invalid_grant")
    assert (await scene.come(f"Bearer {token}")).status_code == 200
    proof = form(assertion("chu-a", scene.keys["chu-a"], AUDIENCE))
    assert (await revoke(**proof)).status_code == 200
    assert (await scene.come(f"Bearer {token}")).status_code == 401
    nobody = await scene.client.post("/auth/revoke", data={"token": token})
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")


async def test_where_tokens_are_is_told_to_whoever_asks(client: httpx.AsyncClient) -> None:
    above = await client.get("/.well-known/smart-configuration")
    below = await client.get("/fhir/.well-known/smart-configuration", headers={"Accept": "application/json"})

    said = above.json()
    assert said == below.json()
    assert below.headers["content-type"] == "application/json"
    assert said["token_endpoint"] == AUDIENCE
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert {"client-confidential-asymmetric", "permission-v2"} <= {*said["capabilities"]}
