"""Bundles as they leave: valid R4, and every stored byte as it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle

from app.fhir_mapping import bundle, codec, past
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.query import Place
from app.fhir_mapping.shape import shaped
from tests.fhir_mapping.searching import BASE, search

AT = datetime(2024, 5, 3, 10, 20, 30, 456, tzinfo=UTC)


@dataclass(frozen=True)
class Matches:
    versions: Sequence[Version] = ()
    included: Sequence[Version] = ()
    after: Place | None = None
    total: int | None = None
    truncated: bool = False


@dataclass(frozen=True)
class Versions:
    versions: Sequence[Version] = field(default_factory=list)
    total: int | None = 0
    after: Place | None = None
    monitor: Place | None = None


def stored(name: str = "o-1", *, version: int = 1, deleted: bool = False, created: bool = False) -> Version:
    document = (
        b'{"resourceType":"Observation","id":"%b","meta":{"versionId":"%d"},"status":"final",'
        b'"code":{"text":"Hb"},"valueQuantity":{"value":1.50}}' % (name.encode(), version)
    )
    return Version(
        type="Observation",
        id=name,
        version=version,
        last_updated=AT,
        document=None if deleted else document,
        created=created,
    )


def valid(raw: bytes) -> dict[str, Any]:
    document = codec.read(raw)
    Bundle.model_validate_json(raw)
    return document


def test_a_search_is_answered_with_the_stored_bytes_and_where_to_go_on() -> None:
    page = Matches([stored("a"), stored("b")], after=((), "b"), total=7)
    asked = search(("status", "final"), ("_count", "2"), ("_typo", "1"))

    raw = bundle.searchset(page, asked, base=BASE)
    document = valid(raw)

    assert all((version.document or b"") in raw for version in page.versions)
    assert (document["type"], document["total"]) == ("searchset", 7)
    assert [link["relation"] for link in document["link"]] == ["self", "next"]
    assert document["link"][0]["url"] == f"{BASE}/Observation?status=final&_count=2"
    assert [entry.get("fullUrl") for entry in document["entry"]] == [
        f"{BASE}/Observation/a",
        f"{BASE}/Observation/b",
        None,
    ]
    assert [entry["search"]["mode"] for entry in document["entry"]] == ["match", "match", "outcome"]
    assert document["entry"][2]["resource"]["issue"][0]["severity"] == "warning"


def test_what_is_included_stands_after_the_matches_and_is_not_counted() -> None:
    page = Matches([stored("a")], included=[stored("b")], total=1, truncated=True)

    document = valid(bundle.searchset(page, search(("_include", "Observation:patient")), base=BASE))

    assert document["total"] == 1
    assert [entry["search"]["mode"] for entry in document["entry"]] == ["match", "include", "outcome"]
    assert document["entry"][1]["fullUrl"] == f"{BASE}/Observation/b"
    assert [issue["code"] for issue in document["entry"][2]["resource"]["issue"]] == ["too-costly"]


def test_what_is_found_is_shown_in_the_shape_asked_for() -> None:
    def shape(document: bytes) -> bytes:
        return shaped(document, elements=("code",))

    page = Matches([stored("a")], included=[stored("b")])
    document = valid(bundle.searchset(page, search(), base=BASE, shape=shape))

    assert ["valueQuantity" in entry["resource"] for entry in document["entry"]] == [False, False]


def test_a_search_explains_itself_beside_its_matches() -> None:
    asked = search(("status", "final"), ("_typo", "1"), ("_explain", "true"))

    document = valid(bundle.searchset(Matches([stored("a")]), asked, base=BASE))

    issues = document["entry"][1]["resource"]["issue"]
    assert [issue["severity"] for issue in issues] == ["warning", "information"]
    assert issues[1]["diagnostics"] == "status is final, in any system"


def test_a_search_that_finds_nothing_has_no_entries_and_no_next_page() -> None:
    document = valid(bundle.searchset(Matches(total=0), search(), base=BASE))

    assert document == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "link": [{"relation": "self", "url": f"{BASE}/Observation"}],
    }


@pytest.mark.parametrize(
    ("total", "parameters", "said"),
    [
        (None, [], None),
        (1, [], 1),
        (1, [("_total", "accurate")], 1),
        (1, [("_total", "none")], None),
        (1, [("_total", "none"), ("_summary", "count")], 1),
    ],
)
def test_a_total_is_said_where_it_is_known_unless_none_is_wanted(
    total: int | None, parameters: list[tuple[str, str]], said: int | None
) -> None:
    asked = search(*parameters)

    assert valid(bundle.searchset(Matches([stored()], total=total), asked, base=BASE)).get("total") == said


@pytest.mark.verifies("fhir.history.entries")
def test_a_history_tells_each_version_with_what_was_asked_and_answered() -> None:
    versions = [
        stored(version=4, created=True),
        stored(version=3, deleted=True),
        stored(version=2),
        stored(version=1),
    ]
    address = f"{BASE}/Observation/o-1/_history"

    asked = past.parse([("_count", "4")], address=address, key=b"k")
    page = Versions(versions, total=9, after=(("2024-05-03T10:20:30+00:00", "Observation", "1"), "o-1"))
    raw = bundle.history(page, asked, base=BASE, key=b"k")
    document = valid(raw)

    assert (document["type"], document["total"]) == ("history", 9)
    assert [link["relation"] for link in document["link"]] == ["self", "next"]
    assert document["link"][0]["url"] == f"{address}?_count=4"
    following = dict(parse_qsl(urlsplit(document["link"][1]["url"]).query))
    assert past.parse(following.items(), address=address, key=b"k").after == page.after
    assert [
        (
            entry["request"]["method"],
            entry["request"]["url"],
            entry["response"]["status"],
            "resource" in entry,
        )
        for entry in document["entry"]
    ] == [
        ("PUT", "Observation/o-1", "201 Created", True),
        ("DELETE", "Observation/o-1", "204 No Content", False),
        ("PUT", "Observation/o-1", "200 OK", True),
        ("POST", "Observation", "201 Created", True),
    ]
    assert document["entry"][0]["response"] == {
        "status": "201 Created",
        "etag": 'W/"4"',
        "lastModified": "2024-05-03T10:20:30.000456Z",
    }
    assert {entry["fullUrl"] for entry in document["entry"]} == {f"{BASE}/Observation/o-1"}


def test_the_last_page_of_a_history_has_no_next() -> None:
    raw = bundle.history(Versions([stored()], total=1), past.parse([], address=f"{BASE}/x"), base=BASE)

    assert [link["relation"] for link in valid(raw)["link"]] == ["self"]


def test_a_transaction_is_answered_entry_by_entry() -> None:
    entries = [
        bundle.written(stored(created=True), base=BASE),
        bundle.written(stored(version=2), base=BASE, representation=True),
        bundle.deleted(stored(version=3, deleted=True)),
        bundle.deleted(stored(version=0, deleted=True)),
        bundle.found(stored()),
        bundle.answered(bundle.searchset(Matches(), search(), base=BASE)),
        bundle.failed(refusal(404, "not-found", "Observation/x is not known here", "Bundle.entry[6]")),
    ]

    document = valid(bundle.response("batch", entries))

    assert document["type"] == "batch-response"
    assert [entry["response"]["status"] for entry in document["entry"]] == [
        "201 Created",
        "200 OK",
        "204 No Content",
        "204 No Content",
        "200 OK",
        "200 OK",
        "404 Not Found",
    ]
    assert document["entry"][0]["response"]["location"] == f"{BASE}/Observation/o-1/_history/1"
    assert ["resource" in entry for entry in document["entry"]] == [
        False,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert document["entry"][6]["response"]["outcome"]["issue"][0]["code"] == "not-found"
    assert "etag" not in document["entry"][3]["response"]


def test_an_empty_transaction_is_answered_without_entries() -> None:
    assert valid(bundle.response("transaction", [])) == {
        "resourceType": "Bundle",
        "type": "transaction-response",
    }


def test_a_base_that_needs_escaping_cannot_break_the_answer() -> None:
    base = 'http://trial.example/"fhir'

    document = codec.read(bundle.searchset(Matches([stored()]), search(), base=base))

    assert document["entry"][0]["fullUrl"] == f"{base}/Observation/o-1"
