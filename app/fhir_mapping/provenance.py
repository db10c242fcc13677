"""Whose work a version is, as a Provenance: drawn from the trail when it is asked for, never stored.

Source: https://hl7.org/fhir/R4/provenance.html
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from app.fhir_mapping import links
from app.fhir_mapping.audit_event import LIVES, WHY
from app.fhir_mapping.resource import Document
from app.fhir_mapping.signature import MEANINGS

Made = tuple[str, str, int]
"""The type, id and version of what came to be."""

BROKEN: Final = "https://trialbridge.example/fhir/StructureDefinition/signature-broken"
"""Extension of a signature that counts no more: why, and by which version."""

_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ACTIVITIES = {LIVES["C"]: "CREATE", LIVES["U"]: "UPDATE", LIVES["D"]: "DELETE"}
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Who made a version, when, as what, and why; `activity` is CREATE, UPDATE or DELETE."""

    recorded: str
    who: Document
    role: Sequence[Document]
    name: str
    activity: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature of the version; `broken` says why it counts no more, `by` which version broke it."""

    meaning: str
    signer: str
    practitioner: str | None
    at: datetime
    digest: bytes
    broken: str | None = None
    by: int | None = None


def name_of(made: Made) -> str:
    """The id of the Provenance of a version; where that would be too long, one that only a search finds."""
    kind, own, version = made
    name = f"{kind}.{version}.{own}"
    return name if len(name) <= _LONGEST_ID else sha256(name.encode()).hexdigest()


def named(name: str) -> Made | None:
    """The version the Provenance of this id is about; None where it is about none."""
    kind, _, rest = name.partition(".")
    version, _, own = rest.partition(".")
    return (kind, own, int(version)) if own and links.is_version(version) else None


def works(event: Document) -> Iterator[tuple[Made, Work]]:
    """What an AuditEvent of the trail says came to be, and by whom."""
    agent = event["agent"][0]
    for entity in event["entity"]:
        activity = _ACTIVITIES.get(entity.get("lifecycle", {}).get("code"))
        kind, name, *version = (
            entity.get("what", {}).get("reference", "/").replace("/_history", "").split("/")
        )
        if activity is not None and version:
            details = {one["type"]: one["valueString"] for one in entity.get("detail", ())}
            yield (
                (kind, name, int(version[0])),
                Work(
                    recorded=event["recorded"],
                    who=agent["who"],
                    role=agent.get("role", ()),
                    name=agent["altId"],
                    activity=activity,
                    reason=details.get(WHY),
                ),
            )


def provenance(
    made: Made, at: datetime, *, work: Work | None, revises: bool, signatures: Sequence[Signed] = ()
) -> Document:
    """The Provenance of a version stored at this instant; `work` None where the trail says nothing of it."""
    kind, name, version = made
    own = f"{kind}/{name}/_history/"
    said = {
        "resourceType": "Provenance",
        "id": name_of(made),
        "meta": {"versionId": "1", "lastUpdated": links.instant(at)},
        "target": [{"reference": f"{own}{version}"}],
        "occurredDateTime": links.instant(at),
        "recorded": links.instant(at),
        "reason": [{"text": work.reason}] if work and work.reason else None,
        "activity": {"coding": [{"system": _OPERATION, "code": work.activity}]} if work else None,
        "agent": [_agent(work)],
        "entity": [{"role": "revision", "what": {"reference": f"{own}{version - 1}"}}] if revises else None,
        "signature": [_signature(own, one) for one in signatures] or None,
    }
    return {member: value for member, value in said.items() if value is not None}


def _agent(work: Work | None) -> Document:
    type_ = {"coding": [{"system": _PARTICIPANT, "code": "transmitter", "display": "Transmitter"}]}
    if work is None:
        return {"type": type_, "who": {"display": "not recorded"}}
    return {"type": type_, **({"role": list(work.role)} if work.role else {}), "who": work.who}


def _signature(own: str, signed: Signed) -> Document:
    meaning = MEANINGS[signed.meaning]
    who: dict[str, Any] = {"display": signed.signer}
    if signed.practitioner is not None:
        who = {"reference": f"Practitioner/{signed.practitioner}"} | who
    said: Document = {
        "type": [{"system": meaning.system, "code": meaning.code, "display": meaning.display}],
        "when": links.instant(signed.at),
        "who": who,
        "data": b64encode(signed.digest).decode(),
    }
    return said if signed.broken is None else {"extension": [_broken(own, signed)]} | said


def _broken(own: str, signed: Signed) -> Document:
    parts: list[Document] = [{"url": "reason", "valueCode": signed.broken}]
    if signed.by is not None:
        parts.append({"url": "by", "valueReference": {"reference": f"{own}{signed.by}"}})
    return {"url": BROKEN, "extension": parts}
