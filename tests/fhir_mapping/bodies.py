"""The corpus of bodies, and documents made wrong at random."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from app.fhir_mapping import codec

CORPUS = Path(__file__).parent / "corpus"
Document = dict[str, Any]

VALID: dict[str, bytes] = {path.stem: path.read_bytes() for path in sorted((CORPUS / "valid").glob("*.json"))}


def invalid() -> list[tuple[str, Document, list[list[str]]]]:
    """What each wrong body says, the body, and the (code, expression) of each problem expected."""
    found = []
    for path in sorted((CORPUS / "invalid").glob("*.json")):
        file = codec.read(path.read_bytes())
        for case in file["cases"]:
            body = codec.read(VALID[file["of"]])
            for name in case.get("remove", ()):
                del body[name]
            for place, value in case.get("set", {}).items():
                _set(body, place.split("."), value)
            found.append((f"{path.stem}: {case['says']}", body, case["expect"]))
    return found


def unreadable() -> list[tuple[str, bytes]]:
    """What is wrong with each text that is not read at all, and the text."""
    cases = codec.read((CORPUS / "unreadable.json").read_bytes())["cases"]
    return [(case["says"], case["text"].encode()) for case in cases]


def _set(body: Document, place: list[str], value: Any) -> None:
    for step in place[:-1]:
        body = body[step]
    body[place[-1]] = value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every member of every object and item of every list, as container and key."""
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += _places(value[key])
    return found


_NAMES = """
id extension modifierExtension text contained meta status code value valueString valueInteger valueQuantity
valueReference url reference display type identifier system period start end subject coding unit comparator
dataAbsentReason component referenceRange low high effectivePeriod resourceType language
"""
_TEXTS = """
a final 2021-02-29 2021-03 2020-02-29T10:00:00Z Patient/1 Banana/1 #a http://a.example/Patient/1
https://a.example/x urn:uuid:1 urn:oid:1.2 Patient?a=b Practitioner/1/_history/1 <div/> mg\u0001
"""
_OTHERS = [None, True, 0, 1, -1, 2**31, Decimal("1.0"), Decimal("1E+2"), "", " ", "a b"]
NAMES = st.sampled_from(_NAMES.split())
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*_TEXTS.split(), *_OTHERS]) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Document]:
    """A valid document with one to three things about it changed."""
    document = codec.read(VALID[draw(st.sampled_from(sorted(VALID)))])
    kind = document["resourceType"]
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, document)
    return kind, document


def _mutate(draw: st.DrawFn, document: Document) -> None:
    places = _places(document)
    if not places:
        return
    container, key = draw(st.sampled_from(places))
    match draw(st.sampled_from(["drop", "replace", "wrap", "rename", "beside", "copy", "unwrap"])):
        case "drop":
            del container[key]
        case "replace":
            container[key] = draw(VALUES)
        case "wrap":
            container[key] = [container[key]]
        case "unwrap" if isinstance(container[key], list) and container[key]:
            container[key] = container[key][0]
        case "rename" if isinstance(container, dict):
            container[draw(NAMES)] = container.pop(key)
        case "beside" if isinstance(container, dict):
            container[f"_{key}"] = draw(st.sampled_from([{}, {"id": "a"}, [None], [{"id": "a"}]]) | VALUES)
        case "copy":
            other, place = draw(st.sampled_from(places))
            container[key] = deepcopy(other[place]) if isinstance(other, list) or place in other else "gone"
        case _:
            pass
