"""What a sender's own codes and units become, and that what was sent can always be told from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.check import problems
from app.fhir_mapping.content import as_sent, differing, digest
from app.fhir_mapping.dictionary import Dictionary
from app.fhir_mapping.extensions import LAB_PUSH, MAPPED_BY
from app.fhir_mapping.translation import Translated, translated
from app.fhir_mapping.units import LOINC, UCUM
from tests.fhir_mapping.make_maps import CODES, EMPTY, FULL, KNOWN, SPELT, UNITS, codes, dictionary, units

MAP = "https://chu.example/fhir/ConceptMap/laboratory"


def coded(*codings: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def result(code: dict[str, Any], **further: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:example:chu:filler", "value": "L1"}],
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/p-1"},
        **further,
    }


def pushed(document: dict[str, Any], known: Dictionary = FULL) -> Translated:
    raw = codec.write(document)
    return translated(raw, codec.read(raw), known)


def waiting(said: Translated) -> list[tuple[str, str, str]]:
    return [(one.kind, one.system, one.text) for one in said.awaited]


def tags(said: Translated) -> list[str]:
    found = said.document.get("meta", {}).get("tag", [])
    return [tag["code"] for tag in found if tag["system"] == LAB_PUSH]


def test_a_local_code_gets_a_loinc_code_beside_it_that_says_which_map_gave_it() -> None:
    said = pushed(result(coded((CODES, "C3N"))))

    local, added = said.document["code"]["coding"]
    assert local == {"system": CODES, "code": "C3N"}
    assert (added["system"], added["code"]) == (LOINC, "4485-9")
    assert added["extension"] == [{"url": MAPPED_BY, "valueCanonical": f"{MAP}|1"}]
    assert (waiting(said), said.warnings, tags(said)) == ([], (), [])


def test_a_loinc_code_as_sent_is_kept_even_where_the_map_would_say_another() -> None:
    sent = result(coded((CODES, "C3N"), (LOINC, "4498-2")))

    assert pushed(sent).document == sent


def test_an_unknown_code_waits_and_the_sender_is_told() -> None:
    said = pushed(result(coded((CODES, "XYZ"))))

    assert waiting(said) == [("code", CODES, "XYZ")]
    assert tags(said) == ["unmapped-code"]
    assert [(issue.severity, issue.code) for issue in said.warnings] == [("warning", "code-invalid")]
    assert "XYZ" in said.warnings[0].text


def test_a_loinc_code_with_a_wrong_check_digit_is_kept_and_waits() -> None:
    said = pushed(result(coded((LOINC, "8414-1"))))

    assert waiting(said) == [("code", LOINC, "8414-1")]
    assert tags(said) == ["unmapped-code"]
    assert said.document["code"] == coded((LOINC, "8414-1"))
    assert any("check digit" in issue.text for issue in said.warnings)


def test_a_wrong_loinc_code_beside_a_local_one_is_told_and_the_local_one_is_mapped() -> None:
    said = pushed(result(coded((LOINC, "8414-1"), (CODES, "C3N"))))

    assert said.document["code"]["coding"][-1]["code"] == "4485-9"
    assert waiting(said) == []
    assert any("check digit" in issue.text for issue in said.warnings)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("https://trialbridge.example/fhir/CodeSystem/score", "pga"),
        ("https://trialbridge.example/fhir/CodeSystem/attestation", "anything"),
        ("http://snomed.info/sct", "736534008"),
        (LOINC, "2823-3"),  # potassium: no trial reads it, and nothing is missing
    ],
)
def test_what_is_coded_publicly_waits_for_nothing(system: str, code: str) -> None:
    sent = result(coded((system, code)))

    said = pushed(sent, EMPTY)
    assert said.document == sent
    assert said.awaited == ()


def test_what_bears_several_codes_waits_for_any_of_them_and_is_told_once() -> None:
    sent = result(coded(("urn:example:chu:old", "C-3"), (CODES, "XYZ"), (LOINC, "8414-1")))
    said = pushed(sent)

    assert waiting(said) == [("code", "urn:example:chu:old", "C-3"), ("code", CODES, "XYZ")]
    assert len([issue for issue in said.warnings if "waits" in issue.text]) == 1


def test_a_unit_waits_by_its_code_and_by_its_text() -> None:
    said = pushed(measured("4485-9", value=1, unit="gramme", system=UNITS, code="123"))

    assert waiting(said) == [("unit", UNITS, "123"), ("unit", UNITS, "gramme")]
    assert waiting(pushed(measured("4485-9", value=1, unit="gramme", system=UNITS, code="gr/l"))) == []


def test_a_code_that_is_only_a_text_waits() -> None:
    assert waiting(pushed(result({"text": "Complément C3"}))) == [("code", "", "Complément C3")]


def test_a_heading_over_results_is_not_waited_for() -> None:
    panel = result(coded((CODES, "NFS")), component=[{"code": coded((CODES, "PLQ")), "valueInteger": 1}])

    said = pushed(panel)
    assert waiting(said) == []
    assert said.document["component"][0]["code"]["coding"][-1]["code"] == "777-3"


@pytest.mark.parametrize(
    "equivalence", ["relatedto", "wider", "narrower", "inexact", "unmatched", "subsumes"]
)
def test_only_the_same_maps(equivalence: str) -> None:
    said = codes(KNOWN)
    said["group"][0]["element"][0]["target"][0]["equivalence"] = equivalence

    assert waiting(pushed(result(coded((CODES, "C3N"))), dictionary(said))) == [("code", CODES, "C3N")]


@pytest.mark.parametrize("status", ["draft", "retired", "unknown"])
def test_only_an_active_map_counts(status: str) -> None:
    known = dictionary(codes(KNOWN, status=status))

    assert waiting(pushed(result(coded((CODES, "C3N"))), known)) == [("code", CODES, "C3N")]


def test_a_map_of_somebody_elses_codes_is_not_this_senders() -> None:
    other = codes(KNOWN)
    other["group"][0]["source"] = "urn:example:other:codes"

    assert dictionary(other).codes == {}


def test_where_two_maps_disagree_neither_is_used_and_it_is_said() -> None:
    known = dictionary(codes(KNOWN), codes({"C3N": "4498-2", "PLQ": "777-3"}, name="second"))
    said = pushed(result(coded((CODES, "C3N"))), known)

    assert waiting(said) == [("code", CODES, "C3N")]
    assert "two maps disagree" in said.warnings[0].text
    assert waiting(pushed(result(coded((CODES, "PLQ"))), known)) == []


def test_the_mark_names_the_maps_own_version_where_it_has_one() -> None:
    said = pushed(result(coded((CODES, "C3N"))), dictionary(codes(KNOWN, version="2026-03")))

    [mark] = said.document["code"]["coding"][-1]["extension"]
    assert mark["valueCanonical"] == f"{MAP}|2026-03"


def test_no_component_is_given_the_code_of_a_result_that_has_a_value_of_its_own() -> None:
    part = {"code": coded((CODES, "C3N")), "valueInteger": 1}
    said = pushed(result(coded((LOINC, "4485-9")), valueInteger=1, component=[part]))

    assert waiting(said) == [("code", CODES, "C3N")]
    assert "another part" in said.warnings[0].text


def measured(loinc: str, **quantity: Any) -> dict[str, Any]:
    return result(coded((LOINC, loinc)), valueQuantity=quantity)


def test_a_senders_unit_gets_a_ucum_code_beside_it() -> None:
    quantity = pushed(measured("4485-9", value=1, unit="gr/l")).document["valueQuantity"]

    assert (quantity["unit"], quantity["system"], quantity["code"]) == ("gr/l", UCUM, "g/L")
    assert quantity["extension"][0]["url"] == MAPPED_BY


def test_a_code_of_another_system_is_kept_where_ucum_takes_its_place() -> None:
    said = pushed(measured("4485-9", value=1, system=UNITS, code="gr/l"))

    assert said.document["valueQuantity"]["extension"][1]["valueCoding"] == {"system": UNITS, "code": "gr/l"}


@pytest.mark.parametrize("unit", ["g/L", "mg/dl", "g/l", "mg/mL"])
def test_a_unit_the_tables_know_stays_as_it_is(unit: str) -> None:
    sent = measured("4485-9", value=1, unit=unit)

    assert pushed(sent).document == sent


def test_the_same_spelling_is_read_by_what_is_measured_never_by_its_case() -> None:
    """French `g/l` for cells is giga per litre where the sender says so, and a mass for a mass."""
    cells = pushed(measured("777-3", value=150, unit="g/l"))
    mass = pushed(measured("4485-9", value=1, unit="g/l"))

    assert cells.document["valueQuantity"]["code"] == "10*9/L"
    assert "code" not in mass.document["valueQuantity"]


@pytest.mark.parametrize(("code", "unit"), [("4485-9", "G/L"), ("777-3", "g/L"), ("14682-9", "g/24h")])
def test_a_unit_of_another_kind_of_quantity_waits(code: str, unit: str) -> None:
    said = pushed(measured(code, value=1, unit=unit), EMPTY)

    assert waiting(said) == [("unit", UNITS, unit)]
    assert tags(said) == ["unmapped-unit"]


def test_a_map_of_units_is_not_used_for_what_is_measured_otherwise() -> None:
    said = pushed(measured("14682-9", value=1, unit="gr/l"), dictionary(units({"gr/l": "10*9/L"})))

    assert waiting(said) == [("unit", UNITS, "gr/l")]
    assert "no unit of this analyte" in said.warnings[0].text


def test_a_unit_nobody_needs_waits_for_nothing() -> None:
    sent = measured("2823-3", value=4, unit="mEq par litre")

    assert pushed(sent, EMPTY).document == sent


def test_a_unit_nobody_needs_is_mapped_all_the_same() -> None:
    assert pushed(measured("787-2", value=90, unit="fl")).document["valueQuantity"]["code"] == "fL"


def test_the_unit_of_a_local_code_is_judged_by_what_it_is_mapped_to() -> None:
    said = pushed(result(coded((CODES, "C3N")), valueQuantity={"value": 1, "unit": "furlong"}))

    assert waiting(said) == [("unit", UNITS, "furlong")]


def test_the_bounds_of_a_range_are_translated_too() -> None:
    low = {"value": 0.9, "unit": "gr/l"}
    said = pushed(result(coded((LOINC, "4485-9")), referenceRange=[{"low": low}]))

    assert said.document["referenceRange"][0]["low"]["code"] == "g/L"


def test_every_other_byte_stays_as_sent() -> None:
    raw = (
        b'{"status":"final","resourceType":"Observation","code":{"coding":[{"code":"C3N" ,"system":"%b"}]},'
        b'"note":[ {"text":"caf\\u00e9"} ],"valueQuantity":{"unit":"g\\/L","value":1.50e0},"subject":'
        b'{"reference":"Patient/p-1"}}' % CODES.encode()
    )
    said = translated(raw, codec.read(raw), FULL)

    for kept in (
        b'{"code":"C3N" ,"system"',
        b'[ {"text":"caf\\u00e9"} ]',
        b'{"unit":"g\\/L","value":1.50e0}',
    ):
        assert kept in said.raw
    assert codec.read(said.raw) == said.document


def test_what_needs_no_translation_is_the_very_same() -> None:
    raw = codec.write(measured("4485-9", value=1, unit="g/L"))
    document = codec.read(raw)

    said = translated(raw, document, FULL)
    assert said.raw is raw
    assert said.document is document


def test_what_waited_is_translated_when_the_map_grows_and_waits_again_when_it_shrinks() -> None:
    sent = result(coded((CODES, "C3N")), valueQuantity={"value": 1, "unit": "gr/l"})
    waited = pushed(sent, EMPTY)
    grown = translated(waited.raw, waited.document, FULL)
    shrunk = translated(grown.raw, grown.document, EMPTY)

    assert (waiting(grown), tags(grown)) == ([], [])
    assert grown.document == pushed(sent).document
    assert shrunk.document == waited.document


def test_a_new_version_of_a_map_that_says_the_same_changes_nothing() -> None:
    said = pushed(result(coded((CODES, "C3N")), valueQuantity={"value": 1, "unit": "gr/l"}))
    later = dictionary(codes({**KNOWN, "NEW": "4498-2"}), units(SPELT), version=2)

    assert translated(said.raw, said.document, later).raw is said.raw


def test_a_map_that_now_says_another_code_changes_it() -> None:
    said = pushed(result(coded((CODES, "C3N"))))
    later = translated(said.raw, said.document, dictionary(codes({"C3N": "4498-2"}), version=2))

    assert [one["code"] for one in later.document["code"]["coding"]] == ["C3N", "4498-2"]


def test_other_types_are_left_alone() -> None:
    report = {"resourceType": "DiagnosticReport", "code": coded((CODES, "XYZ")), "status": "final"}

    assert pushed(report).document == report


CODINGS = st.sampled_from(
    [(CODES, "C3N"), (CODES, "PLQ"), (CODES, "CREA"), (CODES, "XYZ"), (LOINC, "4485-9"), (LOINC, "8414-1")]
)
CONCEPTS = st.lists(CODINGS, min_size=1, max_size=3, unique=True).map(lambda found: coded(*found))
QUANTITIES = st.fixed_dictionaries(
    {"value": st.decimals(0, 1000, places=3)},
    optional={"unit": st.sampled_from(["gr/l", "g/L", "g/l", "µmoles/l", "furlong", "UI/L"])},
).flatmap(
    lambda quantity: st.sampled_from(
        [quantity, {**quantity, "system": UNITS, "code": "gr/l"}, {**quantity, "system": UCUM, "code": "G/L"}]
    )
)
PARTS = st.fixed_dictionaries(
    {"code": CONCEPTS},
    optional={
        "valueQuantity": QUANTITIES,
        "referenceRange": st.lists(st.fixed_dictionaries({"low": QUANTITIES}), min_size=1, max_size=2),
    },
)
RESULTS = st.builds(
    lambda part, components, meta: result(part.pop("code"), **part, **components, **meta),
    PARTS.map(dict),
    st.fixed_dictionaries({}, optional={"component": st.lists(PARTS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({}, optional={"meta": st.just({"tag": [{"system": "urn:t", "code": "own"}]})}),
)
DICTIONARIES = st.sampled_from(
    [
        FULL,
        EMPTY,
        dictionary(codes({"C3N": "4498-2"})),
        dictionary(units({"gr/l": "10*9/L", "furlong": "g/L"})),
    ]
)


@given(RESULTS, DICTIONARIES)
def test_what_was_sent_can_always_be_told(sent: dict[str, Any], known: Dictionary) -> None:
    said = pushed(sent, known)

    assert codec.write(as_sent(said.document)) == codec.write(as_sent(codec.read(codec.write(sent))))
    assert digest(said.document) == digest(codec.read(codec.write(sent)))
    assert differing(said.document, codec.read(codec.write(sent))) == []
    assert codec.write(codec.read(said.raw)) == codec.write(said.document)


@given(RESULTS, DICTIONARIES)
def test_translating_again_changes_nothing(sent: dict[str, Any], known: Dictionary) -> None:
    said = pushed(sent, known)
    again = translated(said.raw, said.document, known)

    assert again.raw is said.raw
    assert again.awaited == said.awaited


@given(RESULTS, DICTIONARIES, DICTIONARIES)
def test_the_way_to_a_dictionary_does_not_matter(
    sent: dict[str, Any], first: Dictionary, then: Dictionary
) -> None:
    before = pushed(sent, first)

    assert translated(before.raw, before.document, then).document == pushed(sent, then).document


@given(RESULTS, DICTIONARIES)
def test_what_is_stored_is_valid_r4_wherever_what_was_sent_is(
    sent: dict[str, Any], known: Dictionary
) -> None:
    raw = codec.write(sent)
    if not problems("Observation", codec.read(raw)):
        assert problems("Observation", pushed(sent, known).document) == ()


def test_a_value_without_a_unit_is_told() -> None:
    document = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": "14682-9"}]},
        "valueQuantity": {"value": 80},
    }

    found = translated(codec.write(document), document, Dictionary(unit_system="lab"))

    assert found.document is document
    assert [(one.code, one.severity) for one in found.warnings] == [("incomplete", "warning")]
    assert "umol/L" in found.warnings[0].text
