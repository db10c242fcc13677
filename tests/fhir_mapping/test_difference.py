"""What changed between two versions: told with its place, complete, and to the digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.content import canonical
from app.fhir_mapping.difference import Change, Pointer, changes
from app.fhir_mapping.patching import copied

Told = tuple[str, str, Any, Any]


def told(before: dict[str, Any], after: dict[str, Any]) -> list[Told]:
    """The changes as kind, path, was, is; what was moved says from where."""
    kind = {"resourceType": "Observation"}
    found = changes(kind | before, kind | after)
    return [(one.kind, one.path, one.was, one.moved_from or one.is_) for one in found]


ONE, TWO, THREE = ({"code": {"text": text}, "valueString": text} for text in ("a", "b", "c"))

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Told]]] = {
    "nothing": ({"status": "final"}, {"status": "final"}, []),
    "the order of members": (
        {"valueQuantity": {"value": 1, "unit": "g"}},
        {"valueQuantity": {"unit": "g", "value": 1}},
        [],
    ),
    "what the server says of a version": (
        {"meta": {"versionId": "1", "lastUpdated": "2024-01-01T00:00:00Z"}},
        {"meta": {"versionId": "2", "lastUpdated": "2024-01-02T00:00:00Z"}},
        [],
    ),
    "a tag": (
        {"meta": {"versionId": "1"}},
        {"meta": {"versionId": "2", "tag": [{"code": "x"}]}},
        [("added", "Observation.meta", None, {"tag": [{"code": "x"}]})],
    ),
    "a code": (
        {"status": "preliminary"},
        {"status": "final"},
        [("replaced", "Observation.status", "preliminary", "final")],
    ),
    "a digit": (
        {"valueQuantity": {"value": Decimal("0.50")}},
        {"valueQuantity": {"value": Decimal("0.5")}},
        [("replaced", "Observation.value.value", Decimal("0.50"), Decimal("0.5"))],
    ),
    "true for 1": (
        {"valueBoolean": True},
        {"valueBoolean": 1},
        [("replaced", "Observation.value", True, 1)],
    ),
    "a choice of another type": (
        {"valueString": "12"},
        {"valueInteger": 12},
        [("replaced", "Observation.value", "12", 12)],
    ),
    "an item put in": (
        {"component": [ONE, THREE]},
        {"component": [ONE, TWO, THREE]},
        [("added", "Observation.component[1]", None, TWO)],
    ),
    "an item taken out": (
        {"component": [ONE, TWO, THREE]},
        {"component": [ONE, THREE]},
        [("removed", "Observation.component[1]", TWO, None)],
    ),
    "an item moved": (
        {"component": [ONE, TWO, THREE]},
        {"component": [THREE, ONE, TWO]},
        [("moved", "Observation.component[0]", None, "Observation.component[2]")],
    ),
    "an item known again by its code": (
        {"component": [ONE, TWO]},
        {"component": [TWO | {"valueString": "d"}, ONE]},
        [
            ("moved", "Observation.component[0]", None, "Observation.component[1]"),
            ("replaced", "Observation.component[0].value", "b", "d"),
        ],
    ),
    "a text known again by its place": (
        {"note": [{"text": "a"}]},
        {"note": [{"text": "b"}]},
        [("replaced", "Observation.note[0].text", "a", "b")],
    ),
    "what stands beside a primitive": (
        {"status": "final"},
        {"status": "final", "_status": {"id": "x"}},
        [("added", "Observation.status", None, {"id": "x"})],
    ),
    "a list with another beside it": (
        {"contained": [{"resourceType": "Patient", "name": [{"given": ["A"]}]}]},
        {
            "contained": [
                {"resourceType": "Patient", "name": [{"given": [None, "B"], "_given": [{"id": "x"}, None]}]}
            ]
        },
        [
            ("removed", "Observation.contained[0].name[0].given[0]", "A", None),
            ("added", "Observation.contained[0].name[0].given[1]", None, "B"),
            ("added", "Observation.contained[0].name[0].given[0]", None, {"id": "x"}),
            ("added", "Observation.contained[0].name[0].given[1]", None, None),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told_with_its_place_as_it_was_and_as_it_is(case: str) -> None:
    before, after, expected = CASES[case]

    found = told(before, after)

    assert found == expected
    assert list(map(repr, found)) == list(map(repr, expected))  # digits, and true is not 1


# ---- laws --------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from([Decimal(text) for text in ("0.5", "0.50", "1", "1.0", "1E+2", "100")])
TEXTS = st.sampled_from(["a", "b", "c"])
CODES = st.fixed_dictionaries({"code": TEXTS}, optional={"system": TEXTS, "display": TEXTS})
CONCEPTS = st.fixed_dictionaries(
    {}, optional={"coding": st.lists(CODES, min_size=1, max_size=4), "text": TEXTS}
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"valueQuantity": st.fixed_dictionaries({"value": NUMBERS}, optional={"unit": TEXTS})}
    ),
    st.fixed_dictionaries({"valueString": TEXTS}, optional={"_valueString": st.just({"id": "x"})}),
    st.just({}),
)
COMPONENTS = st.builds(lambda code, value: {"code": code, **value}, CONCEPTS, VALUES)
PRIMITIVES = st.one_of(
    st.fixed_dictionaries({"given": st.lists(TEXTS, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {
            "given": st.lists(TEXTS | st.none(), min_size=2, max_size=3),
            "_given": st.lists(st.just({"id": "x"}) | st.none(), min_size=2, max_size=3),
        }
    ),
)
PATIENTS = st.builds(lambda name: {"resourceType": "Patient", "name": [name]}, PRIMITIVES)
OBSERVATIONS = st.builds(
    lambda value, rest: {"resourceType": "Observation", **value, **rest},
    VALUES,
    st.fixed_dictionaries(
        {},
        optional={
            "status": TEXTS,
            "component": st.lists(COMPONENTS, min_size=1, max_size=5),
            "contained": st.lists(PATIENTS, min_size=1, max_size=2),
            "note": st.lists(st.fixed_dictionaries({"text": TEXTS}), min_size=1, max_size=4),
            "meta": st.fixed_dictionaries({"tag": st.lists(CODES, min_size=1, max_size=3)}),
        },
    ),
)


@given(document=OBSERVATIONS)
def test_a_version_differs_in_nothing_from_itself(document: dict[str, Any]) -> None:
    again = codec.read(codec.write(dict(reversed(document.items()))))

    assert changes(document, again) == []


@given(before=OBSERVATIONS, after=OBSERVATIONS)
def test_the_changes_applied_to_one_version_give_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = changes(before, after)

    assert canonical(applied(before, found)) == canonical(after)
    assert bool(found) is (canonical(before) != canonical(after))


@given(document=OBSERVATIONS, order=st.randoms(use_true_random=False))
def test_a_list_in_another_order_is_told_by_moves_alone(document: dict[str, Any], order: Any) -> None:
    other = copied(document)
    for name in ("component", "note"):
        order.shuffle(other.get(name, []))

    assert {one.kind for one in changes(document, other)} <= {"moved"}


def applied(value: Any, found: list[Change], old: Pointer = (), new: Pointer = ()) -> Any:
    """The value at `old` in the one version as it is at `new` in the other."""
    here = [one for one in found if one.before == old and one.after == new and one.kind != "moved"]
    if here:
        return here[0].is_
    if isinstance(value, dict):
        return _object(value, found, old, new)
    return _list(value, found, old, new) if isinstance(value, list) else value


def _below(place: Pointer | None, around: Pointer) -> bool:
    return place is not None and place[:-1] == around and len(place) == len(around) + 1


def _object(value: dict[str, Any], found: list[Change], old: Pointer, new: Pointer) -> dict[str, Any]:
    gone = {one.before[-1] for one in found if one.before and _below(one.before, old) and one.after is None}
    become = {
        one.before[-1]: one.after[-1]
        for one in found
        if one.before and one.after and _below(one.before, old) and _below(one.after, new)
    }
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if name not in gone:
            other = str(become.get(name, name))
            made[other] = applied(inner, found, (*old, name), (*new, other))
    for one in found:
        if one.after and one.before is None and one.after[: len(new)] == new:
            if _below(one.after, new):
                made[str(one.after[-1])] = one.is_
            elif len(one.after) == len(new) + 2 and one.after[-2] not in value:  # a list that is new
                made.setdefault(str(one.after[-2]), []).append(one.is_)
    return {name: inner for name, inner in made.items() if inner != []}


def _list(value: list[Any], found: list[Change], old: Pointer, new: Pointer) -> list[Any]:
    gone = {one.before[-1] for one in found if one.before and _below(one.before, old) and one.after is None}
    coming = {
        one.after[-1]: one.is_ for one in found if one.after and one.before is None and _below(one.after, new)
    }
    moved = {
        one.after[-1]: one.before[-1]
        for one in found
        if one.kind == "moved" and one.before and one.after and _below(one.before, old)
    }
    staying = iter(number for number in range(len(value)) if number not in {*gone, *moved.values()})
    made = []
    for number in range(len(value) - len(gone) + len(coming)):
        if number in coming:
            made.append(coming[number])
            continue
        source = moved[number] if number in moved else next(staying)
        made.append(applied(value[int(source)], found, (*old, source), (*new, number)))
    return made
