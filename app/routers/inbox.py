"""$inbox: every resource a sender pushed and what became of it, newest first, page by page."""

from datetime import datetime

from app.clinical.records import Moment
from app.fhir_mapping import datatypes, links, question
from app.fhir_mapping.listing import Address, Each
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.registry import RESOURCES
from app.routers.answers import FhirResponse
from app.routers.listings import count, named_senders, only, printable, told
from app.routers.requests import FhirRequest
from app.store.database import Key
from app.store.inbox import Wanted, page


async def inbox(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What became of each message, a page of it; `next` leads to the one after it."""
    given = question.given(asked, request.parameters)
    service = request.service
    senders = await named_senders(request, given)
    wanted = _wanted(request, given)
    names = [sender.name for sender in senders]
    found = await page(service.store, request.visibility, wanted, senders=names, client=request.actor.client)
    following = None
    if found.after is not None:
        received, name = found.after
        key, asked_for = service.store.link_key, _question(request, given)
        token = links.cursor(((received.isoformat(),), name), key=key, question=asked_for)
        here = f"{request.base}/{request.path.strip('/')}"
        following = Address(links.with_parameters(here, [*_kept(given), ("_after", token)]))
    rows = [arrival.row() for arrival in found.arrivals]
    request.saw(*dict.fromkeys(name for arrival in found.arrivals for name in arrival.shown))
    return told(given, (("message", Each("messages", rows)), ("next", following)))


def _wanted(request: FhirRequest, given: Given) -> Wanted:
    """Which rows are asked for; 400 where a value cannot be what it should."""
    printable(given, "message", "identifier", "id")
    since, until = (datatypes.moment(only(given, name)) for name in ("since", "until"))
    waiting = only(given, "waiting")
    return Wanted(
        sender=only(given, "sender") or None,
        fate=only(given, "fate") or None,
        reason=only(given, "reason") or None,
        waiting=waiting == "true" if waiting else None,
        since=since.start if since is not None else None,
        until=_end(until) if until is not None else None,
        message=only(given, "message") or None,
        identifier=_identifier(only(given, "identifier")),
        patient=_patient(only(given, "patient")),
        resource=_resource(only(given, "resource")),
        id=only(given, "id") or None,
        count=count(given),
        after=_after(request, given),
    )


def _end(moment: Moment) -> datetime:
    """Of an instant itself, of a day its end."""
    return moment.start if moment.has_time else moment.end


def _identifier(text: str) -> tuple[str, str] | None:
    system, bar, value = text.partition("|")
    if text and not (bar and system and value):
        raise refusal(400, "value", "identifier is written system|value", "http.identifier")
    return (system, value) if text else None


def _patient(text: str) -> str | None:
    name = text.removeprefix("Patient/")
    if text and not links.is_id(name):
        raise refusal(400, "value", "patient is one patient, as Patient/id", "http.patient")
    return name or None


def _resource(text: str) -> Key | None:
    kind, _, name = text.partition("/")
    if text and (kind not in RESOURCES or not links.is_id(name)):
        raise refusal(400, "value", "resource is written Type/id, such as Observation/x", "http.resource")
    return (kind, name) if text else None


def _after(request: FhirRequest, given: Given) -> tuple[datetime, str] | None:
    if "_after" not in given:
        return None
    asked = _question(request, given)
    place = links.place(given["_after"][0], key=request.service.store.link_key, question=asked)
    if place is None:
        text = "_after cannot be read: take it unchanged from a `next`, with the parameters beside it"
        raise refusal(400, "value", text, "http._after")
    return datetime.fromisoformat(place[0][0] or ""), place[1]


def _question(request: FhirRequest, given: Given) -> bytes:
    """What a place in the pages belongs to."""
    asked = sorted(pair for pair in _kept(given) if pair[0] not in {"_count", "view"})
    return repr((request.path.strip("/"), asked)).encode()


def _kept(given: Given) -> list[tuple[str, str]]:
    return [(name, ",".join(texts)) for name, texts in given.items() if name != "_after"]
