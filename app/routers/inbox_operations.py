"""What those who run the server ask: each message's fate, sums day by day, who is silent, what waits."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.fhir_mapping import datatypes, question
from app.fhir_mapping.inbox_operations import (
    INBOX,
    MOST_DAYS,
    MOST_LETTERS,
    RECONCILIATION,
    REPLAY,
    SENDERS,
    UNMAPPED,
)
from app.fhir_mapping.listing import Code, Each
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.sender import Sender
from app.routers.answers import FhirResponse
from app.routers.inbox import inbox
from app.routers.listings import count, named_senders, only, printable, told
from app.routers.requests import FhirRequest
from app.routers.trial_answers import now
from app.store import feeds
from app.store.feeds import Days
from app.store.inbox import unmapped as waiting_for_maps
from app.store.replay import replay as replayed

_LATELY: Final = timedelta(hours=24)
_ONE_DAY: Final = timedelta(days=1)


async def reconciliation(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What each sender sent day by day, and what became of it."""
    given = question.given(asked, request.parameters)
    senders = await named_senders(request, given)
    days, at = _days(given), now()
    service = request.service
    found = await feeds.reconciled(
        service.store,
        request.visibility,
        [(sender, days or _last_two(sender, at)) for sender in senders],
        client=request.actor.client,
    )
    return told(given, (("day", Each("days", [day.row() for day in found])),))


def _days(given: Given) -> Days | None:
    """The days asked about; None where none is named."""
    day, first, last = (question.day(only(given, name)) for name in ("day", "from", "to"))
    if day is not None and (first or last):
        raise refusal(400, "value", "ask for one day, or for those from one to another", "http.day")
    if day is not None:
        return day, day
    begins, ends = first or last, last or first
    if begins is None or ends is None:
        return None
    if not timedelta() <= ends - begins < MOST_DAYS * _ONE_DAY:
        text = f"`to` must be a day from `from` on, and at most {MOST_DAYS} days are reconciled at once"
        raise refusal(400, "value", text, "http.to")
    return begins, ends


def _last_two(sender: Sender, at: datetime) -> Days:
    """Yesterday and today where the sender is."""
    today = at.astimezone(ZoneInfo(sender.time_zone)).date()
    return today - _ONE_DAY, today


async def senders(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Who pushes, and how each feed stands."""
    given = question.given(asked, request.parameters)
    service, at = request.service, now()
    named = {sender.name for sender in await named_senders(request, given)}
    moment = datatypes.moment(only(given, "since"))
    since = moment.start if moment is not None else at - _LATELY
    client = request.actor.client
    found = await feeds.standings(service.store, request.visibility, since=since, client=client)
    rows = [one.row(at) for one in found if one.sender.name in named]
    return told(given, (("at", at), ("sender", Each("senders", rows))))


async def unmapped(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What no map knows, the most awaited first."""
    given = question.given(asked, request.parameters)
    senders_ = await named_senders(request, given)
    service = request.service
    found = await waiting_for_maps(
        service.store,
        request.visibility,
        senders=[one.name for one in senders_],
        kind=only(given, "kind") or None,
        count=count(given),
    )
    return told(given, (("unmapped", Each("unmapped", [one.row() for one in found])),))


async def replay(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Take parked messages through the door again."""
    given = question.given(asked, request.parameters)
    service = request.service
    if not request.actor.does("replay"):
        raise refusal(403, "forbidden", "only an administrator may have parked messages tried again")
    there = await named_senders(request, given)
    printable(given, "id")
    printable(given, "after")
    if not any(given.get(name) for name in ("reason", "sender", "id")):
        raise refusal(400, "required", "say what to try again: a reason, a sender or an id", "http.reason")
    done = await replayed(
        service.store,
        request.intake,
        reason=only(given, "reason") or None,
        senders=[one.name for one in there],
        ids=given.get("id", ()),
        most=MOST_LETTERS,
        after=only(given, "after"),
    )
    each = [(("letter", letter), ("fate", Code(fate))) for letter, fate in done.fates.items()]
    counted = [(fate, done.count(fate)) for fate in ("stored", "parked", "refused")]
    left = (("left", done.left), ("after", done.last if done.left else None))
    return told(given, (("tried", len(each)), *counted, *left, ("message", Each("messages", each))))


Handler = Callable[[FhirRequest, Operation], Awaitable[FhirResponse]]
HANDLERS: Final[Mapping[str, Handler]] = {
    INBOX.name: inbox,
    RECONCILIATION.name: reconciliation,
    SENDERS.name: senders,
    UNMAPPED.name: unmapped,
    REPLAY.name: replay,
}
"""By operation, what answers it."""
