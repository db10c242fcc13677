"""Bodies made to exhaust whoever reads them are refused in a moment, whatever door they come by."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import httpx
import pytest

from app.fhir_mapping import codec
from tests.corpus.cases import FHIR_JSON, GOOD
from tests.databases import copy_of

MB = 1024 * 1024
SECONDS = 5.0
"""Far more than any takes here, and far less than one without a bound."""

OBSERVATION = codec.write(GOOD["Observation"])
LETTER = b"MSH|^~\\&|A|B|C|D|20210101||ORU^R01|1|P|2.5.1\r"
FHIR, FORM = FHIR_JSON, "application/x-www-form-urlencoded"
PATCH, ER7 = "application/json-patch+json", "application/hl7-v2"


def repeated(member: bytes, one: bytes, times: int) -> bytes:
    """An Observation in which something stands so often."""
    return OBSERVATION[:-1] + b',"%b":[%b]}' % (member, b",".join([one] * times))


def nested(opening: bytes, closing: bytes, times: int) -> bytes:
    return OBSERVATION[:-1] + b',"note":' + opening * times + b"1" + closing * times + b"}"


def contained_and_referred_to(times: int) -> bytes:
    """So many contained resources, each of which is referred to."""
    inner = b",".join(b'{"resourceType":"Patient","id":"p%d"}' % number for number in range(times))
    outer = b",".join(b'{"reference":"#p%d"}' % number for number in range(times))
    return OBSERVATION[:-1] + b',"contained":[%b],"performer":[%b]}' % (inner, outer)


def narrative(inside: bytes) -> bytes:
    div = b"<div xmlns='http://www.w3.org/1999/xhtml'>" + inside + b"</div>"
    return OBSERVATION[:-1] + b',"text":{"status":"generated","div":"%b"}}' % div


HOSTILE: dict[str, tuple[str, str, Callable[[], bytes], int]] = {
    "lists in lists": ("/fhir/Observation", FHIR, lambda: nested(b"[", b"]", 100_000), 400),
    "lists that never end": ("/fhir/Observation", FHIR, lambda: b'{"a":' + b"[" * 8 * MB, 400),
    "objects in objects": ("/fhir/Observation", FHIR, lambda: nested(b'{"a":', b"}", 100_000), 400),
    "extensions in extensions": (
        "/fhir/Observation",
        FHIR,
        lambda: nested(b'[{"url":"http://x","extension":', b"}]", 40),
        400,
    ),
    "many members": (
        "/fhir/Observation",
        FHIR,
        lambda: b"{%b}" % b",".join(b'"m%d":1' % number for number in range(1_000_000)),
        413,
    ),
    "unknown members": (
        "/fhir/Observation",
        FHIR,
        lambda: OBSERVATION[:-1] + b"".join(b',"m%d":1' % number for number in range(90_000)) + b"}",
        400,
    ),
    "many empty lists": ("/fhir/Observation", FHIR, lambda: repeated(b"note", b"[]", 5_000_000), 413),
    "many wrong notes": ("/fhir/Observation", FHIR, lambda: repeated(b"note", b'{"text":1}', 90_000), 400),
    "contained, referred to": ("/fhir/Observation", FHIR, lambda: contained_and_referred_to(30_000), 201),
    "a number of many digits": (
        "/fhir/Observation",
        FHIR,
        lambda: OBSERVATION[:-1] + b',"valueInteger":' + b"9" * MB + b"}",
        400,
    ),
    "a great exponent": (
        "/fhir/Observation",
        FHIR,
        lambda: OBSERVATION[:-1] + b',"valueQuantity":{"value":1e999999}}',
        400,
    ),
    "a long text": ("/fhir/Observation/$validate", FHIR, lambda: b'{"a":"%b"}' % (b"x" * 15 * MB), 200),
    "a member that stands often": (
        "/fhir/Observation",
        FHIR,
        lambda: b"{%b}" % b",".join([b'"k":1'] * 500_000),
        413,
    ),
    "angle brackets": ("/fhir/Observation", FHIR, lambda: narrative(b"<" * MB), 400),
    "tags in tags": ("/fhir/Observation", FHIR, lambda: narrative(b"<b>" * 50_000 + b"</b>" * 50_000), 400),
    "many entries": (
        "/fhir",
        FHIR,
        lambda: b'{"resourceType":"Bundle","type":"batch","entry":[%b]}' % b",".join([b"{}"] * 900_000),
        413,
    ),
    "more entries": (
        "/fhir",
        FHIR,
        lambda: b'{"resourceType":"Bundle","type":"batch","entry":[%b]}' % b",".join([b"{}"] * 5_000_000),
        413,
    ),
    "many fields": ("/fhir/Patient/_search", FORM, lambda: b"&".join([b"a=1"] * 60_000), 400),
    "a long form": ("/fhir/Patient/_search", FORM, lambda: b"_id=" + b"a," * 7 * MB, 413),
    "fields for a token": ("/auth/token", FORM, lambda: b"&".join([b"a=1"] * 1_000_000), 400),
    "a long assertion": ("/auth/token", FORM, lambda: b"client_assertion=" + b"e30." * 3 * MB, 400),
    "many segments": ("/hl7v2", ER7, lambda: LETTER + b"OBX|1\r" * 1_000_000, 413),
    "many fields of a segment": ("/hl7v2", ER7, lambda: LETTER + b"OBX" + b"|" * 15 * MB, 403),
    "many escapes": ("/hl7v2", ER7, lambda: LETTER + b"OBX|1|ST|x||" + b"\\F\\" * MB, 403),
}


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """Nothing of this is the database's."""
    return copy_of(migrated_sqlite, tmp_path)


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_body_made_to_exhaust_is_answered_at_once(client: httpx.AsyncClient, what: str) -> None:
    path, kind, body, status = HOSTILE[what]
    content = body()

    began = perf_counter()
    answer = await client.post(path, content=content, headers={"Content-Type": kind})
    seconds = perf_counter() - began

    assert answer.status_code == status, answer.text[:500]
    assert seconds < SECONDS


async def test_a_patch_nested_without_end_is_refused(client: httpx.AsyncClient) -> None:
    await client.put(
        "/fhir/Patient/p", content=b'{"resourceType":"Patient","id":"p"}', headers={"Content-Type": FHIR}
    )
    deep = b'[{"op":"add","path":"/x","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"

    answer = await client.patch("/fhir/Patient/p", content=deep, headers={"Content-Type": PATCH})

    assert answer.status_code == 400
