"""What a summary of safety holds of one subject: the events in a few words, and the reports they call for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.clinical.answers import Finding
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Source
from app.clinical.safety import adverse, tolerance
from app.clinical.safety.adverse import Days, Reported
from app.clinical.safety.grading import worst
from app.clinical.safety.reporting import Duty, duties, finding
from app.clinical.safety.toxicity import asks, days_of, readings
from app.clinical.studies.enrolment_summary import arm_of, is_treated, population_of
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth
from app.protocol.definition import Protocol

BEFORE, EARLY, LATE, WHOLE = "before-infusion", "first-days", "later", "whole-follow-up"
PERIODS: Final = (BEFORE, EARLY, LATE, WHOLE)
"""Before the infusion, the first ten days, what came after them, and both."""

FAR: Final = 10**5  # days: no follow-up lasts as long
RELATIONS: Final = ("related", "unrelated", "not-assessed", "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event: the periods it may belong to, whether it is related, its worst grade, where it belongs."""

    source: Source
    name: str
    when: str | None
    study_day: int | None
    periods: tuple[Truth, ...]  # as PERIODS
    related: Truth
    opinions: str | None
    grade: Interval
    organ: str | None
    system: str | None
    serious: Truth
    criteria: tuple[str, ...]
    expected: bool | None
    outcome: str | None
    duties: tuple[Duty, ...]

    def holds(self, period: str, relation: str) -> Truth:
        """Whether it is counted under a period and a relation; a range results where that is not known."""
        when = self.periods[PERIODS.index(period)]
        match relation:
            case "related":
                return when & self.related
            case "unrelated":
                return when & ~self.related
            case "not-assessed":
                return when & Truth.of(self.related is Truth.UNKNOWN)
            case _:
                return when


@dataclass(frozen=True, slots=True)
class Watched:
    """One subject: the arm, whether infused, the events, and the primary endpoint by each reading."""

    source: Source
    arm: str | None
    treated: bool
    events: tuple[Happened, ...]
    tolerated: tuple[tuple[str, str | None], ...]
    population: str | None = None  # of those who are not to be infused


def watched(protocol: Protocol, history: History, asked: Asked) -> Watched:
    """What is counted of one subject."""
    asks(protocol)
    t0 = infusion(protocol, history)
    found = adverse.reported(protocol, history)
    return Watched(
        source=history.enrolment.source,
        arm=arm_of(history),
        treated=is_treated(protocol, history),
        events=tuple(_happened(protocol, one, t0, asked.today) for one in found),
        tolerated=tuple(_verdicts(protocol, history, found, t0, asked.today)),
        population=population_of(protocol, history),
    )


def _verdicts(
    protocol: Protocol, history: History, found: tuple[Reported, ...], t0: Infusion | NotInfused, today: date
) -> Iterable[tuple[str, str | None]]:
    visit = asks(protocol).primary
    for rule in readings(protocol):
        if isinstance(t0, NotInfused):
            yield rule, None
        else:
            result = tolerance.result(protocol, history, found, t0=t0, visit=visit, rule=rule, today=today)
            yield rule, result.verdict


def _happened(protocol: Protocol, one: Reported, t0: Infusion | NotInfused, today: date) -> Happened:
    event, regime = one.event, asks(protocol).regime(protocol.study.regime)
    return Happened(
        source=event.source,
        name=one.name,
        when=None if event.when is None else event.when.text,
        study_day=t0.study_day(event.when) if isinstance(t0, Infusion) else None,
        periods=_periods(protocol, one, t0),
        related=one.relation.verdict,
        opinions=one.relation.said,
        grade=worst(event, protocol.parameters.ae),
        organ=one.place.organ,
        system=one.place.system,
        serious=one.serious,
        criteria=event.criteria,
        expected=event.expected,
        outcome=event.outcome,
        duties=duties(one, regime, today) if regime is not None else (),
    )


def _periods(protocol: Protocol, one: Reported, t0: Infusion | NotInfused) -> tuple[Truth, ...]:
    """Whether it began in each period; all before the infusion as long as there is none."""
    if isinstance(t0, NotInfused):
        if t0.reason == "not-infused":
            return Truth.YES, Truth.NO, Truth.NO, Truth.NO
        return (Truth.UNKNOWN,) * len(PERIODS)
    early = one.began(days_of(protocol, asks(protocol).primary), t0)
    whole = one.began(Days(0, FAR), t0)
    return ~whole, early, whole & ~early, whole


def reports(event: Happened) -> tuple[Finding, ...]:
    """The reports an event calls for, as criteria."""
    return tuple(finding(duty) for duty in event.duties)
