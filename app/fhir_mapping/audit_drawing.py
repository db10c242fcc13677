"""An event of the trail drawn as the bytes of an AuditEvent, once: so it is kept, hashed and shown.

It says itself where it stands in the trail (its study, who wrote it down, its number), so that nothing kept
beside it has to be believed. What is the same in most events is drawn once and remembered: there is an event
for each read, and it is written down before the answer goes out.
Source: https://hl7.org/fhir/R4/auditevent.html; the codes are those of IHE BALP (Basic Audit Log Patterns).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from app.fhir_mapping import codec, links
from app.fhir_mapping.access.actor import OPERATOR
from app.fhir_mapping.audit_event import (
    CHAIN,
    CLIENT,
    DIGEST,
    HEAD,
    INTERACTION,
    LINK,
    LIVES,
    LOGIN,
    LOGOUT,
    NUMBER,
    PERSON,
    ROLE,
    WHY,
    Entity,
    Event,
    Head,
)
from app.fhir_mapping.resource import Document

_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT = "http://terminology.hl7.org/CodeSystem/object-role"
_LIFE = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_SYSTEM_OBJECT = "2"
_PATIENT, _DOMAIN_RESOURCE, _SECURITY_RESOURCE, _QUERY = "1", "4", "13", "24"
_KNOWN = frozenset(
    (
        *("read", "vread", "update", "patch", "delete", "create", "search-type", "transaction", "batch"),
        *("history-instance", "history-type", "history-system", "capabilities", "operation"),
    )
)
_SIGNING_IN: Final[Mapping[str, Document]] = {
    LOGIN: {"system": _DICOM, "code": "110122", "display": "Login"},
    LOGOUT: {"system": _DICOM, "code": "110123", "display": "Logout"},
}
_SERVER = "trialbridge"
_NETWORK_ADDRESS = "2"


def drawn(name: str, event: Event, place: Head, cited: Sequence[Head] = ()) -> bytes:
    """The event with this id at this place of its chain; a `link` cites the heads of chains."""
    recorded, actor = links.instant(event.recorded), event.actor
    return "".join(
        (
            f'{{"resourceType":"AuditEvent","id":{_text(name)},"meta":{{"versionId":"1",',
            f'"lastUpdated":"{recorded}"}},{_kind(event.interaction, operated=actor.role == OPERATOR.role)},',
            f'"action":"{event.action}","recorded":"{recorded}",{_outcome(event.outcome, event.status)},',
            f"{_agent(actor.client, actor.role, actor.purpose, actor.address)},{_source(place.committer)},",
            f'"entity":[{",".join(_entities(event, place, cited))}]}}',
        )
    ).encode()


def _text(value: Any) -> str:
    return codec.write(value).decode()


def _members(**said: Any) -> str:
    """Members of an object as they stand in it; what is None is left out."""
    return _text({name: value for name, value in said.items() if value is not None})[1:-1]


@lru_cache(maxsize=256)
def _kind(interaction: str, *, operated: bool) -> str:
    subtypes = [{"system": INTERACTION, "code": interaction}]
    if interaction in _SIGNING_IN:
        kind = {"system": _DICOM, "code": "110114", "display": "User Authentication"}
        subtypes.insert(0, _SIGNING_IN[interaction])
    elif operated or interaction == LINK:
        kind = {"system": _DICOM, "code": "110100", "display": "Application Activity"}
    else:
        kind = {"system": _TYPES, "code": "rest", "display": "RESTful Operation"}
        known = interaction in _KNOWN
        restful = {"system": _RESTFUL, "code": interaction if known else "operation"}
        subtypes = [restful] if known else [restful, *subtypes]
    return _members(type=kind, subtype=subtypes)


@lru_cache(maxsize=256)
def _outcome(outcome: str, status: int) -> str:
    """How it went, in HTTP's words, which never hold anything of a patient."""
    refused = status >= HTTPStatus.BAD_REQUEST
    return _members(outcome=outcome, outcomeDesc=f"{status} {HTTPStatus(status).phrase}" if refused else None)


@lru_cache(maxsize=1024)
def _agent(client: str, role: str, purpose: str, address: str) -> str:
    """Who asked, a client or nobody in particular, and why they ask."""
    named = client or role
    registered = {"system": CLIENT} if client else {}
    agent: Document = {
        "type": {"coding": [{"system": _DICOM, "code": "110153", "display": "Source Role ID"}]},
        "role": [{"coding": [{"system": ROLE, "code": role}]}],
        "who": {"identifier": {**registered, "value": named}, "display": named},
        "altId": named,
        "requestor": True,
    }
    if address:
        agent["network"] = {"address": address, "type": _NETWORK_ADDRESS}
    reason = [{"coding": [{"system": _REASONS, "code": purpose}]}] if purpose else None
    return _members(purposeOfEvent=reason, agent=[agent])


@lru_cache(maxsize=64)
def _source(committer: str) -> str:
    observer = {"identifier": {"value": _SERVER}, "type": "Device", "display": _SERVER}
    type_ = {"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}
    return _members(source={"site": committer, "observer": observer, "type": [type_]})


def _entities(event: Event, place: Head, cited: Sequence[Head]) -> Iterator[str]:
    """Its place in the trail, the request, the names, the query, the versions, whose they are, the cited."""
    yield f'{_chain(place.study, place.committer)},"detail":[{_detail(NUMBER, str(place.number))}]}}'
    if event.actor.request:
        yield f'{{"what":{{"identifier":{{"value":{_text(event.actor.request)}}}}},{_REQUEST}}}'
    for system, value in event.named:
        yield f"{{{_members(what={'identifier': {'system': system, 'value': value}})},{_NAMED}}}"
    if event.query:
        yield f'{{{_SEARCH},"query":"{b64encode(event.query.encode()).decode()}"}}'
    for one in event.entities:
        yield _version(one, event.actor.reason)
    named = {one.id for one in event.entities if one.type == "Patient"}
    for patient in dict.fromkeys(one.whose for one in event.entities):
        if patient and patient not in named:
            yield f'{{"what":{{"reference":{_text(f"Patient/{patient}")}}},{_PERSON}}}'
    for head in cited:
        detail = f"{_detail(NUMBER, str(head.number))},{_detail(HEAD, head.hash.hex())}"
        yield f'{_chain(head.study, head.committer)},"detail":[{detail}]}}'


def _coded(role: str, kind: str = _SYSTEM_OBJECT) -> str:
    return _members(type={"system": _ENTITY, "code": kind}, role={"system": _OBJECT, "code": role})


_REQUEST: Final = _members(type={"system": _BALP, "code": "XrequestId"})
_NAMED: Final = _coded(_SECURITY_RESOURCE)
_SEARCH: Final = _coded(_QUERY)
_PERSON: Final = _coded(_PATIENT, PERSON)
_RESOURCE: Final = _coded(_DOMAIN_RESOURCE)
_LIFECYCLES: Final = {
    action: _members(lifecycle={"system": _LIFE, "code": code}) for action, code in LIVES.items()
}


@lru_cache(maxsize=256)
def _chain(study: str, committer: str) -> str:
    """A chain, up to what is told of it."""
    what = {"identifier": {"system": CHAIN, "value": f"{study}/{committer}"}}
    return f"{{{_members(what=what)},{_coded(_SECURITY_RESOURCE)}"


def _version(one: Entity, reason: str | None) -> str:
    own = f"{one.type}/{one.id}/_history/{one.version}" if one.version else f"{one.type}/{one.id}"
    told = [_detail(DIGEST, one.digest.hex())] if one.digest is not None else []
    if reason and one.action != "R":
        told.append(_detail(WHY, reason))
    coded = _PERSON if one.type == "Patient" else _RESOURCE
    detail = f',"detail":[{",".join(told)}]' if told else ""
    return f'{{"what":{{"reference":{_text(own)}}},{coded}{detail},{_LIFECYCLES[one.action]}}}'


def _detail(name: str, text: str) -> str:
    return f'{{"type":"{name}","valueString":{_text(text)}}}'
