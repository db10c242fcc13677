"""What the messages of several vendors' shapes become, and what of them never gets in."""

from decimal import Decimal
from typing import Any

import pytest

from app.fhir_mapping import check, codec
from tests.fhir_mapping.hl7v2_messages import (
    CERNER,
    COBAS,
    EPIC,
    GLIMS,
    LAB,
    LOCAL,
    MIRTH,
    MOLIS,
    SUBJECTS,
    bundled,
    resources,
)

LOINC = "http://loinc.org"
SHAPES = {"epic": EPIC, "cerner": CERNER, "glims": GLIMS, "molis": MOLIS, "mirth": MIRTH, "cobas": COBAS}
OF_PERSONS = (
    "ZZTEST",
    "MARIE",
    "ÉTEST",
    "HÉLÈNE",
    "PATIENT^",
    "1980",
    "1970",
    "LYON",
    "E1000",
    "8001234",
    "ALICE",
)


def by_number(raw: bytes, kind: str = "Observation") -> dict[str, Any]:
    return {one["identifier"][0]["value"]: one for one in resources(raw, kind)}


def codes(concept: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(one["system"], one["code"], one.get("userSelected", False)) for one in concept["coding"]]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_resource_is_sound_r4_and_names_its_subject_and_its_sender(shape: str) -> None:
    raw = bundled(SHAPES[shape]).raw
    check.checked("Bundle", raw)

    for entry in codec.read(raw)["entry"]:
        resource = entry["resource"]
        check.checked(resource["resourceType"], codec.write(resource))
        assert resource["subject"] == {"reference": f"Patient?identifier={SUBJECTS}|014"}
        assert resource["identifier"][0]["system"] == LAB


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_the_patient_but_the_pseudonym_is_in_the_bundle(shape: str) -> None:
    raw = bundled(SHAPES[shape]).raw.decode().upper()

    assert [said for said in OF_PERSONS if said in raw] == []


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_and_the_number_of_the_message_change_nothing(shape: str) -> None:
    raw = SHAPES[shape]
    at = raw.index(b"PID")
    divider = raw[3:4]
    fields = raw[:at].split(divider)
    fields[6], fields[9] = b"20991231235959", b"ANOTHER-NUMBER"

    assert bundled(divider.join(fields) + raw[at:]).raw == bundled(raw).raw


def test_epic_loinc_first_offsets_and_a_comparator_in_a_text() -> None:
    found = by_number(EPIC)
    c3, dna = found["24-060-00123^1230100450"], found["24-060-00123^1230100451"]

    assert codes(c3["code"]) == [(LOINC, "4485-9", False), (LOCAL, "1230100450", True)]
    assert c3["valueQuantity"] == {"value": Decimal(71), "unit": "mg/dL"}
    assert c3["issued"] == "2024-03-01T09:45:00-05:00"
    assert c3["effectiveDateTime"] == "2024-03-01T08:05:00-05:00"
    ucum = {"unit": "[IU]/mL", "system": "http://unitsofmeasure.org", "code": "[IU]/mL"}
    assert dna["valueQuantity"] == {"value": Decimal(200), "comparator": ">", **ucum}
    assert dna["note"] == [{"text": "Repeated and confirmed."}]


def test_cerner_version_2_3_a_unit_with_a_bare_circumflex_and_specimens_in_obr_15() -> None:
    found = by_number(CERNER)
    wbc, platelets = found["000002024060AB12^WBC^1"], found["000002024060AB12^PLT^1"]

    assert wbc["valueQuantity"] == {"value": Decimal("4.20"), "unit": "10^9/L"}
    assert str(wbc["valueQuantity"]["value"]) == "4.20"
    assert wbc["referenceRange"][0]["low"] == {"value": Decimal("4.0"), "unit": "10^9/L"}
    assert codes(wbc["code"]) == [(LOCAL, "WBC", True), (LOINC, "6690-2", False)]
    assert (wbc["status"], platelets["status"]) == ("final", "preliminary")
    [specimen] = resources(CERNER, "Specimen")
    assert codes(specimen["type"]) == [(LOCAL, "Blood", True)]
    [asked] = resources(CERNER, "ServiceRequest")
    assert asked["identifier"][1]["value"] == "5550001"


def test_glims_in_latin_1_with_comments_a_specimen_and_a_report() -> None:
    found = by_number(GLIMS)
    c3, ch50 = found["L2109140817^C3N"], found["L2109140817^CH50"]

    assert c3["code"]["text"] == "C3 néphélémétrie"
    assert c3["status"] == "corrected"
    assert c3["note"] == [{"text": "Corrigé après contrôle\nÉchantillon ~ dilué"}]
    low, high = ({"value": Decimal(bound), "unit": "g/L"} for bound in ("0.9", "1.8"))
    assert c3["referenceRange"] == [{"low": low, "high": high, "text": "0.9-1.8"}]
    assert ch50["valueQuantity"] == {"value": Decimal(10), "comparator": "<", "unit": "UI/mL"}
    assert [one["coding"][0]["code"] for one in ch50["interpretation"]] == ["LL", "A"]
    assert found["L2109140817^CREA"]["valueQuantity"]["unit"] == "µmol/l"
    [specimen] = resources(GLIMS, "Specimen")
    assert specimen["identifier"][0]["value"] == "S998"
    assert specimen["receivedTime"] == "2024-03-01T08:30:00+01:00"
    [report] = resources(GLIMS, "DiagnosticReport")
    assert report["conclusion"] == "Prélèvement conforme"
    assert (report["status"], len(report["result"])) == ("final", 4)


def test_a_document_within_a_message_stays_out_and_the_answer_says_so() -> None:
    pdf = by_number(GLIMS)["L2109140817^PDF"]

    assert pdf["dataAbsentReason"]["coding"][0]["code"] == "unsupported"
    assert b"QUJD" not in bundled(GLIMS).raw
    assert [warning.expression for warning in bundled(GLIMS).warnings] == ["OBX[4]-5"]


def test_molis_lines_of_text_a_collection_over_24_hours_and_no_report_that_nothing_dates() -> None:
    found = by_number(MOLIS)

    period = {"start": "2024-02-29T08:00:00+01:00", "end": "2024-03-01T08:00:00+01:00"}
    assert found["24030112^PU24"]["effectivePeriod"] == period
    assert found["24030112^CYTO"]["valueString"] == "Rares leucocytes,\npas d'hématie."
    assert resources(MOLIS, "DiagnosticReport") == []
    assert [warning.expression for warning in bundled(MOLIS).warnings] == ["OBR[1]-22"]


def test_mirth_delimiters_of_its_own_several_codes_and_a_titre_beyond_the_scale() -> None:
    found = by_number(MIRTH)

    patterns = [one["valueCodeableConcept"]["text"] for one in found["A^ANA"]["component"]]
    assert patterns == ["Homogeneous", "Speckled"]
    beyond = {"numerator": {"value": 1}, "denominator": {"value": 80, "comparator": ">"}}
    assert found["A^TIT"]["valueRatio"] == beyond
    assert found["A^TIT"]["effectiveDateTime"] == "2024-03-01"  # FHIR has no hour without its minutes


def test_an_analyser_that_sends_a_comparator_in_a_number_and_when_it_measured() -> None:
    crp = by_number(COBAS)["0000471100^CRP"]

    assert crp["valueQuantity"] == {"value": Decimal("0.60"), "comparator": "<", "unit": "mg/L"}
    assert crp["issued"] == "2024-03-01T10:14:55+01:00"
    assert "text" not in crp["code"]
