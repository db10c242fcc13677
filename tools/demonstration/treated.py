"""Everything recorded of a treated subject, as FHIR resources."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from app.clinical.codes import CLASSIC_SYSTEMS, PRODUCT
from app.fhir_mapping.extensions import GRADES as GRADE_EXTENSIONS
from app.fhir_mapping.extensions import RESEARCH_STUDY
from tools.demonstration.forms import subject_01
from tools.demonstration.laboratory import ANALYTES, WEIGHT, Unit
from tools.demonstration.pieces import (
    GRADES,
    HL7,
    INTRAVENOUS,
    NCIT,
    ORAL,
    PREDNISONE,
    SEVERITIES,
    SID,
    SNOMED,
    STUDY,
    Json,
    coding,
    concept,
    daily,
    enrolled,
    given,
    instant,
    laboratory,
    meta,
    person,
    pga,
    quantity,
    scores,
    stated,
)
from tools.demonstration.subjects import TREATED, Event, Seen, Treated

STATED = {"04": Decimal(0), "05": Decimal("2.5")}
"""Whose prednisone is what the patient stated, and how many mg of it were taken in the evening."""


def treated(subject: Treated) -> list[Json]:
    """Everything recorded of one treated subject."""
    name, patient = f"msc-sle-{subject.number}", f"msc-sle-p{subject.number}"
    end = subject.infused + timedelta(days=round(Decimal(subject.months) * Decimal("30.4375")))
    number = f"MSC-SLE-SLS-{subject.number}"
    period = {"start": subject.infused.isoformat(), "end": end.isoformat()}
    arms = {"assignedArm": subject.arm, "actualArm": subject.arm}
    return [
        person(patient, number, subject.gender, subject.born),
        enrolled(name, patient, number, status="off-study", period=period, **arms),
        infusion(subject, name, patient),
        *(
            adverse_event(event, count, subject, name, patient)
            for count, event in enumerate(subject.events, 1)
        ),
        *steroids(subject, name, patient, end),
        *(one for count, visit in enumerate(subject.seen) for one in visited(subject, count, visit)),
        *EXTRAS.get(subject.number, list)(),
    ]


def infusion(subject: Treated, name: str, patient: str) -> Json:
    """The one infusion of cells."""
    length = timedelta(minutes=subject.minutes)
    arm = subject.arm.removeprefix("cohort-").replace("e6", " x 10^6")
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{name}-infusion",
        "meta": meta(),
        "extension": [{"url": RESEARCH_STUDY, "valueReference": STUDY}],
        "identifier": [{"system": SID + "infusion", "value": f"MSC-SLE-SLS-{subject.number}-INF1"}],
        "status": "completed",
        "medicationCodeableConcept": concept(PRODUCT.coding("uc-msc"), text=PRODUCT.concept("uc-msc").en),
        "subject": {"reference": f"Patient/{patient}"},
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


def adverse_event(event: Event, number: int, subject: Treated, name: str, patient: str) -> Json:
    """An adverse event with its CTCAE grade, its seriousness, and the opinion on the infusion."""
    day = subject.infused + timedelta(days=event.day)
    begun = instant(day, "15:20") if event.day <= 1 else day.isoformat()
    opinion = {"assessment": concept(coding(HL7 + "adverse-event-causality-assess", event.related))}
    seriousness = "Serious" if event.serious else "Non-serious"
    return {
        "resourceType": "AdverseEvent",
        "id": f"{name}-ae{number}",
        "meta": meta(),
        "extension": [
            {
                "url": GRADE_EXTENSIONS[0],
                "valueCodeableConcept": concept(coding(NCIT, GRADES[event.grade], f"Grade {event.grade}")),
            }
        ],
        "identifier": {"system": SID + "adverse-event", "value": f"MSC-SLE-SLS-{subject.number}-AE{number}"},
        "actuality": "actual",
        "event": concept(coding(HL7 + "MDRAE", event.meddra, event.term), text=event.text),
        "subject": {"reference": f"Patient/{patient}"},
        "date": begun,
        "recordedDate": (day + timedelta(days=event.lasted)).isoformat(),
        "seriousness": concept(coding(HL7 + "adverse-event-seriousness", seriousness)),
        "severity": concept(coding(HL7 + "adverse-event-severity", SEVERITIES[event.grade])),
        "outcome": concept(coding(HL7 + "adverse-event-outcome", "resolved")),
        "suspectEntity": [
            {
                "instance": {"reference": f"MedicationAdministration/{name}-infusion"},
                "causality": [opinion],
            }
        ],
        "study": [STUDY],
    }


def steroids(subject: Treated, name: str, patient: str, end: date) -> Iterator[Json]:
    """Oral prednisone, one record for each dose it was tapered to: given, or stated by the patient."""
    days = [subject.infused + timedelta(days=day) for day, _ in subject.steroid]
    ends = [after - timedelta(days=1) for _, after in pairwise(days)] + [end]
    for number, (first, last, (_, dose)) in enumerate(zip(days, ends, subject.steroid, strict=True), 1):
        period = {"start": first.isoformat(), "end": last.isoformat()}
        course = (f"{name}-prednisone-{number}", patient, PREDNISONE, period)
        evening = STATED.get(subject.number)
        if evening is None:
            yield given(*course, daily(dose, ORAL))
        else:
            taken = {"MORN": Decimal(dose) - evening, "EVE": evening}
            yield stated(*course, {moment: mg for moment, mg in taken.items() if mg})


def visited(subject: Treated, number: int, visit: Seen) -> Iterator[Json]:
    """The scores and the laboratory results of one visit."""
    patient = f"msc-sle-p{subject.number}"
    name = f"msc-sle-{subject.number}-{visit.label.lower()}"
    day = subject.infused + timedelta(days=visit.day)
    when = instant(day, "08:30") if visit.label == "M0" else day.isoformat()
    yield from scores(name, patient, when, visit)
    results = measured(subject, number, visit)
    wanted = [analyte for analyte in ANALYTES if analyte.key not in visit.unmeasured]
    for analyte in wanted:
        yield laboratory(
            analyte,
            results[analyte.key],
            name=f"{name}-{analyte.key}",
            patient=patient,
            day=day,
            gender=subject.gender,
            units=subject.units,
        )
    if visit.label == "M0":
        yield laboratory(WEIGHT, Decimal(subject.kg), name=f"{name}-weight", patient=patient, day=day)


def entered_in_error() -> list[Json]:
    """A PGA of another patient, typed into subject 02's form at M3 and withdrawn."""
    day = (date(2019, 10, 2) + timedelta(days=91)).isoformat()
    wrong = Seen(label="M3", day=91, pga="2.9", pga_status="entered-in-error")
    return [pga("msc-sle-02-m3-withdrawn", "msc-sle-p02", day, wrong)]


def relapse() -> list[Json]:
    """Subject 03's kidney: the injury, and the biopsy that was taken for it."""
    return [*kidney_injury(), biopsy()]


def biopsy() -> Json:
    """The renal biopsy of subject 03 at the relapse."""
    return {
        "resourceType": "Procedure",
        "id": "msc-sle-03-renal-biopsy",
        "meta": meta(),
        "status": "completed",
        "code": concept(coding(SNOMED, "7246002", "Kidney biopsy")),
        "subject": {"reference": "Patient/msc-sle-p03"},
        "performedDateTime": (date(2020, 2, 11) + timedelta(days=222)).isoformat(),
        "reasonCode": [
            concept(coding(SNOMED, "68815009", "Systemic lupus erythematosus glomerulonephritis syndrome"))
        ],
    }


def kidney_injury() -> list[Json]:
    """Subject 03's creatinine during the acute kidney injury: it doubles, and is down four weeks later."""
    return [
        laboratory(
            ANALYTES[0],
            Decimal(value),
            name=f"msc-sle-03-d{day}-creatinine",
            patient="msc-sle-p03",
            day=date(2020, 2, 11) + timedelta(days=day),
            units="french",
        )
        for day, value in ((215, "212"), (243, "126"))
    ]


EXTRAS = {"01": subject_01, "02": entered_in_error, "03": relapse}


def corrections() -> list[Json]:
    """What was sent again at M3: the PGA of subject 04 was 2.2, not 2.4; a C3 was repeated."""
    fourth = TREATED[3].infused + timedelta(days=91)
    right = Seen(label="M3", day=91, pga="2.2", pga_status="corrected")
    assessed = pga("msc-sle-04-m3", "msc-sle-p04", fourth.isoformat(), right)
    third = TREATED[0].infused + timedelta(days=92)
    repeated = laboratory(
        ANALYTES[1], Decimal("0.69"), name="msc-sle-01-m3-c3", patient="msc-sle-p01", day=third
    )
    return [assessed, repeated | {"status": "corrected", "issued": instant(third, "17:05")}]


def measured(subject: Treated, number: int, visit: Seen) -> dict[str, Decimal]:
    """Synthetic results that agree with the items and grades the investigator recorded at the visit."""
    present = (visit.items or "").split()
    step = (0, 3, -2, 4, 1)[number] + int(subject.number) % 3
    renal = visit.bilag[CLASSIC_SYSTEMS.index("renal")] if visit.bilag else "D"
    thin = "low-complement" in present
    return {
        "creatinine": Decimal(subject.creatinine + step + {"A": 34, "B": 9}.get(renal, 0)),
        "c3": Decimal((66 if thin else 104) + 2 * step).scaleb(-2),
        "c4": Decimal((8 if thin else 19) + (step if not thin else step // 4)).scaleb(-2),
        "anti-dsdna": Decimal((96 if "dna-binding" in present else 14) + 5 * step),
        "platelets": Decimal((84 if "thrombocytopenia" in present else 221) + 4 * step),
        "leukocytes": Decimal((26 if "leukopenia" in present else 52) + step).scaleb(-1),
        "haemoglobin": Decimal((119 if subject.gender == "female" else 138) + step).scaleb(-1),
        "proteinuria": Decimal(_protein("proteinuria" in present, renal) + step).scaleb(-2),
    }


def _protein(item: bool, renal: str) -> int:
    """Hundredths of a gram in 24 hours; present but neither new nor rising where the item is absent."""
    return 104 if item else {"A": 72, "B": 64, "C": 31}.get(renal, 9)
