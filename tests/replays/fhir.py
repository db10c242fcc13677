"""The cohorts as a hospital would push them: FHIR resources, every one tagged as synthetic.

What a publication gives (counts, doses, dates of inclusion, grades) is in the cohorts; which subject it was,
and every value the publication does not give, is filled in and marked so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.clinical.codes import BILAG_GRADE, BILAG_SYSTEM, CLASSIC_SYSTEMS, SCORE
from app.clinical.records import Coding

Json = dict[str, Any]

BASE = "https://trialbridge.example/fhir/"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MEDDRA = "http://terminology.hl7.org/CodeSystem/MDRAE"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
GRADE = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade"
GRADES = {1: "C41338", 2: "C41339", 3: "C41340", 4: "C41337", 5: "C48275"}
CAUSALITY = {"possible": "Possible", "unlikely": "Unlikely"}
SYNTHETIC = {"tag": [{"system": BASE + "CodeSystem/data-origin", "code": "synthetic"}]}
MONTH = Decimal("30.4375")


@dataclass(frozen=True)
class Event:
    """An adverse event by its MedDRA term, the day it began, its grade, and what was thought of its cause."""

    term: tuple[str, str]
    day: int
    grade: int | None
    cause: str | None = "possible"
    serious: bool = False


@dataclass(frozen=True)
class Visit:
    """What was scored on one study day; systems not named are E."""

    day: int
    sledai: int | None = None
    pga: str | None = None
    bilag: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One subject of a cohort."""

    number: str
    arm: str
    infused: date
    weight: str
    cells: str  # millions
    sex: str = "female"
    months: str | None = None
    died: int | None = None
    events: Sequence[Event] = ()
    visits: Sequence[Visit] = ()


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """A published cohort: its study, its arms, its subjects."""

    key: str
    study: Coding
    product: str
    arms: Sequence[str]
    subjects: Sequence[Subject] = field(default_factory=tuple)
    status: str = "completed"


def bundles(cohort: Cohort, *, size: int = 400) -> Iterator[Json]:
    """The cohort as transactions of some hundred resources each, the study first."""
    resources = [study(cohort), *(one for subject in cohort.subjects for one in recorded(cohort, subject))]
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    for start in range(0, len(entries), size):
        yield {"resourceType": "Bundle", "type": "transaction", "entry": entries[start : start + size]}


def study(cohort: Cohort) -> Json:
    """The study, known by its registry number."""
    return made(
        "ResearchStudy",
        cohort.key,
        identifier=[{"system": cohort.study.system, "value": cohort.study.code}],
        status=cohort.status,
        arm=[{"name": arm} for arm in cohort.arms],
    )


def recorded(cohort: Cohort, subject: Subject) -> Iterator[Json]:
    """Everything recorded of one subject."""
    name = f"{cohort.key}-{subject.number}"
    patient = {"reference": f"Patient/{name}"}
    died = {"deceasedDateTime": on(subject, subject.died)} if subject.died is not None else {}
    yield made("Patient", name, gender=subject.sex, birthDate="1985", **died)
    yield made(
        "ResearchSubject",
        name,
        identifier=[{"system": BASE + "sid/subject", "value": name.upper()}],
        status="on-study-observation",
        period={"start": on(subject, 0)},
        study={"reference": f"ResearchStudy/{cohort.key}"},
        individual=patient,
        assignedArm=subject.arm,
        actualArm=subject.arm,
    )
    yield infusion(cohort, subject, name, patient)
    weight = {"value": Decimal(subject.weight), "unit": "kg", "system": UCUM, "code": "kg"}
    yield observed(f"{name}-weight", patient, on(subject, -1), Coding(LOINC, "29463-7"), valueQuantity=weight)
    for count, event in enumerate(subject.events, 1):
        yield adverse_event(event, f"{name}-ae{count}", patient, subject, name)
    for visit in subject.visits:
        yield from scored(visit, f"{name}-d{visit.day}", patient, on(subject, visit.day))
    if subject.months is not None:
        last = on(subject, round(Decimal(subject.months) * MONTH))
        yield observed(
            f"{name}-last", patient, last, Coding(LOINC, "8480-6"),
            valueQuantity={"value": 120, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"},
        )  # fmt: skip


def infusion(cohort: Cohort, subject: Subject, name: str, patient: Json) -> Json:
    """The cells, in 45 minutes."""
    day = subject.infused.isoformat()
    return made(
        "MedicationAdministration",
        f"{name}-infusion",
        status="completed",
        medicationCodeableConcept={
            "coding": [{"system": BASE + "CodeSystem/product", "code": cohort.product}]
        },
        subject=patient,
        effectivePeriod={"start": f"{day}T10:00:00+01:00", "end": f"{day}T10:45:00+01:00"},
        dosage={
            "route": {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]},
            "dose": {"value": Decimal(subject.cells), "unit": "10^6", "system": UCUM, "code": "10*6"},
        },
    )


def adverse_event(event: Event, name: str, patient: Json, subject: Subject, owner: str) -> Json:
    """The event, suspected of the infusion or not."""
    graded: Json = {}
    if event.grade is not None:
        code = {"system": NCIT, "code": GRADES[event.grade]}
        graded = {"extension": [{"url": GRADE, "valueCodeableConcept": {"coding": [code]}}]}
    suspected: Json = {"instance": {"reference": f"MedicationAdministration/{owner}-infusion"}}
    if event.cause is not None:
        cause = {"system": HL7 + "adverse-event-causality-assess", "code": CAUSALITY[event.cause]}
        suspected["causality"] = [{"assessment": {"coding": [cause]}}]
    serious = "Serious" if event.serious else "Non-serious"
    return made(
        "AdverseEvent",
        name,
        **graded,
        actuality="actual",
        event={"coding": [{"system": MEDDRA, "code": event.term[0], "display": event.term[1]}]},
        subject=patient,
        date=on(subject, event.day),
        seriousness={"coding": [{"system": HL7 + "adverse-event-seriousness", "code": serious}]},
        suspectEntity=[suspected],
    )


def scored(visit: Visit, name: str, patient: Json, day: str) -> Iterator[Json]:
    """The scores of one day."""
    if visit.sledai is not None:
        code = SCORE.coding("selena-sledai")
        yield observed(f"{name}-sledai", patient, day, code, valueInteger=visit.sledai)
    if visit.pga is not None:
        value = {"value": Decimal(visit.pga), "unit": "score", "system": UCUM, "code": "{score}"}
        yield observed(f"{name}-pga", patient, day, SCORE.coding("pga"), valueQuantity=value)
    if visit.bilag is not None:
        grades = dict.fromkeys(CLASSIC_SYSTEMS, "E") | dict(visit.bilag)
        components = [
            {
                "code": {"coding": [written(BILAG_SYSTEM.coding(system))]},
                "valueCodeableConcept": {"coding": [written(BILAG_GRADE.coding(grade))]},
            }
            for system, grade in grades.items()
        ]
        code = SCORE.coding("bilag-classic")
        yield observed(f"{name}-bilag", patient, day, code, component=components)


def observed(name: str, patient: Json, day: str, code: Coding, **value: Any) -> Json:
    """A final Observation."""
    return made(
        "Observation",
        name,
        status="final",
        code={"coding": [written(code)]},
        subject=patient,
        effectiveDateTime=day,
        **value,
    )


def made(kind: str, name: str, **members: Any) -> Json:
    """A resource that says it is synthetic."""
    return {"resourceType": kind, "id": name, "meta": SYNTHETIC, **members}


def written(code: Coding) -> Json:
    """A coding as FHIR writes it."""
    return {"system": code.system, "code": code.code}


def on(subject: Subject, day: int | None) -> str:
    """The date of a study day."""
    return (subject.infused + timedelta(days=day or 0)).isoformat()
