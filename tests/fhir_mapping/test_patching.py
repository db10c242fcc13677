from collections.abc import Iterator
from typing import Any

import pytest

from app.fhir_mapping import codec, fhirpath_patch, json_patch
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.patches import amended, by_json
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
        (b'[{"op":"replace","path":"/a","value":1.0E-7}]', STORED),
        (b'[{"op":"replace","path":"/a","value":1E-7}]', basic(a=b"1E-7")),
        (b'[{"op":"replace","path":"/e/f","value":100}]', basic(e=rb'{"f":100,"g":"\/"}')),
        (b'[{"op":"copy","from":"/e/g","path":"/e/f"},{"op":"remove","path":"/e/g"}]', basic(e=b'{"f":"/"}')),
        (
            b'[{"op":"remove","path":"/e/f"},{"op":"add","path":"/e/f","value":1.0E2}]',
            basic(e=rb'{"g":"\/","f":1.0E2}'),
        ),
        (
            b'[{"op":"move","from":"/e","path":"/z"}]',
            basic().replace(b'"e":' + E, b'"z":{"f":1.0E+2,"g":"/"}'),
        ),
        (b'[{"op":"replace","path":"/e","value":{}}]', basic(e=b"{}")),
        (b'[{"op":"replace","path":"/b","value":[]}]', basic(b=b"[]")),
        (
            b'[{"op":"add","path":"/b/1/h","value":[{}]}]',
            basic(b=rb'[1.0E2,{"c":1e5,"d":"\u00e9","h":[{}]}]'),
        ),
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
    assert amended(STORED, by_json(operations)) == bytes_


@pytest.mark.parametrize(
    "operation",
    [
        '{"op":"replace","path":"%s/extension/999/valueString","value":"changed"}',
        '{"op":"add","path":"%s/extension/0","value":{"url":"urn:e","valueString":"new"}}',
        '{"op":"move","from":"%s/extension/0","path":"/extension/0/extension/0"}',
        '{"op":"remove","path":"/extension/0/url"},{"op":"remove","path":"%s/url"}',
    ],
)
def test_what_lies_deep_is_not_written_again_for_each_level_above_it(
    operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    write = codec.write

    def counted(value: Any) -> bytes:
        lengths.append(len(write(value)))
        return write(value)

    monkeypatch.setattr(codec, "write", counted)

    def encoded(levels: int) -> int:
        inner: Any = {
            "url": "urn:x",
            "extension": [{"url": "urn:e", "valueString": f"{n}"} for n in range(1000)],
        }
        for _ in range(levels - 1):
            inner = {"url": "urn:x", "extension": [inner]}
        stored = write({"resourceType": "Patient", "extension": [inner]})
        patch = f"[{operation % ('/extension/0' * levels)}]".encode()
        lengths.clear()
        assert amended(stored, by_json(patch)) != stored
        return sum(lengths)

    assert encoded(24) < 1.2 * encoded(3)


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
        taken = json_patch.apply(
            document, json_patch.read(codec.write([test, {"op": "remove", "path": place}]))
        )
        back = json_patch.apply(taken, json_patch.read(codec.write([{**test, "op": "add"}, test])))

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
