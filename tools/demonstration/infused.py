"""A subject's part in a trial: the person, the enrolment, the infusion of cells, the adverse events."""

from datetime import date, timedelta
from decimal import Decimal

from app.clinical.codes import PRODUCT
from app.fhir_mapping.extensions import GRADES as GRADE_EXTENSIONS
from app.fhir_mapping.extensions import LOT, RESEARCH_STUDY
from tools.demonstration.laboratory import Unit
from tools.demonstration.pieces import (
    GRADES,
    HL7,
    INTRAVENOUS,
    NCIT,
    SEVERITIES,
    SID,
    Json,
    coding,
    concept,
    enrolled,
    instant,
    meta,
    person,
    quantity,
    study_of,
)
from tools.demonstration.subjects import Event, Infused


def taken_part(subject: Infused) -> list[Json]:
    """What every treated subject has, whatever the trial measures."""
    period = {"start": subject.infused.isoformat(), "end": left(subject).isoformat()}
    return [
        person(subject.patient, subject.trial_number, subject.gender, subject.born),
        enrolled(
            subject.name,
            subject.patient,
            subject.trial_number,
            trial=subject.trial,
            status="off-study",
            period=period,
            assignedArm=subject.arm,
            actualArm=subject.arm,
        ),
        infusion(subject),
        *(adverse_event(event, count, subject) for count, event in enumerate(subject.events, 1)),
    ]


def left(subject: Infused) -> date:
    """The last day of the follow-up."""
    return subject.infused + timedelta(days=round(Decimal(subject.months) * Decimal("30.4375")))


def infusion(subject: Infused) -> Json:
    """The one infusion of cells."""
    length = timedelta(minutes=subject.minutes)
    lot: list[Json] = [{"url": LOT, "valueString": subject.lot}] if subject.lot else []
    arm = subject.arm.removeprefix("cohort-").replace("e6", " x 10^6")
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{subject.name}-infusion",
        "meta": meta(),
        "extension": [{"url": RESEARCH_STUDY, "valueReference": study_of(subject.trial)}, *lot],
        "identifier": [{"system": SID + "infusion", "value": f"{subject.trial_number}-INF1"}],
        "status": "completed",
        "medicationCodeableConcept": concept(
            PRODUCT.coding(subject.product), text=PRODUCT.concept(subject.product).en
        ),
        "subject": {"reference": f"Patient/{subject.patient}"},
        "effectivePeriod": {
            "start": instant(subject.infused, subject.began),
            "end": instant(subject.infused, subject.began, later=length),
        },
        "dosage": {
            "text": f"{arm} cells/kg at {subject.kg} kg, over {subject.minutes} minutes",
            "route": INTRAVENOUS,
            "dose": quantity(Decimal(subject.cells), Unit("10^6 cells", code="10*6")),
        },
    }


def adverse_event(event: Event, number: int, subject: Infused) -> Json:
    """An adverse event with its CTCAE grade, its seriousness, and the opinion on the infusion."""
    day = subject.infused + timedelta(days=event.day)
    begun = instant(day, "15:20") if event.day <= 1 else day.isoformat()
    opinion = {"assessment": concept(coding(HL7 + "adverse-event-causality-assess", event.related))}
    seriousness = "Serious" if event.serious else "Non-serious"
    return {
        "resourceType": "AdverseEvent",
        "id": f"{subject.name}-ae{number}",
        "meta": meta(),
        "extension": [
            {
                "url": GRADE_EXTENSIONS[0],
                "valueCodeableConcept": concept(coding(NCIT, GRADES[event.grade], f"Grade {event.grade}")),
            }
        ],
        "identifier": {"system": SID + "adverse-event", "value": f"{subject.trial_number}-AE{number}"},
        "actuality": "actual",
        "event": concept(coding(HL7 + "MDRAE", event.meddra, event.term), text=event.text),
        "subject": {"reference": f"Patient/{subject.patient}"},
        "date": begun,
        "recordedDate": (day + timedelta(days=event.lasted)).isoformat(),
        "seriousness": concept(coding(HL7 + "adverse-event-seriousness", seriousness)),
        "severity": concept(coding(HL7 + "adverse-event-severity", SEVERITIES[event.grade])),
        "outcome": concept(coding(HL7 + "adverse-event-outcome", "resolved")),
        "suspectEntity": [
            {
                "instance": {"reference": f"MedicationAdministration/{subject.name}-infusion"},
                "causality": [opinion],
            }
        ],
        "study": [study_of(subject.trial)],
    }
