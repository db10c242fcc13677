"""The subjects of a whole study: what is recorded of each in a year, some of it missing, as it is."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from app.clinical.codes import BILAG_GRADE, BILAG_SYSTEM, CLASSIC_SYSTEMS, PRODUCT, SCORE

Json = dict[str, Any]

VISITS = (-2, 91, 183, 274, 365)
UCUM = "http://unitsofmeasure.org"
LABS = (("4485-9", "g/L", 0.9), ("4498-2", "g/L", 0.2), ("2160-0", "umol/L", 70), ("718-7", "g/dL", 12))
OURS = "trialbridge-bench-"
"""So every id begins that is stored as we chose it: on another server nothing else is touched."""
ARMS = ("cohort-1e6", "cohort-2e6", "cohort-4e6")
STUDY: Json = {
    "resourceType": "ResearchStudy",
    "id": f"{OURS}study",
    "status": "active",
    "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
    "arm": [{"name": name} for name in ARMS],
}


def patient_of(number: int) -> str:
    """The id of the patient a subject is."""
    return f"{OURS}p{number}"


def name_of(number: int) -> str:
    """The id of a subject."""
    return f"{OURS}s{number}"


def subject(number: int) -> Iterator[Json]:
    """What is recorded of one subject: about forty resources; one in ten was never infused."""
    chance = Random(number)  # noqa: S311 the same subjects every time
    about = {"reference": f"Patient/{patient_of(number)}"}
    day_0 = date(2019, 1, 7) + timedelta(days=number % 1500)
    yield {
        "resourceType": "Patient",
        "id": patient_of(number),
        "gender": "female",
        "birthDate": f"19{60 + number % 40}",
    }
    yield {
        "resourceType": "ResearchSubject",
        "id": name_of(number),
        "status": "on-study",
        "study": {"reference": f"ResearchStudy/{STUDY['id']}"},
        "individual": about,
        "assignedArm": ARMS[number % 3],
        "period": {"start": (day_0 - timedelta(days=20)).isoformat()},
    }
    if number % 10:
        cells = _coded(PRODUCT.url, "uc-msc")
        yield _given(f"{OURS}i{number}", about, day_0, product=cells, dose=_quantity(120, "10*6"))
    for visit, offset in enumerate(VISITS):
        if chance.random() < 0.9:  # the others were missed
            on = (day_0 + timedelta(days=offset + chance.randrange(-5, 1))).isoformat()
            yield from _visit(f"{number}-{visit}", about, on, chance)
    prednisone, since = _coded("http://www.whocc.no/atc", "H02AB07"), day_0 - timedelta(days=25)
    yield _given(f"{OURS}d{number}", about, since, product=prednisone, dose=_quantity(10, "mg"))
    yield {
        "resourceType": "AdverseEvent",
        "id": f"{OURS}ae{number}",
        "actuality": "actual",
        "event": {"text": "Headache"},
        "subject": about,
        "date": (day_0 + timedelta(days=chance.randrange(200))).isoformat(),
    }


def _visit(name: str, about: Json, on: str, chance: Random) -> Iterator[Json]:
    def observed(kind: str, code: Json, **value: Any) -> Json:
        return {
            "resourceType": "Observation",
            "id": f"{OURS}{kind}-{name}",
            "status": "final",
            "code": code,
            "subject": about,
            "effectiveDateTime": on,
        } | value

    yield observed("sledai", _coded(SCORE.url, "selena-sledai"), valueInteger=chance.randrange(2, 20))
    grades = [
        {
            "code": _coded(BILAG_SYSTEM.url, system),
            "valueCodeableConcept": _coded(BILAG_GRADE.url, chance.choice("ABCDEEEE")),
        }
        for system in CLASSIC_SYSTEMS
    ]
    yield observed("bilag", _coded(SCORE.url, "bilag-classic"), component=grades)
    yield observed(
        "pga", _coded(SCORE.url, "pga"), valueQuantity=_quantity(chance.randrange(31) / 10, "{score}")
    )
    for code, unit, usual in LABS:
        value = round(usual * (0.5 + chance.random()), 2)
        yield observed(f"lab-{code}", _coded("http://loinc.org", code), valueQuantity=_quantity(value, unit))


def _given(name: str, about: Json, on: date, *, product: Json, dose: Json) -> Json:
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": product,
        "subject": about,
        "effectiveDateTime": on.isoformat(),
        "dosage": {"dose": dose},
    }


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}
