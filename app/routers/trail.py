"""What was asked and answered, noted in the trail before the answer goes out."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import unquote_plus, urlencode

from app.fhir_mapping import links
from app.fhir_mapping.audit_event import Entity, Event
from app.fhir_mapping.integrity_operations import ERASE, LOCK, SIGN, UNLOCK
from app.fhir_mapping.operations import OPERATIONS
from app.routers import errors, logs
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest, Seen
from app.routers.service import Service
from app.routers.told import TOKEN_PARAMETER
from app.store.asker import Asker
from app.store.session import utc_now

_WRITES = {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_ACTIONS = {"create": "C", "update": "U", "patch": "U", "delete": "D", "transaction": "E", "batch": "E"}
_ACTS = frozenset((SIGN.name, LOCK.name, UNLOCK.name, ERASE.name))
"""Operations that write themselves down (`store.acts`)."""
_OPERATIONS = frozenset(one.name for one in OPERATIONS)
_UNKNOWN_OPERATION = "operation"
_OUT_OF_REACH = frozenset((HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE))
_PASSING = frozenset((HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE))
"""Nothing was looked at, and more to write would make it worse."""
_BATCH = b'"type":"batch-response"'
_HEAD = 200


async def note_all(answered: Iterable[tuple[FhirRequest, FhirResponse]]) -> None:
    """Note the questions of a Bundle, each as if it had been asked by itself."""
    await asyncio.gather(*(note(request, response) for request, response in answered))


async def note(request: FhirRequest, response: FhirResponse) -> None:
    """Note an access, or a change that was refused; it is on disk when this returns.

    A change or an act (`$sign`, `$lock`, …) that was carried out is noted with itself. Who is not known is
    not noted: a flood of those would fill the trail.
    """
    auditor = request.service.store.auditor
    if not auditor.reads or request.actor.role == "nobody":
        return
    interaction = _interaction(request, response)
    if not _is_told(request, response, interaction):
        return
    reads = interaction not in _ACTIONS
    event = Event(
        recorded=utc_now(),
        action="E" if request.operation else "R" if reads else _ACTIONS[interaction],
        interaction=interaction,
        status=response.status,
        actor=request.actor,
        study=_study(request, response),
        entities=_entities(request),
        query=_query(request) if reads else "",
    )
    await auditor.note(event, request.visibility, request.whose)


async def note_failed(request: FhirRequest, response: FhirResponse) -> None:
    """Note a request that failed, if the trail can be written: nothing of it goes out either way."""
    try:
        await note(request, response)
    except Exception as error:  # noqa: BLE001 what failed is answered all the same
        _failed(error, request.request_id)


async def note_message(service: Service, asker: Asker, status: int) -> None:
    """Note an HL7 v2 message of a known client that was refused, or failed; it is answered all the same."""
    auditor, actor = service.store.auditor, asker.actor
    if not auditor.reads or status < HTTPStatus.BAD_REQUEST or status in _PASSING or actor.role == "nobody":
        return
    event = Event(recorded=utc_now(), action="E", interaction="transaction", status=status, actor=actor)
    try:
        await auditor.note(event, asker.visibility)
    except Exception as error:  # noqa: BLE001 as above
        _failed(error, actor.request)


def _failed(error: Exception, request: str) -> None:
    said = {"request": request, "error": logs.lineage(error), "where": logs.where(error)}
    errors.log.warning("a refusal or failure is not in the trail", extra=said)


def _is_told(request: FhirRequest, response: FhirResponse, interaction: str) -> bool:
    """Whether it read, asked or searched; was kept out; failed; or was a change that was refused."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return interaction not in _ACTIONS and interaction not in _ACTS
    if interaction in _ACTIONS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return response.status not in _PASSING
    is_somewhere = request.type is not None or bool(request.operation)
    return response.status in _OUT_OF_REACH and (is_somewhere or response.status == HTTPStatus.FORBIDDEN)


def _interaction(request: FhirRequest, response: FhirResponse) -> str:
    """What was asked, in R4's words; an operation by its name, if it is one of ours."""
    if request.operation:
        return request.operation if request.operation in _OPERATIONS else _UNKNOWN_OPERATION
    reads = request.method in {"GET", "HEAD"} or request.path.endswith("/_search")
    if reads:
        return _reading(request)
    if request.method == "POST" and request.type is None:
        return "batch" if _BATCH in response.body[:_HEAD] else "transaction"
    return _WRITES.get(request.method, "create")


def _reading(request: FhirRequest) -> str:
    if request.version:
        return "vread"
    if request.path.endswith("/_history"):
        return (
            "history-system" if request.type is None else "history-instance" if request.id else "history-type"
        )
    return "read" if request.id else "search-type"


def _study(request: FhirRequest, response: FhirResponse) -> str:
    """The study that was asked about as a whole, its parts among it."""
    is_shown = response.status < HTTPStatus.BAD_REQUEST
    of_study = request.type is not None and request.type.name == "ResearchStudy"
    return request.id if is_shown and of_study else ""


def _entities(request: FhirRequest) -> tuple[Entity, ...]:
    """What was seen, and whatever else the address names, as far as it can be the name of something.

    Events are committed together: one that cannot be stored would take its neighbours with it.
    """
    seen = dict.fromkeys(request.seen)
    named = request.type.name if request.type is not None else ""
    if links.is_id(request.id) and not any(one[:2] == (named, request.id) for one in seen):
        seen[(named, request.id, int(request.version) if links.is_version(request.version) else 0)] = None
    if request.compartment:
        seen.setdefault(("Patient", request.compartment, 0))
    return tuple(_entity(one, request.whose.get(one)) for one in seen)


def _entity(seen: Seen, whose: tuple[str, str] | None) -> Entity:
    kind, name, number = seen
    return Entity(type=kind, id=name, version=number, patient="" if whose is None else whose[0])


def _query(request: FhirRequest) -> str:
    """How it was searched: the query as it was sent, and what was posted as a form."""
    posted = urlencode(list(request.form))
    sent = [*request.query.decode("latin-1").split("&"), *posted.split("&")]
    return "&".join(one for one in sent if one and not _bears_token(one))


def _bears_token(parameter: str) -> bool:
    """Whether it is an access token, as one in a form or in a Bundle may be: the trail is read by many."""
    return unquote_plus(parameter.partition("=")[0]) == TOKEN_PARAMETER
