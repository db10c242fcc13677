"""The FHIR interactions, rule by rule, for every type (https://hl7.org/fhir/R4/http.html)."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.routers.make import TYPES, body, created, issues

pytestmark = pytest.mark.parametrize("kind", TYPES)


@pytest.mark.rule(19)
@pytest.mark.verifies("http.create")
async def test_a_create_answers_with_the_address_and_the_version(trial: httpx.AsyncClient, kind: str) -> None:
    answer = await trial.post(f"/fhir/{kind}", content=body(kind, id="mine", meta={"versionId": "7"}))

    stored = answer.json()
    assert answer.status_code == 201
    assert stored["id"] != "mine"
    assert stored["meta"]["versionId"] == "1"
    assert answer.headers["location"] == f"http://test/fhir/{kind}/{stored['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"].endswith(" GMT")


@pytest.mark.verifies("http.create")
async def test_two_creates_of_the_same_are_two_resources(trial: httpx.AsyncClient, kind: str) -> None:
    assert await created(trial, kind) != await created(trial, kind)


@pytest.mark.rule(5)
@pytest.mark.verifies("http.read")
async def test_a_read_gives_what_is_stored(trial: httpx.AsyncClient, kind: str) -> None:
    stored = await trial.post(f"/fhir/{kind}", content=body(kind))

    answer = await trial.get(f"/fhir/{kind}/{stored.json()['id']}")

    assert answer.status_code == 200
    assert answer.content == stored.content
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"] == stored.headers["last-modified"]
    seconds = answer.json()["meta"]["lastUpdated"][:19]
    assert parsedate_to_datetime(answer.headers["last-modified"]).isoformat()[:19] == seconds


@pytest.mark.rule(11, 17)
@pytest.mark.verifies("http.read")
async def test_what_never_was_is_not_found(trial: httpx.AsyncClient, kind: str) -> None:
    for address in (f"/fhir/{kind}/none", f"/fhir/{kind}/none/_history", f"/fhir/{kind}/none/_history/1"):
        answer = await trial.get(address)

        assert answer.status_code == 404
        assert issues(answer)[0]["code"] == "not-found"


@pytest.mark.rule(22)
@pytest.mark.verifies("http.update")
async def test_an_update_makes_the_next_version(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)

    answer = await trial.put(f"/fhir/{kind}/{name}", content=body(kind, id=name, language="fr"))

    assert answer.status_code == 200
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["location"] == f"http://test/fhir/{kind}/{name}/_history/2"
    assert (await trial.get(f"/fhir/{kind}/{name}")).json()["language"] == "fr"
    assert "language" not in (await trial.get(f"/fhir/{kind}/{name}/_history/1")).json()


@pytest.mark.rule(13, 22)
@pytest.mark.verifies("http.update")
async def test_an_update_under_a_new_id_creates(trial: httpx.AsyncClient, kind: str) -> None:
    answer = await trial.put(f"/fhir/{kind}/a-new.ID-1", content=body(kind, id="a-new.ID-1"))

    assert answer.status_code == 201
    assert answer.json()["id"] == "a-new.ID-1"
    assert (await trial.get(f"/fhir/{kind}/a-new.id-1")).status_code == 404  # ids are case-sensitive


@pytest.mark.rule(21)
@pytest.mark.parametrize("changes", [{}, {"id": "another"}, {"id": None}, {"id": 7}])
@pytest.mark.verifies("http.update")
async def test_an_update_must_carry_the_id_of_the_address(
    trial: httpx.AsyncClient, kind: str, changes: dict[str, str]
) -> None:
    answer = await trial.put(f"/fhir/{kind}/this", content=body(kind, **changes))

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == [f"{kind}.id"]
    assert (await trial.get(f"/fhir/{kind}/this")).status_code == 404


@pytest.mark.rule(6, 25)
@pytest.mark.verifies("http.if-match")
async def test_an_update_of_a_version_that_is_not_current_is_refused(
    trial: httpx.AsyncClient, kind: str
) -> None:
    name = await created(trial, kind)
    changed = body(kind, id=name, language="fr")

    stale = await trial.put(f"/fhir/{kind}/{name}", content=changed, headers={"If-Match": 'W/"9"'})
    listed = await trial.put(f"/fhir/{kind}/{name}", content=changed, headers={"If-Match": 'W/"9", W/"1"'})

    assert (stale.status_code, listed.status_code) == (412, 200)
    assert issues(stale)[0]["code"] == "conflict"


@pytest.mark.rule(6)
@pytest.mark.parametrize("header", ["1", "W/1", '"1', 'W/"1" W/"2"', "", "**"])
@pytest.mark.verifies("http.if-match")
async def test_an_if_match_that_cannot_be_read_is_refused(
    trial: httpx.AsyncClient, kind: str, header: str
) -> None:
    name = await created(trial, kind)

    answer = await trial.put(
        f"/fhir/{kind}/{name}", content=body(kind, id=name), headers={"If-Match": header}
    )

    assert answer.status_code == 400
    assert issues(answer)[0]["code"] == "value"


@pytest.mark.rule(11, 28)
@pytest.mark.verifies("http.delete")
async def test_what_was_deleted_is_gone_but_not_forgotten(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)

    first = await trial.delete(f"/fhir/{kind}/{name}")
    second = await trial.delete(f"/fhir/{kind}/{name}")
    read = await trial.get(f"/fhir/{kind}/{name}")

    assert (first.status_code, second.status_code, read.status_code) == (204, 204, 410)
    assert (first.headers["etag"], first.content) == ('W/"2"', b"")
    assert read.headers["etag"] == 'W/"2"'
    assert issues(read)[0]["code"] == "deleted"
    assert (await trial.get(f"/fhir/{kind}/{name}/_history/1")).status_code == 200
    assert (await trial.get(f"/fhir/{kind}/{name}/_history/2")).status_code == 410
    assert (await trial.get(f"/fhir/{kind}/{name}/_history/9")).status_code == 404


@pytest.mark.rule(28)
@pytest.mark.verifies("http.delete")
async def test_deleting_what_never_was_is_done_already(trial: httpx.AsyncClient, kind: str) -> None:
    assert (await trial.delete(f"/fhir/{kind}/never")).status_code == 204
    assert (await trial.get(f"/fhir/{kind}/never")).status_code == 404


@pytest.mark.rule(6, 25)
@pytest.mark.verifies("http.delete")
async def test_a_delete_of_a_version_that_is_not_current_is_refused(
    trial: httpx.AsyncClient, kind: str
) -> None:
    name = await created(trial, kind)

    answer = await trial.delete(f"/fhir/{kind}/{name}", headers={"If-Match": 'W/"2"'})

    assert answer.status_code == 412
    assert (await trial.get(f"/fhir/{kind}/{name}")).status_code == 200


@pytest.mark.rule(12)
@pytest.mark.verifies("http.update")
async def test_an_update_brings_a_deleted_resource_back(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    await trial.delete(f"/fhir/{kind}/{name}")

    answer = await trial.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))

    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')


@pytest.mark.rule(14, 17)
@pytest.mark.verifies("http.history")
async def test_a_history_is_newest_first_and_has_deletions(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    await trial.put(f"/fhir/{kind}/{name}", content=body(kind, id=name, language="fr"))
    await trial.delete(f"/fhir/{kind}/{name}")

    history = (await trial.get(f"/fhir/{kind}/{name}/_history")).json()

    assert (history["type"], history["total"]) == ("history", 3)
    methods = [entry["request"]["method"] for entry in history["entry"]]
    assert methods == ["DELETE", "PUT", "POST"]
    assert "resource" not in history["entry"][0]
    assert [entry["response"]["etag"] for entry in history["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert {entry["fullUrl"] for entry in history["entry"]} == {f"http://test/fhir/{kind}/{name}"}


@pytest.mark.rule(18)
@pytest.mark.verifies("http.history")
async def test_a_history_is_walked_without_losing_a_version(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    for _ in range(4):
        await trial.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))

    address: str | None = f"/fhir/{kind}/{name}/_history?_count=2"
    seen: list[str] = []
    while address is not None:
        page = (await trial.get(address)).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)

    assert seen == ["5", "4", "3", "2", "1"]


@pytest.mark.rule(43, 52)
@pytest.mark.verifies("http.search")
async def test_a_search_walks_every_match_once_and_by_form_alike(trial: httpx.AsyncClient, kind: str) -> None:
    names = {await created(trial, kind) for _ in range(5)}
    listed = ",".join(sorted(names))

    address: str | None = f"/fhir/{kind}?_id={listed}&_count=2&_total=accurate"
    seen: list[str] = []
    while address is not None:
        page = (await trial.get(address)).json()
        assert page["total"] == 5
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    form = await trial.post(
        f"/fhir/{kind}/_search?_total=accurate",
        data={"_id": listed},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert sorted(seen) == sorted(names)
    assert form.json()["total"] == 5
    assert form.json()["link"][0]["relation"] == "self"


@pytest.mark.rule(9)
@pytest.mark.verifies("http.prefer")
async def test_the_client_says_what_it_wants_back(trial: httpx.AsyncClient, kind: str) -> None:
    async def answered(prefer: str) -> httpx.Response:
        return await trial.post(f"/fhir/{kind}", content=body(kind), headers={"Prefer": prefer})

    minimal = await answered("return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert minimal.headers["location"].startswith(f"http://test/fhir/{kind}/")
    assert (await answered("respond-async, return=representation")).json()["resourceType"] == kind
    assert issues(await answered("return=OperationOutcome"))[0]["severity"] == "information"


@pytest.mark.rule(7)
@pytest.mark.verifies("http.conditional-read")
async def test_a_version_the_client_has_is_not_sent_again(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    address = f"/fhir/{kind}/{name}"
    stored = (await trial.get(address)).headers["last-modified"]

    known = await trial.get(address, headers={"If-None-Match": 'W/"1"'})
    unknown = await trial.get(address, headers={"If-None-Match": 'W/"2"'})
    unchanged = await trial.get(address, headers={"If-Modified-Since": stored})
    senseless = await trial.get(address, headers={"If-Modified-Since": "yesterday"})

    assert (known.status_code, known.content) == (304, b"")
    assert (unknown.status_code, unchanged.status_code, senseless.status_code) == (200, 304, 200)


@pytest.mark.rule(8)
@pytest.mark.verifies("http.head")
async def test_a_head_is_a_get_without_its_body(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    got, head = [await trial.request(way, f"/fhir/{kind}/{name}") for way in ("GET", "HEAD")]

    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}


@pytest.mark.rule(13)
@pytest.mark.parametrize("name", ["x" * 65, "a_b", "%00", "a%20b", "é", "..%2f.."])
@pytest.mark.verifies("http.id")
async def test_an_id_that_cannot_be_one_is_refused(trial: httpx.AsyncClient, kind: str, name: str) -> None:
    read = await trial.get(f"/fhir/{kind}/{name}")
    written = await trial.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))

    assert {read.status_code, written.status_code} <= {400, 404}
    issues(read)
    issues(written)
