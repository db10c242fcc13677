"""The extensions and tags this service reads beside base R4, by their canonical addresses."""

from typing import Final

OURS: Final = "https://trialbridge.example/fhir/StructureDefinition/"

STATE_REASON: Final = OURS + "state-reason"
"""Why a ResearchSubject came into its status (valueCodeableConcept, or valueString)."""

STATE_DATE: Final = OURS + "state-date"
"""The day on which a ResearchSubject came into its status (valueDate or valueDateTime)."""

RESEARCH_STUDY: Final = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
"""HL7's: the ResearchStudy an Observation or an administration was made for (valueReference)."""

CONSENT_STUDY: Final = "http://hl7.org/fhir/StructureDefinition/consent-ResearchStudyContext"
"""HL7's: the ResearchStudy a consent is to (valueReference), on the provision or on the Consent."""

VISIT: Final = OURS + "visit"
"""The visit an Observation was made for, by its label in the protocol (valueCode, such as `M6`)."""

LOT: Final = OURS + "lot-number"
"""The lot of the product given, where no contained Medication says it (valueString)."""

CELL_DOSE: Final = OURS + "cell-dose"
"""Cells as prepared: extensions `totalViableCells` (`10*6`) and `weightUsed` (kg), as valueQuantity."""

SITE: Final = "https://trialbridge.example/fhir/CodeSystem/site"
"""The code system of `meta.security` that says which site a resource comes from."""

GRADES: Final = (
    "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade",
    "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade",
    "http://hl7.org/fhir/uv/ae-research-ig/StructureDefinition/ae-grade",
)
"""Where the CTCAE grade of an adverse event stands, the canonical one first (decision 13)."""

AE_RESEARCH: Final = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/"
"""HL7's Adverse Event research guide for R4: status, seriousness-criteria, resolve-date, and others."""

GRADE_CHANGE: Final = OURS + "grade-change"
"""A later grade of an ongoing adverse event: extensions `grade` and `date` (valueDateTime); repeats."""

REPORTING_CLOCK: Final = OURS + "reporting-clock"
"""When a serious event became known: extensions `siteAware` and `sponsorAware` (valueDateTime)."""

REPORTED: Final = OURS + "reported"
"""A report that was sent: extensions `recipient` (valueCode: sponsor, authority) and `date`; repeats."""

OCCURRENCE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-AdverseEvent.occurrence"
"""R5's onset and end of an adverse event (valuePeriod, valueDateTime)."""

STUDY_PATH: Final = f"extension('{RESEARCH_STUDY}').valueReference"
CONSENT_STUDY_PATHS: Final = (
    f"provision.extension('{CONSENT_STUDY}').valueReference",
    f"extension('{CONSENT_STUDY}').valueReference",
)
VISIT_PATH: Final = f"extension('{VISIT}').valueCode"
LOT_PATH: Final = f"extension('{LOT}').valueString"
SITE_PATH: Final = f"meta.security.where(system='{SITE}')"

MAPPED_BY: Final = OURS + "mapped-by"
"""Which ConceptMap, in which version, a coding or a unit was added by (valueCanonical, `url|version`)."""

SENT_CODE: Final = OURS + "sent-code"
"""The code of the unit as it was sent, where a UCUM code stands in its place (valueCoding)."""

LAB_PUSH: Final = "https://trialbridge.example/fhir/CodeSystem/lab-push"
"""The code system of `meta.tag` that says what a pushed result waits for."""
