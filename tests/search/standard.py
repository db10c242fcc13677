"""What each search parameter of R4, and each of our own, looks at: written by hand from the specification.

A line is a type, a parameter, its kind and its paths with commas between them. `telecom[system=phone]` are
the telecoms whose system is phone. `->Patient` limits what a reference may be to; `=<uri>` is the code
system that an element of type code has by the value set it is bound to.
Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from typing import Final, NamedTuple

TYPES: Final = (
    "Patient",
    "ResearchStudy",
    "ResearchSubject",
    "Observation",
    "AdverseEvent",
    "MedicationAdministration",
    "MedicationStatement",
    "Condition",
    "Procedure",
    "Consent",
)
STUDY_URL: Final = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
CONSENT_STUDY_URL: Final = "http://hl7.org/fhir/StructureDefinition/consent-ResearchStudyContext"
VISIT_URL: Final = "https://trialbridge.example/fhir/StructureDefinition/visit"
GRADE_URL: Final = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade"
SITE_SYSTEM: Final = "https://trialbridge.example/fhir/CodeSystem/site"
CONSENT_STUDY: Final = f"extension[url={CONSENT_STUDY_URL}].valueReference"

_TABLE = f"""
* _id token id
* _lastUpdated date meta.lastUpdated
* _profile uri meta.profile
* _source uri meta.source
* _tag token meta.tag
* _security token meta.security

Patient active token active
Patient address string address
Patient address-city string address.city
Patient address-country string address.country
Patient address-postalcode string address.postalCode
Patient address-state string address.state
Patient address-use token address.use =http://hl7.org/fhir/address-use
Patient birthdate date birthDate
Patient death-date date deceasedDateTime
Patient deceased token deceased()
Patient email token telecom[system=email]
Patient family string name.family
Patient gender token gender =http://hl7.org/fhir/administrative-gender
Patient general-practitioner reference generalPractitioner
Patient given string name.given
Patient identifier token identifier
Patient language token communication.language
Patient link reference link.other
Patient name string name
Patient organization reference managingOrganization
Patient phone token telecom[system=phone]
Patient telecom token telecom

ResearchStudy category token category
ResearchStudy date date period
ResearchStudy focus token focus
ResearchStudy identifier token identifier
ResearchStudy keyword token keyword
ResearchStudy location token location
ResearchStudy partof reference partOf
ResearchStudy principalinvestigator reference principalInvestigator
ResearchStudy protocol reference protocol
ResearchStudy site reference site
ResearchStudy sponsor reference sponsor
ResearchStudy status token status =http://hl7.org/fhir/research-study-status
ResearchStudy title string title
ResearchStudy enrollment reference enrollment
ResearchStudy arm-name string arm.name

ResearchSubject date date period
ResearchSubject identifier token identifier
ResearchSubject individual reference individual
ResearchSubject patient reference individual
ResearchSubject status token status =http://hl7.org/fhir/research-subject-status
ResearchSubject study reference study
ResearchSubject arm token assignedArm,actualArm
ResearchSubject site token meta.security[system={SITE_SYSTEM}]

Observation based-on reference basedOn
Observation category token category
Observation code token code
Observation combo-code token code,component.code
Observation combo-data-absent-reason token dataAbsentReason,component.dataAbsentReason
Observation combo-value-concept token valueCodeableConcept,component.valueCodeableConcept
Observation combo-value-quantity quantity valueQuantity,component.valueQuantity
Observation component-code token component.code
Observation component-data-absent-reason token component.dataAbsentReason
Observation component-value-concept token component.valueCodeableConcept
Observation component-value-quantity quantity component.valueQuantity
Observation data-absent-reason token dataAbsentReason
Observation date date effectiveDateTime,effectivePeriod,effectiveTiming,effectiveInstant
Observation derived-from reference derivedFrom
Observation device reference device
Observation encounter reference encounter
Observation focus reference focus
Observation has-member reference hasMember
Observation identifier token identifier
Observation method token method
Observation part-of reference partOf
Observation patient reference subject ->Patient
Observation performer reference performer
Observation specimen reference specimen
Observation status token status =http://hl7.org/fhir/observation-status
Observation subject reference subject
Observation value-concept token valueCodeableConcept
Observation value-date date valueDateTime,valuePeriod
Observation value-quantity quantity valueQuantity
Observation value-string string valueString,valueCodeableConcept.text
Observation code-value-concept composite code+valueCodeableConcept
Observation code-value-date composite code+valueDateTime,code+valuePeriod
Observation code-value-quantity composite code+valueQuantity
Observation code-value-string composite code+valueString
Observation combo-code-value-concept composite code+valueCodeableConcept,component/code+valueCodeableConcept
Observation combo-code-value-quantity composite code+valueQuantity,component/code+valueQuantity
Observation component-code-value-concept composite component/code+valueCodeableConcept
Observation component-code-value-quantity composite component/code+valueQuantity
Observation study reference extension[url={STUDY_URL}].valueReference
Observation visit token extension[url={VISIT_URL}].valueCode

AdverseEvent actuality token actuality =http://hl7.org/fhir/adverse-event-actuality
AdverseEvent category token category
AdverseEvent date date date
AdverseEvent event token event
AdverseEvent location reference location
AdverseEvent recorder reference recorder
AdverseEvent resultingcondition reference resultingCondition
AdverseEvent seriousness token seriousness
AdverseEvent severity token severity
AdverseEvent study reference study
AdverseEvent subject reference subject
AdverseEvent substance reference suspectEntity.instance
AdverseEvent identifier token identifier
AdverseEvent patient reference subject ->Patient
AdverseEvent grade number extension[url={GRADE_URL}].valueInteger
AdverseEvent recorded-date date recordedDate

MedicationAdministration code token medicationCodeableConcept
MedicationAdministration context reference context
MedicationAdministration device reference device
MedicationAdministration effective-time date effectiveDateTime,effectivePeriod
MedicationAdministration identifier token identifier
MedicationAdministration medication reference medicationReference
MedicationAdministration patient reference subject ->Patient
MedicationAdministration performer reference performer.actor
MedicationAdministration reason-given token reasonCode
MedicationAdministration reason-not-given token statusReason
MedicationAdministration request reference request
MedicationAdministration status token status =http://terminology.hl7.org/CodeSystem/medication-admin-status
MedicationAdministration subject reference subject
MedicationAdministration study reference extension[url={STUDY_URL}].valueReference
MedicationAdministration lot token contained.batch.lotNumber

MedicationStatement category token category
MedicationStatement code token medicationCodeableConcept
MedicationStatement context reference context
MedicationStatement effective date effectiveDateTime,effectivePeriod
MedicationStatement identifier token identifier
MedicationStatement medication reference medicationReference
MedicationStatement part-of reference partOf
MedicationStatement patient reference subject ->Patient
MedicationStatement source reference informationSource
MedicationStatement status token status =http://hl7.org/fhir/CodeSystem/medication-statement-status
MedicationStatement subject reference subject
MedicationStatement study reference extension[url={STUDY_URL}].valueReference

Condition abatement-age quantity abatementAge,abatementRange
Condition abatement-date date abatementDateTime,abatementPeriod
Condition abatement-string string abatementString
Condition asserter reference asserter
Condition body-site token bodySite
Condition category token category
Condition clinical-status token clinicalStatus
Condition code token code
Condition encounter reference encounter
Condition evidence token evidence.code
Condition evidence-detail reference evidence.detail
Condition identifier token identifier
Condition onset-age quantity onsetAge,onsetRange
Condition onset-date date onsetDateTime,onsetPeriod
Condition onset-info string onsetString
Condition patient reference subject ->Patient
Condition recorded-date date recordedDate
Condition severity token severity
Condition stage token stage.summary
Condition subject reference subject
Condition verification-status token verificationStatus

Procedure based-on reference basedOn
Procedure category token category
Procedure code token code
Procedure date date performedDateTime,performedPeriod
Procedure encounter reference encounter
Procedure identifier token identifier
Procedure instantiates-canonical reference instantiatesCanonical
Procedure instantiates-uri uri instantiatesUri
Procedure location reference location
Procedure part-of reference partOf
Procedure patient reference subject ->Patient
Procedure performer reference performer.actor
Procedure reason-code token reasonCode
Procedure reason-reference reference reasonReference
Procedure status token status =http://hl7.org/fhir/event-status
Procedure subject reference subject
Procedure study reference extension[url={STUDY_URL}].valueReference

Consent action token provision.action
Consent actor reference provision.actor.reference
Consent category token category
Consent consentor reference performer
Consent data reference provision.data.reference
Consent date date dateTime
Consent identifier token identifier
Consent organization reference organization
Consent patient reference patient ->Patient
Consent period date provision.period
Consent purpose token provision.purpose
Consent scope token scope
Consent security-label token provision.securityLabel
Consent source-reference reference sourceReference
Consent status token status =http://hl7.org/fhir/consent-state-codes
Consent study reference {CONSENT_STUDY},provision.{CONSENT_STUDY}
"""

COMPARTMENT: Final = {
    "Observation": ("subject", "performer"),
    "AdverseEvent": ("subject",),
    "MedicationAdministration": ("subject", "performer"),
    "ResearchSubject": ("individual",),
    "MedicationStatement": ("subject",),
    "Condition": ("patient", "asserter"),
    "Procedure": ("patient", "performer"),
    "Consent": ("patient",),
}
"""The parameters that put a resource into a patient's compartment."""


class Parameter(NamedTuple):
    """Of which kind a parameter is, what it looks at, and what that may be."""

    kind: str
    paths: tuple[str, ...]
    target: str = ""
    system: str = ""


def _read() -> dict[str, dict[str, Parameter]]:
    found: dict[str, dict[str, Parameter]] = {name: {} for name in TYPES}
    for line in filter(None, _TABLE.splitlines()):
        owner, name, kind, paths, *more = line.split()
        limits = {"target" if word[0] == "-" else "system": word.lstrip("->=") for word in more}
        for one in TYPES if owner == "*" else (owner,):
            found[one][name] = Parameter(kind, tuple(paths.split(",")), **limits)
    return found


PARAMETERS: Final = _read()
