"""Which search a query string asks for, and what is said of what it cannot ask."""

import time
from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import SORT_KEY_LENGTH, Clause, Place, ReferenceValue, TokenValue
from app.fhir_mapping.search import criteria, next_link, parse, self_link
from app.fhir_mapping.search_controls import DEFAULT_COUNT, LARGEST_COUNT
from tests.fhir_mapping.searching import BASE, OBSERVATION, search


def pairs(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)


KEY = b"only the server knows it"


def refused(*parameters: tuple[str, str], strict: bool = False) -> Refusal:
    with pytest.raises(Refusal) as caught:
        search(*parameters, strict=strict)
    assert caught.value.status == 400
    return caught.value


def test_a_comma_means_or_and_repetition_means_and() -> None:
    found = search(("code", "a,b"), ("code", "c"), ("patient", "p-1")).query

    assert [
        (clause.parameter.name, clause.values) for clause in found.conditions if isinstance(clause, Clause)
    ] == [
        ("code", (TokenValue(None, "a"), TokenValue(None, "b"))),
        ("code", (TokenValue(None, "c"),)),
        ("patient", (ReferenceValue(None, "p-1"),)),
    ]


def test_nothing_asked_finds_everything_in_pages() -> None:
    found = search().query

    assert (found.conditions, found.count, found.sort, found.total) == ((), DEFAULT_COUNT, (), False)


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
        "patient:Group",
        "patient.nothing",
        "code.name",
        "_sort:asc",
        "code:",
        "bogus:missing",
        "bogus.name",
        "_has",
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


@pytest.mark.parametrize("text", ["true", "text", "data", "count", "false"])
def test_a_summary_is_known_to_whoever_writes_the_answer(text: str) -> None:
    asked = search(("_summary", text))

    assert (asked.summary, asked.applied) == (text, (("_summary", text),))


@pytest.mark.parametrize(
    ("name", "text"),
    [("_summary", "all"), ("_total", "many"), ("_pretty", "yes"), ("_explain", "a b"), ("_count", "ten")],
)
def test_a_control_that_cannot_be_read_is_refused(name: str, text: str) -> None:
    assert refused((name, text)).issues[0].expression == f"http.{name}"


@pytest.mark.parametrize("text", ["-1", "abc", "1.5", "٣", "9999999999"])
def test_a_count_that_is_no_number_is_refused(text: str) -> None:
    assert refused(("_count", text)).issues[0].code == "value"


@pytest.mark.parametrize(("text", "total"), [("none", False), ("estimate", True), ("accurate", True)])
def test_a_total_is_counted_where_it_is_asked_for(text: str, *, total: bool) -> None:
    assert search(("_total", text)).query.total is total


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("date", [("date", False)]),
        ("-date", [("date", True)]),
        ("-_lastUpdated,_id", [("_lastUpdated", True), ("_id", False)]),
        (
            "status,-code,patient,value-quantity,value-string",
            [
                ("status", False),
                ("code", True),
                ("patient", False),
                ("value-quantity", False),
                ("value-string", False),
            ],
        ),
    ],
)
def test_a_search_is_sorted_by_several_keys(text: str, keys: list[tuple[str, bool]]) -> None:
    asked = search(("_sort", text))

    assert [(key.parameter.name, key.descending) for key in asked.query.sort] == keys
    assert asked.applied == (("_sort", text),)


@pytest.mark.parametrize("text", ["bogus", "-", "code-value-quantity", "combo-code", "--date"])
def test_a_key_that_cannot_be_sorted_by_is_ignored_or_strictly_refused(text: str) -> None:
    asked = search(("_sort", f"date,{text}"))

    assert [key.parameter.name for key in asked.query.sort] == ["date"]
    assert asked.ignored == (f"_sort={text}",)
    assert asked.applied == (("_sort", "date"),)
    assert "_lastUpdated" in asked.warnings[0].text
    assert refused(("_sort", text), strict=True).issues[0].expression == "http._sort"


def test_elements_are_those_of_the_type_and_others_are_ignored() -> None:
    asked = search(("_elements", "status,value[x],Patient.gender,bogus,code.text"))

    assert asked.elements == ("status", "value", "Patient.gender")
    assert asked.ignored == ("_elements=bogus", "_elements=code.text")
    assert asked.applied == (("_elements", "status,value,Patient.gender"),)


def test_words_about_the_form_of_the_answer_are_accepted_strictly() -> None:
    asked = search(("_format", "json"), ("_pretty", "true"), ("_summary", "false"), strict=True)

    assert asked.query.conditions == ()


def test_the_self_link_asks_the_same_again() -> None:
    asked = search(
        ("code", r"http://loinc.org|718-7,a\,b"), ("date", "ge2024-03-05T10:20:30+02:00"), ("_count", "7")
    )

    assert parse(OBSERVATION, pairs(self_link(asked)), base=BASE) == asked


PLACES = st.tuples(
    st.lists(st.none() | st.text(max_size=SORT_KEY_LENGTH), max_size=2).map(tuple),
    st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True),
)


@given(PLACES, st.sampled_from(["date", "-date", "_id", "_lastUpdated"]))
def test_the_next_link_goes_on_where_the_page_ended(place: Place, sort: str) -> None:
    asked = search(("status", "final"), ("_sort", sort), ("_typo", "1"))

    second = parse(OBSERVATION, pairs(next_link(asked, place, key=KEY)), base=BASE, strict=True, key=KEY)
    third = next_link(second, ((), "z"), key=KEY)

    assert second.query.after == place
    assert second.query.conditions == asked.query.conditions
    assert len(pairs(third)) == 3
    assert parse(OBSERVATION, pairs(third), base=BASE, key=KEY).query.after == ((), "z")


def after(link: str) -> str:
    return dict(pairs(link))["_after"]


def goes_on(*parameters: tuple[str, str], key: bytes = KEY) -> bool:
    with suppress(Refusal):
        return parse(OBSERVATION, parameters, base=BASE, key=key).query.after is not None
    return False


@given(PLACES, st.data())
def test_a_place_that_was_tampered_with_is_refused(place: Place, data: st.DataObject) -> None:
    token = after(next_link(search(), place, key=KEY))
    where = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda one: one != token[where]))

    assert goes_on(("_after", token))
    for wrong in (token[:where] + other + token[where + 1 :], token[:where], token + other, token + "="):
        assert not goes_on(("_after", wrong))
    assert not goes_on(("_after", token), key=b"another server's")


def test_a_place_is_good_for_its_own_question_alone_however_much_of_it_is_shown() -> None:
    asked = search(("status", "final"), ("code", "a"), ("_sort", "date"), ("_count", "7"))
    place = ("_after", after(next_link(asked, (("2024",), "a"), key=KEY)))

    assert goes_on(place, ("code", "a"), ("status", "final"), ("_sort", "date"), ("_count", "9"))
    assert not goes_on(place, ("status", "final"), ("code", "b"), ("_sort", "date"))
    assert not goes_on(place, ("status", "final"), ("_sort", "date"))
    assert not goes_on(place, ("status", "final"), ("code", "a"), ("_sort", "-date"))
    assert not goes_on(place, ("status", "final"), ("code", "a"))


def test_a_place_has_a_bounded_size() -> None:
    asked = search(("_sort", "date,status,code,patient,value-string"))
    longest = (("\U0001f642" * SORT_KEY_LENGTH,) * 5, "a" * 64)

    link = next_link(asked, longest, key=KEY)

    assert len(after(link)) < 2000
    assert parse(OBSERVATION, pairs(link), base=BASE, key=KEY).query.after == longest


@pytest.mark.parametrize("text", ["!", "abc", "é", "a" * 3000, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_place_that_is_not_ours_is_refused(text: str) -> None:
    assert refused(("_after", text)).issues[0].expression == "http._after"


@pytest.mark.parametrize(
    "parameters",
    [
        [("code", ",".join(map(str, range(1001))))],
        [("value-quantity", ",".join(f"{number}||mg/dL" for number in range(100)))],
        [("code", "a")] * 201,
        [("code", "a")] * 41,
        [("focus.identifier", "a")] * 11,
        [("_sort", "date,status,code,patient,_id,_lastUpdated")],
        [("_sort", ",".join(["bogus"] * 6))],
        [("_elements", ",".join(["bogus"] * 201))],
        [("_include", "Observation:patient")] * 11,
        [("focus." * 100, "a")],
        [("value-quantity", ",".join(["5||mg/dL"] * 1001))],
    ],
)
def test_more_than_a_search_may_ask_is_refused_as_too_costly(parameters: list[tuple[str, str]]) -> None:
    assert [issue.code for issue in refused(*parameters).issues] == ["too-costly"]


def test_a_long_question_is_read_in_time_that_grows_with_it() -> None:
    parameters = [("code", "\\\\" * 100_000), ("value-string", "\\," * 100_000), ("code", "," * 100_000)]
    began = time.process_time()

    assert len(search(*parameters).query.conditions) == 2
    assert time.process_time() - began < 1


@pytest.mark.parametrize(("name", "text"), [("code", "a\x00b"), ("co\x00de", "a"), ("code", "\ud800")])
def test_characters_no_text_may_have_are_refused(name: str, text: str) -> None:
    assert refused((name, text)).issues[0].code == "value"


NAMES = st.sampled_from(
    ["date", "code", "patient", "value-quantity", "code-value-quantity", "_after", "_sort", "_include", "x"]
)
ENDINGS = st.sampled_from(["", ":missing", ":not", ":Patient", ":identifier", ".identifier", ":iterate"])
TEXTS = st.text() | st.sampled_from(
    ["a", "true", "date", "ge2024", "lt5.4||mg", "a$5", "Observation:patient"]
)


@given(st.lists(st.tuples(st.tuples(NAMES | st.text(), ENDINGS).map("".join), TEXTS)))
def test_whatever_is_asked_is_a_search_or_a_refusal(parameters: list[tuple[str, str]]) -> None:
    asked = search()
    with suppress(Refusal):
        asked = search(*parameters)

    again = parse(OBSERVATION, pairs(self_link(asked)), base=BASE, strict=True)

    assert again.query == asked.query
    assert self_link(again) == self_link(asked)


def test_a_search_within_a_compartment_keeps_its_address() -> None:
    patient = OBSERVATION.parameter("patient")
    assert patient is not None
    own = Clause(patient, (ReferenceValue("Patient", "1"),))
    address = f"{BASE}/Patient/1/Observation"

    asked = parse(OBSERVATION, [("status", "final")], base=BASE, within=own, address=address, key=KEY)
    onward = next_link(asked, ((), "a"), key=KEY)

    assert asked.query.conditions[0] == own
    assert self_link(asked) == f"{address}?status=final"
    assert onward.startswith(f"{address}?status=final&_after=")
    assert not goes_on(*pairs(onward))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code=",
        "code=a&status=",
        "code=,",
        "bogus=1",
        "code=a&bogus=1",
        "_count=1",
        "code=a&_include:iterate=*",
        "code:bogus=a",
        "date=2024-13",
        "code=%ff",
        "code",
    ],
)
def test_criteria_of_which_anything_would_be_passed_over_are_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        criteria(OBSERVATION, text, base=BASE, where="http.if-none-exist")

    assert caught.value.status == 400
    assert [issue.expression for issue in caught.value.issues] == ["http.if-none-exist"]
    assert [issue.severity for issue in caught.value.issues] == ["error"]


def test_criteria_are_a_search_of_one_type() -> None:
    found = criteria(OBSERVATION, "identifier=http://x.example%7Ca%2Bb", base=BASE)

    assert found.identifier == TokenValue("http://x.example", "a+b")
    assert found.conditions == search(("identifier", "http://x.example|a+b")).query.conditions
