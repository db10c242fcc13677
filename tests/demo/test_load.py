"""Loading the demonstration trial through the service's own interface."""

import httpx
import pytest

from app.demo import TRIAL, NotLoadedError, load
from tests.demo.stories import entries

EVERYTHING = sum(len(entries(name)) for name, _ in TRIAL)


async def test_it_is_loaded_once(client: httpx.AsyncClient) -> None:
    assert await load(client) == EVERYTHING
    assert await load(client) == 0


async def test_what_was_corrected_keeps_its_first_version(client: httpx.AsyncClient) -> None:
    await load(client)
    first = await client.get("/fhir/Observation/msc-sle-04-m3-pga/_history/1")
    now = await client.get("/fhir/Observation/msc-sle-04-m3-pga")
    assert (first.json()["status"], first.json()["valueQuantity"]["value"]) == ("final", 2.4)
    assert (now.json()["status"], now.json()["valueQuantity"]["value"]) == ("corrected", 2.2)


async def test_what_somebody_deleted_stays_deleted(client: httpx.AsyncClient) -> None:
    await load(client)
    for kind in ("ResearchSubject/msc-sle-c01", "Observation/msc-sle-04-m3-pga"):
        assert (await client.delete(f"/fhir/{kind}")).is_success
    assert await load(client) == 0
    assert (await client.get("/fhir/ResearchSubject/msc-sle-c01")).status_code == httpx.codes.GONE


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"issue": [{"diagnostics": "no such arm", "expression": ["ResearchSubject.actualArm"]}]}',
            r"study.json was refused \(422\): ResearchSubject.actualArm: no such arm",
        ),
        (b"Bad gateway", r"study.json was refused \(422\): Bad gateway"),
        (b'"issue"', r'study.json was refused \(422\): "issue"'),
    ],
)
async def test_a_refusal_is_told_with_its_reasons(body: bytes, said: str) -> None:
    def another_server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.method == "GET" else httpx.Response(422, content=body)

    transport = httpx.MockTransport(another_server)
    async with httpx.AsyncClient(transport=transport, base_url="http://elsewhere") as client:
        with pytest.raises(NotLoadedError, match=said):
            await load(client)
