"""The pieces resources are made of, and the resources that treated subjects and candidates share."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.clinical.codes import BASE, BILAG_GRADE, BILAG_SYSTEM, CLASSIC_SYSTEMS, SCORE, SLEDAI_ITEM
from app.clinical.criteria.attestation import SYSTEM as ATTESTATION
from app.clinical.records import Coding
from app.fhir_mapping.extensions import VISIT
from app.fhir_mapping.units import LOINC, UCUM
from tools.demonstration.laboratory import Analyte, Test, Unit
from tools.demonstration.subjects import Seen

PARIS = ZoneInfo("Europe/Paris")

Json = dict[str, Any]

NATURE = BASE + "data-origin"
SID = "https://trialbridge.example/fhir/sid/"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
HL7 = "http://terminology.hl7.org/CodeSystem/"
GRADES = {1: "C41338", 2: "C41339", 3: "C41340", 4: "C41337", 5: "C48275"}
SEVERITIES = {1: "mild", 2: "moderate", 3: "severe"}

SCORES = {
    "sledai": ("selena-sledai", "SELENA-SLEDAI"),
    "bilag": ("bilag-classic", "BILAG (classic)"),
    "pga": ("pga", "Physician global assessment (0-3)"),
}
PREDNISONE = ("H02AB07", "prednisone")


def coding(system: str, code: str, display: str | None = None) -> Json:
    """One coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*found: Json | Coding, text: str | None = None) -> Json:
    """A CodeableConcept."""
    codings = [coding(one.system, one.code) if isinstance(one, Coding) else one for one in found]
    return {"coding": codings} | ({"text": text} if text else {})


def study_of(trial: str) -> Json:
    """A reference to the trial's study."""
    return {"reference": f"ResearchStudy/{trial}"}


def meta(*, synthetic: bool = True) -> Json:
    """That its values are made up; `sites.at` adds the site."""
    return {"tag": [coding(NATURE, "synthetic")]} if synthetic else {}


def instant(day: date, clock: str, *, later: timedelta = timedelta(0)) -> str:
    """A moment in Paris, with its offset."""
    return (datetime.combine(day, time.fromisoformat(clock), PARIS) + later).isoformat()


def observation(
    name: str,
    patient: str,
    when: str,
    *,
    code: Json,
    category: str,
    status: str = "final",
    visit: str = "",
    **value: Any,
) -> Json:
    """An Observation of that patient, with the label of the visit it was made for where that was recorded."""
    tag: Json = {"extension": [{"url": VISIT, "valueCode": visit}]} if visit else {}
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": meta(),
        **tag,
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
    """A measured value, with the reference range and the unit of its laboratory."""
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
        category=analyte.category,
        valueQuantity=quantity(value, unit),
        **found,
    )
    return result(made, day) if analyte.category == "laboratory" else made


def result(made: Json, day: date) -> Json:
    """With the laboratory's own number, and when it was validated."""
    told: Json = {
        "meta": {"identifier": [{"system": SID + "result", "value": made["id"].upper()}]},
        "effectiveDateTime": {"issued": instant(day, "14:32")},
    }
    return {key: value for name in made for key, value in ({name: made[name]} | told.get(name, {})).items()}


def scores(name: str, patient: str, when: str, visit: Seen) -> Iterator[Json]:
    """The scores of one visit, those that were recorded."""
    if visit.items is not None:
        yield score("sledai", name, patient, when, visit, **_items(visit))
    elif visit.total is not None:
        yield score("sledai", name, patient, when, visit, valueInteger=visit.total)
    if visit.bilag is not None:
        yield score("bilag", name, patient, when, visit, component=_grades(visit.bilag))
    if visit.pga is not None:
        yield pga(name, patient, when, visit)


def score(key: str, name: str, patient: str, when: str, visit: Seen, **said: Any) -> Json:
    """One score, under the name of its visit."""
    code, text = SCORES[key]
    return observation(
        f"{name}-{key}",
        patient,
        when,
        code=concept(SCORE.coding(code), text=text),
        category="survey",
        visit=visit.label,
        **said,
    )


def pga(name: str, patient: str, when: str, visit: Seen) -> Json:
    """The physician's global assessment, on a scale from 0 to 3."""
    value = quantity(Decimal(visit.pga or 0), Unit("score", places=1, code="{score}"))
    return score("pga", name, patient, when, visit, status=visit.pga_status, valueQuantity=value)


def _items(visit: Seen) -> Json:
    """The 24 items of SELENA-SLEDAI with their total, or the items alone where one is not known."""
    present, unknown = (visit.items or "").split(), visit.unknown.split()
    weight = sum(SLEDAI_ITEM.concept(item).weight or 0 for item in present)
    total = {} if unknown else {"valueInteger": weight}
    return total | {"component": [_item(item, present, unknown) for item in SLEDAI_ITEM.codes]}


def _item(item: str, present: list[str], unknown: list[str]) -> Json:
    code = {"code": concept(SLEDAI_ITEM.coding(item))}
    if item in unknown:
        return code | {"dataAbsentReason": concept(coding(HL7 + "data-absent-reason", "not-performed"))}
    return code | {"valueBoolean": item in present}


def _grades(letters: str) -> list[Json]:
    """Classic BILAG: a grade for each of eight organ systems."""
    return [
        {
            "code": concept(BILAG_SYSTEM.coding(system)),
            "valueCodeableConcept": concept(BILAG_GRADE.coding(grade)),
        }
        for system, grade in zip(CLASSIC_SYSTEMS, letters, strict=True)
    ]


def presence(test: Test, *, name: str, patient: str, day: date, positive: bool | None = None) -> Json:
    """A test that is positive or negative, as it usually is where nothing is said."""
    found = test.positive if positive is None else positive
    made = observation(
        f"{name}-{test.key}",
        patient,
        instant(day, "08:10"),
        code=concept(coding(LOINC, *test.loinc)),
        category="laboratory",
        valueCodeableConcept=POSITIVE if found else NEGATIVE,
    )
    return result(made, day)


def attested(fact: str, stated: bool, *, name: str, patient: str, day: date) -> Json:
    """A fact the investigator states."""
    return observation(
        f"{name}-{fact}",
        patient,
        day.isoformat(),
        code=concept(coding(ATTESTATION, fact)),
        category="survey",
        valueBoolean=stated,
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


def enrolled(
    name: str, patient: str, number: str, *, trial: str, status: str, period: Json, **more: Any
) -> Json:
    """A patient's part in a trial: `more` are the arms, and the consent."""
    return {
        "resourceType": "ResearchSubject",
        "id": name,
        "meta": meta(),
        "identifier": [{"system": SID + "subject", "value": number}],
        "status": status,
        "period": period,
        "study": study_of(trial),
        "individual": {"reference": f"Patient/{patient}"},
        **more,
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


def stated(name: str, patient: str, drug: tuple[str, str], period: Json, doses: dict[str, Decimal]) -> Json:
    """A drug the patient says was taken over a period, so many mg by mouth at each time of the day."""
    return {
        "resourceType": "MedicationStatement",
        "id": name,
        "meta": meta(),
        "status": "completed" if "end" in period else "active",
        "medicationCodeableConcept": concept(coding(ATC, *drug)),
        "subject": {"reference": f"Patient/{patient}"},
        "effectivePeriod": period,
        "reasonCode": [{"text": "SLE"}],
        "dosage": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [moment]}},
                "route": ORAL,
                "doseAndRate": [
                    {"doseQuantity": quantity(dose, Unit("mg", places=_places(str(dose)), code="mg"))}
                ],
            }
            for moment, dose in doses.items()
        ],
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


NEGATIVE = concept(coding(SNOMED, "260385009", "Negative"))
POSITIVE = concept(coding(SNOMED, "10828004", "Positive"))
ORAL = route("26643006", "Oral route")
INTRAVENOUS = route("47625008", "Intravenous route")
