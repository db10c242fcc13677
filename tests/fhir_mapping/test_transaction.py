"""What a transaction or batch asks for, and every reason why it cannot be had."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.change import Delete, Put
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.transaction import plan
from app.fhir_mapping.walk import MOST_ISSUES
from tests.fhir_mapping.bundling import (
    RESOURCES,
    TAKING,
    Document,
    batch,
    bundle,
    entry,
    numbered,
    observation,
    patient,
    read,
    transaction,
    uuid,
)
from tests.fhir_mapping.searching import BASE, OBSERVATION


def refused(raw: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(raw)
    return caught.value


def places(said: Refusal) -> list[str | None]:
    return [issue.expression for issue in said.issues]


@pytest.mark.verifies("fhir.transaction.order")
def test_the_order_is_delete_post_put_get_whatever_the_order_of_the_entries() -> None:
    planned = read(
        transaction(
            entry("GET", "Observation?code=718-7"),
            entry("PUT", "Observation/o-2", observation(id="o-2")),
            entry("POST", "Observation", observation()),
            entry("DELETE", "Observation/o-1"),
            entry("POST", "Patient", patient()),
        )
    )

    assert [(index, type(change), getattr(change, "id", None)) for index, change in planned.writes] == [
        (3, Delete, "o-1"),
        (2, Put, "new-1"),
        (4, Put, "new-2"),
        (1, Put, "o-2"),
    ]
    assert [(one.index, one.path, one.parameters) for one in planned.asks] == [
        (0, ("Observation",), (("code", "718-7"),))
    ]
    assert planned.size == 5


def test_entries_refer_to_each_other_in_any_order() -> None:
    planned = read(
        transaction(
            entry("POST", "Observation", observation(of=uuid(1)), fullUrl=uuid(2)),
            entry("POST", "Observation", observation(hasMember=[{"reference": uuid(2)}]), fullUrl=uuid(3)),
            entry("POST", "Patient", patient(), fullUrl=uuid(1)),
        )
    )
    stored = {change.id: change for _, change in planned.writes if isinstance(change, Put)}

    assert stored["new-1"].document["subject"] == {"reference": "Patient/new-3"}
    assert stored["new-2"].document["hasMember"] == [{"reference": "Observation/new-1"}]
    assert all(codec.read(change.raw) == change.document for change in stored.values())


def test_what_is_not_rewritten_keeps_every_byte() -> None:
    sent = b'{ "resourceType":"Observation",\t"status":"final","code":{"text":"x"}, "valueString":"\\u00e9" }'
    raw = (
        b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%b,'
        b'"request":{"method":"POST","url":"Observation"}}]}' % sent
    )

    [(_, change)] = read(raw).writes

    assert isinstance(change, Put)
    assert change.raw == sent


def test_an_address_of_ours_is_not_rewritten_where_it_stays_true() -> None:
    own = f"{BASE}/Patient/p-1"
    planned = read(
        transaction(
            entry("PUT", own, patient(id="p-1"), fullUrl=own),
            entry("POST", "Observation", observation(of=own), fullUrl=f"{BASE}/Observation/mine"),
            entry("POST", "Observation", observation(hasMember=[{"reference": "Observation/mine"}])),
            entry(
                "POST",
                "Observation",
                observation(hasMember=[{"reference": "Observation/mine"}]),
                fullUrl=f"{BASE}/Observation/other",
            ),
        )
    )
    stored = [change.document for _, change in planned.writes if isinstance(change, Put)]

    assert stored[0]["subject"] == {"reference": own}
    assert stored[1]["hasMember"] == [{"reference": "Observation/mine"}]
    assert stored[2]["hasMember"] == [{"reference": "Observation/new-1"}]


@pytest.mark.verifies("fhir.transaction.all-problems")
def test_every_problem_of_every_entry_is_said_at_once() -> None:
    said = refused(
        transaction(
            entry("POST", "Observation", observation(of=uuid(7)), fullUrl=uuid(1)),
            entry("POST", "Observation", observation(status="done", bogus=1)),
            entry("PUT", "Observation/o-1", observation(id="o-2")),
            entry("PUT", "Observation/o-1", observation(id="o-1")),
            entry("POST", "Basic", {"resourceType": "Basic"}, fullUrl=uuid(2)),
            entry("POST", "Observation", observation(of=uuid(2))),
            entry("POST", "Observation"),
        )
    )

    assert said.status == 400
    assert places(said) == [
        "Bundle.entry[0].resource.subject.reference",
        "Bundle.entry[1].resource.status",
        "Bundle.entry[1].resource.bogus",
        "Bundle.entry[2].resource.id",
        "Bundle.entry[4].request.url",
        "Bundle.entry[6].resource",
        "Bundle.entry[3].request.url",
    ]


@pytest.mark.parametrize(
    ("request_", "url", "code", "place"),
    [
        ({"ifNoneExist": "bogus=a"}, "Observation", "not-supported", "ifNoneExist"),
        ({"ifNoneExist": "_count=1"}, "Observation", "not-supported", "ifNoneExist"),
        ({"ifNoneExist": "identifier="}, "Observation", "not-supported", "ifNoneExist"),
        ({"ifNoneMatch": '"1"'}, "Observation", "value", "ifNoneMatch"),
        ({"method": "PUT", "ifNoneMatch": 'W/"1"'}, "Observation/1", "value", "ifNoneMatch"),
        ({"method": "PUT", "ifNoneExist": "identifier=a"}, "Observation/1", "value", "ifNoneExist"),
        (
            {"method": "DELETE", "ifModifiedSince": "2024-01-01T00:00:00Z"},
            "Observation/1",
            "value",
            "ifModifiedSince",
        ),
        ({"ifMatch": 'W/"1"'}, "Observation", "value", "ifMatch"),
        ({"method": "PUT"}, "Observation?bogus=a", "not-supported", "url"),
        ({"method": "DELETE"}, "Observation?date=soon", "value", "url"),
        ({"method": "PUT"}, "Observation", "value", "url"),
        ({"method": "PUT"}, "Observation/a/b", "value", "url"),
        ({"method": "PUT"}, "Observation/" + "a" * 65, "value", "url"),
        ({"method": "PUT", "ifMatch": "1"}, "Observation/1", "value", "ifMatch"),
        ({}, "Observation/1", "value", "url"),
        ({}, "Observation/_search", "value", "url"),
        ({"method": "GET"}, "Observation/1/$sri-status", "not-supported", "url"),
        ({"method": "GET"}, "Observation/$lastn?patient=1", "not-supported", "url"),
        ({}, "Patient/$validate", "not-supported", "url"),
        ({"method": "GET"}, "metadata", "not-supported", "url"),
        ({"method": "GET"}, "_history?_count=1", "not-supported", "url"),
        ({"method": "GET"}, "?_type=Patient", "not-supported", "url"),
        ({"method": "GET"}, "Observation/1/_history/x", "value", "url"),
        ({"method": "GET"}, "http://elsewhere.example/Observation/1", "value", "url"),
        ({"method": "GET"}, "Unknown/1", "not-supported", "url"),
    ],
)
def test_what_cannot_be_asked_in_a_bundle_is_refused_clearly(
    request_: Document, url: str, code: str, place: str
) -> None:
    asked = entry("POST", url, observation(id="1"), request=request_)

    said = refused(transaction(entry("DELETE", "Observation/z"), asked))
    alone = read(batch(entry("DELETE", "Observation/z"), asked))

    assert [(issue.code, issue.expression) for issue in said.issues] == [
        (code, f"Bundle.entry[1].request.{place}")
    ]
    assert list(alone.refused) == [1]
    assert len(alone.writes) == 1


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (bundle(kind="searchset"), "Bundle.type"),
        (bundle(kind="collection"), "Bundle.type"),
        (b'{"resourceType":"Bundle"}', "Bundle.type"),
        (transaction({"resource": patient()}), "Bundle.entry[0]"),
        (batch({"resource": patient()}), "Bundle.entry[0]"),
        (
            transaction(
                entry("DELETE", "Patient/1", fullUrl=uuid(1)), entry("DELETE", "Patient/2", fullUrl=uuid(1))
            ),
            "Bundle.entry[1].fullUrl",
        ),
        (batch(entry("DELETE", "Patient/1", response={"status": "200"})), "Bundle.entry[0]"),
    ],
)
def test_what_is_no_transaction_or_batch_is_refused_as_a_whole(raw: bytes, place: str) -> None:
    said = refused(raw)

    assert said.status == 400
    assert place in places(said)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle","entry":{}}']
)
def test_what_is_no_bundle_is_refused(raw: bytes) -> None:
    assert refused(raw).status == 400


def test_an_empty_bundle_asks_for_nothing() -> None:
    assert read(transaction()).size == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [("PUT", "PUT"), ("PUT", "DELETE"), ("DELETE", "DELETE")],
)
def test_two_changes_of_one_resource_are_refused_in_a_transaction_alone(first: str, second: str) -> None:
    asked = [entry(method, "Patient/p-1", patient(id="p-1")) for method in (first, second)]

    assert [(issue.code, issue.expression) for issue in refused(transaction(*asked)).issues] == [
        ("invariant", "Bundle.entry[1].request.url")
    ]
    assert len(read(batch(*asked)).writes) == 2


@pytest.mark.verifies("fhir.batch.independent")
def test_an_entry_of_a_batch_that_refers_to_another_fails_alone() -> None:
    planned = read(
        batch(
            entry("POST", "Patient", patient(), fullUrl=uuid(1)),
            entry("POST", "Observation", observation(of=uuid(1))),
            entry("POST", "Observation", observation()),
        )
    )

    assert [index for index, _ in planned.writes] == [0, 2]
    assert places(planned.refused[1]) == ["Bundle.entry[1].resource.subject.reference"]


def test_a_stale_version_can_be_guarded_against_in_an_entry() -> None:
    planned = read(
        transaction(
            entry("PUT", "Patient/p-1", patient(id="p-1"), request={"ifMatch": 'W/"1", W/"2"'}),
            entry("DELETE", "Patient/p-2", request={"ifMatch": 'W/"3"'}),
        )
    )

    assert [getattr(change, "if_match", None) for _, change in planned.writes] == [("3",), ("1", "2")]


def test_what_this_trial_does_not_take_is_placed_in_the_bundle_and_answered_422() -> None:
    issue = Issue("business-rule", "not in this trial", "Observation.code")
    picky = replace(OBSERVATION, review=lambda _document: (issue,))
    raw = transaction(entry("POST", "Observation", observation()))

    with pytest.raises(Refusal) as caught:
        plan(raw, resources={"Observation": picky}, new_id=numbered(), base=BASE, intake=TAKING, most=20)

    assert caught.value.status == 422
    assert places(caught.value) == ["Bundle.entry[0].resource.code"]


@pytest.mark.parametrize(
    ("url", "path", "version"),
    [
        ("Patient/p-1", ("Patient", "p-1"), None),
        ("/Patient/p-1", ("Patient", "p-1"), None),
        (f"{BASE}/Patient/p-1", ("Patient", "p-1"), None),
        ("Patient/p-1/_history", ("Patient", "p-1", "_history"), None),
        ("Patient/p-1/_history/3", ("Patient", "p-1", "_history", "3"), 3),
        ("Patient?_id=p-1&_count=2", ("Patient",), None),
    ],
)
def test_a_get_is_kept_as_the_question_it_is(url: str, path: tuple[str, ...], version: int | None) -> None:
    [asked] = read(batch(entry("GET", url))).asks

    assert (asked.path, asked.version) == (path, version)


ENTRIES = st.lists(
    st.sampled_from(
        [
            entry("POST", "Patient", patient()),
            entry("POST", "Observation", observation()),
            entry("DELETE", "Observation/o-1"),
            entry("PUT", "Patient/p-1", patient(id="p-1")),
            entry("GET", "Patient/p-1"),
            entry("POST", "Basic", {"resourceType": "Basic"}),
            entry("PUT", "Patient/p-9", patient(id="p-8")),
        ]
    ),
    max_size=8,
)


@given(ENTRIES)
def test_every_entry_of_a_batch_is_answered_exactly_once(entries: list[Document]) -> None:
    planned = read(batch(*entries))
    answered = [
        *planned.refused,
        *(index for index, _ in planned.writes),
        *(one.index for one in planned.asks),
    ]

    assert sorted(answered) == list(range(len(entries)))


@given(ENTRIES)
def test_a_transaction_is_carried_out_wholly_or_not_at_all(entries: list[Document]) -> None:
    alone = read(batch(*entries))
    written = [
        entry_["request"]["url"] for entry_ in entries if entry_["request"]["method"] in {"PUT", "DELETE"}
    ]
    whole: Any = None
    try:
        whole = read(transaction(*entries))
    except Refusal:
        assert alone.refused or len(set(written)) < len(written)
        return

    assert [index for index, _ in whole.writes] == [index for index, _ in alone.writes]


def test_only_types_served_here_are_taken() -> None:
    assert all(name in refused(transaction(entry("GET", "Basic/1"))).issues[0].text for name in RESOURCES)


@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize(
    "changes", [{"resourceType": "Basic"}, {"resourceType": ["Bundle"]}, {"resourceType": "x"}]
)
def test_the_entries_of_what_is_no_bundle_are_not_looked_at(kind: str, changes: Document) -> None:
    faulty: list[Any] = [
        {"request": {"method": "MELT", "url": "Patient/1"}},
        {"request": [{"method": "GET"}]},
        {},
    ]
    raw = codec.write({"resourceType": "Bundle", "type": kind, "entry": faulty} | changes)

    assert refused(raw).status == 400


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_more_problems_than_are_said_are_refused_as_a_whole(kind: str) -> None:
    strange = {f"strange{number}": 1 for number in range(20)}
    last = {"request": {"method": "MELT", "url": "Patient/1", "ifNoneExist": 7}}
    raw = codec.write({"resourceType": "Bundle", "type": kind, "entry": [strange] * 19 + [last]})

    assert len(refused(raw).issues) == MOST_ISSUES
