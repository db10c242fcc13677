"""What a ConceptMap may say of codes and units, and what is refused before anything is translated by it."""

from typing import Any

import pytest

from app.fhir_mapping.concept_map import canonical, mapped, review
from app.fhir_mapping.registry import RESOURCES
from tests.fhir_mapping.make_maps import CODES, UNITS, codes, concept_map, group, units

ELEMENT = "ConceptMap.group[0].element[0]"


def test_a_sound_map_of_codes_and_units_is_accepted() -> None:
    assert review(codes({"C3N": "4485-9"})) == ()
    assert review(units({"gr/l": "g/L", "fl": "fL", "M/mm3": "10*6/mm3"})) == ()


def test_the_type_is_reviewed_at_the_door() -> None:
    assert RESOURCES["ConceptMap"].review is review


@pytest.mark.parametrize("target", ["8414-1", "4485", "C3", "2160-1"])
def test_a_target_that_is_no_loinc_code_is_refused(target: str) -> None:
    [issue] = review(codes({"C3N": target}))

    assert (issue.code, issue.expression) == ("code-invalid", f"{ELEMENT}.target[0].code")


@pytest.mark.parametrize("target", ["UI/L", "G/L", "g/24h", "µmol/l", "10e9/L", "mL/min/1.73m2"])
def test_a_target_that_is_no_ucum_unit_is_refused(target: str) -> None:
    [issue] = review(units({"x": target}))

    assert (issue.code, issue.expression) == ("code-invalid", f"{ELEMENT}.target[0].code")


def test_an_element_and_a_target_need_a_code() -> None:
    said = codes({"C3N": "4485-9"})
    del said["group"][0]["element"][0]["code"]
    del said["group"][0]["element"][0]["target"][0]["code"]

    assert [issue.expression for issue in review(said)] == [ELEMENT, f"{ELEMENT}.target[0]"]


def test_what_is_not_mapped_to_loinc_or_ucum_is_not_looked_at() -> None:
    assert review(concept_map(group(CODES, "http://snomed.info/sct", {"x": "y"}))) == ()


def test_a_target_that_is_not_the_same_is_not_looked_at() -> None:
    assert review(concept_map(group(CODES, "http://loinc.org", {"x": "y"}, "wider"))) == ()


@pytest.mark.parametrize("condition", ["dependsOn", "product"])
def test_what_is_the_same_only_under_a_condition_does_not_map(condition: str) -> None:
    said: dict[str, Any] = units({"gr/l": "g/L"})
    said["group"][0]["element"][0]["target"][0][condition] = [{"property": "urn:p", "value": "v"}]

    assert list(mapped(said)) == []


def test_a_map_says_each_code_with_its_system() -> None:
    [one] = mapped(units({"gr/l": "g/L"}))

    assert (one.source, one.text, one.code) == (UNITS, "gr/l", "g/L")


def test_a_map_is_named_by_its_url_or_its_place_here() -> None:
    said = codes({}, version="7")

    assert canonical(said, 2) == "https://chu.example/fhir/ConceptMap/laboratory|7"
    del said["url"], said["version"]
    assert canonical(said, 2) == "ConceptMap/laboratory|2"
