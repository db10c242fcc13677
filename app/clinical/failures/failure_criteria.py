"""What the criteria of a treatment failure have in common: the time that is looked at, and their events."""

from dataclasses import dataclass, replace
from datetime import date

from app.clinical.answers import Figure, Finding
from app.clinical.case import Case, Judged, joined, once, unknown
from app.clinical.failures.confirmation import Event
from app.clinical.records import Moment, Source
from app.clinical.timeline import Infusion
from app.clinical.truth import Truth, any_of
from app.protocol.failure import Failure
from app.protocol.words import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A subject from the infusion to the last day on which a failure counts."""

    case: Case
    failure: Failure
    t0: Infusion
    until: date

    @property
    def today(self) -> date:
        """The day the answer is given for."""
        return self.case.on

    def holds(self, moment: Moment | None) -> Truth:
        """Whether it lies after the infusion and not too late."""
        if moment is None:
            return Truth.UNKNOWN
        if moment.day is not None:
            return Truth.of(self.t0.precedes(moment) and moment.day <= self.until)
        if moment.last_day <= self.t0.day or moment.first_day > self.until:
            return Truth.NO
        inside = self.t0.day < moment.first_day and moment.last_day <= self.until
        return Truth.YES if inside else Truth.UNKNOWN

    @property
    def died(self) -> date | None:
        """The day by which the subject had died, where that is recorded."""
        person = self.case.history.person
        if person is None or not person.deceased:
            return None
        return self.today if person.deceased_at is None else min(person.deceased_at.last_day, self.today)

    def until_death(self) -> str:
        """The end of the time in which anything could be measured, for one who has died."""
        return "" if self.died is None else f", up to the death of {self.died}"

    def still_open(self) -> tuple[Judged, ...]:
        """That a failure may still happen."""
        if self.today > self.until or self.died is not None:
            return ()
        return (unknown("window-open", f"the observation until {self.until} is not over"),)

    def told(self, day: date) -> str:
        """A day with its study day."""
        return f"{day}, day {(day - self.t0.day).days}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion, or one part of it: what may have been a failure, and what else leaves it open.

    `looked_at` are the records that show no failure.
    """

    id: str
    text: Sentence
    events: tuple[Event, ...] = ()
    gaps: tuple[Judged, ...] = ()
    looked_at: tuple[Source, ...] = ()
    parts: tuple["Criterion", ...] = ()

    @property
    def every_event(self) -> tuple[Event, ...]:
        """Its events and those of its parts."""
        return self.events + tuple(event for part in self.parts for event in part.every_event)

    @property
    def first_day(self) -> date | None:
        """The day of the first event that is a failure for certain."""
        certain = [event.day for event in self.every_event if event.judged.truth is Truth.YES]
        return min((day for day in certain if day is not None), default=None)

    def finding(self) -> Finding:
        """Any event is a failure; without one it is open as long as anything is."""
        parts = tuple(part.finding() for part in self.parts)
        events = tuple(self._of_event(event) for event in self.events)
        gaps = tuple(gap.finding(self.id, self.text) for gap in self.gaps)
        judged = whole((*parts, *events, *gaps))
        shown = replace(
            judged,
            observed=None if self.first_day is None else f"first on {self.first_day}",
            evidence=(*judged.evidence, *self.looked_at),
        )
        figures = first_event(self.first_day)
        return replace(shown.finding(self.id, self.text, (*parts, *events)), figures=figures)

    def _of_event(self, event: Event) -> Finding:
        dates = (*(("event", event.day),), *(("confirmed", day) for day in event.confirmed))
        figures = tuple(Figure(name=name, value=day) for name, day in dates if day is not None)
        return replace(event.judged.finding(event.id, self.text), figures=figures)


def whole(findings: tuple[Finding, ...]) -> Judged:
    """Any of them, resting on those that decide it."""
    truth = any_of(one.verdict for one in findings)
    deciding = [one for one in findings if one.verdict is truth]
    return Judged(
        truth=truth,
        reasons=once(reason for one in deciding for reason in one.reasons),
        needs=joined(one.needs for one in deciding),
        evidence=once(source for one in deciding for source in one.evidence),
    )


def first_event(day: date | None) -> tuple[Figure, ...]:
    """The day of the first failure, where there is one."""
    return () if day is None else (Figure(name="first-event", value=day),)
