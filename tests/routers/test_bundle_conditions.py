"""Entries of Bundles that set conditions: what a search finds, what must be current, what must be new."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping.transaction import MOST_SEARCHES
from app.routers import examples
from app.store.session import Store
from tests.routers.make import body, bundle_of, issues
from tests.routers.test_bundles import NEW, post, put, statuses

SYSTEM = "https://example.org/ids"


def identified(value: str) -> dict[str, Any]:
    return {"identifier": [{"system": SYSTEM, "value": value}]}


def sought(value: str) -> str:
    return f"identifier={SYSTEM}|{value}"


def asking(entry: dict[str, Any], **request: str) -> dict[str, Any]:
    """The entry with more said in its request."""
    return {**entry, "request": {**entry["request"], **request}}


def found(method: str, kind: str, value: str, **changes: Any) -> dict[str, Any]:
    """An entry whose target is searched for."""
    sent = (
        {} if method == "DELETE" else {"resource": {**examples.BODIES[kind], **identified(value), **changes}}
    )
    return {**sent, "request": {"method": method, "url": f"{kind}?{sought(value)}"}}


@pytest.fixture
async def known(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A service where one patient bears the number 1, and two bear 2."""
    for name, value in (("one", "1"), ("two", "2"), ("three", "2")):
        stored = await trial.put(
            f"/fhir/Patient/{name}", content=body("Patient", id=name, **identified(value))
        )
        assert stored.status_code == 201
    return trial


async def versions(client: httpx.AsyncClient) -> int:
    history = (await client.get("/fhir/_history?_count=1000")).json()
    return len(history["entry"])


@pytest.mark.rule(42)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_an_entry_is_created_only_where_none_matches(known: httpx.AsyncClient, kind: str) -> None:
    entries = [
        asking(post("Patient", **identified("0")), ifNoneExist=sought("0")),
        asking(post("Patient", **identified("1")), ifNoneExist=sought("1")),
    ]

    answer = await known.post("/fhir", content=bundle_of(kind, *entries))

    assert statuses(answer) == ["201 Created", "200 OK"]
    response = answer.json()["entry"][1]["response"]
    assert response["location"] == "http://test/fhir/Patient/one/_history/1"
    assert response["etag"] == 'W/"1"'


@pytest.mark.rule(38)
@pytest.mark.parametrize("value", ["0", "1"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_entry_is_referred_to_whether_it_is_created_or_found(
    known: httpx.AsyncClient, value: str, method: str
) -> None:
    patient = (
        asking(post("Patient", **identified(value)), ifNoneExist=sought(value))
        if method == "POST"
        else found("PUT", "Patient", value)
    )
    entries = [post("Observation", subject={"reference": NEW}), {"fullUrl": NEW, **patient}]

    answer = await known.post("/fhir", content=bundle_of("transaction", *entries))

    assert answer.status_code == 200, answer.text
    observation, subject = [entry["response"]["location"] for entry in answer.json()["entry"]]
    stored = (await known.get(observation)).json()["subject"]["reference"]
    assert subject.startswith(f"http://test/fhir/{stored}/_history/")
    assert (stored == "Patient/one") is (value == "1")


async def test_an_entry_is_referred_to_though_it_bears_nothing_it_is_searched_by(
    known: httpx.AsyncClient,
) -> None:
    named = 'identifier=urn:a|a "b" é\\'
    entries = [
        post("Observation", subject={"reference": NEW}),
        asking(post("Patient", NEW), ifNoneExist=named),
    ]

    answer = await known.post("/fhir", content=bundle_of("transaction", *entries))

    assert statuses(answer) == ["201 Created", "201 Created"], answer.text


@pytest.mark.rule(38)
@pytest.mark.parametrize(("value", "status"), [("1", 200), ("0", 412), ("2", 412)])
async def test_a_reference_by_a_search_finds_exactly_one(
    known: httpx.AsyncClient, value: str, status: int
) -> None:
    before = await versions(known)
    entry = post("Observation", subject={"reference": f"Patient?{sought(value)}"})

    answer = await known.post("/fhir", content=bundle_of("transaction", entry))

    assert answer.status_code == status, answer.text
    if status == 200:
        stored = (await known.get(answer.json()["entry"][0]["response"]["location"])).json()
        assert stored["subject"] == {"reference": "Patient/one"}
    else:
        assert issues(answer)[0]["expression"] == ["Bundle.entry[0].resource.subject.reference"]
        assert await versions(known) == before


@pytest.mark.rule(38)
async def test_a_reference_by_a_search_finds_what_the_transaction_brings(known: httpx.AsyncClient) -> None:
    entries = [
        post("Observation", subject={"reference": f"Patient?{sought('7')}"}),
        post("Patient", **identified("7")),
    ]

    answer = await known.post("/fhir", content=bundle_of("transaction", *entries))

    observation, patient = [entry["response"]["location"] for entry in answer.json()["entry"]]
    stored = (await known.get(observation)).json()["subject"]["reference"]
    assert patient == f"http://test/fhir/{stored}/_history/1"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (f"Patient?colour=red&{sought('1')}", "not-supported"),
        ("Patient?identifier=", "not-supported"),
        ("CareTeam?identifier=a", "not-supported"),
    ],
)
async def test_a_reference_by_a_search_that_is_not_understood_is_refused(
    known: httpx.AsyncClient, reference: str, code: str
) -> None:
    entry = post("Observation", performer=[{"reference": reference}])

    answer = await known.post("/fhir", content=bundle_of("transaction", entry))

    assert answer.status_code == 400, answer.text
    assert [issue["expression"] for issue in issues(answer)] == [
        ["Bundle.entry[0].resource.performer[0].reference"]
    ]
    assert issues(answer)[0]["code"] == code


@pytest.mark.rule(34)
async def test_a_reference_by_a_search_fails_its_entry_in_a_batch(known: httpx.AsyncClient) -> None:
    entries = [post("Observation", subject={"reference": f"Patient?{sought('1')}"}), post("Patient")]

    answer = await known.post("/fhir", content=bundle_of("batch", *entries))

    assert statuses(answer) == ["400 Bad Request", "201 Created"]
    outcome = answer.json()["entry"][0]["response"]["outcome"]["issue"][0]
    assert outcome["expression"] == ["Bundle.entry[0].resource.subject.reference"]
    assert "transaction" in outcome["diagnostics"]


@pytest.mark.rule(30, 31)
@pytest.mark.parametrize(
    ("method", "value", "status"),
    [
        ("PUT", "0", "201 Created"),
        ("PUT", "1", "200 OK"),
        ("PUT", "2", "412 Precondition Failed"),
        ("DELETE", "0", "204 No Content"),
        ("DELETE", "1", "204 No Content"),
        ("DELETE", "2", "412 Precondition Failed"),
    ],
)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_an_entry_may_search_for_its_target(
    known: httpx.AsyncClient, *, kind: str, method: str, value: str, status: str
) -> None:
    answer = await known.post("/fhir", content=bundle_of(kind, found(method, "Patient", value)))

    if kind == "transaction" and status.startswith("412"):
        assert answer.status_code == 412
        assert issues(answer)[0]["expression"] == ["Bundle.entry[0].request.url"]
    else:
        assert statuses(answer) == [status], answer.text


@pytest.mark.rule(39)
@pytest.mark.parametrize(
    "entries",
    [
        [put("Patient", "one"), found("PUT", "Patient", "1")],
        [found("PUT", "Patient", "1"), found("DELETE", "Patient", "1")],
        [asking(post("Patient"), ifNoneExist=sought("0")), post("Patient", **identified("0"))],
    ],
)
async def test_entries_that_come_to_the_same_are_refused(
    known: httpx.AsyncClient, entries: list[dict[str, Any]]
) -> None:
    before = await versions(known)

    answer = await known.post("/fhir", content=bundle_of("transaction", *entries))

    assert answer.status_code == 400, answer.text
    assert issues(answer)[0]["expression"][0].startswith("Bundle.entry[")
    assert await versions(known) == before


@pytest.mark.rule(42)
@pytest.mark.parametrize(("name", "status"), [("one", "412 Precondition Failed"), ("new", "201 Created")])
async def test_an_entry_may_ask_that_nothing_stands_there(
    known: httpx.AsyncClient, name: str, status: str
) -> None:
    answer = await known.post(
        "/fhir", content=bundle_of("batch", asking(put("Patient", name), ifNoneMatch="*"))
    )

    assert statuses(answer) == [status]


@pytest.mark.rule(7)
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"ifNoneMatch": 'W/"1"'}, "304 Not Modified"),
        ({"ifNoneMatch": 'W/"2"'}, "200 OK"),
        ({"ifModifiedSince": "2999-01-01T00:00:00Z"}, "304 Not Modified"),
        ({"ifModifiedSince": "1999-01-01T00:00:00Z"}, "200 OK"),
        ({"method": "HEAD"}, "200 OK"),
    ],
)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_a_get_sends_only_what_is_wanted(
    known: httpx.AsyncClient, kind: str, request_: dict[str, str], status: str
) -> None:
    entry = {"request": {"method": "GET", "url": "Patient/one", **request_}}

    answer = await known.post("/fhir", content=bundle_of(kind, entry))

    assert statuses(answer) == [status], answer.text
    shown = answer.json()["entry"][0]
    assert ("resource" in shown) is (status == "200 OK" and "method" not in request_)
    assert shown["response"]["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("Patient/_history", "Bundle"),
        ("Patient/one/_history?_sort=_lastUpdated", "Bundle"),
        ("Patient/one/Observation", "Bundle"),
        ("Patient?_summary=count", "Bundle"),
        ("Patient/one?_elements=gender", "Patient"),
        ("Patient/one/_history/1?_summary=true", "Patient"),
    ],
)
@pytest.mark.parametrize("bundle", ["transaction", "batch"])
async def test_a_bundle_asks_what_can_be_asked(
    known: httpx.AsyncClient, bundle: str, url: str, kind: str
) -> None:
    answer = await known.post("/fhir", content=bundle_of(bundle, {"request": {"method": "GET", "url": url}}))
    alone = await known.get(f"/fhir/{url}")

    assert statuses(answer) == ["200 OK"], answer.text
    assert answer.json()["entry"][0]["resource"] == alone.json()
    assert alone.json()["resourceType"] == kind


@pytest.mark.rule(33)
async def test_an_entry_is_answered_in_words_where_that_is_preferred(known: httpx.AsyncClient) -> None:
    entries = [post("Patient"), asking(post("Patient"), ifNoneExist=sought("1"))]

    answer = await known.post(
        "/fhir", content=bundle_of("batch", *entries), headers={"Prefer": "return=OperationOutcome"}
    )

    said = [entry["response"]["outcome"]["issue"][0] for entry in answer.json()["entry"]]
    assert [issue["severity"] for issue in said] == ["information"] * 2
    assert said[0]["diagnostics"].endswith("is stored")
    assert said[1]["diagnostics"].endswith("was there already")


@pytest.mark.rule(40)
async def test_two_hundred_creates_and_their_references_are_one_transaction(known: httpx.AsyncClient) -> None:
    urls = [f"urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-{number:012d}" for number in range(100)]
    entries = [
        asking(post("Patient", url, **identified(f"n{number}")), ifNoneExist=sought(f"n{number}"))
        for number, url in enumerate(urls)
    ]
    entries += [post("Observation", subject={"reference": url}) for url in urls]

    first = await known.post("/fhir", content=bundle_of("transaction", *entries))
    again = await known.post("/fhir", content=bundle_of("transaction", *entries[:100]))

    assert set(statuses(first)) == {"201 Created"}, first.text
    assert set(statuses(again)) == {"200 OK"}


class TestSize:
    """A Bundle may have so many entries and no more."""

    @pytest.fixture
    def settings(self, database_url: str) -> Any:
        from app.settings import Settings

        return Settings(database_url=database_url, base_url="http://test", auth="none", max_bundle_entries=2)

    @pytest.mark.parametrize(("entries", "status"), [(2, 200), (3, 413)])
    async def test_a_bundle_of_too_many_entries_is_refused(
        self, trial: httpx.AsyncClient, entries: int, status: int
    ) -> None:
        answer = await trial.post("/fhir", content=bundle_of("batch", *[post("Patient")] * entries))

        assert answer.status_code == status
        if status == 413:
            assert issues(answer)[0]["code"] == "too-costly"
            assert issues(answer)[0]["expression"] == ["Bundle.entry"]


class TestSearches:
    """The writes of a Bundle may name their targets by so many searches for more than an identifier."""

    @pytest.mark.parametrize("kind", ["batch", "transaction"])
    @pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
    async def test_a_bundle_of_too_many_searches_is_refused(
        self, known: httpx.AsyncClient, kind: str, more: int, status: int
    ) -> None:
        by_identifier = [asking(post("Patient"), ifNoneExist=sought(f"a{n}")) for n in range(60)]
        referring = [
            post("Observation", subject={"reference": f"Patient?{sought('1')}&_lastUpdated=gt19{10 + n}"})
            for n in range(30 if kind == "transaction" else 0)
        ]
        creating = [
            asking(post("Patient"), ifNoneExist=f"{sought(f'b{n}')}&birthdate=1990-01-01")
            for n in range(MOST_SEARCHES - len(referring) + more)
        ]
        answer = await known.post("/fhir", content=bundle_of(kind, *by_identifier, *referring, *creating))

        assert answer.status_code == status, answer.text
        if status == 413:
            assert [(one["code"], one["expression"]) for one in issues(answer)] == [
                ("too-costly", ["Bundle.entry"])
            ]
            assert f" {MOST_SEARCHES} searches" in issues(answer)[0]["diagnostics"]


class TestAnswer:
    """What a Bundle asks for is bounded, in GETs and in bytes."""

    @pytest.fixture
    def settings(self, database_url: str) -> Any:
        from app.settings import Settings

        return Settings(
            database_url=database_url,
            base_url="http://test",
            auth="none",
            max_bundle_reads=3,
            max_bundle_answer_bytes=2048,
        )

    @pytest.mark.parametrize("kind", ["batch", "transaction"])
    async def test_a_bundle_of_too_many_reads_is_refused_whole(
        self, trial: httpx.AsyncClient, kind: str
    ) -> None:
        asked = {"request": {"method": "GET", "url": "Patient?_summary=count"}}
        one_more = await trial.post("/fhir", content=bundle_of(kind, post("Patient"), *[asked] * 4))
        as_many = await trial.post("/fhir", content=bundle_of(kind, *[asked] * 3))

        assert (one_more.status_code, as_many.status_code) == (413, 200)
        assert [(one["code"], one["expression"]) for one in issues(one_more)] == [
            ("too-costly", ["Bundle.entry"])
        ]
        totals = {entry["resource"]["total"] for entry in as_many.json()["entry"]}
        assert totals == {1}  # nothing of the refused one was stored

    @pytest.mark.parametrize("kind", ["batch", "transaction"])
    async def test_a_read_that_fits_no_more_is_refused_and_the_changes_are_told(
        self, trial: httpx.AsyncClient, kind: str
    ) -> None:
        asked = {"request": {"method": "GET", "url": "ResearchStudy/msc-sle/_history"}}
        answer = await trial.post("/fhir", content=bundle_of(kind, *[asked] * 3, post("Patient")))

        told = [entry["response"]["status"] for entry in answer.json()["entry"]]
        assert told[0] == "200 OK"
        assert told[2:] == ["413 Request Entity Too Large", "201 Created"], told
        [issue] = answer.json()["entry"][2]["response"]["outcome"]["issue"]
        assert (issue["code"], issue["expression"]) == ("too-costly", ["Bundle.entry[2].request.url"])


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_a_read_that_fails_does_not_hide_what_was_stored(
    trial: httpx.AsyncClient, database_url: str, kind: str
) -> None:
    damaged = await Store.open(database_url)
    await damaged.database.write(
        lambda connection: connection.execute(
            "UPDATE resource SET document = $1 WHERE type = 'Patient'", b"{}"
        )
    )
    await damaged.close()
    asked = {"request": {"method": "GET", "url": "Patient?_elements=gender"}}
    study = post("ResearchStudy")

    answer = await trial.post("/fhir", content=bundle_of(kind, study, asked))

    assert answer.status_code == 200, answer.text
    assert statuses(answer) == ["201 Created", "500 Internal Server Error"]
    [issue] = answer.json()["entry"][1]["response"]["outcome"]["issue"]
    assert (issue["code"], issue["expression"]) == ("exception", ["Bundle.entry[1].request.url"])
