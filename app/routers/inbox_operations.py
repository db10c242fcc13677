"""What those who run the server ask: each message's fate, sums day by day, who is silent, what waits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.records import Moment
from app.fhir_mapping import datatypes, links, question
from app.fhir_mapping.inbox_operations import INBOX, MOST_DAYS, RECONCILIATION, REPLAY, SENDERS, UNMAPPED
from app.fhir_mapping.listing import Address, Code, Each, Row, parameters, plain
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import near
from app.fhir_mapping.search_controls import DEFAULT_COUNT, LARGEST_COUNT
from app.fhir_mapping.sender import Sender
from app.routers import answers
from app.routers.answers import PLAIN_JSON, FhirResponse
from app.routers.requests import FhirRequest
from app.routers.trial_answers import now
from app.store import feeds
from app.store import inbox as store_inbox
from app.store.database import Key
from app.store.feeds import Days
from app.store.inbox import Wanted
from app.store.replay import replay as replayed
from app.store.visibility import EVERYTHING

_LATELY: Final = timedelta(hours=24)
_ONE_DAY: Final = timedelta(days=1)


async def inbox(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What became of each message, a page of it; `next` leads to the one after it."""
    given = question.given(asked, request.parameters)
    service = request.service
    senders = await _senders(request, given)
    wanted = _wanted(request, given)
    found = await store_inbox.page(
        service.store, service.visibility, wanted, senders=[sender.name for sender in senders]
    )
    following = None
    if found.after is not None:
        received, name = found.after
        key, asked_for = service.store.link_key, _question(request, given)
        token = links.cursor(((received.isoformat(),), name), key=key, question=asked_for)
        here = f"{request.base}/{request.path.strip('/')}"
        following = Address(links.with_parameters(here, [*_kept(given), ("_after", token)]))
    rows = [arrival.row() for arrival in found.arrivals]
    return _told(given, (("message", Each("messages", rows)), ("next", following)))


def _wanted(request: FhirRequest, given: Given) -> Wanted:
    """Which rows are asked for; 400 where a value cannot be what it should."""
    since, until = (datatypes.moment(_only(given, name)) for name in ("since", "until"))
    waiting = _only(given, "waiting")
    return Wanted(
        sender=_only(given, "sender") or None,
        fate=_only(given, "fate") or None,
        reason=_only(given, "reason") or None,
        waiting=waiting == "true" if waiting else None,
        since=since.start if since is not None else None,
        until=_end(until) if until is not None else None,
        message=_only(given, "message") or None,
        identifier=_identifier(_only(given, "identifier")),
        patient=_patient(_only(given, "patient")),
        resource=_resource(_only(given, "resource")),
        id=_only(given, "id") or None,
        count=_count(given),
        after=_after(request, given),
    )


def _only(given: Given, name: str) -> str:
    return given.get(name, [""])[0]


def _end(moment: Moment) -> datetime:
    """Of an instant itself, of a day its end."""
    return moment.start if moment.has_time else moment.end


def _count(given: Given) -> int:
    return min(int(_only(given, "_count") or DEFAULT_COUNT), LARGEST_COUNT)


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


async def reconciliation(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What each sender sent day by day, and what became of it."""
    given = question.given(asked, request.parameters)
    senders = await _senders(request, given)
    days, at = _days(given), now()
    service = request.service
    found = await feeds.reconciled(
        service.store, service.visibility, [(sender, days or _last_two(sender, at)) for sender in senders]
    )
    return _told(given, (("day", Each("days", [day.row() for day in found])),))


def _days(given: Given) -> Days | None:
    """The days asked about; None where none is named."""
    day, first, last = (question.day(_only(given, name)) for name in ("day", "from", "to"))
    if day is not None and (first or last):
        raise refusal(400, "value", "ask for one day, or for those from one to another", "http.day")
    if day is not None:
        return day, day
    if first is None and last is None:
        return None
    return _in_bounds(first or last, last or first)


def _in_bounds(first: date | None, last: date | None) -> Days:
    assert first is not None and last is not None  # noqa: S101, PT018
    if not timedelta() <= last - first < MOST_DAYS * _ONE_DAY:
        text = f"`to` must be a day from `from` on, and at most {MOST_DAYS} days are reconciled at once"
        raise refusal(400, "value", text, "http.to")
    return first, last


def _last_two(sender: Sender, at: datetime) -> Days:
    """Yesterday and today where the sender is."""
    today = at.astimezone(ZoneInfo(sender.time_zone)).date()
    return today - _ONE_DAY, today


async def senders(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Who pushes, and how each feed stands."""
    given = question.given(asked, request.parameters)
    service, at = request.service, now()
    named = {sender.name for sender in await _senders(request, given)}
    moment = datatypes.moment(_only(given, "since"))
    since = moment.start if moment is not None else at - _LATELY
    found = await feeds.standings(service.store, service.visibility, since=since)
    rows = [one.row(at) for one in found if one.sender.name in named]
    return _told(given, (("at", at), ("sender", Each("senders", rows))))


async def unmapped(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What no map knows, the most awaited first."""
    given = question.given(asked, request.parameters)
    await _senders(request, given)
    service = request.service
    found = await store_inbox.unmapped(
        service.store,
        service.visibility,
        sender=_only(given, "sender") or None,
        kind=_only(given, "kind") or None,
        count=_count(given),
    )
    return _told(given, (("unmapped", Each("unmapped", [one.row() for one in found])),))


async def replay(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Take parked messages through the door again."""
    given = question.given(asked, request.parameters)
    service = request.service
    if service.visibility != EVERYTHING:
        raise refusal(403, "forbidden", "only who sees everything may have parked messages tried again")
    await _senders(request, given)
    if not any(given.get(name) for name in ("reason", "sender", "id")):
        raise refusal(400, "required", "say what to try again: a reason, a sender or an id", "http.reason")
    done = await replayed(
        service.store,
        request.intake,
        reason=_only(given, "reason") or None,
        sender=_only(given, "sender") or None,
        ids=given.get("id", ()),
    )
    each = [(("letter", letter), ("fate", Code(fate))) for letter, fate in done.fates.items()]
    counted = [(fate, done.count(fate)) for fate in ("stored", "parked", "refused")]
    return _told(given, (("tried", len(each)), *counted, ("message", Each("messages", each))))


async def _senders(request: FhirRequest, given: Given) -> Sequence[Sender]:
    """The sender that is named, or all there are; 400 where none is registered under that name."""
    service = request.service
    there = await feeds.known(service.store, service.visibility)
    name = _only(given, "sender")
    found = [sender for sender in there if name in ("", sender.name)]
    if name and not found:
        text = f"no sender is registered under this name{_there(name, [one.name for one in there])}"
        raise refusal(400, "value", text, "http.sender")
    return found


def _there(name: str, names: Sequence[str]) -> str:
    return f"{near(name, names)}; there are {', '.join(names)}" if names else ", and no other is"


def _told(given: Given, row: Row) -> FhirResponse:
    if _only(given, "view") == "plain":
        return FhirResponse(200, plain(row), [PLAIN_JSON])
    return answers.resource(parameters(row))


Handler = Callable[[FhirRequest, Operation], Awaitable[FhirResponse]]
HANDLERS: Final[Mapping[str, Handler]] = {
    INBOX.name: inbox,
    RECONCILIATION.name: reconciliation,
    SENDERS.name: senders,
    UNMAPPED.name: unmapped,
    REPLAY.name: replay,
}
"""By operation, what answers it."""
