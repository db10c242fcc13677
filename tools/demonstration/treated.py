"""Everything recorded of a treated subject, as FHIR resources."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from app.clinical.codes import CLASSIC_SYSTEMS
from tools.demonstration.forms import subject_01
from tools.demonstration.hospital import reported
from tools.demonstration.infused import left, taken_part
from tools.demonstration.laboratory import ANALYTES, WEIGHT
from tools.demonstration.pieces import (
    ORAL,
    PREDNISONE,
    SNOMED,
    Json,
    coding,
    concept,
    daily,
    given,
    instant,
    laboratory,
    meta,
    pga,
    scores,
    stated,
)
from tools.demonstration.subjects import TREATED, Seen, Treated

STATED = {"04": Decimal(0), "05": Decimal("2.5")}
"""Whose prednisone is what the patient stated, and how many mg of it were taken in the evening."""


def treated(subject: Treated) -> list[Json]:
    """Everything recorded of one treated subject."""
    return [
        *taken_part(subject),
        *steroids(subject),
        *(one for count, visit in enumerate(subject.seen) for one in visited(subject, count, visit)),
        *EXTRAS.get(subject.number, list)(),
    ]


def steroids(subject: Treated) -> Iterator[Json]:
    """Oral prednisone, one record for each dose it was tapered to: given, or stated by the patient."""
    name, patient, end = subject.name, subject.patient, left(subject)
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


EXTRAS = {"01": lambda: [*subject_01(), *reported()], "02": entered_in_error, "03": relapse}


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
