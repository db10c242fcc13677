"""The pieces resources are made of, and the resources that treated subjects and candidates share."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.clinical.codes import BASE, BILAG_GRADE, BILAG_SYSTEM, CLASSIC_SYSTEMS, SCORE, SLEDAI_ITEM
from app.clinical.records import Coding
from tools.demonstration.laboratory import WEIGHT, Analyte, Unit
from tools.demonstration.subjects import Seen

PARIS = ZoneInfo("Europe/Paris")

Json = dict[str, Any]

NATURE = BASE + "data-origin"
SITE = BASE + "site"
SID = "https://trialbridge.example/fhir/sid/"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
HL7 = "http://terminology.hl7.org/CodeSystem/"
STUDY = {"reference": "ResearchStudy/msc-sle"}
GRADES = {1: "C41338", 2: "C41339", 3: "C41340", 4: "C41337", 5: "C48275"}
SEVERITIES = {1: "mild", 2: "moderate", 3: "severe"}
GRADE_URL = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade"
STUDY_URL = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"

PREDNISONE = ("H02AB07", "prednisone")


def coding(system: str, code: str, display: str | None = None) -> Json:
    """One coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*found: Json | Coding, text: str | None = None) -> Json:
    """A CodeableConcept."""
    codings = [coding(one.system, one.code) if isinstance(one, Coding) else one for one in found]
    return {"coding": codings} | ({"text": text} if text else {})


def meta(*, synthetic: bool = True) -> Json:
    """Which site it comes from, and that its values are made up."""
    site = {"security": [coding(SITE, "SLS")]}
    return site | ({"tag": [coding(NATURE, "synthetic")]} if synthetic else {})


def instant(day: date, clock: str, *, later: timedelta = timedelta(0)) -> str:
    """A moment in Paris, with its offset."""
    return (datetime.combine(day, time.fromisoformat(clock), PARIS) + later).isoformat()


def observation(
    name: str, patient: str, when: str, *, code: Json, category: str, status: str = "final", **value: Any
) -> Json:
    """An Observation of that patient."""
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": meta(),
        "status": status,
        "category": [concept(coding(HL7 + "observation-category", category))],
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": when,
        **value,
    }


def quantity(value: Decimal, unit: Unit) -> Json:
    """A Quantity in the unit it was reported in, with as many digits as the laboratory gives."""
    reported = (value * unit.factor).quantize(Decimal(1).scaleb(-unit.places))
    number: Any = reported if unit.places else int(reported)
    coded = {"system": UCUM, "code": unit.code} if unit.code else {}
    return {"value": number, "unit": unit.spelling, **coded}


def laboratory(
    analyte: Analyte,
    value: Decimal,
    *,
    name: str,
    patient: str,
    day: date,
    gender: str = "female",
    units: str = "ucum",
) -> Json:
    """A laboratory result with the reference range and the unit of its laboratory."""
    unit = dict(analyte.others).get(units, analyte.unit)
    which = 0 if gender == "female" else 1
    low = Decimal(analyte.low[which]) if analyte.low else None
    high = Decimal(analyte.high[which]) if analyte.high else None
    bounds = {
        word: quantity(bound, unit) for word, bound in (("low", low), ("high", high)) if bound is not None
    }
    found: Json = {}
    if bounds:
        letter = "L" if low is not None and value < low else "H" if high is not None and value > high else "N"
        found["interpretation"] = [concept(coding(HL7 + "v3-ObservationInterpretation", letter))]
        found["referenceRange"] = [bounds]
    made = observation(
        name,
        patient,
        instant(day, "08:10"),
        code=concept(coding(LOINC, *(unit.loinc or analyte.loinc))),
        category="vital-signs" if analyte is WEIGHT else "laboratory",
        valueQuantity=quantity(value, unit),
        **found,
    )
    return made if analyte is WEIGHT else _as_result(made, day)


def _as_result(made: Json, day: date) -> Json:
    """With the laboratory's own number, and when it was validated."""
    number = {"identifier": [{"system": SID + "result", "value": made["id"].upper()}]}
    head = {name: made.pop(name) for name in ("resourceType", "id", "meta")}
    result = {**head, **number, **made}
    order = list(result)
    order.insert(order.index("effectiveDateTime") + 1, "issued")
    result["issued"] = instant(day, "14:32")
    return {name: result[name] for name in order}


def sledai(name: str, patient: str, when: str, visit: Seen) -> Json | None:
    """SELENA-SLEDAI: 24 items with their total, or the items alone where one is not known."""
    if visit.items is None and visit.total is None:
        return None
    code = concept(SCORE.coding("selena-sledai"), text="SELENA-SLEDAI")
    total: Json = {} if visit.total is None else {"valueInteger": visit.total}
    if visit.items is None:
        return observation(name, patient, when, code=code, category="survey", **total)
    present, unknown = visit.items.split(), visit.unknown.split()
    if not unknown:
        total = {"valueInteger": sum(SLEDAI_ITEM.concept(item).weight or 0 for item in present)}
    parts = [_item(item, present, unknown) for item in SLEDAI_ITEM.codes]
    return observation(name, patient, when, code=code, category="survey", **total, component=parts)


def _item(item: str, present: list[str], unknown: list[str]) -> Json:
    code = {"code": concept(SLEDAI_ITEM.coding(item))}
    if item in unknown:
        return code | {"dataAbsentReason": concept(coding(HL7 + "data-absent-reason", "not-performed"))}
    return code | {"valueBoolean": item in present}


def bilag(name: str, patient: str, when: str, visit: Seen) -> Json | None:
    """Classic BILAG: a grade for each of eight organ systems."""
    if visit.bilag is None:
        return None
    graded = zip(CLASSIC_SYSTEMS, visit.bilag, strict=True)
    return observation(
        name,
        patient,
        when,
        code=concept(SCORE.coding("bilag-classic"), text="BILAG (classic)"),
        category="survey",
        component=[
            {
                "code": concept(BILAG_SYSTEM.coding(system)),
                "valueCodeableConcept": concept(BILAG_GRADE.coding(grade)),
            }
            for system, grade in graded
        ],
    )


def pga(name: str, patient: str, when: str, value: str, *, status: str = "final") -> Json:
    """The physician's global assessment, on a scale from 0 to 3."""
    return observation(
        name,
        patient,
        when,
        code=concept(SCORE.coding("pga"), text="Physician global assessment (0-3)"),
        category="survey",
        status=status,
        valueQuantity=quantity(Decimal(value), Unit("score", places=1, code="{score}")),
    )


def person(name: str, number: str, gender: str, born: int) -> Json:
    """A pseudonymous Patient: a trial number, a year of birth, no name."""
    kind = concept(coding(HL7 + "v2-0203", "ANON"))
    return {
        "resourceType": "Patient",
        "id": name,
        "meta": meta(),
        "identifier": [{"type": kind, "system": SID + "subject", "value": number}],
        "gender": gender,
        "birthDate": str(born),
    }


def given(
    name: str, patient: str, drug: tuple[str, str], period: Json, dosage: Json, *, reason: str = "SLE"
) -> Json:
    """A drug given over a period."""
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "meta": meta(),
        "status": "completed" if "end" in period else "in-progress",
        "medicationCodeableConcept": concept(coding(ATC, *drug)),
        "subject": {"reference": f"Patient/{patient}"},
        "effectivePeriod": period,
        "reasonCode": [{"text": reason}],
        "dosage": dosage,
    }


def daily(value: str, route: Json) -> Json:
    """A daily dose, as a rate in mg/d."""
    rate = quantity(Decimal(value), Unit("mg/d", places=_places(value), code="mg/d"))
    return {"route": route, "rateQuantity": rate}


def _places(value: str) -> int:
    return len(value.partition(".")[2])


def route(code: str, display: str) -> Json:
    """A route of administration in SNOMED CT."""
    return concept(coding(SNOMED, code, display))


ORAL = route("26643006", "Oral route")
INTRAVENOUS = route("47625008", "Intravenous route")
