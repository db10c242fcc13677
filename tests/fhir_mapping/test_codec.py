from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.bundle_shell import opened
from app.fhir_mapping.outcome import Refusal
from tests.fhir_mapping.bodies import VALID, unreadable

AT = "2026-11-22T10:00:00.000Z"


OURS = {"resourceType", "id", "meta"}
OURS_IN_META = {"versionId", "_versionId", "lastUpdated", "_lastUpdated"}


def without(members: dict[str, Any], names: set[str]) -> list[tuple[str, Any]]:
    """The members in order, leaving some out."""
    return [(name, value) for name, value in members.items() if name not in names]


def stored(raw: bytes) -> bytes:
    return codec.splice(raw, type="Observation", id="o-1", version=3, last_updated=AT)


@pytest.mark.parametrize(("says", "text"), unreadable(), ids=[case[0] for case in unreadable()])
def test_what_is_not_one_sound_object_is_refused(says: str, text: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        codec.read(text)
    assert caught.value.status == 400
    assert caught.value.issues


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"\xff": 1}',
        b'{"a": "\xed\xa0\x80"}',
        '{"a": "é"}'.encode("latin-1"),
        "{}".encode("utf-16"),
        b"{}\x00",
        b'{"a": "\x00"}',
    ],
)
def test_bytes_that_are_not_utf_8_text_are_refused(raw: bytes) -> None:
    with pytest.raises(Refusal):
        codec.read(raw)


@pytest.mark.parametrize("shape", [b'{"a":%b1%b}', b'{"a":%b{"b":"c"}%b}'])
@pytest.mark.parametrize("levels", [63, 64, 100, 5000, 200_000])
def test_nesting_is_read_to_a_depth_and_refused_beyond(shape: bytes, levels: int) -> None:
    lists = levels - 1 - shape.count(b'"b"')
    raw = shape % (b"[" * lists, b"]" * lists)
    if levels <= codec.DEEPEST:
        assert codec.read(raw)
    else:
        with pytest.raises(Refusal, match="structure"):
            codec.read(raw)


def test_the_place_of_an_error_in_the_text_is_told() -> None:
    with pytest.raises(Refusal) as caught:
        codec.read(b'{"a": 1,\n "b" 2}')
    assert "line 2 column 6" in caught.value.issues[0].text


def test_a_member_that_stands_twice_is_named() -> None:
    with pytest.raises(Refusal) as caught:
        codec.read(b'{"status": "final", "code": {"text": "a", "text": "b"}, "status": "amended"}')
    assert [issue.text.split()[0] for issue in caught.value.issues] == ["'text'", "'status'"]


def test_quotation_marks_inside_texts_are_no_duplicates() -> None:
    assert codec.read(b'{"a": "\\u0022", "b": "\\"", "\\u0022": 1}') == {"a": '"', "b": '"', '"': 1}


@pytest.mark.parametrize(
    "number",
    [
        "1.50",
        "0.10",
        "-0.0",
        "0.1234567890123456789",
        "12345678901234567890.12",
        "1E-7",
        "0.00",
        "5.0",
        "1E+2",
    ],
)
def test_the_digits_of_a_number_are_kept(number: str) -> None:
    read = codec.read(b'{"value": %b}' % number.encode())

    assert str(read["value"]) == number
    assert isinstance(read["value"], Decimal)
    assert codec.write(read) == b'{"value":%b}' % number.encode()


def test_whole_numbers_stay_whole() -> None:
    assert (
        codec.write(codec.read(b'{"a": 10, "b": 98765432109876543210}'))
        == b'{"a":10,"b":98765432109876543210}'
    )


def test_the_members_come_as_sent_and_in_order() -> None:
    assert codec.members(b' { "b" : 1.50 , "a": [ 1, {"c": "\\u00e9"} ] } ') == {
        "b": b"1.50",
        "a": b'[ 1, {"c": "\\u00e9"} ]',
    }
    with pytest.raises(Refusal):
        codec.members(b'{"a": 1, "a": 1}')


def test_the_server_sets_id_version_and_instant_and_touches_nothing_else() -> None:
    raw = b"""{"id": "mine", "status": "final", "resourceType": "Observation", "valueQuantity":{"value":1.50},
        "meta": {"versionId": "9", "tag": [{"code": "HTEST" }], "lastUpdated": "2001-01-01T00:00:00Z"}}"""

    assert stored(raw) == (
        b'{"resourceType":"Observation","id":"o-1","meta":{"tag":[{"code": "HTEST" }],"versionId":"3",'
        b'"lastUpdated":"2026-11-22T10:00:00.000Z"},"status":"final","valueQuantity":{"value":1.50}}'
    )


def test_a_body_with_nothing_but_its_type_is_stored() -> None:
    assert stored(b'{"resourceType":"Observation"}') == (
        b'{"resourceType":"Observation","id":"o-1","meta":{"versionId":"3","lastUpdated":"%b"}}' % AT.encode()
    )


@pytest.mark.parametrize("name", VALID)
def test_what_is_stored_of_a_body_is_what_was_sent(name: str) -> None:
    sent, kept = codec.members(VALID[name]), codec.members(stored(VALID[name]))

    assert without(kept, OURS) == without(sent, OURS)


TEXTS = st.text(max_size=12).filter(lambda text: text.isprintable() or "\n" in text)
NUMBERS = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**20), 10**20),
    st.integers(-25, -1) | st.integers(1, 9),
)
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | NUMBERS | st.integers(-(10**20), 10**20) | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


PLAIN_TEXTS = TEXTS.filter(lambda text: "\\" not in text)


def same(one: Any, other: Any) -> bool:
    """Equal, down to the digits of numbers and the order of members."""
    return repr(one) == repr(other)


@given(DOCUMENTS)
def test_reading_what_was_written_gives_the_same_document(document: dict[str, Any]) -> None:
    assert same(codec.read(codec.write(document)), document)


@given(DOCUMENTS, DOCUMENTS)
def test_any_document_survives_the_splice(document: dict[str, Any], meta: dict[str, Any]) -> None:
    sent = {**document, "meta": meta, "resourceType": "Observation"}
    kept = codec.read(stored(codec.write(sent)))

    assert kept["id"] == "o-1"
    assert same(without(kept, OURS), without(sent, OURS))
    assert same(without(kept["meta"], OURS_IN_META), without(meta, OURS_IN_META))
    assert kept["meta"]["versionId"] == "3"


@given(st.lists(st.tuples(st.sampled_from(["a", "b", 'c"']), PLAIN_TEXTS), min_size=1, max_size=4))
def test_a_duplicate_is_found_whatever_stands_around_it(pairs: list[tuple[str, str]]) -> None:
    raw = b"{" + b",".join(codec.write(name) + b":" + codec.write(value) for name, value in pairs) + b"}"
    escaped = raw.replace(b'\\"', b"\\u0022")
    for text in (raw, escaped, b'{"x":[%b]}' % escaped):
        if len({name for name, _ in pairs}) == len(pairs):
            assert codec.read(text)
        else:
            with pytest.raises(Refusal):
                codec.read(text)


def test_a_bundle_is_opened_with_each_resource_as_sent() -> None:
    shell = opened(
        b'{"resourceType": "Bundle", "type": "batch", "entry": ['
        b'{"fullUrl": "urn:uuid:1","resource": { "a":1.50 },"request":{"method": "POST", "url": "Patient"}},'
        b'{"request": {"method": "GET", "url": "Patient/1"}}]}'
    )

    assert shell.type == "batch"
    first, second = shell.entries
    assert (first.full_url, first.resource) == ("urn:uuid:1", b'{ "a":1.50 }')
    assert first.request == {"method": "POST", "url": "Patient"}
    assert (second.full_url, second.resource) == (None, None)
    assert [sorted(entry) for entry in shell.document["entry"]] == [
        ["fullUrl", "request", "resource"],
        ["request"],
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"entry": {}}',
        b'{"entry": null}',
        b"[]",
        b'{"type": "batch", "type": "batch"}',
        b"",
    ],
)
def test_a_broken_bundle_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal):
        opened(raw)


@pytest.mark.parametrize(
    "entry", [b"1", b'{"request": {"a": 1, "a": 2}}', b'{"fullUrl": "a", "fullUrl": "b"}']
)
def test_an_entry_that_cannot_be_read_is_told_of_beside_the_others(entry: bytes) -> None:
    shell = opened(b'{"entry": [%b, {"fullUrl": "urn:x"}]}' % entry)

    assert [issue.expression for issue in shell.unreadable] == ["Bundle.entry[0]"]
    assert [entry.full_url for entry in shell.entries] == [None, "urn:x"]
