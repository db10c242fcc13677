"""R4's own search parameters: all are declared, but those left out with a reason."""

import pytest

from app.fhir_mapping.definitions import definition, resource_types
from app.fhir_mapping.paths import THIS, Step, element, steps
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Column, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import LEFT_OUT, defined, standard

HL7 = "http://hl7.org/fhir/SearchParameter/"
KINDS_OF_DATATYPES = {
    SearchKind.TOKEN: {
        *("boolean", "code", "string", "uri"),
        *("Coding", "CodeableConcept", "Identifier", "ContactPoint"),
    },
    SearchKind.URI: {"uri", "canonical"},
    SearchKind.REFERENCE: {"Reference", "canonical", "uri"},
    SearchKind.DATE: {"date", "dateTime", "instant", "Period", "Timing"},
    SearchKind.STRING: {"string", "markdown", "HumanName", "Address"},
    # a Range leaves a row that only :missing asks about
    SearchKind.QUANTITY: {"Quantity", "Age", "Duration", "Range"},
    SearchKind.COMPOSITE: {"BackboneElement", "Observation.component", "UsageContext"},
}

REPORTS = ("DiagnosticReport", "DocumentReference")


def parameter(kind: str, name: str) -> SearchParameter:
    found = RESOURCES[kind].parameter(name)
    assert found is not None
    return found


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_every_standard_parameter_is_declared_or_left_out_for_a_reason(resource: Resource) -> None:
    declared = {one.name for one in resource.search if one.url is not None}

    assert declared == defined(resource.name).keys() - LEFT_OUT.keys()


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("Patient", 23),
        ("Observation", 38),
        ("AdverseEvent", 12),
        ("MedicationAdministration", 13),
        ("MedicationStatement", 11),
        ("Condition", 21),
        ("Procedure", 16),
        ("Consent", 15),
        ("ResearchStudy", 13),
        ("ResearchSubject", 6),
    ],
)
def test_a_type_has_as_many_as_its_page_in_the_specification_lists(kind: str, number: int) -> None:
    own = [name for name in defined(kind) if not name.startswith("_")]

    assert len(own) == number


def test_a_reason_is_a_sentence() -> None:
    assert all(reason.endswith(".") for reason in LEFT_OUT.values())


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_any_type_can_be_declared(kind: str) -> None:
    for one in standard(kind):
        assert one.about.endswith(".")
        assert one.url is not None
        assert one.url.startswith(HL7)
        assert bool(one.targets) == (one.kind is SearchKind.REFERENCE)
        assert bool(one.components) == (one.kind is SearchKind.COMPOSITE)
        assert set(one.targets) <= resource_types()


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_parameter_looks_where_its_kind_can_be_found(resource: Resource) -> None:
    for one in resource.search:
        if one.read is None and one.column not in {Column.ID, Column.LAST_UPDATED}:
            datatypes = {found.type for path in one.paths if (found := element(resource.name, path))}
            assert datatypes <= KINDS_OF_DATATYPES.get(one.kind, set())
            assert datatypes or one.paths == (THIS,)


@pytest.mark.parametrize(
    ("kind", "name", "targets"),
    [
        ("Observation", "patient", {"Patient"}),
        ("Observation", "subject", {"Patient", "Group", "Device", "Location"}),
        ("Observation", "encounter", {"Encounter"}),
        (
            "Observation",
            "performer",
            {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson"},
        ),
        ("MedicationAdministration", "subject", {"Patient", "Group"}),
        ("MedicationAdministration", "context", {"Encounter", "EpisodeOfCare"}),
        ("AdverseEvent", "subject", {"Patient", "Group", "Practitioner", "RelatedPerson"}),
        (
            "AdverseEvent",
            "substance",
            {
                *("Immunization", "Procedure", "Substance", "Medication", "MedicationAdministration"),
                *("MedicationStatement", "Device"),
            },
        ),
        ("Procedure", "reason-reference", {"Condition", "Observation", "Procedure", *REPORTS}),
        ("Consent", "patient", {"Patient"}),
        (
            "Consent",
            "source-reference",
            {"Consent", "Contract", "DocumentReference", "QuestionnaireResponse"},
        ),
        ("ResearchStudy", "principalinvestigator", {"Practitioner", "PractitionerRole"}),
        ("Patient", "link", {"Patient", "RelatedPerson"}),
    ],
)
def test_a_reference_leads_to_the_types_r4_names(kind: str, name: str, targets: set[str]) -> None:
    assert set(parameter(kind, name).targets) == targets


def test_the_focus_of_an_observation_may_be_anything() -> None:
    assert set(parameter("Observation", "focus").targets) == resource_types()


@pytest.mark.parametrize(
    ("name", "either"),
    [
        ("combo-code", ("code", "component-code")),
        ("combo-value-quantity", ("value-quantity", "component-value-quantity")),
        ("combo-value-concept", ("value-concept", "component-value-concept")),
        ("combo-data-absent-reason", ("data-absent-reason", "component-data-absent-reason")),
        ("value-date", ()),
    ],
)
def test_a_combined_parameter_is_found_by_those_it_combines(name: str, either: tuple[str, ...]) -> None:
    assert parameter("Observation", name).either == either


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("code-value-quantity", ("code", "value-quantity")),
        ("code-value-concept", ("code", "value-concept")),
        ("code-value-date", ("code", "value-date")),
        ("code-value-string", ("code", "value-string")),
        ("component-code-value-quantity", ("component-code", "component-value-quantity")),
        ("component-code-value-concept", ("component-code", "component-value-concept")),
        ("combo-code-value-quantity", ("combo-code", "combo-value-quantity")),
        ("combo-code-value-concept", ("combo-code", "combo-value-concept")),
    ],
)
def test_a_composite_is_made_of_other_parameters(name: str, components: tuple[str, ...]) -> None:
    assert parameter("Observation", name).components == components


@pytest.mark.parametrize(
    ("kind", "name", "system"),
    [
        ("Observation", "status", "http://hl7.org/fhir/observation-status"),
        (
            "MedicationAdministration",
            "status",
            "http://terminology.hl7.org/CodeSystem/medication-admin-status",
        ),
        ("ResearchStudy", "status", "http://hl7.org/fhir/research-study-status"),
        ("ResearchSubject", "status", "http://hl7.org/fhir/research-subject-status"),
        ("AdverseEvent", "actuality", "http://hl7.org/fhir/adverse-event-actuality"),
        ("Patient", "gender", "http://hl7.org/fhir/administrative-gender"),
        ("MedicationStatement", "status", "http://hl7.org/fhir/CodeSystem/medication-statement-status"),
        ("Procedure", "status", "http://hl7.org/fhir/event-status"),
        ("Consent", "status", "http://hl7.org/fhir/consent-state-codes"),
        ("Patient", "active", None),
        ("Observation", "code", None),
        ("Observation", "visit", None),
    ],
)
def test_a_plain_code_is_of_the_system_r4_requires(kind: str, name: str, system: str | None) -> None:
    assert parameter(kind, name).system == system


def test_a_name_r4_does_not_have_is_no_standard_parameter() -> None:
    with pytest.raises(ValueError, match="no search parameter visit of Observation"):
        standard("Observation", columns={"visit": Column.STATUS})


@pytest.mark.parametrize(
    ("path", "taken_apart"),
    [
        (THIS, ()),
        ("status", (Step("status"),)),
        ("component.code", (Step("component"), Step("code"))),
        ("telecom.where(system='phone')", (Step("telecom", "system", "phone"),)),
        (
            "extension('http://a.example/x.y').valueCode",
            (Step("extension", "url", "http://a.example/x.y"), Step("valueCode")),
        ),
    ],
)
def test_a_path_is_made_of_steps(path: str, taken_apart: tuple[Step, ...]) -> None:
    assert steps(path) == taken_apart


def test_a_path_leads_to_what_the_definition_says() -> None:
    component = definition("Observation.component")
    assert component is not None

    assert element("Observation", "component.valueQuantity") == component.elements["valueQuantity"]
    assert element("Observation", "component.nothing") is None
    assert element("Nothing", "at.all") is None
    assert element("Observation", THIS) is None
