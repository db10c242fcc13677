from collections.abc import Iterator
from typing import Any

import pytest

from app.fhir_mapping import codec, fhirpath_patch, json_patch
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.patching import written
from tests.fhir_mapping.bodies import VALID

STORED = rb"""{"resourceType":"Basic", "a": 0.00000010,
 "b":[ 1.0E2, {"c": 1e5, "d" : "\u00e9"}], "e":{"f":1.0E2, "g": "\/"}}"""

A, B, E = b"0.00000010", rb'[ 1.0E2, {"c": 1e5, "d" : "\u00e9"}]', rb'{"f":1.0E2, "g": "\/"}'


def basic(*, a: bytes = A, b: bytes = B, e: bytes = E) -> bytes:
    return b'{"resourceType":"Basic","a":%b,"b":%b,"e":%b}' % (a, b, e)


@pytest.mark.parametrize(
    ("operations", "bytes_"),
    [
        (b"[]", STORED),
        (b'[{"op":"test","path":"/a","value":1E-7}]', STORED),
        (b'[{"op":"replace","path":"/a","value":1.50}]', basic(a=b"1.50")),
        (b'[{"op":"remove","path":"/b/0"}]', basic(b=rb'[{"c": 1e5, "d" : "\u00e9"}]')),
        (b'[{"op":"add","path":"/b/0","value":1}]', basic(b=rb'[1,1.0E2,{"c": 1e5, "d" : "\u00e9"}]')),
        (b'[{"op":"move","from":"/b/0","path":"/b/1"}]', basic(b=rb'[{"c": 1e5, "d" : "\u00e9"},1.0E2]')),
        (b'[{"op":"replace","path":"/b/1/c","value":7}]', basic(b=rb'[1.0E2,{"c":7,"d":"\u00e9"}]')),
        (b'[{"op":"replace","path":"/b","value":{}}]', basic(b=b"{}")),
        (b'[{"op":"add","path":"/e/h","value":[]}]', basic(e=rb'{"f":1.0E2,"g":"\/","h":[]}')),
        (b'[{"op":"remove","path":"/e/f"}]', basic(e=rb'{"g":"\/"}')),
    ],
)
def test_what_a_patch_leaves_alone_is_the_bytes_stored(operations: bytes, bytes_: bytes) -> None:
    after = json_patch.apply(codec.read(STORED), operations)

    assert written(STORED, after) == bytes_


def inner(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return [(name, one) for name, one in value.items() if name != "resourceType"]
    return list(enumerate(value)) if isinstance(value, list) else []


def pointers(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every place within a document, and what stands there."""
    for step, one in inner(value):
        place = f"{path}/{str(step).replace('~', '~0').replace('/', '~1')}"
        yield place, one
        yield from pointers(one, place)


def elements(value: Any, path: str) -> Iterator[tuple[str, int]]:
    """Every element of a document as a path, and how many elements it leads to."""
    for step, one in inner(value):
        place = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step.removeprefix('_')}"
        if one is not None:
            yield place, len(one) if isinstance(one, list) else 1
            yield from elements(one, place)


def is_empty(value: Any) -> bool:
    return value in ({}, []) or any(is_empty(one) for _, one in inner(value))


@pytest.mark.parametrize("name", VALID)
def test_what_a_json_patch_takes_out_another_puts_back(name: str) -> None:
    document = codec.read(VALID[name])
    for place, value in pointers(document):
        if place == "/id":
            continue
        test = {"op": "test", "path": place, "value": value}
        taken = json_patch.apply(document, codec.write([test, {"op": "remove", "path": place}]))
        back = json_patch.apply(taken, codec.write([{**test, "op": "add"}, test]))

        assert taken != document
        assert back == document


@pytest.mark.parametrize("name", VALID)
def test_every_element_of_a_resource_can_be_deleted_and_leaves_nothing_empty(name: str) -> None:
    document = codec.read(VALID[name])
    for path, count in elements(document, document["resourceType"]):
        parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": path}]
        delete = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
        if count > 1 or path == "Patient.id":
            with pytest.raises(Refusal):
                fhirpath_patch.apply(document, delete)
        else:
            after = fhirpath_patch.apply(document, delete)
            assert after != document
            assert not is_empty(after)
