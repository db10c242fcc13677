"""The invariants of R4 for the datatypes and the types we host, as a table both checkers read.

Each is one of four forms: something needs another (`needs`), two exclude each other (`excludes`), one of
several must be there (`any`), or a law must hold whenever its elements are there (`law`).
Invariants of types we neither map nor keep (Questionnaire, Task, …) are not in the table.
"""

from dataclasses import dataclass
from typing import Literal

from app.fhir_mapping import bundle_laws, laws
from app.fhir_mapping.laws import Law


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule: R4's key, its form, the elements it is about, and the sentence a client is told.

    For a `law`, `elements` are those without which there is nothing to ask.
    """

    key: str
    form: Literal["needs", "excludes", "any", "law"]
    elements: tuple[str, ...]
    text: str
    law: Law = laws.nothing


def _needs(key: str, what: str, other: str) -> Invariant:
    return Invariant(key, "needs", (what, other), f"where {what} is given, {other} must be given too")


def _excludes(key: str, what: str, other: str) -> Invariant:
    return Invariant(key, "excludes", (what, other), f"{what} and {other} exclude each other: leave one out")


def _any(key: str, *elements: str) -> Invariant:
    return Invariant(key, "any", elements, f"at least one of {', '.join(elements)} must be given")


def _law(key: str, elements: tuple[str, ...], law: Law, text: str) -> Invariant:
    return Invariant(key, "law", elements, text, law)


_UNIT = _needs("qty-3", "code", "system")
_WITH_REQUEST = ("batch", "transaction", "history")
_WITH_RESPONSE = ("batch-response", "transaction-response", "history")

INVARIANTS: dict[str, tuple[Invariant, ...]] = {
    "Age": (_UNIT, _law("age-1", (), laws.positive_age, "an age is above zero, with a UCUM unit of time")),
    "Attachment": (_needs("att-1", "data", "contentType"),),
    "Bundle": (
        _law("bdl-1", ("total",), bundle_laws.total_of_search, "only a searchset or history has a total"),
        _law(
            "bdl-2",
            ("entry",),
            bundle_laws.search_in_searchset,
            "only entries of a searchset say how they matched",
        ),
        _law(
            "bdl-3",
            ("entry",),
            bundle_laws.only_in(_WITH_REQUEST, "request"),
            "entries of a batch, transaction or history have a request (method and url), others have none",
        ),
        _law(
            "bdl-4",
            ("entry",),
            bundle_laws.only_in(_WITH_RESPONSE, "response"),
            "entries of a response or history have a response, others have none",
        ),
        _law("bdl-7", ("entry",), bundle_laws.distinct_entries, "each fullUrl stands once in a Bundle"),
        _law(
            "bdl-9",
            (),
            bundle_laws.document_identified,
            "a document has an identifier with system and value, and a date",
        ),
        _law(
            "bdl-11",
            (),
            bundle_laws.first_entry,
            "a document begins with a Composition, a message with a MessageHeader",
        ),
    ),
    "Bundle.entry": (
        _any("bdl-5", "resource", "request", "response"),
        _law("bdl-8", ("fullUrl",), bundle_laws.no_version_in_url, "a fullUrl names no version"),
    ),
    "ConceptMap.group.element.target": (
        _law(
            "cmd-1",
            ("equivalence",),
            laws.when_code("equivalence", ("narrower", "inexact"), "comment"),
            "a narrower or inexact equivalence needs a comment",
        ),
    ),
    "ConceptMap.group.unmapped": (
        _law("cmd-2", ("mode",), laws.when_code("mode", ("fixed",), "code"), "the mode 'fixed' needs a code"),
        _law(
            "cmd-3",
            ("mode",),
            laws.when_code("mode", ("other-map",), "url"),
            "the mode 'other-map' needs a url",
        ),
    ),
    "Condition": (
        _law(
            "con-4",
            ("abatement[x]",),
            laws.abated,
            "an abated condition is inactive, resolved or in remission",
        ),
        _law(
            "con-5",
            ("verificationStatus", "clinicalStatus"),
            laws.erroneous_without_status,
            "a condition entered in error has no clinicalStatus",
        ),
    ),
    "Condition.evidence": (_any("con-2", "code", "detail"),),
    "Condition.stage": (_any("con-1", "summary", "assessment"),),
    "Consent": (_any("ppc-1", "policy", "policyRule"),),
    "ContactPoint": (_needs("cpt-2", "value", "system"),),
    "Count": (
        _UNIT,
        _law("cnt-3", (), laws.counted_in_ones, "a count is a whole number with the UCUM unit 1"),
    ),
    "DataRequirement.codeFilter": (
        _any("drq-1", "path", "searchParam"),
        _excludes("drq-1", "path", "searchParam"),
    ),
    "DataRequirement.dateFilter": (
        _any("drq-2", "path", "searchParam"),
        _excludes("drq-2", "path", "searchParam"),
    ),
    "Distance": (_UNIT, _law("dis-1", (), laws.in_ucum, "a distance has a UCUM unit of length")),
    "Duration": (
        _UNIT,
        _law("drt-1", ("code",), laws.duration_in_ucum, "a duration has a value and a UCUM unit of time"),
    ),
    "Expression": (_any("exp-1", "expression", "reference"),),
    "Extension": (_any("ext-1", "extension", "value[x]"), _excludes("ext-1", "extension", "value[x]")),
    "Group": (
        _law(
            "grp-1", ("member",), laws.actual_members, "only an actual group has members: set actual to true"
        ),
    ),
    "MedicationAdministration.dosage": (_any("mad-1", "dose", "rate[x]"),),
    "Observation": (
        _excludes("obs-6", "dataAbsentReason", "value[x]"),
        _law(
            "obs-7",
            ("component", "value[x]"),
            laws.component_repeats_code,
            "a component bears the Observation's own code: the value then stands in the component alone",
        ),
    ),
    "Observation.referenceRange": (_any("obs-3", "low", "high", "text"),),
    "Organization": (
        _any("org-1", "identifier", "name"),
        _law("org-2", ("address",), laws.no_home("address"), "an organization has no home address"),
        _law("org-3", ("telecom",), laws.no_home("telecom"), "an organization has no home telephone"),
    ),
    "Parameters.parameter": (
        _law(
            "inv-1", (), laws.one_parameter_value, "a parameter has exactly one of value, resource and part"
        ),
    ),
    "Patient.contact": (_any("pat-1", "name", "telecom", "address", "organization"),),
    "Period": (
        _law("per-1", ("start", "end"), laws.period_in_order, "a period may not end before it starts"),
    ),
    "Quantity": (_UNIT,),
    "QuestionnaireResponse.item": (_excludes("qrs-1", "answer", "item"),),
    "Range": (_law("rng-2", ("low", "high"), laws.range_in_order, "low may not be above high"),),
    "Ratio": (
        _law(
            "rat-1",
            (),
            laws.ratio_whole,
            "a ratio has numerator and denominator, or neither but an extension",
        ),
    ),
    "ServiceRequest": (_needs("prr-1", "orderDetail", "code"),),
    "SimpleQuantity": (_UNIT,),
    "MoneyQuantity": (_UNIT,),
    "Timing.repeat": (
        _needs("tim-1", "duration", "durationUnit"),
        _needs("tim-2", "period", "periodUnit"),
        _law("tim-4", ("duration",), laws.not_negative("duration"), "a duration is not negative"),
        _law("tim-5", ("period",), laws.not_negative("period"), "a period is not negative"),
        _needs("tim-6", "periodMax", "period"),
        _needs("tim-7", "durationMax", "duration"),
        _needs("tim-8", "countMax", "count"),
        _law(
            "tim-9", ("offset",), laws.offset_from_event, "an offset needs a when other than C, CM, CD or CV"
        ),
        _excludes("tim-10", "timeOfDay", "when"),
    ),
    "TriggerDefinition": (
        _excludes("trd-1", "data", "timing[x]"),
        _needs("trd-2", "condition", "data"),
        _law(
            "trd-3",
            ("type",),
            laws.trigger_says_what,
            "a trigger says what sets it off: name, timing or data",
        ),
    ),
}
"""The rules of each type."""

LAWS: dict[str, Law] = {
    one.key: one.law for rules in INVARIANTS.values() for one in rules if one.form == "law"
}
"""The laws by key, for the compiled gate."""
