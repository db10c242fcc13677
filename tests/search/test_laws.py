"""Laws of searching that hold whatever is stored: what is asked in two ways has one answer."""

from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.search.asked import EVERYTHING, Asked, address, entries, ids, link, query_of
from tests.search.oracle import Question
from tests.search.population import Json, read
from tests.search.questions import CHAINS, Pair
from tests.search.standard import COMPARTMENT, PARAMETERS, TYPES
from tests.search.test_twin import questions_of
from tests.search.values import folded, interval

SOME = 12
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def chosen(asked: Asked, kind: str, *, number: int = SOME, plain: bool = False) -> list[Pair]:
    """Some questions about a type that find something; `plain` ones have no modifier."""
    chance = Random(f"laws of {kind}")
    pairs = [pair for name in PARAMETERS[kind] for pair in questions_of(asked.world)(kind, name)]
    fitting = (
        (name, text)
        for name, text in chance.sample(pairs, len(pairs))
        if (":" not in name or not plain) and "," not in text and asked.world.answer(kind, [(name, text)])
    )
    return [pair for pair, _ in zip(fitting, range(number), strict=False)]


def everything(asked: Asked, kind: str) -> set[str]:
    return {one["id"] for one in asked.world.of(kind)}


def post(asked: Asked, kind: str, in_address: Question, in_form: Question) -> Json:
    answer = asked.http.post(
        f"{kind}/_search", params=tuple(in_address), content=urlencode(in_form), headers=FORM
    )
    assert answer.status_code == 200, answer.text
    return read(answer.content)


@pytest.mark.parametrize("kind", TYPES)
def test_get_and_post_find_the_same_and_what_stands_in_address_and_form_is_asked_together(
    asked: Asked, kind: str
) -> None:
    first, *others = chosen(asked, kind)
    for other in others:
        question = [first, other, ("_count", "5"), ("_total", "accurate")]
        got = asked.get(kind, question)
        posted = post(asked, kind, [], question)
        mixed = post(asked, kind, question[:1], question[1:])
        assert ids(got) == ids(posted)
        assert set(ids(mixed)) <= asked.found(kind, [first, other])
        assert got["total"] == posted["total"] == mixed["total"]


@pytest.mark.parametrize("kind", TYPES)
def test_alternatives_find_what_one_or_the_other_finds(asked: Asked, kind: str) -> None:
    for name in PARAMETERS[kind]:
        one, *others = dict.fromkeys(
            text for of, text in questions_of(asked.world)(kind, name) if of == name and "," not in text
        )
        other = next(iter(others), one)
        both = asked.found(kind, [(name, f"{one},{other}")])
        assert both == asked.found(kind, [(name, one)]) | asked.found(kind, [(name, other)]), (one, other)


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_asked_twice_must_hold_twice(asked: Asked, kind: str) -> None:
    for name in PARAMETERS[kind]:
        texts = [text for of, text in questions_of(asked.world)(kind, name) if of == name]
        one, other = texts[0], texts[-1]
        both = asked.found(kind, [(name, one), (name, other)])
        assert both == asked.found(kind, [(name, one)]) & asked.found(kind, [(name, other)]), (one, other)


@pytest.mark.rule(67)
@pytest.mark.parametrize("kind", TYPES)
def test_not_finds_all_the_others(asked: Asked, kind: str) -> None:
    for name, parameter in PARAMETERS[kind].items():
        if parameter.kind != "token":
            continue
        for of, text in questions_of(asked.world)(kind, name)[:8]:
            if of == name:
                found = asked.found(kind, [(name, text)])
                others = asked.found(kind, [(f"{name}:not", text)])
                assert others == everything(asked, kind) - found, (name, text)


@pytest.mark.rule(67)
@pytest.mark.parametrize("kind", TYPES)
def test_missing_or_not_missing_is_everything_and_nothing_twice(asked: Asked, kind: str) -> None:
    for name, parameter in PARAMETERS[kind].items():
        if parameter.kind == "composite":
            continue
        missing = asked.found(kind, [(f"{name}:missing", "true")])
        there = asked.found(kind, [(f"{name}:missing", "false")])
        assert missing | there == everything(asked, kind), name
        assert not missing & there, name


@pytest.mark.rule(71)
@pytest.mark.parametrize(
    ("kind", "chain", "other"),
    [(kind, chain, other) for kind in TYPES for chain, other in CHAINS[kind].items()],
)
def test_a_chain_finds_what_two_searches_find(asked: Asked, kind: str, chain: str, other: str) -> None:
    reference = chain.partition(":")[0]
    for name, text in chosen(asked, other, number=5):
        through = asked.found(other, [(name, text)])
        pointing = ",".join(f"{other}/{one}" for one in through)
        assert asked.found(kind, [(f"{chain}.{name}", text)]) == asked.found(kind, [(reference, pointing)])


@pytest.mark.rule(71)
@pytest.mark.parametrize(
    ("kind", "chain", "other"),
    [(kind, chain, other) for kind in TYPES for chain, other in CHAINS[kind].items()],
)
def test_has_finds_what_two_searches_find(asked: Asked, kind: str, chain: str, other: str) -> None:
    reference = chain.partition(":")[0]
    held = everything(asked, other)
    for name, text in chosen(asked, kind, number=5):
        pointing = asked.get(kind, [(name, text), EVERYTHING])
        pointed = {
            to.removeprefix(f"{other}/")
            for one in entries(pointing)
            for to in asked.world.addresses(one, reference)
        }
        assert asked.found(other, [(f"_has:{kind}:{reference}:{name}", text)]) == pointed & held


# ---- Pages, totals and order -------------------------------------------------------------------------

ORDERS = {
    "Patient": ["birthdate", "-birthdate", "gender", "family", "-_lastUpdated", "_id", "gender,-birthdate"],
    "ResearchStudy": ["title", "-date", "status,_id"],
    "ResearchSubject": ["status", "-status,study", "date", "-_id"],
    "Observation": [
        "date",
        "-date",
        "status,-date",
        "code",
        "-_lastUpdated",
        "value-quantity",
        "patient,-date",
    ],
    "AdverseEvent": ["date", "-date", "grade", "-grade,date", "event", "recorded-date"],
    "MedicationAdministration": ["effective-time", "-effective-time", "status,effective-time", "patient"],
    "MedicationStatement": ["effective", "-effective", "status,-effective", "patient"],
    "Condition": ["onset-date", "-onset-date", "recorded-date", "-onset-age", "code"],
    "Procedure": ["date", "-date", "status,-date", "patient"],
    "Consent": ["date", "-date", "status,date", "patient"],
}
MANY = 50
IN_ORDER = [(kind, order) for kind in TYPES for order in ("", *ORDERS[kind])]


@pytest.mark.rule(49, 52, 53)
@pytest.mark.parametrize(("kind", "order"), IN_ORDER)
@pytest.mark.parametrize("count", [1, 7])
def test_pages_of_any_size_hold_together_what_one_page_holds(
    asked: Asked, kind: str, order: str, count: int
) -> None:
    if count == 1 and len(everything(asked, kind)) > MANY:
        count = 13
    question: Question = [("_sort", order)] if order else []
    whole = asked.matches(kind, question)
    pages = asked.walk(kind, [*question, ("_count", str(count)), ("_total", "accurate")])

    assert [one for page in pages for one in ids(page)] == whole
    assert set(whole) == everything(asked, kind)
    assert {page["total"] for page in pages} == {len(whole)}
    assert all(len(ids(page)) == count for page in pages[:-1])
    assert ids(pages[-1]), "an empty page stands at the end"
    assert link(pages[-1], "next") is None


@pytest.mark.rule(49, 51)
@pytest.mark.parametrize("kind", TYPES)
def test_every_way_to_count_gives_the_length_of_the_walk(asked: Asked, kind: str) -> None:
    for pair in chosen(asked, kind):
        length = len(asked.found(kind, [pair]))
        counted = asked.get(kind, [pair, ("_summary", "count")])
        none = asked.get(kind, [pair, ("_count", "0")])
        assert counted["total"] == none["total"] == length
        assert "entry" not in counted
        assert "entry" not in none
        assert asked.get(kind, [pair, ("_total", "accurate"), ("_count", "2")])["total"] == length
        assert "total" not in asked.get(kind, [pair, ("_total", "none")])


@pytest.mark.rule(53)
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("Patient", "birthdate"),
        ("Patient", "gender"),
        ("Patient", "_id"),
        ("Patient", "_lastUpdated"),
        ("Patient", "active"),
        ("ResearchStudy", "status"),
        ("ResearchStudy", "title"),
        ("Observation", "status"),
        ("AdverseEvent", "actuality"),
        ("AdverseEvent", "date"),
        ("AdverseEvent", "grade"),
        ("MedicationAdministration", "status"),
        ("MedicationStatement", "effective"),
        ("Condition", "recorded-date"),
        ("Procedure", "status"),
        ("Consent", "date"),
    ],
)
def test_the_order_turned_round_is_the_same_order_from_its_end(asked: Asked, kind: str, key: str) -> None:
    there = (f"{key}:missing", "false")
    forth = asked.matches(kind, [there, ("_sort", f"{key},_id")])
    back = asked.matches(kind, [there, ("_sort", f"-{key},-_id")])

    assert forth == back[::-1]


SAID_OR_NOT = [
    (kind, order)
    for kind, order in IN_ORDER
    if order and order.partition(",")[0] not in ("code", "event", "patient", "-onset-age")
]
"""Orders whose first key a resource has or lacks: no text-only concept, address elsewhere, range of ages."""


@pytest.mark.rule(53)
@pytest.mark.parametrize(("kind", "order"), SAID_OR_NOT)
def test_what_lacks_the_key_stands_together_at_the_end(asked: Asked, kind: str, order: str) -> None:
    key = order.partition(",")[0].removeprefix("-")
    listed = asked.matches(kind, [("_sort", order)])
    lacking = asked.found(kind, [(f"{key}:missing", "true")])

    assert set(listed[len(listed) - len(lacking) :]) == lacking


@pytest.mark.rule(53)
@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("Patient", "birthdate", lambda one: interval(one["birthDate"])[0]),
        ("Patient", "gender", lambda one: one["gender"]),
        ("ResearchStudy", "status", lambda one: one["status"]),
        ("ResearchStudy", "title", lambda one: folded(one["title"])),
        ("Observation", "status", lambda one: one["status"]),
        ("AdverseEvent", "actuality", lambda one: one["actuality"]),
        ("AdverseEvent", "date", lambda one: interval(one["date"])[0]),
        ("AdverseEvent", "recorded-date", lambda one: interval(one["recordedDate"])[0]),
        ("AdverseEvent", "grade", lambda one: one["extension"][0]["valueInteger"]),
        ("Condition", "recorded-date", lambda one: interval(one["recordedDate"])[0]),
        ("Procedure", "status", lambda one: one["status"]),
        ("Consent", "date", lambda one: interval(one["dateTime"])[0]),
        ("AdverseEvent", "_lastUpdated", lambda one: interval(one["meta"]["lastUpdated"])[0]),
    ],
)
def test_the_order_is_that_of_the_values(
    asked: Asked, kind: str, key: str, value: Callable[[Json], Any]
) -> None:
    there = (f"{key}:missing", "false")
    up = [value(one) for one in entries(asked.get(kind, [there, ("_sort", key), EVERYTHING]))]
    down = [value(one) for one in entries(asked.get(kind, [there, ("_sort", f"-{key}"), EVERYTHING]))]

    assert up == sorted(up)
    assert down == up[::-1]


# ---- Links, included resources, compartments ---------------------------------------------------------


@pytest.mark.rule(48)
@pytest.mark.parametrize("kind", TYPES)
def test_the_self_link_asked_again_gives_the_same_page(asked: Asked, kind: str) -> None:
    for pair in chosen(asked, kind):
        question = [pair, ("_count", "3"), ("_sort", "-_lastUpdated"), ("_total", "accurate")]
        posted = post(asked, kind, [], question)
        for page in (*asked.walk(kind, question)[:3], posted):
            given = link(page, "self")
            assert given is not None
            again = asked.follow(given)
            assert ids(again) == ids(page)
            assert again["total"] == page["total"]
            assert link(again, "self") == given
            assert link(again, "next") == link(page, "next")


INCLUDES = [
    ("Observation", "Observation:patient", "Patient"),
    ("Observation", "Observation:subject:Patient", "Patient"),
    ("Observation", "Observation:has-member", "Observation"),
    ("Observation", "Observation:part-of:MedicationAdministration", "MedicationAdministration"),
    ("AdverseEvent", "AdverseEvent:substance:MedicationAdministration", "MedicationAdministration"),
    ("AdverseEvent", "AdverseEvent:study", "ResearchStudy"),
    ("ResearchSubject", "ResearchSubject:individual", "Patient"),
    ("MedicationAdministration", "MedicationAdministration:patient", "Patient"),
    ("ResearchStudy", "ResearchStudy:partof", "ResearchStudy"),
]


@pytest.mark.rule(49, 50, 55)
@pytest.mark.parametrize(("kind", "include", "other"), INCLUDES)
def test_an_include_adds_what_the_page_points_to_and_nothing_else(
    asked: Asked, kind: str, include: str, other: str
) -> None:
    reference = include.split(":")[1]
    for pair in chosen(asked, kind, number=6):
        plain = asked.get(kind, [pair, ("_count", "7"), ("_total", "accurate")])
        page = asked.get(kind, [pair, ("_count", "7"), ("_total", "accurate"), ("_include", include)])
        pointed = {
            to
            for one in entries(plain)
            for to in asked.world.addresses(one, reference)
            if to.startswith(f"{other}/")
        }
        held = {address(one) for one in asked.world.documents}
        matched = {f"{kind}/{name}" for name in ids(plain)}
        included = [address(one) for one in entries(page, "include")]

        assert ids(page) == ids(plain)
        assert page["total"] == plain["total"]
        assert sorted(included) == sorted((pointed & held) - matched)


@pytest.mark.rule(49, 50, 55)
@pytest.mark.parametrize(("other", "include", "kind"), [one for one in INCLUDES if one[0] != one[2]])
def test_a_reverse_include_adds_what_points_to_the_page(
    asked: Asked, kind: str, include: str, other: str
) -> None:
    reference = include.split(":")[1]
    for pair in chosen(asked, kind, number=6):
        plain = asked.get(kind, [pair, ("_count", "3"), ("_total", "accurate")])
        page = asked.get(kind, [pair, ("_count", "3"), ("_total", "accurate"), ("_revinclude", include)])
        pointing: set[str] = set()
        for name in ids(plain):
            pointing |= asked.found(other, [(reference, f"{kind}/{name}")])

        assert ids(page) == ids(plain)
        assert page["total"] == plain["total"]
        assert sorted(one["id"] for one in entries(page, "include")) == sorted(pointing)


ROUNDS = 3
"""How often a server must go on at least; where it stops is its own affair."""


@pytest.mark.rule(50, 55)
def test_iterate_goes_on_from_what_was_included(asked: Asked) -> None:
    held = {address(one): one for one in asked.world.documents}
    question = [("_include", "ResearchSubject:study"), ("_include:iterate", "ResearchStudy:partof")]
    for name in sorted(everything(asked, "ResearchSubject"))[:10]:
        page = asked.get("ResearchSubject", [("_id", name), *question])
        included = [address(one) for one in entries(page, "include")]
        reached = [asked.world.addresses(held[f"ResearchSubject/{name}"], "study") & held.keys()]
        for _ in held:
            beyond = {other for one in reached[-1] for other in asked.world.addresses(held[one], "partof")}
            reached.append(reached[-1] | beyond)

        assert len(included) == len(set(included))
        assert reached[ROUNDS] <= set(included) <= reached[-1]


@pytest.mark.rule(50, 55)
def test_a_reverse_iterate_goes_on_from_what_was_included(asked: Asked) -> None:
    question = [
        ("_revinclude", "Observation:derived-from"),
        ("_revinclude:iterate", "Observation:derived-from"),
    ]
    for name in sorted(everything(asked, "Observation"))[:20]:
        page = asked.get("Observation", [("_id", name), *question])
        included = ids(page, "include")
        reached = [{name}]
        for _ in range(ROUNDS + 6):
            new = asked.found("Observation", [("derived-from", ",".join(sorted(reached[-1])))])
            reached.append(reached[-1] | new)

        assert len(included) == len(set(included))
        assert reached[ROUNDS] - {name} <= set(included) <= reached[-1] - {name}


@pytest.mark.rule(55)
def test_a_star_includes_what_every_parameter_includes(asked: Asked) -> None:
    held = {address(one) for one in asked.world.documents}
    links = [name for name, one in PARAMETERS["Observation"].items() if one.kind == "reference"]
    page = asked.get("Observation", [("_include", "Observation:*"), ("_count", "10")])
    matched = {address(one) for one in entries(page)}
    pointed = {to for one in entries(page) for name in links for to in asked.world.addresses(one, name)}

    assert {address(one) for one in entries(page, "include")} == (pointed & held) - matched


@pytest.mark.rule(50)
def test_whatever_is_found_is_there_once_and_at_its_own_address(asked: Asked) -> None:
    question = [
        ("_include", "Observation:patient"),
        ("_include", "Observation:subject"),
        ("_include", "Observation:has-member"),
        ("_revinclude", "Observation:derived-from"),
        ("_count", "40"),
    ]
    page = asked.get("Observation", question)
    addresses = [one["fullUrl"] for one in page["entry"]]
    assert addresses == [
        f"{asked.world.base}/{one['resource']['resourceType']}/{one['resource']['id']}"
        for one in page["entry"]
    ]
    assert len(addresses) == len(set(addresses))
    assert all(one["resource"] in asked.world.documents for one in page["entry"])


@pytest.mark.parametrize("kind", sorted(COMPARTMENT))
def test_a_compartment_holds_what_its_parameters_find(asked: Asked, kind: str) -> None:
    for patient in sorted(everything(asked, "Patient"))[:8]:
        page = asked.get(f"Patient/{patient}/{kind}", [("_count", "1000"), ("_total", "accurate")])
        found: set[str] = set()
        for name in COMPARTMENT[kind]:
            found |= asked.found(kind, [(name, f"Patient/{patient}")])
        assert sorted(ids(page)) == sorted(found) == sorted(asked.world.compartment(patient, kind))
        assert page["total"] == len(found)


@pytest.mark.parametrize("kind", sorted(COMPARTMENT))
def test_a_question_to_a_compartment_finds_what_it_finds_elsewhere_of_what_the_compartment_holds(
    asked: Asked, kind: str
) -> None:
    for patient in sorted(everything(asked, "Patient"))[:4]:
        for pair in chosen(asked, kind, number=5):
            page = asked.get(f"Patient/{patient}/{kind}", [pair, ("_count", "1000")])
            inside = asked.world.compartment(patient, kind)
            assert set(ids(page)) == asked.found(kind, [pair]) & inside


@pytest.mark.rule(44, 48)
@pytest.mark.parametrize("kind", TYPES)
def test_the_self_link_says_what_was_asked_and_not_what_was_ignored(asked: Asked, kind: str) -> None:
    for pair in chosen(asked, kind):
        answer = asked.http.get(
            kind, params=(pair, ("_typo", "1"), ("_count", "1")), headers={"Prefer": "handling=lenient"}
        )
        page = read(answer.content)
        said = query_of(link(page, "self") or "")
        assert pair in said
        assert "_typo" not in dict(said)
