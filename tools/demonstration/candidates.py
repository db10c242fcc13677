"""Three people who are considered for the trial: one may not enter, one cannot be decided, one may."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.fhir_mapping.extensions import CONSENT_STUDY
from app.fhir_mapping.units import LOINC
from tools.demonstration.laboratory import ANALYTES, EXAMINATIONS, SCREENED, TESTS, WEIGHT, Unit
from tools.demonstration.pieces import (
    ATC,
    HL7,
    INTRAVENOUS,
    ORAL,
    PREDNISONE,
    SNOMED,
    Json,
    attested,
    coding,
    concept,
    daily,
    enrolled,
    given,
    instant,
    laboratory,
    meta,
    person,
    presence,
    quantity,
    scores,
    study_of,
)
from tools.demonstration.sites import trial_number
from tools.demonstration.subjects import Seen

HYDROXYCHLOROQUINE = ("P01BA02", "hydroxychloroquine")
MYCOPHENOLATE = ("L04AA06", "mycophenolate mofetil")
LEFLUNOMIDE = ("L04AK01", "leflunomide")
RITUXIMAB = ("L01FA01", "rituximab")

Course = tuple[tuple[str, str], str, int, int | None]
"""A drug, its mg/d by mouth, and from which day to which, counted from the day of screening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who is screened. `bolus` are single infusions: drug, mg, day; `missing` was not tested.

    `recorded` says that the diagnosis and the consent are records of their own, beside the attestations.
    """

    number: str
    shows: str
    gender: str
    born: int
    screened: date
    kg: str
    seen: Seen
    courses: tuple[Course, ...]
    bolus: tuple[tuple[tuple[str, str], str, int], ...] = ()
    missing: tuple[str, ...] = ()
    recorded: bool = False


STEADY: tuple[Course, ...] = (
    (HYDROXYCHLOROQUINE, "400", -400, None),
    (PREDNISONE, "20", -120, -46),
    (PREDNISONE, "10", -45, None),
)

CANDIDATES = (
    Candidate(
        number="c01",
        shows="Ineligible: rituximab five months before (E6); everything else allows it.",
        gender="female",
        born=1986,
        screened=date(2022, 9, 12),
        kg="61.0",
        seen=Seen(
            label="",
            day=0,
            items="arthritis rash low-complement dna-binding",
            bilag="EBEBEEEE",
            pga="1.8",
        ),
        courses=(*STEADY, (MYCOPHENOLATE, "2000", -330, -190)),
        bolus=((RITUXIMAB, "1000", -167), (RITUXIMAB, "1000", -153)),
    ),
    Candidate(
        number="c02",
        shows="Undetermined: no HTLV serology yet (E5); everything else allows it.",
        gender="male",
        born=1991,
        screened=date(2022, 10, 3),
        kg="74.0",
        seen=Seen(
            label="",
            day=0,
            items="arthritis rash alopecia low-complement dna-binding",
            bilag="EBEBECEE",
            pga="2.1",
        ),
        courses=(*STEADY, (LEFLUNOMIDE, "20", -210, -60)),
        missing=("htlv",),
    ),
    Candidate(
        number="c03",
        shows="Eligible, with SELENA-SLEDAI 6 and mycophenolate 2000 mg/d: exactly the two thresholds.",
        gender="female",
        born=1989,
        screened=date(2022, 11, 14),
        kg="58.0",
        seen=Seen(label="", day=0, items="arthritis dna-binding", bilag="ECEBEEEE", pga="1.5"),
        courses=(*STEADY, (MYCOPHENOLATE, "2000", -180, -60)),
        recorded=True,
    ),
)

ATTESTED = {
    "sle-acr-fulfilled": True,
    "sle-therapies-failed": True,
    "first-line-failed": True,
    "second-line-failed": True,
    "treatment-history-complete": True,
    "childbearing-potential": True,
    "contraception-effective": True,
    "consent-signed": True,
    "social-security": True,
    "breastfeeding": False,
    "clinical-heart-failure": False,
    "uncontrolled-ventricular-arrhythmia": False,
    "blood-gas-on-room-air": True,
    "severe-psychiatric-disorder": False,
    "active-neoplasm": False,
    "myelodysplasia": False,
    "uncontrolled-infection": False,
    "substance-abuse": False,
    "research-exclusion-period": False,
    "incapable-of-consent": False,
    "in-another-study": False,
    "poor-compliance": False,
    "legal-protection": False,
}
"""What an investigator states of every candidate, where it applies to them."""
OF_WOMEN = ("childbearing-potential", "breastfeeding")


def candidate(one: Candidate) -> list[Json]:
    """Everything recorded of one candidate on the day of screening and before."""
    name, patient = f"msc-sle-{one.number}", f"msc-sle-p{one.number}"
    number = trial_number(name)
    start = {"start": one.screened.isoformat()}
    agreed: dict[str, Any] = {"consent": {"reference": f"Consent/{name}-consent"}} if one.recorded else {}
    return [
        person(patient, number, one.gender, one.born),
        enrolled(name, patient, number, trial="msc-sle", status="screening", period=start, **agreed),
        *(_records(one, name, patient) if one.recorded else ()),
        *scores(f"{name}-screening", patient, one.screened.isoformat(), one.seen),
        *_results(one, name, patient),
        *_treatments(one, name, patient),
        *_attestations(one, name, patient),
    ]


def _records(one: Candidate, name: str, patient: str) -> Iterator[Json]:
    """The diagnosis, and the consent that was signed before anything was done for the study."""
    yield {
        "resourceType": "Condition",
        "id": f"{name}-lupus",
        "meta": meta(),
        "clinicalStatus": concept(coding(HL7 + "condition-clinical", "active")),
        "verificationStatus": concept(coding(HL7 + "condition-ver-status", "confirmed")),
        "code": concept(coding(SNOMED, "55464009", "Systemic lupus erythematosus")),
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": str(one.screened.year - 6),
        "recordedDate": one.screened.isoformat(),
    }
    signed = one.screened - timedelta(days=7)
    yield {
        "resourceType": "Consent",
        "id": f"{name}-consent",
        "meta": meta(),
        "status": "active",
        "scope": concept(coding(HL7 + "consentscope", "research")),
        "category": [concept(coding(LOINC, "59284-0", "Patient Consent"))],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": instant(signed, "09:30"),
        "policyRule": {"text": "Information and consent form, version 3.0"},
        "provision": {
            "extension": [{"url": CONSENT_STUDY, "valueReference": study_of("msc-sle")}],
            "type": "permit",
        },
    }


def _results(one: Candidate, name: str, patient: str) -> Iterator[Json]:
    """The laboratory and function tests of the screening, three days before it."""
    day = one.screened - timedelta(days=3)
    yield laboratory(WEIGHT, Decimal(one.kg), name=f"{name}-weight", patient=patient, day=day)
    for analyte in (*ANALYTES, *EXAMINATIONS):
        yield laboratory(
            analyte,
            Decimal(SCREENED[analyte.key]),
            name=f"{name}-{analyte.key}",
            patient=patient,
            day=day,
            gender=one.gender,
        )
    for test in TESTS:
        if test.key in one.missing or (test.women and one.gender != "female"):
            continue
        yield presence(test, name=name, patient=patient, day=day)


def _treatments(one: Candidate, name: str, patient: str) -> Iterator[Json]:
    """What was given before, by mouth every day and by infusion."""
    for number, (drug, dose, first, last) in enumerate(one.courses, 1):
        period = {"start": (one.screened + timedelta(days=first)).isoformat()}
        if last is not None:
            period["end"] = (one.screened + timedelta(days=last)).isoformat()
        yield given(f"{name}-treatment-{number}", patient, drug, period, daily(dose, ORAL))
    for number, (drug, dose, day) in enumerate(one.bolus, 1):
        when = one.screened + timedelta(days=day)
        yield {
            "resourceType": "MedicationAdministration",
            "id": f"{name}-bolus-{number}",
            "meta": meta(),
            "status": "completed",
            "medicationCodeableConcept": concept(coding(ATC, *drug)),
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": when.isoformat(),
            "dosage": {"route": INTRAVENOUS, "dose": quantity(Decimal(dose), Unit("mg", code="mg"))},
        }


def _attestations(one: Candidate, name: str, patient: str) -> Iterator[Json]:
    """What the investigator states on the day of screening."""
    for fact, stated in ATTESTED.items():
        if fact in OF_WOMEN and one.gender != "female":
            continue
        yield attested(fact, stated, name=name, patient=patient, day=one.screened)
