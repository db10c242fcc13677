"""By when a serious adverse event must be reported, and whether it was (trial domain §4).

A clock runs from the day the site or the sponsor learnt of the event. An event of which it is not known
whether it must be reported keeps its clock: it is shown with what would settle it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from app.clinical.answers import Figure, Finding
from app.clinical.calendar import shifted
from app.clinical.records import AdverseEvent, Moment, ReportSent
from app.clinical.safety.adverse import Reported
from app.clinical.safety.grading import is_fatal
from app.clinical.timeline import order
from app.clinical.truth import Truth
from app.protocol.regimes import Clock, Regime
from app.protocol.words import Sentence

OVERDUE, DUE, SENT, LATE, OPEN = "overdue", "due", "sent", "sent-late", "not-known"
KILLS: Final = frozenset({"death", "life-threatening"})
HOURS = 24
INITIAL, FOLLOW_UP = "initial", "follow-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One report that is due, or may be: since when, by when, when it was sent, and how it stands."""

    recipient: str
    kind: str
    text: Sentence
    applies: Truth
    needs: str | None
    since: Moment | None
    due: date | None
    due_at: datetime | None
    sent: ReportSent | None
    state: str


def duties(one: Reported, regime: Regime, today: date) -> tuple[Duty, ...]:
    """Every report the regime asks for of this event, or may ask for."""
    found = ((clock, _applies(one, clock.about)) for clock in regime.clocks)
    return tuple(
        duty
        for clock, (applies, needs) in found
        if applies is not Truth.NO
        for duty in _of_clock(one.event, clock, applies=applies, needs=needs, today=today)
    )


def _applies(one: Reported, about: str) -> tuple[Truth, tuple[str, ...]]:
    """Whether the duty is about this event, and what would tell."""
    serious = one.serious
    if about == "serious" or serious is not Truth.YES:
        return serious, ("whether it is serious",) if serious is Truth.UNKNOWN else ()
    unexpected = Truth.UNKNOWN if one.event.expected is None else Truth.of(not one.event.expected)
    kills = _kills(one.event)
    facts = {
        "an opinion on its cause": one.relation.verdict,
        "whether it was expected (expected-in-research-study)": unexpected,
        "why it is serious (seriousness-criteria)": kills if about == "susar-fatal" else ~kills,
    }
    verdict = Truth(min(fact.value for fact in facts.values()))
    missing = tuple(name for name, fact in facts.items() if fact is Truth.UNKNOWN)
    return verdict, missing if verdict is Truth.UNKNOWN else ()


def _kills(event: AdverseEvent) -> Truth:
    """Whether it killed or threatened life; not known where nobody said why it is serious."""
    if is_fatal(event) or KILLS & {*event.criteria}:
        return Truth.YES
    return Truth.NO if event.criteria else Truth.UNKNOWN


def _of_clock(
    event: AdverseEvent, clock: Clock, *, applies: Truth, needs: tuple[str, ...], today: date
) -> Iterator[Duty]:
    """The first report, and the one that follows it."""
    since = _start(event, clock.starts)
    first, second = _sent(event, clock.recipient)
    days = clock.days if clock.days is not None else -(-(clock.hours or 0) // HOURS)
    due = None if since is None else shifted(since.first_day, days)
    wanted = (*needs, *(() if since is not None else (f"when the {clock.starts} learnt of it",)))
    initial = Duty(
        recipient=clock.recipient,
        kind=INITIAL,
        text=clock.text,
        applies=applies,
        needs=f"{event.source}: {', '.join(wanted)}" if wanted else None,
        since=since,
        due=due,
        due_at=_instant(since, clock),
        sent=first,
        state=_state(first, due, today=today, late=_is_late(first, since, clock, due)),
    )
    yield initial
    if clock.follow_up is not None:
        more = None if due is None else shifted(due, clock.follow_up.days)
        late = second is not None and more is not None and _day_sent(second) > more
        state = _state(second, more, today=today, late=late)
        text = clock.follow_up.text
        yield replace(initial, kind=FOLLOW_UP, text=text, due=more, due_at=None, sent=second, state=state)


def _start(event: AdverseEvent, who: str) -> Moment | None:
    """When the clock began: as it was said, else when it was noticed, or first recorded."""
    if who == "site":
        return event.site_aware or event.detected or event.recorded
    told = _sent(event, "sponsor")[0]
    return event.sponsor_aware or (told.when if told is not None else None) or event.recorded


def _sent(event: AdverseEvent, recipient: str) -> tuple[ReportSent | None, ReportSent | None]:
    """The first two reports to somebody."""
    found = [one for one in event.reports if one.recipient == recipient and one.when is not None]
    first, second, *_ = (*sorted(found, key=lambda one: order(one.when, event.source)), None, None)
    return first, second


def _day_sent(report: ReportSent) -> date:
    return date.max if report.when is None else report.when.first_day


def _instant(since: Moment | None, clock: Clock) -> datetime | None:
    """The instant a duty counted in hours ends, where the time of day is known at which it began."""
    if since is None or not since.has_time or clock.hours is None:
        return None
    return since.start + timedelta(hours=clock.hours)


def _is_late(sent: ReportSent | None, since: Moment | None, clock: Clock, due: date | None) -> bool:
    if sent is None or sent.when is None or due is None:
        return False
    instant = _instant(since, clock)
    if instant is not None and sent.when.has_time:
        return sent.when.start > instant
    return sent.when.first_day > due


def _state(sent: ReportSent | None, due: date | None, *, today: date, late: bool) -> str:
    if sent is not None:
        return LATE if late else SENT
    if due is None:
        return OPEN
    return OVERDUE if today > due else DUE


def finding(duty: Duty) -> Finding:
    """A duty as a criterion: met where the report was sent in time."""
    verdict = {SENT: Truth.YES, LATE: Truth.NO, OVERDUE: Truth.NO}.get(duty.state, Truth.UNKNOWN)
    if duty.applies is Truth.UNKNOWN and verdict is Truth.NO:
        verdict = Truth.UNKNOWN
    is_open = verdict is Truth.UNKNOWN
    reason = "window-open" if duty.state == DUE and duty.applies is Truth.YES else "missing-observation"
    return Finding(
        id=f"{duty.recipient}-{duty.kind}",
        verdict=verdict,
        text=duty.text.by_language(),
        reasons=(reason,) if is_open else (),
        needs=_needs(duty) if is_open or duty.state == OVERDUE else None,
        figures=tuple(_figures(duty)),
    )


def _needs(duty: Duty) -> str:
    """What settles it: what the duty hangs on, or that the report was sent and how that is recorded."""
    record = f"the AdverseEvent says so by the extension `reported` (recipient {duty.recipient}, date)"
    return duty.needs or f"the report to the {duty.recipient}; once it is sent, {record}"


def _figures(duty: Duty) -> Iterator[Figure]:
    yield Figure(name="state", value=duty.state)
    yield Figure(name="must-be-reported", value=None if duty.applies is Truth.UNKNOWN else True)
    yield Figure(name="clock-start", value=None if duty.since is None else duty.since.text)
    yield Figure(name="due", value=duty.due)
    if duty.due_at is not None:
        yield Figure(name="due-at", value=duty.due_at.isoformat())
    if duty.sent is not None and duty.sent.when is not None:
        yield Figure(name="sent", value=duty.sent.when.text)
