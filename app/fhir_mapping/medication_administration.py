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
| `dosage.route`, `reasonCode` | | codes |
| contained `Medication.batch.lotNumber`, or extension `lot-number` | `lot` | |
"""  # noqa: E501 - a table

from decimal import Decimal
from typing import Any

from app.clinical.records import Administration, Source, Span
from app.fhir_mapping.datatypes import (
    all_codings,
    codings,
    concept_text,
    decimal,
    extension,
    meant_span,
    moment,
    period,
    target_id,
)
from app.fhir_mapping.extensions import LOT, LOT_PATH, RESEARCH_STUDY, STUDY_PATH
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard
from app.fhir_mapping.units import rate_unit, written_unit

PER = {"d": "d", "day": "d", "j": "d", "wk": "wk", "mo": "mo"}
"""The times a rate may be per, by how they are written."""


def to_records(document: Document, source: Source) -> tuple[Administration]:
    """What was given, when, and how much."""
    medication = _contained(document)
    product = document.get("medicationCodeableConcept") or medication.get("code")
    dosage = document.get("dosage") or {}
    dose = dosage.get("dose") or {}
    rate, per = _rate(dosage)
    study = extension(document, RESEARCH_STUDY) or {}
    return (
        Administration(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=target_id(study.get("valueReference"), "ResearchStudy"),
            status=document.get("status", ""),
            codings=codings(product),
            text=concept_text(product),
            period=_when(document),
            has_period="effectivePeriod" in document,
            dose=decimal(dose.get("value")),
            dose_unit=written_unit(dose),
            rate=rate,
            rate_unit=per,
            routes=codings(dosage.get("route")),
            reasons=all_codings(document.get("reasonCode")),
            lot=_lot(document, medication),
        ),
    )


def _contained(document: Document) -> dict[str, Any]:
    """The Medication inside the document that it points to; empty where there is none."""
    reference = (document.get("medicationReference") or {}).get("reference")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    return next((one for one in document.get("contained", ()) if one.get("id") == reference[1:]), {})


def _lot(document: Document, medication: dict[str, Any]) -> str | None:
    named = (medication.get("batch") or {}).get("lotNumber")
    if named is not None:
        return str(named)
    return (extension(document, LOT) or {}).get("valueString")


def _lots(document: Document) -> tuple[str, ...]:
    """The lot as a search finds it."""
    lot = _lot(document, _contained(document))
    return () if lot is None else (lot,)


def _when(document: Document) -> Span:
    """The period; a single moment begins and ends there."""
    if "effectivePeriod" in document:
        return meant_span(period(document["effectivePeriod"]))
    at = moment(document.get("effectiveDateTime"))
    return meant_span(Span(at, at))


def _rate(dosage: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    """The amount per time and its unit; a ratio counts where it is per one unit of time."""
    if "rateQuantity" in dosage:
        return decimal(dosage["rateQuantity"].get("value")), rate_unit(dosage["rateQuantity"])
    ratio = dosage.get("rateRatio") or {}
    amount, time = ratio.get("numerator") or {}, ratio.get("denominator") or {}
    unit, per = written_unit(amount), PER.get(written_unit(time) or "")
    if decimal(time.get("value")) != 1 or unit is None or per is None:
        return None, None
    return decimal(amount.get("value")), f"{unit}/{per}"


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
        SearchParameter(
            name="study",
            kind=SearchKind.REFERENCE,
            paths=(STUDY_PATH,),
            column=Column.STUDY,
            targets=("ResearchStudy",),
            about="The study it was given for (extension workflow-researchStudy).",
        ),
        SearchParameter(
            name="lot",
            kind=SearchKind.TOKEN,
            paths=("contained.batch.lotNumber", LOT_PATH),
            read=_lots,
            about="The lot of what was given: of the contained Medication, or by the extension lot-number.",
        ),
    ),
)
