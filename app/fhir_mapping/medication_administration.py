"""MedicationAdministration: a product or drug given: the infusion of the trial's cells, or a treatment.

The start of the earliest counted administration of the study's product
(`https://trialbridge.example/fhir/CodeSystem/product`, code `uc-msc` or `bm-msc`) is day 0 of a subject.

| FHIR element | trial store (`administration`) | note |
|---|---|---|
| `status` | `status` | completed, in-progress and stopped count |
| `medicationCodeableConcept`, or a contained Medication | `system`, `code`, `text` | every coding is kept; ATC for drugs |
| `subject` | `patient_id` | the Patient |
| extension `workflow-researchStudy` | `study_id` | not needed for the infusion to count |
| `effectiveDateTime`, `effectivePeriod` | `started`, `ended`, `first_day`, `last_day` | as written, and as days in Paris |
| `dosage.dose` | `dose`, `dose_unit` | the amount given in one administration, as sent |
| `dosage.rateQuantity` | `rate`, `rate_unit` | an amount per time, such as `mg/d`, as sent |
| `dosage.rateRatio` | `rate`, `rate_unit` | where it is per one day, week or month |
| `dosage.route`, `reasonCode`, `statusReason` | | codes |
| `reasonReference` | | the Condition or other it was given for |
| extension `cell-dose` | | `totalViableCells` (`10*6`) and `weightUsed` (kg), for cells |
| contained `Medication.batch.lotNumber`, or extension `lot-number` | `lot` | |
"""  # noqa: E501 - a table

from collections.abc import Collection
from decimal import Decimal

from app.clinical.records import Administration, Source
from app.fhir_mapping.datatypes import (
    all_codings,
    codings,
    concept_text,
    decimal,
    extension,
    reference_texts,
    target_id,
)
from app.fhir_mapping.extensions import CELL_DOSE, LOT, LOT_PATH, RESEARCH_STUDY
from app.fhir_mapping.medication import contained, product, rate_of, when
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import of_study, standard
from app.fhir_mapping.units import written_unit


def to_records(document: Document, source: Source) -> tuple[Administration]:
    """What was given, when, and how much."""
    given = product(document)
    dosage = document.get("dosage") or {}
    dose = dosage.get("dose") or {}
    rate, per = rate_of(dosage)
    study = extension(document, RESEARCH_STUDY) or {}
    return (
        Administration(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=target_id(study.get("valueReference"), "ResearchStudy"),
            status=document.get("status", ""),
            codings=codings(given),
            text=concept_text(given),
            period=when(document),
            has_period="effectivePeriod" in document,
            dose=decimal(dose.get("value")),
            dose_unit=written_unit(dose),
            rate=rate,
            rate_unit=per,
            routes=codings(dosage.get("route")),
            reasons=all_codings(document.get("reasonCode")),
            reason_references=reference_texts(document.get("reasonReference")),
            lot=_lot(document),
            status_reasons=all_codings(document.get("statusReason")),
            cells=_of_cells(document, "totalViableCells", MILLIONS),
            weight_used=_of_cells(document, "weightUsed", {"kg"}),
        ),
    )


MILLIONS = frozenset({"10*6", "10*6{cells}", "10^6 cells"})
"""How a number of cells in millions is written."""


def _of_cells(document: Document, name: str, units: Collection[str]) -> Decimal | None:
    """A quantity of the extension for cell doses, in one of these units."""
    quantity = (extension(extension(document, CELL_DOSE), name) or {}).get("valueQuantity") or {}
    return decimal(quantity.get("value")) if written_unit(quantity) in units else None


def _lot(document: Document) -> str | None:
    named = (contained(document).get("batch") or {}).get("lotNumber")
    if named is not None:
        return str(named)
    return (extension(document, LOT) or {}).get("valueString")


def _lots(document: Document) -> tuple[str, ...]:
    """The lot as a search finds it."""
    lot = _lot(document)
    return () if lot is None else (lot,)


MEDICATION_ADMINISTRATION = Resource(
    name="MedicationAdministration",
    about=__doc__,
    to_records=to_records,
    search=(
        *standard(
            "MedicationAdministration",
            columns={
                "patient": Column.PATIENT,
                "subject": Column.PATIENT,
                "status": Column.STATUS,
                "effective-time": Column.DATE,
            },
            about={
                "identifier": "The administration's own number at the sender.",
                "code": "What was given, as coded in line.",
                "context": "The Encounter or EpisodeOfCare it was given in.",
                "device": "The Device it was given with.",
                "effective-time": "When it was given.",
                "medication": "What was given, as a Medication.",
                "patient": "The Patient it was given to.",
                "performer": "Who or what gave it.",
                "reason-given": "Why it was given.",
                "reason-not-given": "Why it was not given.",
                "request": "The MedicationRequest it carries out.",
                "status": "Such as completed, in-progress, stopped or not-done.",
                "subject": "Whom it was given to: a Patient or a Group.",
            },
        ),
        of_study("The study it was given for (extension workflow-researchStudy)."),
        SearchParameter(
            name="lot",
            kind=SearchKind.TOKEN,
            paths=("contained.batch.lotNumber", LOT_PATH),
            read=_lots,
            about="The lot of what was given: of the contained Medication, or by the extension lot-number.",
        ),
    ),
)
