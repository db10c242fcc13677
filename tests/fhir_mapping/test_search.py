"""Which search a query string asks for, and what is said of what it cannot ask."""

from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import links
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import ReferenceValue, TokenValue
from app.fhir_mapping.search import DEFAULT_COUNT, LARGEST_COUNT, next_link, parse, self_link
from tests.fhir_mapping.searching import BASE, OBSERVATION, search


def pairs(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)


def refused(*parameters: tuple[str, str], strict: bool = False) -> Refusal:
    with pytest.raises(Refusal) as caught:
        search(*parameters, strict=strict)
    assert caught.value.status == 400
    return caught.value


def test_a_comma_means_or_and_repetition_means_and() -> None:
    found = search(("code", "a,b"), ("code", "c"), ("patient", "p-1")).query

    assert [(clause.parameter.name, clause.values) for clause in found.conditions] == [
        ("code", (TokenValue(None, "a"), TokenValue(None, "b"))),
        ("code", (TokenValue(None, "c"),)),
        ("patient", (ReferenceValue(None, "p-1"),)),
    ]


def test_nothing_asked_finds_everything_in_pages() -> None:
    found = search().query

    assert (found.conditions, found.count, found.sort, found.total) == ((), DEFAULT_COUNT, None, False)


@pytest.mark.parametrize("text", ["", ",", ",,"])
def test_an_empty_value_is_ignored(text: str) -> None:
    asked = search(("status", text))

    assert (asked.query.conditions, asked.applied, asked.ignored) == ((), (), ())


@pytest.mark.verifies("fhir.search.unknown-parameter")
def test_an_unknown_parameter_is_ignored_named_and_absent_from_the_self_link() -> None:
    asked = search(("status", "final"), ("_typo", "1"), ("Status", "final"))

    assert asked.ignored == ("_typo", "Status")
    assert self_link(asked) == f"{BASE}/Observation?status=final"
    assert [(issue.severity, issue.code) for issue in asked.warnings] == [("warning", "not-supported")] * 2


def test_strict_handling_refuses_an_unknown_parameter_with_the_known_ones() -> None:
    issue = refused(("statu", "final"), strict=True).issues[0]

    assert "did you mean status?" in issue.text
    assert "value-quantity" in issue.text
    assert issue.expression == "http.statu"


@pytest.mark.parametrize(
    "name",
    [
        "code:bogus",
        "date:exact",
        "patient:Patient",
        "patient.name",
        "_sort:asc",
        "code:",
        "_has:Observation:patient:code",
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_an_unsupported_modifier_or_chain_is_always_refused(name: str, *, strict: bool) -> None:
    assert refused((name, "x"), strict=strict).issues[0].code == "not-supported"


def test_every_problem_is_said_at_once() -> None:
    issues = refused(
        ("date", "2024-13"), ("value-quantity", "abc"), ("code:in", "x"), ("_count", "-1"), ("_total", "many")
    ).issues

    assert [issue.expression for issue in issues] == [
        "http.date",
        "http.value-quantity",
        "http.code:in",
        "http._count",
        "http._total",
    ]
    assert {issue.code for issue in issues} == {"value", "not-supported"}


@pytest.mark.parametrize(
    ("text", "count"), [("7", 7), ("0", 0), ("5000", LARGEST_COUNT), (str(LARGEST_COUNT), LARGEST_COUNT)]
)
def test_a_page_has_as_many_entries_as_asked_up_to_a_limit(text: str, count: int) -> None:
    asked = search(("_count", text))

    assert asked.query.count == count
    assert asked.query.total is (count == 0)
    assert asked.applied == (("_count", str(count)),)


def test_a_summary_that_counts_asks_for_the_total_alone() -> None:
    found = search(("_summary", "count"), ("_count", "7")).query

    assert (found.count, found.total) == (0, True)


def test_another_summary_is_ignored_and_said_to_be() -> None:
    asked = search(("_summary", "text"))

    assert (asked.query.count, asked.ignored, asked.applied) == (DEFAULT_COUNT, ("_summary=text",), ())


@pytest.mark.parametrize("text", ["-1", "abc", "1.5", "٣", "9999999999"])
def test_a_count_that_is_no_number_is_refused(text: str) -> None:
    assert refused(("_count", text)).issues[0].code == "value"


@pytest.mark.parametrize(("text", "total"), [("none", False), ("estimate", True), ("accurate", True)])
def test_a_total_is_counted_where_it_is_asked_for(text: str, *, total: bool) -> None:
    assert search(("_total", text)).query.total is total


@pytest.mark.parametrize(
    ("text", "name", "descending"),
    [
        ("date", "date", False),
        ("-date", "date", True),
        ("-_lastUpdated", "_lastUpdated", True),
        ("_id", "_id", False),
    ],
)
def test_a_search_is_sorted_by_one_key(text: str, name: str, *, descending: bool) -> None:
    found = search(("_sort", text)).query

    assert found.sort is not None
    assert (found.sort.name, found.descending) == (name, descending)


@pytest.mark.parametrize("text", ["code", "bogus", "-", "date,status"])
def test_a_key_that_cannot_be_sorted_by_is_ignored_or_strictly_refused(text: str) -> None:
    asked = search(("_sort", text))

    assert asked.query.sort is None
    assert asked.ignored == (f"_sort={text}",)
    assert "_sort" not in self_link(asked)
    assert refused(("_sort", text), strict=True).issues[0].expression == "http._sort"


def test_words_about_the_form_of_the_answer_are_accepted_strictly() -> None:
    asked = search(("_format", "json"), ("_pretty", "true"), ("_summary", "false"), strict=True)

    assert asked.query.conditions == ()


def test_the_self_link_asks_the_same_again() -> None:
    asked = search(
        ("code", r"http://loinc.org|718-7,a\,b"), ("date", "ge2024-03-05T10:20:30+02:00"), ("_count", "7")
    )

    assert parse(OBSERVATION, pairs(self_link(asked)), base=BASE) == asked


@given(
    key=st.none() | st.datetimes().map(lambda at: f"{at.isoformat()}+00:00"),
    name=st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True),
    sort=st.sampled_from(["date", "-date", "_id", "_lastUpdated"]),
)
def test_the_next_link_goes_on_where_the_page_ended(key: str | None, name: str, sort: str) -> None:
    asked = search(("status", "final"), ("_sort", sort), ("_typo", "1"))

    second = parse(OBSERVATION, pairs(next_link(asked, (key, name))), base=BASE, strict=True)
    third = parse(OBSERVATION, pairs(next_link(second, ("2024-01-01T00:00:00+00:00", "z"))), base=BASE)

    assert second.query.after == (key, name)
    assert second.query.conditions == asked.query.conditions
    assert third.query.after == ("2024-01-01T00:00:00+00:00", "z")


@pytest.mark.parametrize(
    "text",
    [
        "!",
        "abc",
        "é",
        "a" * 1000,
        links.cursor((None, "a/b")),
        links.cursor(("a\nb", "a")),
        links.cursor((None, "")),
    ],
)
def test_a_place_that_is_not_ours_is_refused(text: str) -> None:
    assert refused(("_after", text)).issues[0].expression == "http._after"


@pytest.mark.parametrize("key", ["yesterday", "2024-01-01", "9999-12-31T23:59:59-23:00", "None"])
def test_a_place_must_fit_the_order_it_goes_on_in(key: str) -> None:
    assert refused(("_sort", "date"), ("_after", links.cursor((key, "a")))).issues[0].code == "value"


def test_a_search_for_too_many_values_is_refused() -> None:
    assert refused(("code", ",".join(map(str, range(1001))))).issues[0].code == "too-costly"


@pytest.mark.parametrize(("name", "text"), [("code", "a\x00b"), ("co\x00de", "a"), ("code", "\ud800")])
def test_characters_no_text_may_have_are_refused(name: str, text: str) -> None:
    assert refused((name, text)).issues[0].code == "value"


@given(
    st.lists(
        st.tuples(st.sampled_from(["date", "code", "patient", "value-quantity", "_after", "x"]), st.text())
    )
)
def test_whatever_is_asked_is_a_search_or_a_refusal(parameters: list[tuple[str, str]]) -> None:
    asked = search()
    with suppress(Refusal):
        asked = search(*parameters)

    assert parse(OBSERVATION, pairs(self_link(asked)), base=BASE).query == asked.query
