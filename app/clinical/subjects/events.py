"""What happened to one subject, as typed events: everything recorded, read for a timeline.

Nothing is decided here. What was entered in error, refuted or never carried out is no event.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from app.clinical.answers import Figure, Value
from app.clinical.care import Condition, Procedure
from app.clinical.codes import SCORE
from app.clinical.criteria.attestation import SYSTEM as ATTESTATION
from app.clinical.happened import ERROR, happened, stands
from app.clinical.history import History
from app.clinical.records import (
    Administration,
    AdverseEvent,
    Coding,
    Measurement,
    Moment,
    Source,
)
from app.clinical.timeline import GIVEN, Infusion, NotInfused, order

STUDY_DAY = "study-day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: its kind, when, what is known of it, and the visit it was recorded for."""

    kind: str
    when: Moment | None
    figures: tuple[Figure, ...]
    evidence: tuple[Source, ...]
    visit: str | None = None


def of_enrolment(history: History) -> Iterator[Event]:
    """That the subject came into the study, and left it."""
    enrolment = history.enrolment
    at = (enrolment.source,)
    arm = enrolment.actual_arm or enrolment.assigned_arm
    yield Event(
        kind="enrolment",
        when=enrolment.period.start,
        figures=told(title="enrolled", status=enrolment.status, arm=arm),
        evidence=at,
    )
    if enrolment.period.end is not None:
        figures = told(title="left", status=enrolment.status)
        yield Event(kind="enrolment", when=enrolment.period.end, figures=figures, evidence=at)


def of_death(history: History) -> Iterator[Event]:
    """That the patient died."""
    person = history.person
    if person is not None and person.deceased:
        figures = told(title="died")
        yield Event(kind="death", when=person.deceased_at, figures=figures, evidence=(person.source,))


def of_care(history: History) -> Iterator[Event]:
    """Consents, diagnoses and procedures."""
    for consent in history.consents:
        if consent.status != ERROR:
            figures = told(title="consent", status=consent.status, provision=consent.provision)
            yield Event(kind="consent", when=consent.when, figures=figures, evidence=(consent.source,))
    for condition in history.conditions:
        if stands(condition):
            yield _diagnosis(condition)
    for procedure in history.procedures:
        if procedure.status in GIVEN:
            yield _procedure(procedure)


def of_adverse_events(history: History) -> Iterator[Event]:
    """The adverse events that really happened, and what became of their grade."""
    for event in history.adverse_events:
        if not happened(event):
            continue
        at = (event.source,)
        title = event.text or named(event.codings)
        yield Event(kind="adverse-event", when=event.when, figures=_adverse(event, title), evidence=at)
        for change in event.changes:
            figures = told(title=title, grade=change.grade)
            yield Event(kind="adverse-event", when=change.when, figures=figures, evidence=at)


def of_infusions(infusions: Iterable[Administration], t0: Infusion | NotInfused) -> Iterator[Event]:
    """The infusions of the study's product; the one that is day 0 says so."""
    for one in infusions:
        title = "infusion, day 0" if isinstance(t0, Infusion) and one.source == t0.source else "infusion"
        figures = (
            *told(title=title, product=named(one.codings, one.text), lot=one.lot, status=one.status),
            *amounts(one),
            *_until(one.period.end),
        )
        yield Event(kind="infusion", when=one.period.start, figures=figures, evidence=(one.source,))


def of_measurements(measurements: Iterable[Measurement], names: Mapping[Coding, str]) -> Iterator[Event]:
    """Scores and attested facts one by one; the other results of a day and visit together.

    `names` are what the protocol calls the markers it knows, by their codes.
    """
    by_source = groupby(sorted(measurements, key=_order), key=lambda one: one.source)
    others: list[list[Measurement]] = []
    for source, found in by_source:
        parts = list(found)
        kind = _kind(parts[0].codings)
        if kind == "results":
            others.append(parts)
        else:
            figures = (
                *told(title=named(parts[0].codings)),
                *(reading(one, names) for one in _telling(parts)),
            )
            first = parts[0]
            yield Event(kind=kind, when=first.when, figures=figures, evidence=(source,), visit=first.visit)
    yield from _results(others, names)


def _results(observations: list[list[Measurement]], names: Mapping[Coding, str]) -> Iterator[Event]:
    """The results of a day and visit as one event; each of those without a day alone."""
    days: dict[object, list[list[Measurement]]] = {}
    for parts in observations:
        when = parts[0].when
        day = None if when is None else when.day
        days.setdefault(parts[0].source if day is None else (day, parts[0].visit), []).append(parts)
    for together in days.values():
        first = min((parts[0] for parts in together), key=lambda one: order(one.when, one.source))
        shown = sorted((one for parts in together for one in _telling(parts)), key=_by_name)
        evidence = tuple(parts[0].source for parts in together)
        figures = (*told(title=f"{len(together)} results"), *(reading(one, names) for one in shown))
        yield Event(kind="results", when=first.when, figures=figures, evidence=evidence, visit=first.visit)


def reading(measured: Measurement, names: Mapping[Coding, str]) -> Figure:
    """What one result says, in its canonical unit; as received where that cannot be made of it."""
    value: Value | None = measured.value
    if measured.problem is not None:
        value = " ".join(part for part in (measured.received, measured.received_unit) if part) or None
    elif measured.value is not None and measured.comparator is not None:
        value = f"{measured.comparator}{measured.value:f}"
    elif measured.value is None:
        value = named(measured.answers, measured.text) if measured.truth is None else measured.truth
    missing = ("missing-observation",) if value is None else ()
    return Figure(
        name=next((names[coding] for coding in measured.codings if coding in names), None)
        or named(measured.codings)
        or "result",
        value=value,
        unit=measured.unit,
        evidence=(measured.source,),
        reasons=missing if measured.problem is None else (measured.problem,),
    )


def named(codings: Iterable[Coding], text: str | None = None) -> str | None:
    """What something is called: its first code, else its text."""
    return next((coding.code for coding in codings), text)


def told(**said: Value | None) -> tuple[Figure, ...]:
    """The facts that are known, as figures; `on_the` is written `on-the`. A study day counts days."""
    known = {name.replace("_", "-"): value for name, value in said.items() if value is not None}
    return tuple(
        Figure(name=name, value=value, unit="d" if name == STUDY_DAY else None)
        for name, value in known.items()
    )


def _diagnosis(condition: Condition) -> Event:
    title = condition.text or named(condition.codings)
    figures = (*told(title=title, status=condition.clinical), *_until(condition.abatement))
    when = condition.onset or condition.recorded
    return Event(kind="diagnosis", when=when, figures=figures, evidence=(condition.source,))


def _procedure(procedure: Procedure) -> Event:
    title = procedure.text or named(procedure.codings)
    figures = (*told(title=title, status=procedure.status), *_until(procedure.period.end))
    return Event(kind="procedure", when=procedure.period.start, figures=figures, evidence=(procedure.source,))


def _adverse(event: AdverseEvent, title: str | None) -> tuple[Figure, ...]:
    opinions = ", ".join(dict.fromkeys(opinion for _, opinion in event.causality)) or None
    known = told(
        title=title, grade=event.grade, serious=event.serious, outcome=event.outcome, causality=opinions
    )
    return (*known, *_until(event.ended))


def amounts(one: Administration) -> tuple[Figure, ...]:
    """What was given in one administration, and how much of it per time."""
    dose = () if one.dose is None else (Figure(name="dose", value=one.dose, unit=one.dose_unit),)
    rate = () if one.rate is None else (Figure(name="rate", value=one.rate, unit=one.rate_unit),)
    return dose + rate


def _until(end: Moment | None) -> tuple[Figure, ...]:
    return told(until=None if end is None else end.day or end.text)


def _kind(codings: Iterable[Coding]) -> str:
    systems = {coding.system for coding in codings}
    if SCORE.url in systems:
        return "assessment"
    return "attestation" if ATTESTATION in systems else "results"


def _telling(parts: list[Measurement]) -> list[Measurement]:
    """The parts that say something; the whole where none does."""
    return [one for one in parts if says_something(one)] or parts[:1]


def says_something(one: Measurement) -> bool:
    """Whether it holds a value, an answer, or at least what was received."""
    said = (one.value, one.truth, one.problem, one.text, one.answers or None)
    return any(value is not None for value in said)


def _by_name(one: Measurement) -> tuple[str, str, int]:
    return named(one.codings) or "", *_order(one)


def _order(one: Measurement) -> tuple[str, int]:
    return str(one.source), one.part
