"""What is left of a document without what identifies a patient: everything else, as it was sent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.identifying import identifying
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.stripping import stripped
from tests.fhir_mapping.bodies import VALID
from tests.fhir_mapping.numbered import keyed

Json = dict[str, Any]
BARE = "2870175116001"
NUMBER = BARE + keyed(BARE)
INS = {"system": "urn:oid:1.2.250.1.213.1.4.8", "value": NUMBER}
BIRTH_TIME = {
    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
    "valueDateTime": "1986-04-02",
}
BIRTH_DATE = {"coding": [{"system": "http://loinc.org", "code": "21112-8"}]}
OBSERVATION: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
PATIENT: Json = {"resourceType": "Patient", "identifier": [{"value": "SLS-021"}]}


def left(document: Json, *, years: bool = False) -> tuple[Json, list[str | None]]:
    """What is left of it, and the places of what was left out."""
    found = stripped(document["resourceType"], document, codec.write(document), years=years)
    assert codec.read(found.raw) == found.document
    assert identifying(document["resourceType"], found.document, years=years) == ()
    assert {issue.severity for issue in found.left_out} <= {"information"}
    return found.document, [issue.expression for issue in found.left_out]


def test_what_names_a_patient_is_left_out_and_every_other_byte_stays() -> None:
    raw = (
        b'{ "resourceType":"Patient", "name":[{"family":"X"}],"identifier" : [ {"value" : "SLS-021"} ],'
        b'"extension":[{"url":"http://a.example/w","valueDecimal":1.50}],"telecom":[{"value":"06"}]}'
    )

    found = stripped("Patient", codec.read(raw), raw, years=False)

    assert found.raw == (
        b'{"resourceType":"Patient","identifier":[ {"value" : "SLS-021"} ],'
        b'"extension":[{"url":"http://a.example/w","valueDecimal":1.50}]}'
    )
    assert [one.expression for one in found.left_out] == ["Patient.name", "Patient.telecom"]


@pytest.mark.parametrize("name", sorted(VALID))
def test_what_identifies_nobody_is_the_very_bytes_sent(name: str) -> None:
    document = codec.read(VALID[name])
    if not identifying(document["resourceType"], document):
        assert stripped(document["resourceType"], document, VALID[name], years=False).raw is VALID[name]


@pytest.mark.parametrize(
    ("sent", "kept", "places"),
    [
        (PATIENT | {"identifier": [INS, {"value": "A"}]}, PATIENT | {"identifier": [{"value": "A"}]}, 2),
        (PATIENT | {"identifier": [INS]}, {"resourceType": "Patient"}, 2),
        (PATIENT | {"contact": [{"gender": "male"}]}, PATIENT, 1),
        (
            PATIENT | {"extension": [{"url": "http://a.example/n", "valueHumanName": {"text": "x"}}]},
            PATIENT,
            1,
        ),
        (
            PATIENT
            | {
                "extension": [
                    {
                        "url": "http://a.example/n",
                        "extension": [{"url": "t", "valueContactPoint": {"value": "06"}}],
                    }
                ]
            },
            PATIENT,
            1,
        ),
        (
            OBSERVATION
            | {"contained": [PATIENT | {"id": "p", "name": [{"text": "x"}]}], "subject": {"reference": "#p"}},
            OBSERVATION | {"contained": [PATIENT | {"id": "p"}], "subject": {"reference": "#p"}},
            1,
        ),
        (
            OBSERVATION | {"subject": {"reference": "Patient/1", "display": "x"}},
            OBSERVATION | {"subject": {"reference": "Patient/1"}},
            1,
        ),
        (
            OBSERVATION | {"subject": {"reference": "Patient/1", "identifier": INS}},
            OBSERVATION | {"subject": {"reference": "Patient/1"}},
            2,
        ),
        (
            OBSERVATION
            | {"subject": {"reference": "Patient/1", "identifier": {"type": {"text": "NIR"}, "value": BARE}}},
            OBSERVATION | {"subject": {"reference": "Patient/1"}},
            1,
        ),
    ],
)
def test_what_is_left_out_takes_nothing_with_it(sent: Json, kept: Json, places: int) -> None:
    document, out = left(sent)

    assert document == kept
    assert len(out) == places


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (PATIENT | {"birthDate": "1986-04-02"}, PATIENT | {"birthDate": "1986"}),
        (PATIENT | {"birthDate": "1986-04"}, PATIENT | {"birthDate": "1986"}),
        (
            PATIENT | {"birthDate": "1986", "_birthDate": {"id": "b", "extension": [BIRTH_TIME]}},
            PATIENT | {"birthDate": "1986", "_birthDate": {"id": "b"}},
        ),
        (
            PATIENT | {"birthDate": "1986", "_birthDate": {"extension": [BIRTH_TIME]}},
            PATIENT | {"birthDate": "1986"},
        ),
        (PATIENT | {"_birthDate": {"extension": [BIRTH_TIME]}}, PATIENT),
        (
            OBSERVATION | {"code": BIRTH_DATE, "valueDateTime": "1986-04-02T10:00:00Z"},
            OBSERVATION | {"code": BIRTH_DATE, "valueDateTime": "1986"},
        ),
        (
            OBSERVATION | {"component": [{"code": BIRTH_DATE, "valueDateTime": "1986-04-02"}]},
            OBSERVATION | {"component": [{"code": BIRTH_DATE, "valueDateTime": "1986"}]},
        ),
        (PATIENT | {"deceasedDateTime": "2020-04-02"}, PATIENT | {"deceasedDateTime": "2020-04-02"}),
        (OBSERVATION | {"valueDateTime": "1986-04-02"}, OBSERVATION | {"valueDateTime": "1986-04-02"}),
    ],
)
def test_of_a_birth_the_year_stays_where_only_years_may_be_told(sent: Json, kept: Json) -> None:
    assert left(sent, years=True)[0] == kept
    assert left(sent)[0] == sent


def test_an_element_without_its_only_extension_is_gone_and_its_neighbours_keep_their_places() -> None:
    named = {"extension": [{"url": "http://a.example/n", "valueHumanName": {"text": "x"}}]}
    person = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": "Patient/1"},
        "communication": [{"language": {"coding": [{"code": "fr"}]}}],
        "meta": {"profile": ["http://a.example/1", "http://a.example/2"], "_profile": [named, {"id": "b"}]},
    }

    document, out = left(OBSERVATION | {"contained": [person | {"id": "r"}], "focus": [{"reference": "#r"}]})

    assert document["contained"][0]["meta"]["_profile"] == [None, {"id": "b"}]
    assert out == ["Observation.contained[0].meta.profile[0].extension[0].valueHumanName"]


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (OBSERVATION | {"note": [{"text": f"NIR {NUMBER}"}]}, "Observation.note[0].text"),
        (OBSERVATION | {"subject": {"reference": f"Patient/{NUMBER}"}}, "Observation.subject.reference"),
        (OBSERVATION | {"id": NUMBER}, "Observation.id"),
        (OBSERVATION | {"code": {"text": NUMBER}}, "Observation.code.text"),
        (OBSERVATION | {"subject": {"display": "x"}}, "Observation.subject.display"),
        (
            OBSERVATION | {"subject": {"type": "Patient", "identifier": INS}},
            "Observation.subject.identifier.system",
        ),
        (
            PATIENT | {"modifierExtension": [{"url": "http://a.example/n", "valueHumanName": {"text": "x"}}]},
            "Patient.modifierExtension[0].valueHumanName",
        ),
    ],
)
def test_what_cannot_be_left_out_safely_is_refused(sent: Json, place: str) -> None:
    with pytest.raises(Refusal) as refused:
        left(sent)

    assert refused.value.status == 422
    assert place in [issue.expression for issue in refused.value.issues]


_NAMING = {
    "name": [{"family": "x"}],
    "telecom": [{"value": "06"}],
    "address": [{"city": "x"}],
    "photo": [{"title": "x"}],
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
}


@settings(max_examples=200, deadline=None)
@given(
    st.permutations(["gender", "active", "identifier", *_NAMING]), st.sets(st.sampled_from(sorted(_NAMING)))
)
def test_stripping_is_as_if_it_had_never_been_sent_and_once_is_enough(
    order: list[str], named: set[str]
) -> None:
    clean: Json = {"gender": "female", "active": True, "identifier": [{"value": "SLS-021"}]}
    members = clean | {name: _NAMING[name] for name in named}
    sent = {"resourceType": "Patient"} | {name: members[name] for name in order if name in members}
    never = {name: value for name, value in sent.items() if name not in named}

    raw = stripped("Patient", sent, codec.write(sent), years=False).raw

    assert raw == codec.write(never)
    assert stripped("Patient", codec.read(raw), raw, years=False).raw is raw


def test_a_whole_bundle_is_stripped_as_its_entries_would_be() -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "x"}]}
    result = OBSERVATION | {
        "contained": [doctor, PATIENT | {"id": "p", "name": [{"text": "x"}]}],
        "subject": {"reference": "#p", "display": "x"},
        "performer": [{"reference": "#d", "display": "x"}],
        "valueQuantity": {"value": 1},
    }
    request = {"method": "POST", "url": "Observation"}
    raw = codec.write(
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": result, "request": request}]}
    )
    alone = stripped("Observation", result, codec.write(result), years=False)

    whole = stripped("Bundle", codec.read(raw), raw, years=False)

    assert whole.document["entry"] == [{"resource": alone.document, "request": request}]
    assert whole.raw.count(alone.raw) == 1
    assert [one.expression for one in whole.left_out] == [
        str(one.expression).replace("Observation", "Bundle.entry[0].resource", 1) for one in alone.left_out
    ]
