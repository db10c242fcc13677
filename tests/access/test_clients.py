"""Clients are registered from the command line, and never with more than their role allows."""

import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import everything, kept, problems, written
from app.fhir_mapping.access.role import ROLES
from app.fhir_mapping.access.scope import parse, spoken
from tests.access.signing import jwks, new_key
from tests.test_cli import run

EC, RSA = new_key("ec"), new_key("rsa", algorithm="RS384")
CHU_A = Client(
    name="chu-a", role="site", sites=("SLS",), studies=None, scopes=parse("system/*.rs"), jwks=jwks(EC, RSA)
)
BOARD = Client(name="board", role="safety-board", studies=None, scopes=everything(ROLES["safety-board"]))
PUBLIC = EC.as_dict(private=False)


def weak() -> dict[str, object]:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from joserfc.jwk import RSAKey

    key = RSAKey(generate_private_key(65537, 1024), None)  # noqa: S505 - too short, which is the point
    return {**key.as_dict(private=False), "kid": "weak", "alg": "RS384"}


@pytest.mark.parametrize(
    "client", [CHU_A, BOARD, replace(CHU_A, jwks=None, jwks_uri="https://chu-a.example/jwks")]
)
def test_a_client_is_kept_as_it_is_registered(client: Client) -> None:
    assert problems(client) == []
    found = kept(written(client))
    assert (found, found.jwks, found.scopes) == (client, client.jwks, client.scopes)


@pytest.mark.parametrize("role", ROLES)
def test_all_that_a_role_allows_may_be_given(role: str) -> None:
    sites = ("SLS",) if ROLES[role].by_site else ()

    assert problems(replace(BOARD, role=role, sites=sites, scopes=everything(ROLES[role]))) == []


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (replace(CHU_A, role="doctor"), "--role is one of"),
        (replace(CHU_A, name="chu a"), "name is 1 to 64"),
        (replace(CHU_A, sites=()), "name it (--site)"),
        (replace(CHU_A, sites=("S LS",)), "--site is the code"),
        (replace(CHU_A, studies=()), "name the studies"),
        (replace(CHU_A, scopes=()), "needs a scope"),
        (replace(CHU_A, scopes=parse("system/*.cruds")), "may not have cud in system/*.cruds"),
        (replace(CHU_A, scopes=parse("system/ResearchStudy.cruds")), "may not have cud"),
        (replace(CHU_A, scopes=parse("system/Nothing.c")), "may not have c"),
        (replace(BOARD, sites=("SLS",)), "is of no site"),
        (replace(BOARD, scopes=parse("system/Observation.cruds")), "may not have cud"),
        (replace(BOARD, scopes=parse("system/*.rs")), "may not have rs"),
        (replace(BOARD, scopes=parse("system/AuditEvent.rs")), "may not have rs"),
        (replace(CHU_A, purpose="FUN"), "--purpose is one of"),
        (replace(CHU_A, requests_per_minute=0), "1 or more"),
        (replace(CHU_A, jwks_uri="https://chu-a.example/jwks"), "not both"),
        (replace(CHU_A, jwks=None, jwks_uri="http://chu-a.example/jwks"), "https://"),
        (replace(CHU_A, jwks=None, jwks_uri="https://a:b@chu-a.example/jwks"), "without a name or password"),
        (replace(CHU_A, jwks={}), "a JWKS is"),
        (replace(CHU_A, jwks={"keys": []}), "a JWKS is"),
        (replace(CHU_A, jwks={"keys": [EC.as_dict(private=True)]}), "private key"),
        (replace(CHU_A, jwks={"keys": [PUBLIC, PUBLIC]}), "a kid names one key"),
        (replace(CHU_A, jwks={"keys": [PUBLIC | {"kid": ""}]}), "give it a kid"),
        (replace(CHU_A, jwks={"keys": [PUBLIC | {"alg": "ES256"}]}), "it is for none of"),
        (replace(CHU_A, jwks={"keys": [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}]}), "private key"),
        (replace(CHU_A, jwks={"keys": [PUBLIC | {"use": "enc"}]}), "not for signatures"),
        (replace(CHU_A, jwks={"keys": [PUBLIC | {"x": "AAAA"}]}), "not a key"),
        (replace(CHU_A, jwks={"keys": [weak()]}), "not 1024"),
    ],
)
def test_what_cannot_be_registered_is_said_with_what_to_do(client: Client, said: str) -> None:
    assert said in "; ".join(problems(client))


def test_a_site_reads_everything_and_writes_all_but_studies_unless_said_otherwise() -> None:
    scopes = everything(ROLES["site"])

    assert str(scopes[0]) == "system/*.rs"
    assert "system/Observation.cud" in spoken(scopes)
    assert "ResearchStudy" not in spoken(scopes)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_client_is_registered_shown_rotated_and_disabled(database_url: str, tmp_path: Path) -> None:
    def trialbridge(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return run(*map(str, words), TRIALBRIDGE_DATABASE_URL=database_url)

    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_bytes(msgspec.json.encode(jwks(EC)))
    second.write_bytes(msgspec.json.encode(jwks(RSA)))
    site = ("--role", "site", "--site", "SLS")

    unknown = trialbridge("client", "add", "chu-a", *site, "--study", "NCT0", "--jwks", first)
    assert (unknown.returncode, "NCT0" in unknown.stderr) == (1, True)
    sender = trialbridge("client", "add", "x", *site, "--every-study", "--sender", "lab", "--jwks", first)
    assert (sender.returncode, "no sender is registered as lab" in sender.stderr) == (2, True)
    added = trialbridge(
        "client", "add", "chu-a", *site, "--every-study", "--scope", "system/*.read", "--jwks", first
    )
    assert added.returncode == 0, added.stderr
    shown = trialbridge("client", "show", "chu-a").stdout
    assert "--scope system/*.rs\n" in shown
    assert trialbridge("client", "rotate", "chu-a", "--jwks", second, "--keep-old").returncode == 0
    assert "--jwks with rsa, ec" in trialbridge("client", "show", "chu-a").stdout
    assert trialbridge("client", "disable", "chu-a").returncode == 0
    assert trialbridge("client", "list").stdout == "chu-a\tsite\tSLS\tdisabled\n"
    kid = trialbridge("keys", "rotate").stderr.partition(" ")[0]
    assert trialbridge("keys", "list").stdout.startswith(kid)
