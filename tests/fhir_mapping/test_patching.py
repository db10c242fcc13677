import pytest

from app.fhir_mapping import codec, json_patch
from app.fhir_mapping.patching import written

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
