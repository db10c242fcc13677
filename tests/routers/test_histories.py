"""The history of a resource, of a type and of everything: no version lost, none told twice."""

import httpx
import pytest

from tests.routers.make import body, created, issues

LEVELS = ("/fhir/Patient/msc-sle-p08/_history", "/fhir/Patient/_history", "/fhir/_history")


@pytest.fixture
async def lived(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A service where a patient was changed four times, and others came and went."""
    for language in ("fr", "en", "de", "it"):
        changed = body("Patient", id="msc-sle-p08", language=language)
        await trial.put("/fhir/Patient/msc-sle-p08", content=changed)
    await trial.delete(f"/fhir/Patient/{await created(trial, 'Patient')}")
    await created(trial, "Observation")
    return trial


def linked(page: httpx.Response, relation: str) -> str | None:
    links = page.json()["link"]
    return next((str(link["url"]) for link in links if link["relation"] == relation), None)


def told(page: httpx.Response) -> list[tuple[str, str]]:
    """Each version of a page by its address and its ETag."""
    assert page.status_code == 200, page.text
    return [(one["fullUrl"], one["response"]["etag"]) for one in page.json().get("entry", [])]


async def walked(client: httpx.AsyncClient, address: str | None) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    while address is not None:
        page = await client.get(address)
        seen += told(page)
        address = linked(page, "next")
    return seen


@pytest.mark.rule(18)
@pytest.mark.parametrize("level", LEVELS)
async def test_a_walk_by_pages_tells_every_version_once(lived: httpx.AsyncClient, level: str) -> None:
    whole = told(await lived.get(f"{level}?_count=1000"))

    newest = await walked(lived, f"{level}?_count=2")
    oldest = await walked(lived, f"{level}?_count=3&_sort=_lastUpdated")

    assert newest == whole
    assert oldest == whole[::-1]
    assert len(set(whole)) == len(whole) == {LEVELS[0]: 5, LEVELS[1]: 7, LEVELS[2]: 9}[level]


@pytest.mark.parametrize("level", LEVELS)
async def test_who_goes_on_from_the_last_page_is_told_what_came_after(
    lived: httpx.AsyncClient, level: str
) -> None:
    last = await lived.get(f"{level}?_sort=_lastUpdated")
    monitor = linked(last, "monitor")
    assert monitor is not None

    nothing = await lived.get(monitor)
    await lived.put("/fhir/Patient/msc-sle-p08", content=body("Patient", id="msc-sle-p08"))
    news = await lived.get(monitor)

    assert told(nothing) == []
    assert linked(nothing, "monitor") == monitor
    assert told(news) == [("http://test/fhir/Patient/msc-sle-p08", 'W/"6"')]
    assert linked(await lived.get(level), "monitor") is None


@pytest.mark.rule(16)
@pytest.mark.parametrize("level", LEVELS)
async def test_since_begins_with_the_very_instant(lived: httpx.AsyncClient, level: str) -> None:
    third = await lived.get("/fhir/Patient/msc-sle-p08/_history/3")
    since = third.json()["meta"]["lastUpdated"]

    page = await lived.get(level, params={"_since": since})

    own = [etag for url, etag in told(page) if url.endswith("msc-sle-p08")]
    assert own == ['W/"5"', 'W/"4"', 'W/"3"']
    assert linked(page, "self") == f"http://test{level}?_since={since}"


@pytest.mark.rule(16)
async def test_at_tells_what_was_current_then(lived: httpx.AsyncClient) -> None:
    third = await lived.get("/fhir/Patient/msc-sle-p08/_history/3")
    address = "/fhir/Patient/msc-sle-p08/_history"

    page = await lived.get(address, params={"_at": third.json()["meta"]["lastUpdated"]})
    before = await lived.get(address, params={"_at": "2001"})

    assert [etag for _, etag in told(page)] == ['W/"3"']
    assert told(before) == []


@pytest.mark.rule(14, 15)
async def test_a_type_is_told_with_its_deletions(lived: httpx.AsyncClient) -> None:
    newest = (await lived.get("/fhir/Patient/_history?_count=1")).json()

    assert (newest["type"], newest["total"]) == ("history", 7)
    assert newest["entry"][0]["request"]["method"] == "DELETE"
    assert newest["entry"][0]["response"]["status"] == "204 No Content"
    assert "resource" not in newest["entry"][0]


async def test_a_resource_that_came_back_is_told_as_created_again(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Patient")
    await trial.delete(f"/fhir/Patient/{name}")
    await trial.put(f"/fhir/Patient/{name}", content=body("Patient", id=name))

    page = (await trial.get(f"/fhir/Patient/{name}/_history")).json()

    statuses = [entry["response"]["status"] for entry in page["entry"]]
    assert statuses == ["201 Created", "204 No Content", "201 Created"]


@pytest.mark.rule(16)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("_since=2024-05-03", "http._since"),
        ("_since=2024-05-03T10:20:30", "http._since"),
        ("_since=yesterday", "http._since"),
        ("_since=20200101T000000Z", "http._since"),
        ("_since=2020-W01-1T00:00:00Z", "http._since"),
        ("_since=2020-01-01T10Z", "http._since"),
        ("_since=0001-01-01T00:00:00%2B14:00", "http._since"),
        ("_since=9999-12-31T23:59:59-14:00", "http._since"),
        ("_at=0001-01-01T00:00:00%2B14:00", "http._at"),
        ("_at=9999-12-31T23:59:59-14:00", "http._at"),
        ("_since=2024-05-03T10:20:30Z&_since=2025-05-03T10:20:30Z", "http._since"),
        ("_at=2024&_at=2025", "http._at"),
        ("_count=1&_count=2", "http._count"),
        ("_sort=_lastUpdated&_sort=-_lastUpdated", "http._sort"),
        ("_at=2024-13", "http._at"),
        ("_count=-1", "http._count"),
        ("_sort=date", "http._sort"),
        ("_after=bm90IG91cnM", "http._after"),
        ("_summary=count", "http._summary"),
    ],
)
async def test_a_history_that_cannot_be_read_is_refused(
    trial: httpx.AsyncClient, level: str, query: str, place: str
) -> None:
    answer = await trial.get(f"{level}?{query}")

    assert answer.status_code == 400
    assert [issue["expression"] for issue in issues(answer)] == [[place]]


async def test_a_page_link_is_good_for_its_own_history_alone(lived: httpx.AsyncClient) -> None:
    following = linked(await lived.get("/fhir/Patient/_history?_count=1"), "next")
    assert following is not None

    moved = await lived.get(following.replace("/Patient/", "/Observation/"))
    turned = await lived.get(following + "&_sort=_lastUpdated")
    larger = await lived.get(following.replace("_count=1", "_count=5"))

    assert [moved.status_code, turned.status_code, larger.status_code] == [400, 400, 200]


async def test_an_unknown_parameter_is_passed_over_unless_handled_strictly(trial: httpx.AsyncClient) -> None:
    lenient = await trial.get("/fhir/_history?_sins=2024")
    strict = await trial.get("/fhir/_history?_sins=2024", headers={"Prefer": "handling=strict"})

    assert (lenient.status_code, strict.status_code) == (200, 400)
    assert "_sins" not in str(linked(lenient, "self"))
    assert "did you mean _since?" in issues(strict)[0]["diagnostics"]


async def test_a_history_may_tell_less_of_each_version(trial: httpx.AsyncClient) -> None:
    page = (await trial.get("/fhir/Patient/_history?_elements=gender")).json()

    assert set(page["entry"][0]["resource"]) == {"resourceType", "id", "meta", "gender"}
