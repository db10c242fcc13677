"""Treatment failure by the kidneys: end-stage failure, and a doubled creatinine (§1.10, TF1 and TF2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.clinical.calendar import shifted
from app.clinical.care import Condition, Procedure
from app.clinical.case import Judged, once
from app.clinical.coded import is_one_of
from app.clinical.comparison import plain
from app.clinical.criteria.latest import to_resend
from app.clinical.failures.confirmation import Event, Spacing
from app.clinical.failures.failure_criteria import Criterion, Observed
from app.clinical.failures.failure_series import series
from app.clinical.failures.levels import Level, levels, unmeasured
from app.clinical.happened import stands
from app.clinical.interval import Interval
from app.clinical.records import Moment, Source
from app.clinical.timeline import GIVEN
from app.clinical.truth import Truth, any_of
from app.protocol.failure import DoubledCreatinine, EndStage

CREATININE = "umol/L"


def end_stage(criterion: EndStage, observed: Observed) -> Criterion:
    """A transplantation, a dialysis that lasts, or where it suffices the diagnosis."""
    done = [one for one in observed.case.history.procedures if one.status in GIVEN]
    diagnosed = tuple(_diagnoses(criterion, observed))
    events = (
        *(_done(observed, one) for one in done if is_one_of(one.codings, criterion.transplantation)),
        *_dialysis(observed, [one for one in done if is_one_of(one.codings, criterion.dialysis)], diagnosed),
        *(diagnosed if observed.case.protocol.parameters.tf1.condition_suffices else ()),
    )
    happened = tuple(event for event in events if event.judged.truth is not Truth.NO)
    return Criterion(id=criterion.id, text=criterion.text, events=happened, gaps=observed.still_open())


def _done(observed: Observed, procedure: Procedure) -> Event:
    return _event(observed, procedure.source, procedure.period.start, "transplantation")


def _event(observed: Observed, source: Source, when: Moment | None, what: str) -> Event:
    """Something that is a failure by itself where its date lies in the time."""
    day = None if when is None else when.day
    said = "on a day not recorded" if when is None else when.text
    judged = Judged(
        truth=observed.holds(when),
        reasons=("partial-date",),
        needs=f"record the exact date of {source}",
        observed=f"{what} {said if day is None else observed.told(day)}",
        evidence=(source,),
    )
    return Event(id=str(source), day=day, judged=judged)


def _diagnoses(criterion: EndStage, observed: Observed) -> Iterator[Event]:
    for one in observed.case.history.conditions:
        if is_one_of(one.codings, criterion.disease) and stands(one):
            yield _diagnosis(observed, one)


def _diagnosis(observed: Observed, condition: Condition) -> Event:
    event = _event(observed, condition.source, condition.onset, "end-stage renal disease since")
    if condition.verification in (None, "confirmed") or event.judged.truth is Truth.NO:
        return event
    open_ = Judged(
        truth=Truth.UNKNOWN,
        reasons=("missing-observation",),
        needs=f"confirm or refute the diagnosis {condition.source} (verificationStatus)",
        observed=event.judged.observed,
        evidence=(condition.source,),
    )
    return Event(id=event.id, day=event.day, judged=open_)


def _dialysis(
    observed: Observed, dialysed: Sequence[Procedure], diagnosed: Sequence[Event]
) -> Iterator[Event]:
    """All dialyses since the infusion as one event."""
    each = [(one, _event(observed, one.source, one.period.start, "dialysis")) for one in dialysed]
    counted = [(one, event) for one, event in each if event.judged.truth is not Truth.NO]
    days = [event.day for _, event in counted if event.day is not None]
    courses = _courses(observed, counted)
    if courses:
        judged = _lasting(observed, courses, [event for _, event in counted], diagnosed)
        yield Event(id="dialysis", day=min(days, default=None), judged=judged)
    else:
        yield from (event for _, event in counted)


@dataclass(slots=True)
class Course:
    """Dialyses that follow upon each other: when they had begun and until when they went on, for certain."""

    first: date
    last: date
    sessions: list[Event]

    @property
    def days(self) -> int:
        """How long it is known to have lasted."""
        return (self.last - self.first).days


def _courses(observed: Observed, counted: Iterable[tuple[Procedure, Event]]) -> list[Course]:
    """The dialyses, those no further apart than the sessions of one course put together."""
    gap = observed.case.protocol.parameters.tf1.session_gap_days
    dated = ((one.period.start, _last_day(observed, one), event) for one, event in counted)
    begun = [Course(start.last_day, last, [event]) for start, last, event in dated if start is not None]
    courses: list[Course] = []
    for one in sorted(begun, key=lambda course: (course.first, course.last)):
        if courses and one.first <= shifted(courses[-1].last, gap):
            courses[-1].last = max(courses[-1].last, one.last)
            courses[-1].sessions += one.sessions
        else:
            courses.append(one)
    return courses


def _lasting(
    observed: Observed, courses: Sequence[Course], dialysed: Sequence[Event], diagnosed: Sequence[Event]
) -> Judged:
    """For good where it lasts, or with the diagnosis; else it may have been for an acute failure.

    The protocol does not say whether that counts.
    """
    acute = observed.case.protocol.parameters.tf1.acute_days
    lasts = [
        Truth.of(one.days >= acute) & any_of(event.judged.truth for event in one.sessions) for one in courses
    ]
    truth = any_of((*lasts, *(event.judged.truth for event in diagnosed)))
    longest, latest = max(courses, key=lambda one: one.days), courses[-1]
    pending = observed.today < shifted(latest.first, acute)
    gap = observed.case.protocol.parameters.tf1.session_gap_days
    return Judged(
        truth=Truth.YES if truth is Truth.YES else Truth.UNKNOWN,
        reasons=("ambiguous-protocol", *(("confirmation-pending",) if pending else ())),
        needs=f"whether the dialysis went on for {acute} days (its period, or Procedures at most {gap} days"
        " apart), or the diagnosis of end-stage renal disease (Condition)",
        observed=f"dialysis {observed.told(longest.first)}, to {longest.last}",
        threshold=f"for {acute} days, or with end-stage renal disease",
        evidence=once(source for event in (*dialysed, *diagnosed) for source in event.judged.evidence),
    )


def _last_day(observed: Observed, procedure: Procedure) -> date:
    """The last day it is certain to have been done on; until now while it goes on."""
    start, end = procedure.period.start, procedure.period.end
    if procedure.status == "in-progress" and end is None:
        return observed.today
    last = end or start
    return date.min if last is None else min(last.first_day, observed.today)


def doubled_creatinine(criterion: DoubledCreatinine, observed: Observed) -> Criterion:
    """A creatinine of twice the lowest before the infusion, and again four weeks later."""
    chosen = observed.case.protocol.parameters.tf2
    found = levels(observed.case, criterion.creatinine, CREATININE)
    lowest = _lowest(observed, found, chosen.screening_days)
    limit = lowest.value.times(chosen.factor)
    threshold = f"{chosen.op} {plain(chosen.factor)} x {lowest.shown}"

    def judge(level: Level) -> Judged:
        return Judged(
            truth=level.value.against(chosen.op, limit),
            reasons=once((*lowest.reasons, *level.reasons)) or ("missing-observation",),
            needs=_needed(lowest, level),
            threshold=threshold,
            evidence=(lowest.source,),
            notes=lowest.notes,
        )

    spacing = Spacing(1, chosen.confirm_days - chosen.early_days, chosen.confirm_days + chosen.late_days)
    read = series(observed, found, judge, name=criterion.id, what="creatinine", spacing=spacing)
    return Criterion(
        id=criterion.id,
        text=criterion.text,
        events=read.events,
        gaps=read.gaps,
        looked_at=(lowest.source, *read.looked_at),
    )


def _needed(lowest: Level, level: Level) -> str:
    """What to send before a creatinine can be compared with the lowest before the infusion."""
    resent = once(to_resend(one.source, one.shown, CREATININE) for one in (lowest, level) if one.unread)
    exact = f"creatinine as exact numbers in {CREATININE}, before the infusion and since"
    return "; ".join(resent) or exact


def _lowest(observed: Observed, found: Sequence[Level], days: int) -> Level:
    """The lowest value between screening and the infusion; of nothing at all, nothing is known."""
    earliest = shifted(observed.t0.day, -days)
    before = [
        level
        for level in found
        if level.when is not None
        and earliest <= level.when.first_day
        and not observed.t0.precedes(level.when)
    ]
    if not before:
        return unmeasured(observed.t0)
    lowest = min(before, key=lambda level: (level.value.high, str(level.source)))
    known = min(level.value.low for level in before)
    lower = [level for level in found if level.value.low < known and _may_precede(observed, level, earliest)]
    least = Interval(min((level.value.low for level in lower), default=known), lowest.value.high)
    only = ("only one value from screening to the infusion: it is used",) if len(before) == 1 else ()
    return Level(
        source=lowest.source,
        when=lowest.when,
        visit=lowest.visit,
        value=least,
        shown=f"{lowest.shown} (the lowest of {len(before)} from {earliest} to {observed.t0.day})",
        reasons=once(
            (*(reason for level in before for reason in level.reasons), *(["partial-date"] if lower else []))
        ),
        notes=(
            *only,
            *(
                f"{level.source} is lower, and may be from before the infusion: its day is open"
                for level in lower
            ),
        ),
    )


def _may_precede(observed: Observed, level: Level, earliest: date) -> bool:
    """Whether its date leaves open that it is from the time of screening."""
    when = level.when
    if when is None:
        return True
    return when.day is None and when.first_day <= observed.t0.day and earliest <= when.last_day
