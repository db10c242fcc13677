"""However much a Bundle brings, and of whatever kind, it takes the same number of statements."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.fhir_mapping import codec, transaction
from app.fhir_mapping.companions import accompanied
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.push import Message
from app.fhir_mapping.registry import RESOURCES
from app.store.ids import new_id
from app.store.senders import register
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.pushes import LABORATORY, SUBJECT, Json, patient, result

BASE = "http://127.0.0.1:8000/fhir"
OTHERS = "https://hospital.example/patients"
FEW, MANY, MOST = 10, 500, 30


def entry(resource: Json, method: str = "POST", url: str = "", **request: str) -> Json:
    return {
        "resource": resource,
        "request": {"method": method, "url": url or resource["resourceType"], **request},
    }


def plain(number: int) -> Json:
    """A result nobody pushed."""
    return result(f"{number}") | {"identifier": [{"system": "urn:oid:1.2.3", "value": f"{number}"}]}


def numbered(number: int) -> Json:
    return {"resourceType": "Patient", "identifier": [{"system": OTHERS, "value": f"{number}"}]}


def created(number: int) -> list[Json]:
    return [entry(plain(number))]


def put(number: int) -> list[Json]:
    return [entry(plain(number) | {"id": f"o{number}"}, "PUT", f"Observation/o{number}")]


def of_each_other(number: int) -> list[Json]:
    name = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
    about = plain(number) | {"subject": {"reference": name}}
    return [entry({"resourceType": "Patient"}) | {"fullUrl": name}, entry(about)]


def once(number: int) -> list[Json]:
    """A patient who is created where none bears the number, and a result that names them by it."""
    sought = f"identifier={OTHERS}|{number}"
    about = plain(number) | {"subject": {"reference": f"Patient?{sought}"}}
    return [entry(numbered(number), ifNoneExist=sought), entry(about)]


def pushed(number: int) -> list[Json]:
    return [entry(result(f"p{number}"))]


def corrected(number: int) -> list[Json]:
    later = {"status": "corrected", "issued": "2024-03-02T10:00:00.000+01:00"}
    return [entry(result(f"p{number}", valueQuantity={"value": 81, "unit": "µmol/l"}, **later))]


def deleted(number: int) -> list[Json]:
    return [{"request": {"method": "DELETE", "url": f"Observation/o{number}"}}]


KINDS: dict[str, list[Callable[[int], list[Json]]]] = {
    "created": [created],
    "put, put again, deleted": [put, put, deleted],
    "referring to each other": [of_each_other],
    "created once, found again": [once, once],
    "pushed, replayed, corrected": [pushed, pushed, corrected],
}
"""What is sent, in turn, of the same numbers."""


@pytest.mark.parametrize("kind", KINDS)
async def test_the_statements_of_a_bundle_do_not_depend_on_its_size(store: Store, kind: str) -> None:
    await register(store, LABORATORY, at=datetime.now(UTC))
    await stored(store, [entry(patient(SUBJECT), "PUT", f"Patient/{SUBJECT}")])

    used = {
        size: [
            await stored(store, [one for number in range(size) for one in step(size * 1000 + number)])
            for step in KINDS[kind]
        ]
        for size in (FEW, MANY)
    }

    assert used[FEW] == used[MANY]
    assert max(used[MANY]) < MOST


async def stored(store: Store, entries: list[Json]) -> int:
    """Carry out a transaction, as the service does; so many statements it took."""
    raw = codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    intake = Intake("refuse", desk=await store.desk.now(), message=Message(number="1"), base=BASE)
    plan = transaction.plan(raw, resources=RESOURCES, new_id=new_id, base=BASE, intake=intake, most=len(raw))
    writes = [write for _, write in accompanied(plan).writes]
    before = store.database.statements
    await transact(store, EVERYTHING, writes, whole=raw)
    return store.database.statements - before
