"""A lupus subject as a hospital would push one: R4 documents, one transaction, questions over HTTP.

    subject = enrol(client, m0_sledai=sledai(14, on=BEFORE), m3_pga=pga("2.3", on=M3), infusion=infusion())
    verdicts(client, subject.id)          {"registry": "met", "synopsis": "not-met", "published": "met"}

Day 0 is 1 March 2021.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from app.fhir_mapping import codec

Json = dict[str, Any]

OURS = "https://trialbridge.example/fhir/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
FHIR_JSON = {"Content-Type": "application/fhir+json"}
DAY_0 = date(2021, 3, 1)
SYSTEMS = (
    "general",
    "mucocutaneous",
    "neurological",
    "musculoskeletal",
    "cardiorespiratory",
    "vasculitis",
    "renal",
    "haematological",
)


def day(number: int) -> str:
    """The date of a study day."""
    return (DAY_0 + timedelta(days=number)).isoformat()


BEFORE, M3, M6 = day(-1), day(91), day(183)


# ---- The documents -----------------------------------------------------------------------------------


def coded(family: str, code: str) -> Json:
    """A CodeableConcept of one of this service's own code systems."""
    return {"coding": [{"system": OURS + family, "code": code}]}


def number(text: str | int) -> Decimal | int:
    """A JSON number with the digits as they are written here."""
    return Decimal(text) if isinstance(text, str) else text


def score(instrument: str, on: str, *, status: str = "final", **said: Any) -> Json:
    """An assessment of the patient of this Bundle."""
    return {
        "resourceType": "Observation",
        "status": status,
        "code": coded("score", instrument),
        "subject": {"reference": urn("patient")},
        "effectiveDateTime": on,
    } | said


def sledai(total: int, *, on: str) -> Json:
    """A SELENA-SLEDAI by its total."""
    return score("selena-sledai", on, valueInteger=total)


def sledai_items(
    present: Collection[str], *, unknown: Collection[str], absent: Collection[str], on: str
) -> Json:
    """A SELENA-SLEDAI by its items."""
    said: dict[str, Json] = {
        **{item: {"valueBoolean": True} for item in present},
        **{item: {"valueBoolean": False} for item in absent},
        **{item: {"dataAbsentReason": {"coding": [ASKED_UNKNOWN]}} for item in unknown},
    }
    components = [{"code": coded("sledai-item", item)} | value for item, value in said.items()]
    return score("selena-sledai", on, component=components)


ASKED_UNKNOWN = {
    "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "code": "asked-unknown",
}


def bilag(*, on: str, **grades: str) -> Json:
    """A classic BILAG; the systems not named were never involved (E)."""
    components = [
        {
            "code": coded("bilag-system", system),
            "valueCodeableConcept": coded("bilag-grade", grades.get(system, "E")),
        }
        for system in SYSTEMS
    ]
    return score("bilag-classic", on, component=components)


def pga(value: str, *, on: str, status: str = "final") -> Json:
    """A physician global assessment on the scale 0 to 3."""
    quantity = {"value": number(value), "unit": "score", "system": UCUM, "code": "{score}"}
    return score("pga", on, status=status, valueQuantity=quantity)


def infusion() -> Json:
    """The cells being given on day 0."""
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": coded("product", "uc-msc"),
        "subject": {"reference": urn("patient")},
        "effectivePeriod": {"start": f"{DAY_0}T10:05:00+01:00", "end": f"{DAY_0}T10:50:00+01:00"},
        "dosage": {"dose": {"value": number("2.0"), "system": UCUM, "code": "10*6/kg"}},
    }


def enrolment() -> dict[str, Json]:
    """The study, the patient and her part in it."""
    return {
        "study": {
            "resourceType": "ResearchStudy",
            "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
            "status": "active",
        },
        "patient": {"resourceType": "Patient", "gender": "female", "birthDate": "1987"},
        "subject": {
            "resourceType": "ResearchSubject",
            "status": "on-study",
            "study": {"reference": urn("study")},
            "individual": {"reference": urn("patient")},
        },
    }


# ---- Pushing them ------------------------------------------------------------------------------------


def urn(name: str) -> str:
    """The temporary address of a resource within its Bundle."""
    return f"urn:uuid:{_NAMES.setdefault(name, str(uuid4()))}"


_NAMES: dict[str, str] = {}


def transaction(documents: Mapping[str, Json]) -> Json:
    """Create all of them, or none."""
    entries = [
        {
            "fullUrl": urn(name),
            "resource": document,
            "request": {"method": "POST", "url": document["resourceType"]},
        }
        for name, document in documents.items()
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@dataclass(frozen=True)
class Enrolled:
    """Where everything of a pushed subject came to stand: `Type/id` by the name it was pushed under."""

    addresses: Mapping[str, str]

    @property
    def id(self) -> str:
        """The id of the ResearchSubject."""
        return self.addresses["subject"].partition("/")[2]


def enrol(client: httpx.Client, **documents: Json) -> Enrolled:
    """Push a subject with these assessments in one transaction."""
    named = enrolment() | documents
    answer = send(client, "POST", "/fhir", transaction(named))
    assert answer.status_code == 200, answer.text
    locations = [entry["response"]["location"] for entry in answer.json()["entry"]]
    assert all(location.endswith("/_history/1") for location in locations)
    addresses = ["/".join(location.split("/")[-4:-2]) for location in locations]
    return Enrolled(dict(zip(named, addresses, strict=True)))


def send(client: httpx.Client, method: str, address: str, document: Json, **headers: str) -> httpx.Response:
    """Send a document with its digits as they are."""
    return client.request(method, address, content=codec.write(document), headers=FHIR_JSON | headers)


def replace(client: httpx.Client, address: str, **changes: Any) -> httpx.Response:
    """Store a new version of what stands at `Type/id`, with these members changed."""
    document = codec.read(client.get(f"/fhir/{address}").content)
    answer = send(client, "PUT", f"/fhir/{address}", document | changes)
    assert answer.status_code == 200, answer.text
    return answer


# ---- Asking ------------------------------------------------------------------------------------------


def ask(client: httpx.Client, subject: str, question: str = "$sri-status", **asked: str) -> httpx.Response:
    """Ask a question about a subject."""
    return client.get(f"/fhir/ResearchSubject/{subject}/{question}", params=asked)


def parts(parameters: Json, name: str) -> Iterator[Json]:
    """The parts of that name: of Parameters, of a result, of a criterion."""
    found = parameters.get("parameter") or parameters.get("part") or []
    return (part for part in found if part["name"] == name)


def value(parameters: Json, name: str) -> Any:
    """The value of the first part of that name."""
    [said] = [
        part[key] for part in [next(parts(parameters, name))] for key in part if key.startswith("value")
    ]
    return said


def values(parameters: Json, name: str) -> list[Any]:
    """The values of every part of that name."""
    return [part[key] for part in parts(parameters, name) for key in part if key.startswith("value")]


def results(answer: httpx.Response) -> dict[str, Json]:
    """The results of one visit by the name of the rule."""
    assert answer.status_code == 200, answer.text
    return {value(result, "rule"): result for result in parts(answer.json(), "result")}


def verdicts(client: httpx.Client, subject: str, **asked: str) -> dict[str, str]:
    """What each rule says of M3, or of another visit."""
    found = results(ask(client, subject, **{"visit": "M3"} | asked))
    return {rule: value(result, "verdict") for rule, result in found.items()}


def criteria(result: Json) -> dict[str, Json]:
    """The criteria of a result by their id, those inside others too."""
    found: dict[str, Json] = {}
    for criterion in parts(result, "criterion"):
        found[value(criterion, "id")] = criterion
        found |= criteria(criterion)
    return found
