"""What was done, by whom, to which versions: as an AuditEvent, in which the trail keeps and shows it.

An event is drawn once and kept byte for byte. It says itself where it stands in the trail (its study, who
wrote it down, its number), so that nothing kept beside it has to be believed.
Source: https://hl7.org/fhir/R4/auditevent.html; the codes are those of IHE BALP (Basic Audit Log Patterns).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from app.fhir_mapping import links
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.resource import Document

INTERACTION: Final = "https://trialbridge.example/fhir/CodeSystem/audit-interaction"
"""Interactions R4 has no code for: the operations by their names, and `link`."""
ROLE: Final = "https://trialbridge.example/fhir/CodeSystem/client-role"
CLIENT: Final = "https://trialbridge.example/fhir/sid/client"
"""Names of registered clients."""
CHAIN: Final = "https://trialbridge.example/fhir/sid/audit-chain"
LINK: Final = "link"
"""The interaction by which who writes the trail cites where all its chains stand."""

_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT = "http://terminology.hl7.org/CodeSystem/object-role"
_LIFE = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PERSON, _SYSTEM_OBJECT = "1", "2"
_PATIENT, _DOMAIN_RESOURCE, _SECURITY_RESOURCE, _QUERY = "1", "4", "13", "24"
LIVES = {"C": "1", "U": "3", "D": "14", "R": "6", "E": "6"}
_KNOWN = frozenset(
    (
        *("read", "vread", "update", "patch", "delete", "create", "search-type", "transaction", "batch"),
        *("history-instance", "history-type", "history-system", "capabilities", "operation"),
    )
)
_SUCCESS, _REFUSED, _FAILED = "0", "4", "8"
_SERVER = "trialbridge"
_NETWORK_ADDRESS = "2"
DIGEST, WHY, NUMBER, HEAD = "sha256", "reason", "number", "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A version that was read or came to be; `version` 0 where the event is about the resource as such.

    `digest` is the SHA-256 of the document a change stored. `action` is what was done to it (C R U D E).
    """

    type: str
    id: str
    version: int = 0
    patient: str = ""
    digest: bytes | None = None
    action: str = "R"

    @property
    def whose(self) -> str:
        """The patient it is about."""
        return self.id if self.type == "Patient" else self.patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain stands: the number and the hash of its last event."""

    study: str
    committer: str
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What happened.

    - `action`: C, R, U, D or E (of several kinds, or an operation).
    - `interaction`: `read`, `search-type`, `create`, …, the name of an operation (`$sri-status`), or `link`.
    - `status`: what HTTP answered, or would have.
    - `study`, `committer`, `number`: its place in the trail; the study is empty where it is about none or
      several.
    - `query`: how it was searched, as it was sent.
    - `heads`: what a `link` cites.
    """

    recorded: datetime
    action: str
    interaction: str
    status: int
    actor: Actor
    committer: str
    number: int
    study: str = ""
    entities: Sequence[Entity] = ()
    query: str = ""
    heads: Sequence[Head] = ()

    @property
    def outcome(self) -> str:
        """0 done, 4 refused, 8 failed."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return _SUCCESS
        return _REFUSED if self.status < HTTPStatus.INTERNAL_SERVER_ERROR else _FAILED

    @property
    def patient(self) -> str:
        """The one patient it is about; empty where it is about none or several."""
        patients = {one.whose for one in self.entities if one.whose}
        return patients.pop() if len(patients) == 1 else ""


def audit_event(name: str, happened: Happened) -> Document:
    """What happened as an AuditEvent with this id."""
    purpose = happened.actor.purpose
    reason = [{"coding": [{"system": _REASONS, "code": purpose}]}] if purpose else None
    outcome = happened.outcome
    said = {
        "resourceType": "AuditEvent",
        "id": name,
        "meta": {"versionId": "1", "lastUpdated": links.instant(happened.recorded)},
        "type": _type(happened),
        "subtype": list(_subtypes(happened.interaction)),
        "action": happened.action,
        "recorded": links.instant(happened.recorded),
        "outcome": outcome,
        "outcomeDesc": None if outcome == _SUCCESS else _phrase(happened.status),
        "purposeOfEvent": reason,
        "agent": [_agent(happened.actor)],
        "source": _source(happened),
        "entity": list(_entities(happened)),
    }
    return {member: value for member, value in said.items() if value is not None}


def _type(happened: Happened) -> Document:
    if happened.interaction == LINK:
        return {"system": _DICOM, "code": "110100", "display": "Application Activity"}
    return {"system": _TYPES, "code": "rest", "display": "RESTful Operation"}


def _subtypes(interaction: str) -> Iterator[Document]:
    if interaction in _KNOWN:
        yield {"system": _RESTFUL, "code": interaction}
        return
    if interaction != LINK:
        yield {"system": _RESTFUL, "code": "operation"}
    yield {"system": INTERACTION, "code": interaction}


def _phrase(status: int) -> str:
    """What a status means, in HTTP's words, which never hold anything of a patient."""
    return f"{status} {HTTPStatus(status).phrase}"


def _agent(actor: Actor) -> Document:
    """Who asked: a client, or nobody in particular."""
    named = actor.client or actor.role
    registered = {"system": CLIENT} if actor.client else {}
    agent: Document = {
        "type": {"coding": [{"system": _DICOM, "code": "110153", "display": "Source Role ID"}]},
        "role": [{"coding": [{"system": ROLE, "code": actor.role}]}],
        "who": {"identifier": {**registered, "value": named}, "display": named},
        "altId": named,
        "requestor": True,
    }
    if actor.address:
        agent["network"] = {"address": actor.address, "type": _NETWORK_ADDRESS}
    return agent


def _source(happened: Happened) -> Document:
    observer = {"identifier": {"value": _SERVER}, "type": "Device", "display": _SERVER}
    type_ = {"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}
    return {"site": happened.committer, "observer": observer, "type": [type_]}


def _entities(happened: Happened) -> Iterator[Document]:
    """Its place in the trail, the request, the query, the versions, and whom they are about."""
    place = _chain(happened.study, happened.committer)
    yield _coded(_SECURITY_RESOURCE, what=place, detail={NUMBER: str(happened.number)})
    if happened.actor.request:
        request = {"identifier": {"value": happened.actor.request}}
        yield {"what": request, "type": {"system": _BALP, "code": "XrequestId"}}
    if happened.query:
        yield _coded(_QUERY, query=b64encode(happened.query.encode()).decode())
    for one in happened.entities:
        yield _version(one, happened.actor.reason)
    named = {one.id for one in happened.entities if one.type == "Patient"}
    for patient in dict.fromkeys(one.whose for one in happened.entities):
        if patient and patient not in named:
            what = {"reference": f"Patient/{patient}"}
            yield _coded(_PATIENT, kind=PERSON, what=what)
    for head in happened.heads:
        detail = {NUMBER: str(head.number), HEAD: head.hash.hex()}
        yield _coded(_SECURITY_RESOURCE, what=_chain(head.study, head.committer), detail=detail)


def _chain(study: str, committer: str) -> Document:
    return {"identifier": {"system": CHAIN, "value": f"{study}/{committer}"}}


def _version(one: Entity, reason: str | None) -> Document:
    own = f"{one.type}/{one.id}" + (f"/_history/{one.version}" if one.version else "")
    detail = {DIGEST: one.digest.hex()} if one.digest is not None else {}
    if reason and one.action != "R":
        detail[WHY] = reason
    person = one.type == "Patient"
    said = _coded(
        _PATIENT if person else _DOMAIN_RESOURCE,
        kind=PERSON if person else _SYSTEM_OBJECT,
        what={"reference": own},
        detail=detail,
    )
    return said | {"lifecycle": {"system": _LIFE, "code": LIVES[one.action]}}


def _coded(
    role: str,
    *,
    kind: str = _SYSTEM_OBJECT,
    what: Document | None = None,
    query: str | None = None,
    detail: Mapping[str, str] | None = None,
) -> Document:
    told = [{"type": name, "valueString": text} for name, text in (detail or {}).items()]
    said = {
        "what": what,
        "type": {"system": _ENTITY, "code": kind},
        "role": {"system": _OBJECT, "code": role},
        "query": query,
        "detail": told or None,
    }
    return {member: value for member, value in said.items() if value is not None}
