"""The adverse events of a study: by period, relation, grade, organ and arm, and the serious ones one by one.

Rates are of the subjects who were infused, with their exact confidence intervals (clinical conventions §1.11,
§4). A number that depends on what is not known is the range it may lie in.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from app.clinical.answers import Answer, Figure, Result, Value, code, wire
from app.clinical.asked import Asked
from app.clinical.case import once
from app.clinical.doses.dose_cohorts import TOLERATED, TOXIC
from app.clinical.interval import Interval
from app.clinical.records import Study
from app.clinical.safety.safety_rows import PERIODS, RELATIONS, WHOLE, Happened, Watched, reports, watched
from app.clinical.safety.toxicity import asks, readings
from app.clinical.studies.proportion import limits, per_cent
from app.clinical.summary import Summary
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.definition import Protocol

QUESTION = "safety-summary"
HIGHEST = 5


def answer(protocol: Protocol, study: Study, rows: Sequence[Watched], _asked: Asked) -> Answer:
    """The primary endpoint, then the events, in all and by arm, then every serious event."""
    known = [arm.name for arm in protocol.arms]
    counted = [one for one in rows if one.population is None]
    named = sorted({one.arm for one in counted if one.arm is not None} - set(known))
    groups: list[tuple[str | None, Sequence[Watched]]] = [(None, counted)]
    groups += [(arm, [one for one in counted if one.arm == arm]) for arm in (*known, *named)]
    return Answer(
        question=QUESTION,
        subject=study.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            *(one for arm, group in groups for one in _not_tolerated(protocol, arm, group)),
            *(one for arm, group in groups for one in _events(arm, group)),
            *(one for arm, group in groups for one in _organs(protocol, arm, group)),
            *(_serious(protocol, subject, one) for subject, one in _serious_ones(rows)),
        ),
        notes=tuple(_remarks(protocol, rows)),
    )


def _not_tolerated(protocol: Protocol, arm: str | None, group: Sequence[Watched]) -> Iterator[Result]:
    """The primary endpoint: how many of those infused did not tolerate it, by each reading."""
    infused = [one for one in group if one.treated]
    for rule in readings(protocol):
        verdicts = [dict(one.tolerated).get(rule) for one in infused]
        toxic = sum(verdict == TOXIC for verdict in verdicts)
        open_ = sum(verdict not in {TOXIC, TOLERATED} for verdict in verdicts)
        yield Result(
            name="not-tolerated",
            arm=arm,
            visit=asks(protocol).primary,
            rule=rule,
            evidence=tuple(one.source for one in infused if dict(one.tolerated).get(rule) == TOXIC),
            figures=(
                Figure(name="infused", value=len(infused)),
                Figure(name="undetermined", value=open_),
                *_share("subjects", toxic, toxic + open_, len(infused)),
            ),
        )


def _events(arm: str | None, group: Sequence[Watched]) -> Iterator[Result]:
    """Events and subjects by period and relation, with the grades."""
    infused = sum(one.treated for one in group)
    with_events = [one for one in group if one.events]
    for period in PERIODS:
        for relation in RELATIONS:
            found = [(one, _held(one, period, relation)) for one in with_events]
            counted = [pair for _, of_subject in found for pair in of_subject]
            if arm is not None and not counted:
                continue
            had = [any_of(held for _, held in of_subject) for one, of_subject in found if one.treated]
            surely = sum(truth is Truth.YES for truth in had)
            perhaps = sum(truth is not Truth.NO for truth in had)
            yield Result(
                name=f"events-{period}",
                arm=arm,
                rule=relation,
                evidence=tuple(event.source for event, _ in counted),
                figures=(
                    *_counts(counted),
                    *_share("subjects", surely, perhaps, infused),
                    *_grades(counted),
                ),
            )


def _held(subject: Watched, period: str, relation: str) -> list[tuple[Happened, Truth]]:
    """The events of a subject that are counted there, or may be."""
    found = ((event, event.holds(period, relation)) for event in subject.events)
    return [(event, held) for event, held in found if held is not Truth.NO]


def _counts(counted: Sequence[tuple[Happened, Truth]]) -> Iterator[Figure]:
    yield Figure(name="events", value=_number(held for _, held in counted))
    serious = [held & event.serious for event, held in counted]
    yield Figure(name="serious-events", value=_number(serious))
    surely = [event.grade.low for event, held in counted if held is Truth.YES]
    perhaps = [event.grade.high for event, _ in counted]
    yield Figure(
        name="max-grade", value=Interval(max(surely, default=Decimal(0)), max(perhaps, default=Decimal(0)))
    )


def _grades(counted: Sequence[tuple[Happened, Truth]]) -> Iterator[Figure]:
    """How many of each grade; those of which the grade is not known are a range."""
    for grade in range(1, HIGHEST + 1):
        has = [
            held
            & (
                Truth.of(event.grade.low == grade)
                if event.grade.low == event.grade.high
                else _may(event, grade)
            )
            for event, held in counted
        ]
        yield Figure(name=f"events-grade-{grade}", value=_number(has))


def _may(event: Happened, grade: int) -> Truth:
    return Truth.UNKNOWN if event.grade.low <= grade <= event.grade.high else Truth.NO


def _organs(protocol: Protocol, arm: str | None, group: Sequence[Watched]) -> Iterator[Result]:
    """Events after the infusion by organ and system organ class, with the worst grade."""
    events = [
        (event, held)
        for one in group
        for event in one.events
        if (held := event.holds(WHOLE, "any")) is not Truth.NO
    ]
    organs = [
        (f"organ-{organ}", [pair for pair in events if pair[0].organ == organ])
        for organ in asks(protocol).organs
    ]
    systems = sorted({event.system for event, _ in events if event.system is not None})
    classes = [
        (f"class-{code(system)}", [pair for pair in events if pair[0].system == system]) for system in systems
    ]
    for name, inside in (*organs, *classes):
        if arm is None or inside:
            yield Result(
                name=name,
                arm=arm,
                rule="any",
                evidence=tuple(event.source for event, _ in inside),
                figures=(*_counts(inside),),
            )


def _serious_ones(rows: Sequence[Watched]) -> Iterator[tuple[Watched, Happened]]:
    return ((subject, event) for subject in rows for event in subject.events if event.serious is Truth.YES)


def _serious(protocol: Protocol, subject: Watched, event: Happened) -> Result:
    """A serious event with the reports it calls for; met where all were sent in time."""
    findings = reports(event)
    return Result(
        name="serious-event",
        arm=subject.arm,
        rule=protocol.study.regime,
        verdict=wire(all_of(one.verdict for one in findings)) if findings else None,
        findings=findings,
        evidence=(event.source, subject.source),
        missing=once(one.needs for one in findings if one.needs is not None),
        figures=tuple(told(event)),
    )


def told(event: Happened) -> Iterator[Figure]:
    """What an event was, in a few words."""
    related = {Truth.YES: "related", Truth.NO: "unrelated", Truth.UNKNOWN: "not-assessed"}[event.related]
    said: dict[str, Value | None] = {
        "event": event.name,
        "onset": event.when,
        "study-day": event.study_day,
        "max-grade": event.grade,
        "relation": related,
        "opinions": event.opinions,
        "serious-because": ", ".join(event.criteria) or None,
        "expected": event.expected,
        "outcome": event.outcome,
    }
    for name, value in said.items():
        why = ("missing-observation",) if value is None else ()
        yield Figure(name=name, value=value, unit="d" if name == "study-day" else None, reasons=why)


def _number(truths: Iterable[Truth]) -> Interval:
    """How many there are, at least and at most."""
    counted = list(truths)
    return Interval.of(
        sum(truth is Truth.YES for truth in counted), sum(truth is not Truth.NO for truth in counted)
    )


def _share(name: str, surely: int, perhaps: int, of: int) -> Iterator[Figure]:
    """A number of subjects, its share in per cent, and the exact confidence interval of that."""
    yield Figure(name=name, value=Interval.of(surely, perhaps))
    yield Figure(name="of", value=of)
    if of:
        share = Interval(per_cent(surely, of), per_cent(perhaps, of))
        yield Figure(name="share", value=share, unit="%")
        yield Figure(name="share-95", value=limits(surely, perhaps, of), unit="%")


def _remarks(protocol: Protocol, rows: Sequence[Watched]) -> Iterator[str]:
    regime = asks(protocol).regime(protocol.study.regime)
    if regime is not None:
        yield f"reporting: {regime.title.en} ({regime.source})"
    beside = sum(len(one.events) for one in rows if one.population is not None)
    if beside:
        yield f"{beside} events are of subjects who are not to be infused: only the serious ones are told"
    unsaid = sum(event.serious is Truth.UNKNOWN for one in rows for event in one.events)
    if unsaid:
        yield f"{unsaid} events do not say whether they are serious: their reports are not counted"
    unplaced = sum(event.system is None and event.organ is None for one in rows for event in one.events)
    if unplaced:
        yield f"{unplaced} events are of an organ class that is not known here"
    yield f"the first days end with day {protocol.parameters.ae.primary_window_days}"


SUMMARY = Summary(row=watched, answer=answer)
