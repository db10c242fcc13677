"""Results as a registered sender pushes them, through every door of the FHIR API."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import sleep
from typing import Any, Final

from app.fhir_mapping.sender import Sender
from app.store.desk import FRESH_SECONDS
from app.store.senders import register
from app.store.session import Store
from tests.databases import outside_the_loop

Json = dict[str, Any]

NUMBERS: Final = "urn:oid:1.2.250.1.998.1"
CODES: Final = "urn:oid:1.2.250.1.998.2"
LABORATORY: Final = Sender(
    name="laboratory",
    systems=(NUMBERS,),
    code_systems=(CODES,),
    unit_system="urn:oid:1.2.250.1.998.3",
    subject_system="urn:oid:1.2.250.1.998.4",
)
SUBJECT: Final = "pushes-subject"


def registered(database_url: str, sender: Sender = LABORATORY) -> None:
    """Register a sender in a database, as `trialbridge sender add` does, and wait until a server knows it."""

    async def work() -> None:
        store = await Store.open(database_url)
        try:
            await register(store, sender, at=datetime.now(UTC))
        finally:
            await store.close()

    outside_the_loop(lambda: asyncio.run(work()))
    sleep(FRESH_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request, and how the status of the pushed resource is read from its answer."""

    method: str
    path: str
    body: Json
    headers: dict[str, str] = field(default_factory=dict)

    def status(self, code: int, answer: Json) -> int:
        """What was answered about the resource: by itself, or in its entry of a Bundle."""
        if self.path != "/fhir" or code != 200:
            return code
        [entry] = answer["entry"]
        return int(entry["response"]["status"][:3])


Door = Callable[[Json], Sent]


def patient(name: str = SUBJECT) -> Json:
    """A patient without anything that identifies one."""
    return {"resourceType": "Patient", "id": name, "gender": "female"}


def result(number: str, *, subject: str = SUBJECT, **said: Any) -> Json:
    """A creatinine in micromoles, final unless said otherwise."""
    return {
        "resourceType": "Observation",
        "identifier": [{"system": NUMBERS, "value": number}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "14682-9"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2024-03-01T08:00:00+01:00",
        "issued": "2024-03-01T10:00:00.000+01:00",
        "valueQuantity": {"value": 80, "unit": "µmol/l"},
    } | said


def _criteria(document: Json) -> str:
    [said] = document["identifier"]
    return f"identifier={said['system']}|{said['value']}"


def _own_id(document: Json) -> str:
    return f"own-{document['identifier'][0]['value']}"


def post(document: Json) -> Sent:
    """POST."""
    return Sent(method="POST", path="/fhir/Observation", body=document)


def create_once(document: Json) -> Sent:
    """POST, unless a result of that number is there."""
    once = {"If-None-Exist": _criteria(document)}
    return Sent(method="POST", path="/fhir/Observation", body=document, headers=once)


def put(document: Json) -> Sent:
    """PUT under the sender's own id."""
    name = _own_id(document)
    return Sent(method="PUT", path=f"/fhir/Observation/{name}", body=document | {"id": name})


def put_by_number(document: Json) -> Sent:
    """PUT to whatever bears that number."""
    return Sent(method="PUT", path=f"/fhir/Observation?{_criteria(document)}", body=document)


def in_batch(document: Json) -> Sent:
    """An entry of a batch."""
    return _bundle("batch", document, {"method": "POST", "url": "Observation"})


def in_transaction(document: Json) -> Sent:
    """An entry of a transaction."""
    return _bundle("transaction", document, {"method": "POST", "url": "Observation"})


def once_in_transaction(document: Json) -> Sent:
    """An entry of a transaction, unless a result of that number is there."""
    request = {"method": "POST", "url": "Observation", "ifNoneExist": _criteria(document)}
    return _bundle("transaction", document, request)


def _bundle(kind: str, document: Json, request: Json) -> Sent:
    entries = [{"resource": document, "request": request}]
    return Sent(method="POST", path="/fhir", body={"resourceType": "Bundle", "type": kind, "entry": entries})


DOORS: Final[tuple[Door, ...]] = (
    post,
    create_once,
    put,
    put_by_number,
    in_batch,
    in_transaction,
    once_in_transaction,
)
