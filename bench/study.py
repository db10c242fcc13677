"""`python -m bench.study [subjects]`: a question about a whole study, on both databases.

It makes a study of synthetic subjects (10,000 unless told otherwise), stores it the way a hospital's Bundles
are stored, and asks $enrolment and $endpoint-summary. It says how long each took, how many statements the
database was asked, and how much memory the asking process and its largest worker ever held.
"""

import asyncio
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from app.clinical.asked import Asked
from app.clinical.codes import BILAG_GRADE, BILAG_SYSTEM, CLASSIC_SYSTEMS, PRODUCT, SCORE
from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.study_operations import ENDPOINT_SUMMARY, ENROLMENT
from app.protocol.loader import load_all
from app.routers.study_decisions import decide_study
from app.store.migrate import upgrade
from app.store.of_study import subjects_of
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.postgres import running_postgres

Json = dict[str, Any]

SUBJECTS = 10_000
AT_ONCE = 50
"""Subjects stored by one transaction."""
VISITS = (-2, 91, 183, 274, 365)
UCUM = "http://unitsofmeasure.org"
LABS = (("4485-9", "g/L", 0.9), ("4498-2", "g/L", 0.2), ("2160-0", "umol/L", 70), ("718-7", "g/dL", 12))
ARMS = ("cohort-1e6", "cohort-2e6", "cohort-4e6")
STUDY: Json = {
    "resourceType": "ResearchStudy",
    "id": "bench",
    "status": "active",
    "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
    "arm": [{"name": name} for name in ARMS],
}


def subject(number: int) -> Iterator[Json]:
    """What is recorded of one subject: about forty resources; one in ten was never infused."""
    chance = Random(number)  # noqa: S311 the same subjects every time
    about = {"reference": f"Patient/p{number}"}
    day_0 = date(2019, 1, 7) + timedelta(days=number % 1500)
    yield {
        "resourceType": "Patient",
        "id": f"p{number}",
        "gender": "female",
        "birthDate": f"19{60 + number % 40}",
    }
    yield {
        "resourceType": "ResearchSubject",
        "id": f"s{number}",
        "status": "on-study",
        "study": {"reference": "ResearchStudy/bench"},
        "individual": about,
        "assignedArm": ARMS[number % 3],
        "period": {"start": (day_0 - timedelta(days=20)).isoformat()},
    }
    if number % 10:
        cells = _coded(PRODUCT.url, "uc-msc")
        yield _given(f"i{number}", about, day_0, product=cells, dose=_quantity(120, "10*6"))
    for visit, offset in enumerate(VISITS):
        if chance.random() < 0.9:  # the others were missed
            on = (day_0 + timedelta(days=offset + chance.randrange(-5, 1))).isoformat()
            yield from _visit(f"{number}-{visit}", about, on, chance)
    prednisone, since = _coded("http://www.whocc.no/atc", "H02AB07"), day_0 - timedelta(days=25)
    yield _given(f"d{number}", about, since, product=prednisone, dose=_quantity(10, "mg"))
    yield {
        "resourceType": "AdverseEvent",
        "id": f"ae{number}",
        "actuality": "actual",
        "event": {"text": "Headache"},
        "subject": about,
        "date": (day_0 + timedelta(days=chance.randrange(200))).isoformat(),
    }


def _visit(name: str, about: Json, on: str, chance: Random) -> Iterator[Json]:
    def observed(kind: str, code: Json, **value: Any) -> Json:
        return {
            "resourceType": "Observation",
            "id": f"{kind}-{name}",
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


def _put(document: Json) -> Put:
    raw = codec.write(document)
    kind = RESOURCES[document["resourceType"]]
    return Put(resource=kind, id=document["id"], raw=raw, document=codec.read(raw), fresh=False)


async def fill(store: Store, subjects: int) -> int:
    """Store the study; how many resources it has."""
    await transact(store, EVERYTHING, [_put(STUDY)])
    stored = 1
    for start in range(0, subjects, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, subjects))
        writes = [_put(document) for number in numbers for document in subject(number)]
        await transact(store, EVERYTHING, writes)
        stored += len(writes)
    return stored


async def ask(store: Store, operation: Operation) -> str:
    """Ask once, and say what it took."""
    began, before, used = perf_counter(), store.database.statements, _used()
    found = await subjects_of(store, EVERYTHING, "bench", datetime.now(UTC))
    answer = await decide_study(
        operation, load_all()["MSC-SLE"], found, Asked(today=date(2026, 1, 1)), turn=asyncio.Lock()
    )
    seconds, statements = perf_counter() - began, store.database.statements - before
    for worker in multiprocessing.active_children():
        worker.join()  # what it used is counted when it has gone
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return (
        f"{operation.name}: {seconds:.1f} s ({_used() - used:.1f} s of processor), {statements} statements,"
        f" {len(answer.results)} results, at most {own:.0f} MiB here and {workers:.0f} MiB in a worker"
    )


def _used() -> float:
    """Seconds of processor used by this process and by those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def measure(url: str, subjects: int) -> None:
    """Fill one database and ask it."""
    upgrade(url)
    store = await Store.open(url)
    try:
        began = perf_counter()
        stored = await fill(store, subjects)
        print(
            f"  {subjects} subjects, {stored} resources stored in {perf_counter() - began:.0f} s", flush=True
        )
        for operation in (ENROLMENT, ENDPOINT_SUMMARY):
            print(f"  {await ask(store, operation)}", flush=True)
    finally:
        await store.close()


def main() -> None:
    """Both databases, one after the other."""
    subjects = int(sys.argv[1]) if len(sys.argv) > 1 else SUBJECTS
    with tempfile.TemporaryDirectory() as place:
        print("SQLite", flush=True)
        asyncio.run(measure(f"sqlite:///{Path(place) / 'study.db'}", subjects))
    with running_postgres() as url:
        print("PostgreSQL", flush=True)
        asyncio.run(measure(url, subjects))


if __name__ == "__main__":
    main()
