"""Nothing that was sent is in a log line, a refusal or a metric, of a server that logs all it can."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from app.fhir_mapping import codec
from app.store.session import Store
from tests.access.signing import assertion, form, new_key, register_client
from tests.corpus.cases import GOOD
from tests.databases import copy_of
from tests.servers import Server, running_server

CANARY = "Zaphod Beeblebrox"
"""A patient's words. With a blank: a single word that may be a code is said again, to say what was meant."""
DIGITS = "27182818284590452353"
METRICS = "metrics-" + "0123456789"
FHIR = {"Content-Type": "application/fhir+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ER7 = {"Content-Type": "application/hl7-v2"}
LETTER = (
    f"MSH|^~\\&|{CANARY}|B|C|D|20210101||ORU^R01|{CANARY}|P|2.5.1\r"
    f"PID|1||{CANARY}||{CANARY}\rOBX|1|ST|{DIGITS}\r"
)

OBSERVATION = GOOD["Observation"]
WRONG = [
    OBSERVATION | {"status": CANARY},
    OBSERVATION | {CANARY: 1},
    OBSERVATION | {"effectiveDateTime": CANARY},
    OBSERVATION | {"subject": {"reference": CANARY}},
    OBSERVATION | {"valueInteger": CANARY},
    OBSERVATION | {"code": {"coding": [{"system": CANARY, "code": f" {CANARY} "}]}},
    OBSERVATION | {"text": {"status": "generated", "div": f"<div>{CANARY}<script>{CANARY}</script></div>"}},
    {"resourceType": CANARY},
    {"resourceType": "Patient", "name": [{"family": CANARY}], "birthDate": CANARY},
]
UNREADABLE = [
    b'{"resourceType":"Patient","name":"%b",}' % CANARY.encode(),
    b'{"%b":1,"%b":2}' % (CANARY.encode(), CANARY.encode()),
    b'{"value":%b.%b}' % (DIGITS.encode(), DIGITS.encode() * 9),
    b'{"value":%be%b}' % (DIGITS.encode(), DIGITS.encode()),
    b'{"a":"%b' % CANARY.encode(),
    CANARY.encode(),
    b"\xff" + CANARY.encode(),
]
HEADERS = (
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-None-Exist",
    "Prefer",
    "Accept",
    "Content-Type",
)
FURTHER = ("Cookie", "X-Change-Reason", "User-Agent", "X-Forwarded-For", "Forwarded", "Content-Encoding")


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that clients sign in to, and that writes down all it can."""
    directory = tmp_path_factory.mktemp("canaries")
    settings = {
        "TRIALBRIDGE_AUTH": "smart",
        "TRIALBRIDGE_LOG_LEVEL": "debug",
        "TRIALBRIDGE_METRICS_TOKEN": METRICS,
    }
    with running_server(copy_of(migrated_sqlite, directory), directory, **settings) as running:
        yield running


def requests_with_canaries() -> Iterator[tuple[str, str, dict[str, str], bytes | None]]:
    """Every place of a request in which something may stand."""
    word = quote(CANARY)
    for path in (word, f"Patient/{word}", f"Patient/1/_history/{word}", f"Patient/${word}", f"{word}/{word}"):
        yield "GET", f"/fhir/{path}", {}, None
    for query in (
        f"{word}=1",
        f"_id={word}",
        f"birthdate={word}",
        f"_sort={word}",
        f"_has:{word}=1",
        f"_format={word}",
    ):
        yield "GET", f"/fhir/Patient?{query}", {"Prefer": "handling=strict"}, None
        yield "POST", "/fhir/Patient/_search", FORM | {"Prefer": "handling=strict"}, query.encode()
    for name in (*HEADERS, *FURTHER):
        yield "PUT", "/fhir/Patient/1", FHIR | {name: CANARY}, b'{"resourceType":"Patient","id":"1"}'
        yield "GET", "/fhir/Patient/1", {name: CANARY}, None
    for document in WRONG:
        raw = codec.write(document)
        entry = {
            "resource": document,
            "request": {"method": "POST", "url": "Observation", "ifNoneExist": CANARY},
        }
        for kind in ("transaction", "batch"):
            bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
            yield "POST", "/fhir", FHIR, codec.write(bundle)
        yield "POST", "/fhir/Observation", FHIR, raw
        yield "POST", "/fhir/Observation/$validate", FHIR, raw
    for raw in UNREADABLE:
        yield "POST", "/fhir/Patient", FHIR, raw
        yield "POST", "/fhir", FHIR, raw
        yield "PATCH", "/fhir/Patient/1", {"Content-Type": "application/json-patch+json"}, raw
    yield "POST", "/hl7v2", ER7, LETTER.encode()
    yield "POST", f"/{word}", FHIR, CANARY.encode()
    for field in ("grant_type", "client_assertion_type", "client_assertion", "scope", "client_id", CANARY):
        yield "POST", "/auth/token", FORM, f"{quote(field)}={word}".encode()
        yield "POST", "/auth/revoke", FORM, f"{quote(field)}={word}".encode()


def secrets_of(server: Server) -> tuple[dict[str, str], list[str]]:
    """The header of a client that signed in, and what nobody may see of it; some of it was refused."""

    async def registered() -> list[str]:
        store = await Store.open(server.database_url, base=f"{server.url}/fhir")
        try:
            key = await register_client(store, "chu-a")
        finally:
            await store.close()
        token = f"{server.url}/auth/token"
        strange = new_key("strange")
        return [
            assertion("chu-a", key, token),
            assertion(CANARY, key, token),
            assertion("chu-a", strange, token),
            assertion("chu-a", key, token, jti=CANARY, sub=CANARY),
            assertion("chu-a", key, CANARY),
        ]

    good, *refused = asyncio.run(registered())
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for sent in refused:
            answer = client.post("/auth/token", data=form(sent))
            assert answer.status_code in {400, 401}
            assert not told(answer.text, [sent])
        token = str(client.post("/auth/token", data=form(good)).raise_for_status().json()["access_token"])
    return {"Authorization": f"Bearer {token}"}, [good, *refused, token]


def told(text: str, secrets: list[str]) -> list[str]:
    """What of it all stands in a text; of a token, any part is too much."""
    parts = [part for one in secrets for part in one.split(".")[1:]]
    return [one for one in (*CANARY.split(), DIGITS, *parts) if one.lower() in text.lower()]


def spoken(server: Server, raw: bytes) -> None:
    """What is no HTTP at all."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=20) as client:
        client.sendall(raw)
        assert b"Zaphod" not in client.recv(65536)


def test_nothing_that_was_sent_is_in_a_log_line_a_refusal_or_the_metrics(server: Server) -> None:
    signed_in, secrets = secrets_of(server)
    strangers: list[dict[str, str]] = [
        {},
        {"Authorization": f"Bearer {CANARY}"},
        {"Authorization": f"Basic {CANARY}"},
    ]
    refused = 0

    with httpx.Client(base_url=server.url, timeout=30) as client:
        for method, address, headers, body in requests_with_canaries():
            for who in (signed_in, *strangers):
                answer = client.request(method, address, headers=headers | who, content=body)
                assert answer.status_code < 500, (method, address, answer.text)
                if answer.status_code >= 400:
                    refused += 1
                    said = answer.text + str(answer.headers)
                    found = told(said, secrets)
                    if address == "/hl7v2":  # an ACK names the message it answers, in its own words
                        found = [one for one in found if one not in CANARY.split()]
                    assert found == [], (method, address, headers, said)
        metrics = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS}"}).raise_for_status()
    spoken(server, f"GET /{CANARY} HTTP/9.9\r\n{CANARY}\r\n\r\n".encode())

    log = server.log.read_text("utf-8")
    assert refused > 200
    assert '"says":"refused"' in log
    assert told(log, [*secrets]) == []
    assert METRICS not in log
    assert told(metrics.text, secrets) == []
    assert "trialbridge_requests_total" in metrics.text
