from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.identifying import identifying
from tests.fhir_mapping.bodies import VALID, mutated

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
THIRTEEN = 1841276451089
KEY = 97 - THIRTEEN % 97
NIR = f"{THIRTEEN}{KEY:02}"


def places(document: dict[str, Any]) -> list[str | None]:
    """Where the document identifies someone, asked with and without the bytes."""
    raw = codec.write(document)
    slowly = identifying(document["resourceType"], document)
    assert identifying(document["resourceType"], document, raw) == slowly
    return [issue.expression for issue in slowly]


@pytest.mark.parametrize("name", sorted(VALID.keys() - {"patient-with-extended-primitives"}))
def test_pseudonymous_bodies_identify_nobody(name: str) -> None:
    known = {
        "absent-result": ["Observation.subject.display"],
        "patient-with-narrative": ["Patient.text"],
    }

    assert places(codec.read(VALID[name])) == known.get(name, [])


@pytest.mark.parametrize("element", ["name", "telecom", "address", "photo", "contact"])
def test_what_names_a_patient_is_found(element: str) -> None:
    assert places({"resourceType": "Patient", element: [{"text": "x"}]}) == [f"Patient.{element}"]


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
def test_a_narrative_of_a_person_is_refused_and_the_answer_says_to_leave_it_out(kind: str) -> None:
    document = {"resourceType": kind, "text": {"status": "generated", "div": "<div>x</div>"}}

    [issue] = identifying(kind, document)

    assert (issue.expression, f"a {kind} must come without text" in issue.text) == (f"{kind}.text", True)


def test_a_narrative_of_another_resource_is_let_in() -> None:
    assert places(OBSERVATION | {"text": {"status": "generated", "div": "<div>x</div>"}}) == []


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
@pytest.mark.parametrize("value", ["valueHumanName", "valueContactPoint", "valueAddress"])
def test_what_names_a_person_is_found_in_extensions(kind: str, value: str) -> None:
    extension = {"url": "http://a.example/x", value: {"text": "x"}}
    nested = {"url": "http://a.example/y", "extension": [extension]}
    document = {
        "resourceType": kind,
        "extension": [nested],
        "_birthDate": {"extension": [extension]},
        "identifier": [{"value": "1", "extension": [extension]}],
    }

    assert places(document) == [
        f"{kind}.extension[0].extension[0].{value}",
        f"{kind}.birthDate.extension[0].{value}",
        f"{kind}.identifier[0].extension[0].{value}",
    ]


def test_the_mothers_maiden_name_is_found() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"

    assert places({"resourceType": "Patient", "extension": [{"url": url, "valueString": "x"}]}) == [
        "Patient.extension[0]"
    ]


BIRTH_TIME = {
    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
    "valueDateTime": "1986-04-02",
}
BORN = OBSERVATION | {"code": {"coding": [{"code": "21112-8"}]}, "valueDateTime": "1986-04-02"}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"resourceType": "Patient", "birthDate": "1986-04-02"}, "Patient.birthDate"),
        ({"resourceType": "RelatedPerson", "birthDate": "1986-04"}, "RelatedPerson.birthDate"),
        ({"resourceType": "Patient", "birthDate": "1986"}, None),
        (
            {"resourceType": "Patient", "_birthDate": {"extension": [BIRTH_TIME]}},
            "Patient.birthDate.extension[0]",
        ),
        (
            OBSERVATION | {"contained": [{"resourceType": "Patient", "birthDate": "1986-04-02"}]},
            "Observation.contained[0].birthDate",
        ),
        (BORN, "Observation.valueDateTime"),
        (BORN | {"valueDateTime": "1986"}, None),
        (BORN | {"code": {"text": "x"}}, None),
        ({"resourceType": "Practitioner", "birthDate": "1986-04-02"}, None),
    ],
)
def test_a_birth_is_found_where_only_years_may_be_told(document: dict[str, Any], place: str | None) -> None:
    kind, raw = document["resourceType"], codec.write(document)
    expected = [] if place is None else [place]

    assert [one.expression for one in identifying(kind, document, raw, years=True)] == expected
    assert [one.expression for one in identifying(kind, document, years=True)] == expected
    assert identifying(kind, document, raw) == ()


def test_an_extension_may_name_a_professional() -> None:
    extension = {"url": "http://a.example/x", "valueHumanName": {"text": "x"}}
    doctor = {"resourceType": "Practitioner", "id": "d", "extension": [extension]}
    within = {"contained": [doctor], "generalPractitioner": [{"reference": "#d"}]}

    assert places({"resourceType": "Patient"} | within) == []
    assert places(OBSERVATION | {"extension": [extension]}) == []


def test_a_contained_patient_is_found() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "x"}]}
    document = OBSERVATION | {"contained": [patient], "subject": {"reference": "#p", "display": "y"}}

    assert places(document) == ["Observation.contained[0].name", "Observation.subject.display"]


@pytest.mark.parametrize(
    ("reference", "identifies"),
    [
        ({"reference": "Patient/1", "display": "x"}, True),
        ({"reference": "https://a.example/fhir/Patient/1", "display": "x"}, True),
        ({"display": "x", "reference": "RelatedPerson/1"}, True),
        ({"type": "Patient", "identifier": {"value": "1"}, "display": "x"}, True),
        ({"reference": "Practitioner/1", "display": "x"}, False),
        ({"display": "the laboratory"}, False),
        ({"reference": "Patient/1"}, False),
    ],
)
def test_the_display_of_a_reference_to_a_patient_is_found(
    reference: dict[str, Any], identifies: bool
) -> None:
    assert places(OBSERVATION | {"performer": [reference]}) == (
        ["Observation.performer[0].display"] if identifies else []
    )


def test_a_subject_named_only_by_display_is_found() -> None:
    assert places(OBSERVATION | {"subject": {"display": "x"}}) == ["Observation.subject.display"]


@pytest.mark.parametrize("oid", ["8", "9", "10", "11"])
def test_a_national_health_identity_is_found_by_its_system(oid: str) -> None:
    identifier = {"system": f"urn:oid:1.2.250.1.213.1.4.{oid}", "value": "1"}

    assert places(OBSERVATION | {"identifier": [identifier]}) == ["Observation.identifier[0].system"]


def test_a_neighbouring_oid_is_no_health_identity() -> None:
    assert (
        places(OBSERVATION | {"identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.80", "value": "1"}]}) == []
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (NIR, True),
        (f"1 84 12 76 451 089 {KEY:02}", True),
        (f"n° {NIR}, confirmed", True),
        (f"NIR-{NIR}", True),
        (f"n°.{NIR}", True),
        (f"1.84.12.76.451.089.{KEY:02}", True),
        (f"1-84-12-76-451-089-{KEY:02}", True),
        (f"{THIRTEEN} / {KEY:02}", True),
        (f"1\u00a084\u202f12\u00a076\u00a0451\u00a0089\u00a0{KEY:02}", True),
        (f"184\t1276451089\n{KEY:02}", True),
        ("2.87.01.75.116.001.41", True),
        ("2-87-01-75-116-001-41", True),
        ("2870175116001 / 41", True),
        (f"2024-05-03 1 {NIR}", True),
        ("2-69-05-2a-588-157-" + f"{97 - 2690519588157 % 97:02}", True),
        (f"{THIRTEEN}", False),
        (f"1.84.12.76.451.089.{KEY % 97 + 1:02}", False),
        ("2 69 05 2A 588 157 " + f"{97 - 2690519588157 % 97:02}", True),
        (f"{THIRTEEN}{KEY % 97 + 1:02}", False),
        (f"9{NIR}", False),
        (f"1.2.{NIR}", False),
        ("210314000123456", False),
    ],
)
def test_a_social_security_number_is_known_by_its_key(text: str, is_one: bool) -> None:
    document = OBSERVATION | {"identifier": [{"value": text}], "note": [{"text": text}]}

    assert places(document) == (
        ["Observation.identifier[0].value", "Observation.note[0].text"] if is_one else []
    )


def test_a_social_security_number_is_found_in_an_extension_of_a_primitive() -> None:
    extended = {"extension": [{"url": "http://a.example/x", "valueString": NIR}]}

    assert places(OBSERVATION | {"_status": extended}) == ["Observation.status.extension[0].valueString"]


_ROOTS = st.sampled_from(["1.2.250.1.71", "1.2.840.10008", "1.3.6.1.4.1", "2.16.840.1.113883", "2.999"])
_ARCS = st.lists(st.integers(0, 10**9).map(str), min_size=1, max_size=12).map(".".join)
_OIDS = st.builds("{}.{}".format, _ROOTS, _ARCS)
_FILLERS = st.from_regex(r"[0-9A-Z]{2,4}-[0-9]{1,8}|[0-9]{1,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_OIDS, _OIDS.map("urn:oid:{}".format), st.uuids().map(str), _FILLERS))
def test_oids_uuids_dates_and_short_numbers_of_a_laboratory_are_no_social_security_numbers(text: str) -> None:
    assert places(OBSERVATION | {"identifier": [{"value": text}]}) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["", " ", ".", "-", "/", " / ", "\u00a0"]), min_size=6, max_size=6))
def test_a_social_security_number_is_known_however_its_parts_are_set_off(between: list[str]) -> None:
    parts = ["1", "84", "12", "76", "451", "089", f"{KEY:02}"]
    text = "".join(part + gap for part, gap in zip(parts, [*between, ""], strict=True))

    assert places(OBSERVATION | {"note": [{"text": text}]}) == ["Observation.note[0].text"]


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_the_glance_overlooks_nothing(case: tuple[str, dict[str, Any]]) -> None:
    kind, document = case

    for years in (False, True):
        glanced = identifying(kind, document, codec.write(document), years=years)
        assert glanced == identifying(kind, document, years=years)
