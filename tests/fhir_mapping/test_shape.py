from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec, shape
from app.fhir_mapping.check import checked
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.shape import is_subsetted, pretty, shaped
from tests.fhir_mapping.bodies import VALID

TAG: dict[str, Any] = dict(zip(("system", "code"), shape.SUBSETTED, strict=True))

OBSERVATION = b"""{"resourceType":"Observation","id":"o-1",
 "meta":{"versionId":"2","lastUpdated":"2026-11-22T10:00:00Z","security":[{"code":"SLS"}]},
 "implicitRules":"https://site.example/rules","language":"fr",
 "text":{"status":"generated","div":"<div>t</div>"},
 "modifierExtension":[{"url":"https://site.example/blinded","valueBoolean":true}],
 "extension":[{"url":"https://site.example/x","valueDecimal":1.50}],
 "status":"final","_status":{"id":"s"},
 "category":[{"text":"lab"}],
 "code":{"id":"c","coding":[{"system":"http://loinc.org","code":"2532-0","userSelected":true}]},
 "valueQuantity":{"extension":[{"url":"https://site.example/y","valueCode":"z"}],"value":1.0E2,"unit":"U/L"},
 "note":[{"text":"n"}],
 "referenceRange":[{"text":"r"}],
 "component":[{"code":{"text":"a"},"valueQuantity":{"value":0.10},"referenceRange":[{"text":"r"}]}]}"""

ALWAYS = "resourceType id meta "
INDISPENSABLE = "implicitRules modifierExtension status _status code "

INFUSION = b"""{"resourceType":"MedicationAdministration","id":"m","contained":[{"resourceType":"Medication",
 "id":"bag"}],"status":"completed","subject":{"reference":"Patient/1"},"effectiveDateTime":"2021",
 "medicationReference":{"reference":"#bag"},"note":[{"text":"n"}]}"""


def names(body: bytes) -> set[str]:
    return set(codec.members(body))


@pytest.mark.parametrize(
    ("summary", "kept"),
    [
        ("true", ALWAYS + INDISPENSABLE + "valueQuantity component"),
        ("text", ALWAYS + INDISPENSABLE + "text"),
        (
            "data",
            ALWAYS
            + INDISPENSABLE
            + "language extension category valueQuantity note referenceRange component",
        ),
    ],
)
def test_a_summary_keeps_what_r4_says_and_is_tagged(summary: shape.Summary, kept: str) -> None:
    body = shaped(OBSERVATION, summary=summary)

    assert names(body) == set(kept.split())
    assert codec.read(body)["meta"]["tag"] == [TAG]


@pytest.mark.parametrize("summary", [None, "false", "count"])
def test_what_is_not_shortened_is_the_same_bytes(summary: shape.Summary | None) -> None:
    assert shaped(OBSERVATION, summary=summary) is OBSERVATION


@pytest.mark.parametrize(
    ("elements", "kept"),
    [
        (("note",), "note"),
        (("Observation.note",), "note"),
        (("note.text",), "note"),
        (("value",), "valueQuantity"),
        (("valueQuantity",), "valueQuantity"),
        (("value", "text", "nothing"), "valueQuantity text"),
        (("Patient.name", "note"), "note"),
        (("status",), ""),
    ],
)
def test_the_elements_asked_for_stand_beside_those_that_must(elements: tuple[str, ...], kept: str) -> None:
    body = shaped(OBSERVATION, elements=elements)

    assert names(body) == set((ALWAYS + INDISPENSABLE + kept).split())
    assert is_subsetted(codec.read(body))


def test_elements_decide_where_a_summary_is_asked_for_as_well() -> None:
    assert "note" in names(shaped(OBSERVATION, summary="true", elements=("note",)))


def test_elements_of_other_types_leave_a_type_alone() -> None:
    assert shaped(OBSERVATION, elements=("Patient.name", "Patient.birthDate")) is OBSERVATION


def test_what_is_kept_is_kept_as_the_bytes_stored() -> None:
    stored = codec.members(OBSERVATION)
    kept = codec.members(shaped(OBSERVATION, elements=("value", "extension")))

    assert {name: value for name, value in kept.items() if name != "meta"} == {
        name: stored[name] for name in kept if name != "meta"
    }


def test_a_summary_is_taken_of_the_parts_as_well_with_their_digits() -> None:
    kept = codec.members(shaped(OBSERVATION, summary="true"))

    assert kept["valueQuantity"] == b'{"value":1.0E2,"unit":"U/L"}'
    assert kept["component"] == b'[{"code":{"text":"a"},"valueQuantity":{"value":0.10}}]'
    assert kept["code"] == b'{"coding":[{"system":"http://loinc.org","code":"2532-0","userSelected":true}]}'
    assert kept["modifierExtension"] == codec.members(OBSERVATION)["modifierExtension"]


def test_a_part_of_which_a_summary_would_leave_nothing_stays_whole() -> None:
    body = b'{"resourceType":"Patient","name":[{"extension":[{"url":"u","valueCode":"masked"}]}]}'

    assert codec.members(shaped(body, summary="true"))["name"] == codec.members(body)["name"]


@pytest.mark.parametrize("summary", ["true", "text", "data"])
def test_what_is_contained_stays_where_something_kept_refers_to_it(summary: shape.Summary) -> None:
    assert "contained" in names(shaped(INFUSION, summary=summary))
    assert "contained" not in names(shaped(INFUSION.replace(b'"#bag"', b'"Medication/1"'), summary="true"))


def test_the_tag_is_not_set_twice_and_others_stay() -> None:
    once = shaped(OBSERVATION, summary="text")

    assert shaped(once, summary="text") == once
    body = b'{"resourceType":"Patient","meta":{"tag":[{"code":"mine"}]}}'
    assert codec.read(shaped(body, summary="data"))["meta"]["tag"] == [{"code": "mine"}, TAG]


@pytest.mark.parametrize(
    ("meta", "subsetted"),
    [
        ({"tag": [{"code": "mine"}, TAG]}, True),
        ({"tag": [{**TAG, "display": "cut"}]}, True),
        ({"tag": [{"code": "SUBSETTED"}]}, False),
        ({"security": [TAG]}, False),
        ({"tag": TAG}, False),
        ({"tag": [None, "SUBSETTED"]}, False),
        ("SUBSETTED", False),
    ],
)
def test_a_resource_says_whether_it_may_not_be_whole(meta: Any, subsetted: bool) -> None:
    assert is_subsetted({"resourceType": "Patient", "meta": meta}) is subsetted
    assert not is_subsetted({"resourceType": "Patient"})


def test_a_body_is_set_out_for_reading_with_every_digit() -> None:
    body = (
        '{"a":1.50,"b":[1.0E2,-0.0],"c":{},"é":"\\u00e9","n":0.00000000000000000000000012345678901234567890}'
    )
    lines = pretty(body.encode()).decode()

    assert lines.splitlines()[:3] == ["{", '  "a": 1.50,', '  "b": [']
    assert "".join(line.strip() for line in lines.splitlines()).replace('": ', '":') == body


def stored(name: str) -> bytes:
    body = VALID[name]
    kind = codec.read(body)["resourceType"]
    return codec.splice(body, type=kind, id="x", version=1, last_updated="2026-11-22T10:00:00Z")


def numbers(value: Any) -> set[str]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return {number for one in inner for number in numbers(one)}
    return {str(value)} if isinstance(value, Decimal) else set()


@given(
    name=st.sampled_from(sorted(VALID)),
    summary=st.sampled_from(["true", "text", "data"]),
    listed=st.lists(st.sampled_from(["code", "value", "note", "text", "Patient.name", "zzz", "", "."])),
)
def test_a_shorter_resource_is_valid_and_keeps_what_is_required(
    name: str, summary: shape.Summary, listed: list[str]
) -> None:
    whole = stored(name)
    kind = codec.read(whole)["resourceType"]
    known = definition(kind)
    assert known is not None
    for shorter in (shaped(whole, summary=summary), shaped(whole, elements=tuple(listed))):
        document = checked(kind, shorter)
        assert numbers(document) <= numbers(codec.read(whole))
        for members in known.required.values():
            assert any(member in document or f"_{member}" in document for member in members)
