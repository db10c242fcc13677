"""A store filled as trials fill it: many patients of two sites, their results, and what else grows with them.

It is stored through the store itself. There are a few rows of each thing that a search may look for, among
thousands that it must not read.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.audit_event import Entity, Event
from app.store import models
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.letters import arrival, arrived, awaiting
from tests.store.letters import parked as waits
from tests.store.make import LOINC, SITE, UCUM, put, study

Json = dict[str, Any]

PATIENTS: Final = 250
EACH: Final = 20
NUMBERS: Final = "urn:oid:1.2.250.1.0.99.1"
AT_SLS: Final = Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"}), donors=False)
AT: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_AT_ONCE: Final = 1000
_SITES: Final = ("SLS", "REN")
CLIENT: Final = Actor(client="site-sls", role="site", sites=("SLS",))


def _people() -> Iterator[Json]:
    yield study() | {"id": "s1"}
    for name in ("doc1", "doc2"):
        yield {"resourceType": "Practitioner", "id": name}
    for number in range(PATIENTS):
        tag = {"security": [{"system": SITE, "code": _SITES[number % 2]}]}
        names = [{"family": f"Nom{number:03d}", "given": ["Marie"]}]
        yield {
            "resourceType": "Patient",
            "id": f"p{number}",
            "meta": tag,
            "gender": "female",
            "birthDate": f"19{40 + number % 60}",
            "name": names,
            "identifier": [{"system": NUMBERS, "value": f"IPP{number}"}],
        }
        yield {
            "resourceType": "ResearchSubject",
            "id": f"rs{number}",
            "meta": tag,
            "status": "on-study",
            "study": {"reference": "ResearchStudy/s1"},
            "individual": {"reference": f"Patient/p{number}"},
        }


def _results() -> Iterator[Json]:
    for number in range(PATIENTS * EACH):
        rare = number % 500 == 8
        day = f"{2010 + number // EACH % 15}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        observed: Json = {
            "resourceType": "Observation",
            "id": f"o{number}",
            "identifier": [{"system": NUMBERS, "value": f"L{number}"}],
            "status": "final",
            "category": [{"coding": [{"system": "urn:category", "code": "laboratory"}]}],
            "code": {"coding": [{"system": LOINC, "code": "rare" if rare else f"c{number % 7}"}]},
            "subject": {"reference": f"Patient/p{number % PATIENTS}"},
            "effectiveDateTime": f"{day}T08:00:00+01:00",
            "performer": [{"reference": f"Practitioner/doc{2 if rare else 1}"}],
            "note": [{"text": "as the laboratory says it " * 20}],
            "valueQuantity": {
                "value": 9000 if rare else number % 90,
                "unit": "g/L",
                "system": UCUM,
                "code": "g/L",
            },
        }
        if number % 5 == 0:
            observed.pop("valueQuantity")
            observed["valueString"] = "sehr selten" if rare else f"negativ {number}"
        if number % 11 == 0:
            observed["derivedFrom"] = [{"reference": "Observation/o0"}] if number else []
            observed["component"] = [_component("8480-6", number % 50), _component("8462-4", number % 40)]
        yield {name: value for name, value in observed.items() if value != []}


def _component(code: str, value: int) -> Json:
    quantity = {"value": value, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": quantity}


def _beside() -> Iterator[Json]:
    for number in range(PATIENTS):
        about = {"reference": f"Patient/p{number}"}
        day = f"2021-{1 + number % 12:02d}-{1 + number % 28:02d}"
        yield {
            "resourceType": "AdverseEvent",
            "id": f"ae{number}",
            "actuality": "actual",
            "subject": about,
            "date": day,
            "event": {"text": f"Headache {number}"},
        }
    for number in range(PATIENTS * 6):
        day = f"{2015 + number % 7}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        yield {
            "resourceType": "Condition",
            "id": f"c{number}",
            "subject": {"reference": f"Patient/p{number % PATIENTS}"},
            "onsetDateTime": day,
            "recordedDate": day,
            "code": {"coding": [{"system": "urn:icd", "code": "M32" if number == 7 else f"X{number % 9}"}]},
        }


def _changed() -> Iterator[Json]:
    """What is stored once more, and so has an earlier version."""
    yield from (one for number, one in enumerate(_results()) if number % 10 == 0)


async def fill(url: str) -> None:
    """Fill a migrated database, and let PostgreSQL count."""
    store = await Store.open(url, audit="all")
    for documents in (_people(), _results(), _beside(), *(_changed() for _ in range(4))):
        puts = [put(document, document["id"]) for document in documents]
        for start in range(0, len(puts), _AT_ONCE):
            await transact(store, EVERYTHING, puts[start : start + _AT_ONCE])
    await asyncio.gather(*(store.auditor.note(event, EVERYTHING) for event in _seen()))
    await _pushed(store)
    if url.startswith("postgresql"):
        await store.database.write(lambda connection: connection.execute("ANALYZE"))
    await store.close()


def _seen() -> Iterator[Event]:
    for number in range(1500):
        entity = Entity(type="Observation", id=f"o{number}", version=1)
        at = AT + timedelta(minutes=number)
        who = CLIENT if number % 100 == 0 else Actor(client=f"other-{number % 7}", role="site")
        yield Event(recorded=at, action="R", interaction="read", status=200, actor=who, entities=(entity,))


async def _pushed(store: Store) -> None:
    """An inbox in which some wait; what they wait for."""
    number_of = range(3000)
    rows = [
        (waits if one % 100 == 9 else arrival)(
            one, patient_id=f"p{one % PATIENTS}", sender=f"chu-{'ab'[one % 2]}"
        )
        for one in number_of
    ]
    await arrived(store, rows)
    await awaiting(
        *(store,),
        *(("code", "urn:lab", f"t{one % 9}", "chu-a", "Observation", f"o{one}", "p1") for one in range(300)),
    )
    signed = [_signature(number) for number in range(1500)]
    await store.database.write(lambda connection: connection.insert(models.signature, signed))
    about = ("unknown-subject", "Patient", "")
    letters = [
        (f"{one:04d}", "chu-a", *about, f"x{one}", AT, b"%d" % one, b"{}", "") for one in range(9, 1500, 100)
    ]
    await store.database.write(lambda connection: connection.insert(models.parked, letters))


def _signature(number: int) -> tuple[Any, ...]:
    what = ("Observation", f"o{number}", 1, b"", "review", "Dr Somebody", None, AT, "site-sls")
    return (f"sig{number}", *what, f"p{number % PATIENTS}")
