"""Rules 11 to 18: read, versions and history, of an instance, a type and the whole server."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conformance.make import (
    JSON_PATCH,
    TYPES,
    Json,
    entry,
    link,
    marked,
    pages,
    stored,
    transacted,
    versions,
    written,
)
from tests.routers.make import body

FHIR = "http://test/fhir"
CHANGE = written([{"op": "add", "path": "/language", "value": "fr"}])


async def lived(client: httpx.AsyncClient, kind: str, name: str = "lived") -> str:
    """A resource that was created, changed, patched, deleted and brought back: five versions."""
    address = f"/fhir/{kind}/{name}"
    answers = [
        await client.put(address, content=body(kind, id=name)),
        await client.put(address, content=body(kind, id=name, language="en")),
        await client.patch(address, content=CHANGE, headers=JSON_PATCH),
        await client.delete(address),
        await client.put(address, content=body(kind, id=name)),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 204, 201]
    return name


async def changed_at(client: httpx.AsyncClient, kind: str, name: str) -> list[str]:
    """When each version was stored, oldest first."""
    history = (await client.get(f"/fhir/{kind}/{name}/_history")).json()
    return [one["response"]["lastModified"] for one in reversed(history["entry"])]


# ---- 11 to 13: one resource ----------------------------------------------------------------------------


@pytest.mark.rule(11, 12, 17)
async def test_a_life_can_be_read_version_by_version(trial: httpx.AsyncClient) -> None:
    for kind in TYPES:
        address = f"/fhir/{kind}/{await lived(trial, kind)}"

        reads = [await trial.get(f"{address}/_history/{number}") for number in range(1, 7)]

        assert [answer.status_code for answer in reads] == [200, 200, 200, 410, 200, 404], kind
        assert (await trial.get(address)).headers["etag"] == 'W/"5"'
        await trial.delete(address)
        gone = await trial.get(address)
        assert (gone.status_code, gone.headers["etag"]) == (410, 'W/"6"')
        assert len(await versions(trial, f"{address}/_history")) == 6


@pytest.mark.rule(13)
async def test_what_can_be_an_id_is_one(trial: httpx.AsyncClient) -> None:
    for name in ("a", "A-z.0", "-", "1" * 64, "metadata", "Patient", "history"):
        there = await trial.put(f"/fhir/Patient/{name}", content=body("Patient", id=name))

        assert there.status_code == 201, name
        assert (await trial.get(f"/fhir/Patient/{name}")).json()["id"] == name
        if name.swapcase() != name:
            assert (await trial.get(f"/fhir/Patient/{name.swapcase()}")).status_code == 404


@pytest.mark.rule(13)
async def test_a_version_that_cannot_be_one_is_not_there(trial: httpx.AsyncClient) -> None:
    for version in ("0", "01", "-1", "1.0", "a", "9" * 30, "%00", "x" * 65, "1%20"):
        answer = await trial.get(f"/fhir/Patient/msc-sle-p08/_history/{version}")

        assert answer.status_code in {400, 404}, version


# ---- 14 to 17: histories -------------------------------------------------------------------------------


@pytest.mark.rule(14, 15)
@pytest.mark.parametrize("level", ["/{kind}/lived/_history", "/{kind}/_history", "/_history"])
async def test_each_version_is_an_entry_that_says_how_it_came(trial: httpx.AsyncClient, level: str) -> None:
    kind = "ResearchSubject"
    await lived(trial, kind)

    history = (await trial.get(f"/fhir{level.format(kind=kind)}")).json()

    told = [one for one in history["entry"] if one["fullUrl"] == f"{FHIR}/{kind}/lived"]
    assert (history["resourceType"], history["type"]) == ("Bundle", "history")
    assert link(history, "self")
    methods = [one["request"]["method"] for one in told]
    assert methods[1] == "DELETE"
    assert set(methods) <= {"POST", "PUT", "PATCH", "DELETE"}
    assert [one["response"]["status"][:3] for one in told] == ["201", "204", "200", "200", "201"]
    assert [one["response"]["etag"] for one in told] == [f'W/"{number}"' for number in (5, 4, 3, 2, 1)]
    assert ["resource" in one for one in told] == [True, False, True, True, True]
    for one in told:
        assert one["request"]["url"] == (kind if one["request"]["method"] == "POST" else f"{kind}/lived")
        datetime.fromisoformat(one["response"]["lastModified"])
        if "resource" in one:
            assert one["response"]["lastModified"] == one["resource"]["meta"]["lastUpdated"]
            assert one["response"]["etag"] == f'W/"{one["resource"]["meta"]["versionId"]}"'
            assert "search" not in one


@pytest.mark.rule(14, 18)
async def test_a_wider_history_holds_the_narrower_ones(trial: httpx.AsyncClient) -> None:
    for kind in ("Observation", "AdverseEvent"):
        await lived(trial, kind)

    everything = await versions(trial)

    by_type = [await versions(trial, f"/fhir/{kind}/_history") for kind in TYPES]
    by_instance = await versions(trial, "/fhir/AdverseEvent/lived/_history")
    assert sorted(everything) == sorted(version for one in by_type for version in one)
    assert by_instance == [version for version in everything if "AdverseEvent/lived" in version[0]]
    assert len(set(everything)) == len(everything) == 12


@pytest.mark.rule(16)
@pytest.mark.parametrize("level", ["/Observation/lived/_history", "/Observation/_history", "/_history"])
async def test_since_is_inclusive(trial: httpx.AsyncClient, level: str) -> None:
    await lived(trial, "Observation")
    when = await changed_at(trial, "Observation", "lived")

    for place, instant in enumerate(when):
        page = (await trial.get(f"/fhir{level}", params={"_since": instant})).json()

        etags = [one["response"]["etag"] for one in page["entry"] if "lived" in one["fullUrl"]]
        assert etags == [f'W/"{number}"' for number in range(5, place, -1)]


@pytest.mark.rule(16)
async def test_since_the_future_there_is_nothing(trial: httpx.AsyncClient) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    pages_ = [
        (await trial.get(f"/fhir/{level}_history", params={"_since": tomorrow})).json()
        for level in ("", "Patient/", "Patient/msc-sle-p08/")
    ]

    assert [page.get("entry", []) for page in pages_] == [[], [], []]


@pytest.mark.rule(16)
@pytest.mark.parametrize("level", ["/Observation/lived/_history", "/Observation/_history", "/_history"])
async def test_at_gives_what_was_current_then(trial: httpx.AsyncClient, level: str) -> None:
    await lived(trial, "Observation")
    when = await changed_at(trial, "Observation", "lived")

    async def etags(at: str) -> list[str]:
        page = (await trial.get(f"/fhir{level}", params={"_at": at})).json()
        return [one["response"]["etag"] for one in page.get("entry", ()) if "lived" in one["fullUrl"]]

    assert [await etags(instant) for instant in when[:3]] == [['W/"1"'], ['W/"2"'], ['W/"3"']]
    assert await etags("2001-01-01") == []
    assert await etags(datetime.now(UTC).isoformat()) == ['W/"5"']


@pytest.mark.rule(16)
@pytest.mark.parametrize("level", ["/Patient/msc-sle-p08/_history", "/Patient/_history", "/_history"])
async def test_a_history_that_cannot_be_read_is_400(trial: httpx.AsyncClient, level: str) -> None:
    for query in (
        *("_since=yesterday", "_since=2024-13-01", "_since=2024-01-01T25:00Z", "_at=x"),
        *("_count=-1", "_count=x", "_count=1.5"),
    ):
        answer = await trial.get(f"/fhir{level}?{query}")

        assert answer.status_code == 400, query


@pytest.mark.rule(17)
async def test_of_what_never_was_there_is_no_history(trial: httpx.AsyncClient) -> None:
    empty = (await trial.get("/fhir/Observation/_history")).json()

    assert (await trial.get("/fhir/Patient/nobody/_history")).status_code == 404
    assert (await trial.get("/fhir/Bogus/_history")).status_code == 404
    assert (empty["total"], empty.get("entry", [])) == (0, [])


# ---- 18: walking ---------------------------------------------------------------------------------------


async def walked(client: httpx.AsyncClient, address: str, *, then: bytes | None = None) -> list[Json]:
    """The pages of a history; after each of them somebody writes, if there is something to write."""
    met = []
    async for page in pages(client, address):
        met.append(page)
        if then is not None:
            await client.post("/fhir/Patient", content=then)
    return met


def etags_of(walk: list[Json]) -> list[tuple[str, str]]:
    return [(one["fullUrl"], one["response"]["etag"]) for page in walk for one in page["entry"]]


@pytest.mark.rule(18)
@pytest.mark.parametrize("count", [7, 10, 50, 51])
async def test_a_burst_of_updates_is_walked_without_losing_one(trial: httpx.AsyncClient, count: int) -> None:
    address = "/fhir/Patient/burst"
    await asyncio.gather(*(trial.put(address, content=body("Patient", id="burst")) for _ in range(50)))

    walk = await walked(trial, f"{address}/_history?_count={count}", then=body("Patient"))

    assert [etag for _, etag in etags_of(walk)] == [f'W/"{number}"' for number in range(50, 0, -1)]
    assert {page["total"] for page in walk} == {50}
    assert [len(page["entry"]) for page in walk[:-1]] == [count] * (len(walk) - 1)


@pytest.mark.rule(18)
@pytest.mark.parametrize("order", ["", "&_sort=_lastUpdated"])
@pytest.mark.parametrize("level", ["/Observation/_history", "/_history"])
async def test_versions_of_the_same_instant_are_walked_without_losing_one(
    trial: httpx.AsyncClient, level: str, order: str
) -> None:
    for piece in range(2):
        entries = [entry("POST", "Observation", marked("Observation", f"{piece}-{n}")) for n in range(20)]
        assert (await transacted(trial, *entries)).status_code == 200
    before = await versions(trial, f"/fhir{level}")

    walk = await walked(trial, f"/fhir{level}?_count=7{order}", then=None if order else body("Patient"))

    met = etags_of(walk)
    assert met == (list(reversed(before)) if order else before)
    times = [one["response"]["lastModified"] for page in walk for one in page["entry"]]
    assert times == sorted(times, reverse=not order)


@pytest.mark.rule(18)
async def test_a_history_from_the_beginning_comes_to_what_is_written_meanwhile(
    trial: httpx.AsyncClient,
) -> None:
    names = [await stored(trial, "Observation") for _ in range(5)]

    walk = await walked(trial, "/fhir/Observation/_history?_sort=_lastUpdated&_count=2", then=None)
    later = await stored(trial, "Observation")
    since = walk[-1]["entry"][-1]["response"]["lastModified"]
    again = await walked(trial, f"/fhir/Observation/_history?_sort=_lastUpdated&_since={since}")

    assert [url.rpartition("/")[2] for url, _ in etags_of(walk)] == names
    assert [url.rpartition("/")[2] for url, _ in etags_of(again)] == [names[-1], later]
