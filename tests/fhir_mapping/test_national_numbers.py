"""INS and NIR in any string of any resource, and nothing else taken for one."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.gate import accepts
from app.fhir_mapping.identifying import identifying
from app.fhir_mapping.national_numbers import is_told_in_address
from tests.fhir_mapping.bodies import VALID
from tests.fhir_mapping.numbered import keyed, without_key, written

Json = dict[str, Any]
OBSERVATION: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
NOBODY = {
    name: raw
    for name, raw in VALID.items()
    if not identifying(codec.read(raw)["resourceType"], codec.read(raw))
}
BARE = "2870175116001"
NUMBER = BARE + keyed(BARE)


def paths(document: Json) -> list[str | None]:
    """Where it is found, with the glance at the bytes and without."""
    kind = document["resourceType"]
    slowly = [issue.expression for issue in identifying(kind, document)]
    assert [one.expression for one in identifying(kind, document, codec.write(document))] == slowly
    return slowly


def texts(value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Every string of a document: what it stands in, under which key, and its FHIRPath."""
    for key in value if isinstance(value, dict) else range(len(value)):
        step = f"{path}.{key.removeprefix('_')}" if isinstance(key, str) else f"{path}[{key}]"
        if isinstance(value[key], dict | list):
            yield from texts(value[key], step)
        elif isinstance(value[key], str) and key not in {"resourceType", "data", "contentType"}:
            yield value, key, step


@st.composite
def planted(draw: st.DrawFn, texts_to_plant: st.SearchStrategy[str]) -> tuple[Json, Json, str]:
    """A resource that tells nobody's number, the same with something in the place of a string, and where."""
    clean = codec.read(NOBODY[draw(st.sampled_from(sorted(NOBODY)))])
    document = codec.read(codec.write(clean))
    around, key, path = draw(st.sampled_from(list(texts(document, document["resourceType"]))))
    text = draw(texts_to_plant)
    around[key] = text if draw(st.booleans()) else f"{around[key]} {text}, {around[key]}"
    kind = document["resourceType"]
    assume(accepts(kind, document, codec.write(document)))
    return clean, document, path


@settings(max_examples=400, deadline=None)
@given(planted(written()))
def test_a_number_is_found_wherever_it_stands_and_without_it_the_resource_is_let_in(
    case: tuple[Json, Json, str],
) -> None:
    clean, document, path = case

    assert path in paths(document)
    assert paths(clean) == []


@settings(max_examples=400, deadline=None)
@given(planted(without_key()))
def test_fifteen_digits_with_another_key_are_let_in(case: tuple[Json, Json, str]) -> None:
    _, document, _ = case

    assert paths(document) == []


@pytest.mark.parametrize(
    "number",
    [
        "1 84 12 2A 451 089",
        "2 69 05 2B 588 157",
        "1 55 07 99 352 001",
        "2 91 31 97 411 042",
        "3 84 12 76 451 089",
        "4 84 12 76 451 089",
        "7 84 12 76 451 089",
        "8 84 12 76 451 089",
    ],
)
def test_corsica_births_abroad_overseas_and_temporary_numbers_are_known(number: str) -> None:
    whole = f"{number} {keyed(number.replace(' ', ''))}"

    assert paths(OBSERVATION | {"note": [{"text": whole}]}) == ["Observation.note[0].text"]
    assert paths(OBSERVATION | {"note": [{"text": whole.replace(" ", "")}]}) == ["Observation.note[0].text"]


def test_thirteen_digits_alone_are_let_in() -> None:
    assert paths(OBSERVATION | {"identifier": [{"value": BARE}], "note": [{"text": BARE}]}) == []


@pytest.mark.parametrize(
    "says",
    [
        {"system": "https://hospital.example/nir"},
        {"system": "urn:hospital:INS-NIR"},
        {"system": "http://hl7.org/fhir/sid/us-ssn"},
        {"type": {"coding": [{"system": "http://interopsante.org/v2-0203", "code": "INS-NIR"}]}},
        {"type": {"coding": [{"code": "NIR"}]}},
        {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]}},
        {"type": {"text": "Numéro de sécurité sociale"}},
        {"type": {"text": "INS"}},
    ],
)
def test_an_identifier_that_says_what_it_is_needs_no_key(says: Json) -> None:
    identifier = says | {"value": BARE}

    assert paths(OBSERVATION | {"identifier": [identifier]}) == ["Observation.identifier[0]"]
    assert paths(OBSERVATION | {"subject": {"identifier": identifier}}) == ["Observation.subject.identifier"]
    extension = {"url": "http://a.example/x", "valueIdentifier": identifier}
    assert paths(OBSERVATION | {"extension": [extension]}) == ["Observation.extension[0].valueIdentifier"]


@pytest.mark.parametrize(
    "says",
    [
        {"system": "https://ins.example/results"},
        {"system": "https://hospital.example/instruments"},
        {"type": {"coding": [{"code": "FILL"}], "text": "Filler number, instruments"}},
        {"type": {"coding": [{"code": "CLASS"}]}},
    ],
)
def test_an_identifier_that_says_something_like_it_is_let_in(says: Json) -> None:
    assert paths(OBSERVATION | {"identifier": [says | {"value": BARE}]}) == []


@pytest.mark.parametrize(
    "shown",
    [
        "<b>2 87 01</b> 75 116 001 {key}",
        "2&#160;87&nbsp;01&nbsp;75&nbsp;116&nbsp;001&nbsp;{key}",
        '<a href="/p/{bare}{key}">x</a>',
    ],
)
def test_a_number_is_read_in_a_narrative_as_a_person_reads_it(shown: str) -> None:
    said = shown.format(bare=BARE, key=NUMBER[-2:])
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>'

    assert paths(OBSERVATION | {"text": {"status": "generated", "div": div}}) == ["Observation.text.div"]


@pytest.mark.parametrize("title", [NUMBER, f"https://a.example/?nir={NUMBER}", f"{BARE}%20{NUMBER[-2:]}"])
def test_a_number_is_found_beside_an_attachment_and_not_within_it(title: str) -> None:
    def with_(**attachment: str) -> Json:
        extension = {"url": "http://a.example/x", "valueAttachment": attachment}
        return OBSERVATION | {"extension": [extension]}

    for name in ("title", "url"):
        assert paths(with_(**{name: title})) == [f"Observation.extension[0].valueAttachment.{name}"]
    assert paths(with_(contentType="text/plain", data="Mjg3MDE3NTExNjAwMTQx")) == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"/Patient/{NUMBER}", True),
        (f"identifier=urn:x|{NUMBER}", True),
        (f"identifier=urn%3Ax%7C{BARE}%20{NUMBER[-2:]}", True),
        (f"identifier={BARE}+{NUMBER[-2:]}", True),
        (f"identifier={BARE}%C2%A0{NUMBER[-2:]}", True),
        ("identifier=urn%3Aoid%3A1.2.250.1.213.1.4.8%7C1", True),
        ("/Observation/01935b1e-7e1c-7a3b-9a11-0242ac120002", False),
        (f"identifier=urn%3Ax%7C{BARE}", False),
        ("_lastUpdated=ge2024-01-01T00%3A00%3A00%2B01%3A00", False),
        ("x=%ff%fe", False),
    ],
)
def test_a_number_is_found_in_an_address_however_it_is_encoded(address: str, told: bool) -> None:
    assert (is_told_in_address(address.encode()) is not None) == told
