"""The adverse events of a subject as the protocol counts them: when, how bad, related or not, which organ."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clinical.happened import happened
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import AdverseEvent, Coding, Moment
from app.clinical.safety import grading, relation
from app.clinical.safety.grading import Step
from app.clinical.safety.organs import Place, place
from app.clinical.safety.relation import Relation
from app.clinical.timeline import Infusion, infusions, order
from app.clinical.truth import Truth, any_of
from app.protocol.definition import Protocol

RELATED, ANY = RULES = ("related", "any")
"""The readings of an endpoint: events due to the cells, or events whatever their cause."""


@dataclass(frozen=True, slots=True)
class Days:
    """Study days, both included; counted in hours from the infusion where the protocol says so."""

    first: int
    last: int
    hours: bool = False

    def hold(self, t0: Infusion, moment: Moment | None) -> Truth:
        """Whether a moment lies in them; not known where its date is too vague."""
        if moment is None:
            return Truth.UNKNOWN
        return self._not_too_early(t0, moment) & self._not_too_late(t0, moment)

    def _not_too_early(self, t0: Infusion, moment: Moment) -> Truth:
        if self.first <= 0 and moment.has_time and t0.when.has_time:
            return Truth.of(moment.start >= t0.when.start)
        first = t0.date_of(self.first)
        return _between(moment.first_day >= first, moment.last_day >= first)

    def _not_too_late(self, t0: Infusion, moment: Moment) -> Truth:
        if not self.hours:
            last = t0.date_of(self.last)
            return _between(moment.last_day <= last, moment.first_day <= last)
        limit = timedelta(days=self.last)
        latest, earliest = _last(moment) - t0.when.start, moment.start - _last(t0.when)
        return _between(latest <= limit, earliest <= limit)


def _last(moment: Moment) -> datetime:
    """The last instant it may mean; a time of day is taken as it is written."""
    return moment.start if moment.has_time else moment.end - timedelta.resolution


def _between(surely: bool, perhaps: bool) -> Truth:
    return Truth.YES if surely else Truth.UNKNOWN if perhaps else Truth.NO


@dataclass(frozen=True, slots=True)
class Bar:
    """How bad an event must be to count as toxicity: its grade, its seriousness, or both."""

    least: int
    by: str = "grade"


@dataclass(frozen=True, slots=True)
class Reported:
    """One adverse event with all that is asked of it."""

    event: AdverseEvent
    steps: tuple[Step, ...]
    relation: Relation
    place: Place

    @property
    def name(self) -> str:
        """What happened, in the sender's words."""
        return self.event.text or next((one.code for one in self.event.codings), "adverse event")

    def began(self, days: Days, t0: Infusion) -> Truth:
        """Whether it began in those days."""
        return days.hold(t0, self.event.when)

    def counts(self, rule: str) -> Truth:
        """Whether it counts for a reading: `any` counts every event, `related` those due to the cells."""
        return Truth.YES if rule == ANY else self.relation.verdict

    @property
    def serious(self) -> Truth:
        """As it was reported; a criterion of seriousness says so too. It never follows from the grade."""
        if self.event.serious or self.event.criteria:
            return Truth.YES
        return Truth.UNKNOWN if self.event.serious is None else Truth.NO

    def bad(self, step: Step, bar: Bar) -> Truth:
        """Whether it is as bad, from that step on, as an event must be to count as toxicity."""
        graded = step.grade.holds(">=", bar.least)
        match bar.by:
            case "grade":
                return graded
            case "serious":
                return self.serious
            case _:
                return graded & self.serious

    def toxic(self, days: Days, t0: Infusion, *, rule: str, bar: Bar) -> Truth:
        """Whether it was that bad from some moment of those days on."""
        reached = any_of(days.hold(t0, step.when) & self.bad(step, bar) for step in self.steps)
        return reached & self.counts(rule)

    def open_for(self, days: Days, t0: Infusion, *, rule: str, bar: Bar) -> tuple[str, ...]:
        """The reasons for which it is not known whether it is such an event."""
        may = [step for step in self.steps if self.bad(step, bar) is not Truth.NO]
        inside = [(step, days.hold(t0, step.when)) for step in may]
        graded = [step.grade.holds(">=", bar.least) for step, where in inside if where is not Truth.NO]
        reasons = {
            "partial-date": any(where is Truth.UNKNOWN for _, where in inside),
            "grade-missing": bar.by != "serious" and Truth.UNKNOWN in graded,
            "missing-observation": bar.by != "grade" and self.serious is Truth.UNKNOWN,
        }
        relation_open = self.relation.reasons if self.counts(rule) is Truth.UNKNOWN else ()
        return (*(reason for reason, applies in reasons.items() if applies), *relation_open)


def reported(protocol: Protocol, history: History) -> tuple[Reported, ...]:
    """The events that happened, in order of time; those taken back or only potential never count."""
    chosen = protocol.parameters.ae
    cells = relation.named(
        [one.source.id for one in infusions(protocol, history)],
        [Coding(code.system, code.code) for code in protocol.study.products],
    )
    found = [event for event in history.adverse_events if happened(event)]
    return tuple(
        Reported(event, grading.steps(event, chosen), relation.relation(event, cells, chosen), place(event))
        for event in sorted(found, key=lambda event: order(event.when, event.source))
    )


def worst(found: Iterable[Reported], days: Days, t0: Infusion, *, rule: str) -> Interval:
    """The worst grade in those days, 0 where there was no event; a range where it is not known exactly."""
    low = high = 0
    for one in found:
        for step in one.steps:
            counted = days.hold(t0, step.when) & one.counts(rule)
            low = max(low, int(step.grade.low)) if counted is Truth.YES else low
            high = max(high, int(step.grade.high)) if counted is not Truth.NO else high
    return Interval.of(low, high)
