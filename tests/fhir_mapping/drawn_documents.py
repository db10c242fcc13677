"""Documents drawn from R4's definitions: each element of every type served, right, and wrong in one place."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.primitives import EXPECTED, INTEGERS
from app.fhir_mapping.registry import RESOURCES

Document = dict[str, Any]
UCUM: Final = "http://unitsofmeasure.org"

SERVED: Final = (*RESOURCES, "Bundle", "Parameters")
"""The types that are taken in: mapped, kept, and what carries them."""

PRIMITIVES: Final[dict[str, Any]] = {
    **dict.fromkeys(EXPECTED, "a"),
    **dict.fromkeys(INTEGERS, 1),
    "boolean": True,
    "decimal": Decimal("1.50"),
    "oid": "urn:oid:1.2.250",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "date": "2021-03",
    "dateTime": "2020-02-29T10:00:00+01:00",
    "instant": "2021-03-04T10:20:30.123Z",
    "time": "10:20:30",
    "base64Binary": "YWJj",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>',
}
_TIME: Final = {"value": 3, "system": UCUM, "code": "a"}
LAWFUL: Final[dict[str, Document]] = {
    "Extension": {"url": "https://a.example/x", "valueString": "a"},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
    "Age": _TIME,
    "Duration": _TIME,
    "Distance": {"value": 3, "system": UCUM, "code": "m"},
    "Count": {"value": 3, "system": UCUM, "code": "1"},
    "Organization": {"name": "a"},
    "Consent": {
        "status": "draft",
        "scope": {"text": "a"},
        "category": [{"text": "a"}],
        "policy": [{"uri": "https://a.example/x"}],
    },
    "MedicationAdministration.dosage": {"dose": {"value": 3}},
    "Parameters.parameter": {"name": "a", "valueString": "a"},
    "Bundle": {"type": "collection"},
    "Bundle.entry": {"resource": {"resourceType": "Patient"}},
    "Resource": {"resourceType": "Patient", "id": "b"},
}
"""The least that is right of a type whose laws ask for more than its required elements."""

WRONG: Final[list[Any]] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31,
        Decimal("1.0"),
        Decimal("-2.5"),
        "",
        " ",
        "a",
        "a b",
        "a  b",
        "\x07",
    ),
    *(
        "2021-02-29",
        "2021",
        "2021-13",
        "10:00",
        "2021-03-04T10:20:30",
        "final",
        "Patient/1",
        "Banana/1",
        "#a",
    ),
    *("Practitioner/1/_history/2", "Patient?a=b", "urn:uuid:1", "http://a.example/Patient/1", "<div/>"),
    *([], [None], ["a"], [1], [[]], [{}], {}, {"id": "a"}, {"a": 1}, {"value": 1, "code": "a"}),
    *({"extension": []}, {"extension": [LAWFUL["Extension"]]}, {"reference": "Group/1"}, {"text": "a"}),
    *({"resourceType": "Patient"}, {"resourceType": "Banana"}, {"start": "2021", "end": "2020"}),
]
"""What may stand anywhere, and is right almost nowhere."""

BESIDE: Final[list[Any]] = [
    *({}, {"id": "a"}, {"extension": [LAWFUL["Extension"]]}, {"id": "a", "a": 1}, None, "a", []),
    *([None], [{"id": "a"}], [{"extension": [LAWFUL["Extension"]]}, None], [None, None]),
]
"""What may stand beside a primitive, in its `_name`."""


class Place(NamedTuple):
    """An element, and how a document of a type that holds it is entered: the elements passed on the way."""

    root: str
    way: tuple[Element, ...]
    known: Definition
    element: Element

    def document(self) -> tuple[Document, Document]:
        """The least document that has what may hold the element, and that holder in it."""
        whole = least(self.root)
        holder = whole
        for step in self.way:
            inner = least(step.type)
            _choose(holder, step)
            holder[step.name] = [inner] if step.many else inner
            holder = inner
        return whole, holder


@cache
def _known(name: str) -> Definition:
    found = definition(name)
    assert found is not None, name
    return found


def least(name: str) -> Document:
    """The least of a type: what is required, and something where nothing is."""
    known = _known(name)
    made: Document = {"resourceType": name} if known.resource and name != "Resource" else {}
    if name in LAWFUL:
        return made | deepcopy(LAWFUL[name])
    for members in known.required.values():
        made[members[0]] = right(known.elements[members[0]])
    if not made:
        plain = (one for one in known.elements.values() if one.type in EXPECTED and one.name != "id")
        first = next(plain, None) or known.elements["extension"]
        made[first.name] = right(first)
    return made


def right(element: Element) -> Any:
    """A right value of an element."""
    value = _value(element)
    return [value] if element.many else value


def _value(element: Element) -> Any:
    codes = [(system, code) for system, each in (element.codes or {}).items() for code in each]
    if element.type in EXPECTED:
        return codes[0][1] if codes else PRIMITIVES[element.type]
    if element.type == "Reference":
        return {"reference": f"{(*element.targets, 'Patient')[0]}/a"}
    coding = {"system": codes[0][0], "code": codes[0][1]} if codes else {"code": "a"}
    if codes and element.type in ("Coding", "CodeableConcept"):
        return coding if element.type == "Coding" else {"coding": [coding]}
    return least(element.type)


def _choose(holder: Document, element: Element) -> None:
    """Leave out the other members of a choice, of which one may be given."""
    if element.choice is not None:
        stem = element.choice.removesuffix("[x]")
        for name in [one for one in holder if one.startswith(stem)]:
            del holder[name]


@cache
def places() -> tuple[Place, ...]:
    """Every element of every definition that a type served leads to, by the shortest way to it."""
    found: list[Place] = []
    waiting: list[tuple[str, tuple[Element, ...], str]] = [(kind, (), kind) for kind in SERVED]
    seen = set(SERVED)
    for root, way, name in waiting:  # grows as it is read
        known = _known(name)
        for element in known.elements.values():
            found.append(Place(root, way, known, element))
            if element.type not in (*EXPECTED, "Resource") and element.type not in seen:
                seen.add(element.type)
                waiting.append((root, (*way, element), element.type))
    return tuple(found)


def spoilt(place: Place) -> Iterator[Document]:
    """A document with the element as it should be, without it, and with it wrong in each way there is."""
    element = place.element
    value = right(element)
    once = value[0] if element.many else value
    for put in (value, once, [once], [once, once], [value], [once, None], *WRONG):
        whole, holder = place.document()
        _choose(holder, element)
        holder[element.name] = deepcopy(put)
        yield whole
    for beside in BESIDE:
        for given in (True, False):
            whole, holder = place.document()
            _choose(holder, element)
            holder.pop(element.name, None)
            if given:
                holder[element.name] = deepcopy(value)
            holder[f"_{element.name}"] = deepcopy(beside)
            yield whole
    whole, holder = place.document()
    holder.pop(element.name, None)
    yield whole
    holder[f"{element.name}s"] = value
    yield whole


@st.composite
def grown(draw: st.DrawFn) -> tuple[str, Document]:
    """A right document of a type served, elements added at any depth, perhaps made wrong in one place."""
    kind = draw(st.sampled_from(SERVED))
    whole = holder = least(kind)
    for _ in range(draw(st.integers(1, 6))):
        holder, known = whole, _known(kind)
        for _ in range(draw(st.integers(1, 4))):
            element = draw(st.sampled_from(list(known.elements.values())))
            if element.type == "Resource" or (known.resource and element.name == "id"):
                break
            _choose(holder, element)
            if element.name not in holder or element.type in EXPECTED:
                holder[element.name] = right(element)
            value = holder[element.name]
            inner = value[-1] if isinstance(value, list) else value
            if element.type in EXPECTED or not isinstance(inner, dict):
                break
            holder, known = inner, _known(element.type)
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(holder) or ["a"]))
        holder[name] = deepcopy(draw(st.sampled_from(WRONG)))
    return kind, whole
