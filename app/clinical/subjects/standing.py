"""Where a subject stands, from the records themselves: state, infusion, visits, adverse events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.clinical.answers import Answer, Figure, Finding, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.case import once
from app.clinical.criteria import consent_gate
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.questions import QUESTIONS
from app.clinical.records import AdverseEvent
from app.clinical.safety import reporting
from app.clinical.safety.adverse import Reported, reported
from app.clinical.safety.grading import is_over, worst
from app.clinical.subjects import state_history, states
from app.clinical.subjects.events import amounts, named, told
from app.clinical.subjects.visit_matrix import Cell, behind, cells, how_far
from app.clinical.timeline import Infusion, NotInfused, counted, infusion
from app.clinical.truth import Truth
from app.protocol.definition import Protocol, Visit

SEEN = frozenset({"done", "partial", "out-of-window"})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One subject on one day, with what every part of the status looks at."""

    protocol: Protocol
    history: History
    asked: Asked

    @cached_property
    def t0(self) -> Infusion | NotInfused:
        """The infusion, or why there is no day 0."""
        return infusion(self.protocol, self.history)

    @cached_property
    def cells(self) -> Sequence[Cell]:
        """The visit matrix."""
        return cells(self.protocol, self.history, today=self.asked.today)

    @cached_property
    def reached(self) -> Sequence[Visit]:
        """The visits whose first day has come, in order."""
        t0, today = self.t0, self.asked.today
        if isinstance(t0, NotInfused):
            return ()
        begun = (visit for visit in self.protocol.visits if t0.date_of(visit.window[0]) <= today)
        return sorted(begun, key=lambda visit: visit.day)

    @cached_property
    def events(self) -> Sequence[Reported]:
        """The adverse events up to the day asked for."""
        found = reported(self.protocol, self.history)
        today = self.asked.today
        return [one for one in found if one.event.when is None or one.event.when.first_day <= today]

    @cached_property
    def answered(self) -> dict[str, Answer]:
        """The answers to other questions, as far as they have been asked."""
        return {}

    def ask(self, question: str) -> Answer | None:
        """The answer to another question; None where the protocol does not ask it."""
        if question not in self.answered:
            try:
                answer = QUESTIONS[question](self.protocol, self.history, self.asked)
            except CannotAnswer:
                return None
            self.answered[question] = answer
        return self.answered[question]


def state(standing: Standing) -> Iterator[Result]:
    """The subject's state, arm and consent, and the states that may follow."""
    enrolment, history = standing.history.enrolment, standing.history
    results = counted(standing.protocol, history.measurements)
    consents = consent_gate.agrees(
        enrolment, consents=history.consents, results=results, on=standing.asked.today
    )
    consent = Figure(
        name="consent",
        value=None if consents is Truth.UNKNOWN else consents is Truth.YES,
        reasons=("missing-observation",) if consents is Truth.UNKNOWN else (),
    )
    arm = enrolment.assigned_arm or enrolment.actual_arm
    wanted = {"an arm": arm is None, "a consent in force": consents is not Truth.YES}
    start, end = enrolment.period.start, enrolment.period.end
    yield Result(
        name="state",
        evidence=(enrolment.source,),
        missing=tuple(what for what, is_missing in wanted.items() if is_missing),
        figures=(
            *told(
                status=enrolment.status,
                period_start=None if start is None else start.day or start.text,
                period_end=None if end is None else end.day or end.text,
                may_become=", ".join(states.next_states(enrolment.status)) or None,
                assigned_arm=enrolment.assigned_arm,
                actual_arm=enrolment.actual_arm,
            ),
            state_history.since(enrolment),
            consent,
        ),
    )


def infused(standing: Standing) -> Iterator[Result]:
    """The infusion: when, how much, which lot, and how long ago."""
    t0 = standing.t0
    if isinstance(t0, NotInfused):
        figure = Figure(name="infused", value=None if t0.evidence else False, reasons=(t0.reason,))
        yield Result(
            name="infusion",
            reasons=(t0.reason,),
            evidence=t0.evidence,
            missing=t0.missing,
            notes=t0.notes,
            figures=(figure,),
        )
        return
    record = next(one for one in standing.history.administrations if one.source == t0.source)
    at, end = standing.asked.at, record.period.end
    hours = None if at is None else t0.hours_until(at)
    yield Result(
        name="infusion",
        evidence=(t0.source,),
        figures=(
            *told(infused=True, date=t0.day, time=t0.when.text if t0.when.has_time else None),
            *told(study_day=(standing.asked.today - t0.day).days),
            *(() if hours is None else (Figure(name="hours-since", value=hours, unit="h"),)),
            *told(product=named(record.codings, record.text), lot=record.lot),
            *amounts(record),
            *told(until=None if end is None else end.text),
        ),
    )


def visits(standing: Standing) -> Iterator[Result]:
    """The last visit, the next one, and what is missing at those that are over."""
    t0 = standing.t0
    if isinstance(t0, NotInfused):
        return
    by_visit = {
        visit.label: [one for one in standing.cells if one.visit.label == visit.label]
        for visit in standing.reached
    }
    seen = [label for label, found in by_visit.items() if any(one.state in SEEN for one in found)]
    if seen:
        days = [one.study_day for one in by_visit[seen[-1]] if one.study_day is not None]
        day = max(days, default=None)
        figures = told(date=None if day is None else t0.date_of(day), study_day=day)
        yield Result(name="last-visit", visit=seen[-1], figures=figures)
    yield from _next_visit(standing, t0, seen)
    for visit in standing.reached:
        missing = behind(by_visit[visit.label], standing.asked.today)
        if missing:
            names = once(_missing(one) for one in missing)
            yield Result(
                name="missing-assessments",
                visit=visit.label,
                missing=names,
                figures=told(state=how_far(by_visit[visit.label]), due=t0.date_of(visit.window[1])),
            )


def _missing(cell: Cell) -> str:
    """An assessment, with what of it is missing where some of it is there."""
    return (
        f"{cell.assessment} ({', '.join(cell.found.missing)})" if cell.state == "partial" else cell.assessment
    )


def _next_visit(standing: Standing, t0: Infusion, seen: Sequence[str]) -> Iterator[Result]:
    """The next visit that can still take place; none after the subject has left."""
    today = standing.asked.today
    left = {one.visit.label for one in standing.cells if one.state == "not-applicable"}
    coming = (
        visit
        for visit in sorted(standing.protocol.visits, key=lambda visit: visit.day)
        if t0.date_of(visit.window[1]) >= today and visit.label not in {*seen, *left}
    )
    following = next(coming, None)
    if following is not None:
        first, last = (t0.date_of(day) for day in following.window)
        figures = (
            *told(planned=t0.date_of(following.day), due_from=first, due_to=last, open=first <= today),
            Figure(name="days-left", value=(last - today).days, unit="d"),
        )
        yield Result(name="next-visit", visit=following.label, figures=figures)


def adverse_events(standing: Standing) -> Iterator[Result]:
    """How many, how bad, how many serious and still going on; then each that is serious or goes on."""
    found = standing.events
    grades = [worst(one.event, standing.protocol.parameters.ae) for one in found]
    highest = Interval.of(
        max((one.low for one in grades), default=0), max((one.high for one in grades), default=0)
    )
    serious = [one for one in found if one.serious is Truth.YES]
    of_concern = [one for one in found if one in serious or _goes_on(standing, one.event)]
    counts = {
        "events": len(found),
        "open": sum(_goes_on(standing, one.event) for one in found),
        "serious": len(serious),
    }
    yield Result(name="adverse-events", figures=(*told(**counts), Figure(name="max-grade", value=highest)))
    for one in of_concern:
        yield _concern(standing, one)


def _concern(standing: Standing, one: Reported) -> Result:
    event, t0 = one.event, standing.t0
    day = t0.study_day(event.when) if isinstance(t0, Infusion) else None
    return Result(
        name="adverse-event",
        evidence=(event.source,),
        findings=_reports(standing, one),
        figures=(
            *told(title=one.name, date=None if event.when is None else event.when.day or event.when.text),
            *told(
                study_day=day, serious=event.serious, open=_goes_on(standing, event), outcome=event.outcome
            ),
            Figure(name="max-grade", value=worst(event, standing.protocol.parameters.ae)),
        ),
    )


def _reports(standing: Standing, one: Reported) -> tuple[Finding, ...]:
    """By when a serious event must be reported by the study's legal regime, and whether it was."""
    safety = standing.protocol.safety
    regime = None if safety is None else safety.regime(standing.protocol.study.regime)
    if regime is None:
        return ()
    return tuple(reporting.finding(duty) for duty in reporting.duties(one, regime, standing.asked.today))


def _goes_on(standing: Standing, event: AdverseEvent) -> bool:
    """Whether nobody has said that it is over by the day asked for."""
    if event.ended is not None:
        return event.ended.first_day > standing.asked.today
    return not is_over(event)
