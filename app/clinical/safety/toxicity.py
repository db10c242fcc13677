"""The criteria of tolerance: no toxicity, the period over, no death that nobody reported (§1.11)."""

from collections.abc import Iterable, Sequence
from datetime import date

from app.clinical.answers import Finding
from app.clinical.asked import CannotAnswer
from app.clinical.case import Judged, once
from app.clinical.history import History
from app.clinical.records import Person
from app.clinical.safety.adverse import ANY, RELATED, RULES, Bar, Days, Reported
from app.clinical.safety.grading import is_fatal
from app.clinical.subjects.life import life
from app.clinical.timeline import Infusion
from app.clinical.truth import Truth, any_of
from app.protocol.definition import Protocol
from app.protocol.safety import Safety
from app.protocol.words import Sentence

COMPLETE = Sentence(
    en="The whole period is over: nothing more can happen in it.",
    fr="La période est entièrement écoulée : plus rien ne peut y survenir.",
)
DEATH = Sentence(
    en="The subject did not die in this period, or the event that led to death is reported with grade 5.",
    fr="Le sujet n'est pas décédé pendant cette période, ou l'événement en cause est déclaré de grade 5.",
)
OBSERVED = Sentence(
    en="The subject, who left the study, was seen after the whole period, so that an event would be known.",
    fr="Le sujet, sorti de l'étude, a été revu après toute la période : un événement serait connu.",
)
LEFT = frozenset({"withdrawn", "off-study"})
WANTED = {"grade": "of grade {} or more", "serious": "serious", "both": "serious and of grade {} or more"}
NEEDS = {
    "missing-observation": "whether it is serious",
    "partial-date": "the exact day on which it began or worsened",
    "grade-missing": "its grade (extension ae-grade)",
    "causality-missing": "an assessor's opinion on whether the cells caused it (suspectEntity.causality)",
    "conflicting-values": "one opinion of all assessors on whether the cells caused it",
}


def asks(protocol: Protocol) -> Safety:
    """What the protocol says of tolerance; refused where it says nothing."""
    if protocol.safety is None:
        raise CannotAnswer(f"{protocol.key} does not ask for tolerance")
    return protocol.safety


def readings(protocol: Protocol) -> tuple[str, ...]:
    """Both readings, the one that decides first (`ae.require_related`)."""
    return RULES if protocol.parameters.ae.require_related else (ANY, RELATED)


def days_of(protocol: Protocol, visit: str) -> Days:
    """The days a visit looks back on: the first ten, or those since the infusion or the visit before."""
    parameters = protocol.parameters
    if visit == asks(protocol).primary:
        return Days(0, parameters.ae.primary_window_days, parameters.ae.window_mode == "hours")
    last = protocol.visit(visit).day
    if parameters.tox.mode == "cumulative":
        return Days(0, last)
    before = [day for day in (protocol.visit(label).day for label in parameters.tox.visits) if day < last]
    return Days(max(before) + 1 if before else 0, last)


def free_of_toxicity(
    protocol: Protocol, found: Sequence[Reported], *, days: Days, t0: Infusion, visit: str, rule: str
) -> Finding:
    """That none of the events is a toxicity; those that might be are its parts."""
    chosen = protocol.parameters.ae
    bar = Bar(chosen.min_grade, chosen.seriousness)
    parts = tuple(
        _event(one, days, t0, rule=rule, bar=bar)
        for one in found
        if one.toxic(days, t0, rule=ANY, bar=bar) is not Truth.NO
    )
    verdict = ~any_of(~part.verdict for part in parts)
    still = [part for part in parts if verdict is Truth.UNKNOWN and part.verdict is Truth.UNKNOWN]
    wanted = WANTED[bar.by].format(bar.least)
    safety = asks(protocol)
    text = safety.immediate if visit == safety.primary else safety.later
    return Finding(
        id="no-toxicity",
        verdict=verdict,
        text=text.by_language(),
        observed=f"{len(parts)} events that are {wanted}, or may be",
        threshold=f"no event that is {wanted}{', related to the cells,' if rule == RELATED else ''} "
        f"from day {days.first} to day {days.last}",
        evidence=once(source for part in parts for source in part.evidence),
        reasons=once(reason for part in still for reason in part.reasons),
        needs="; ".join(once(part.needs for part in still if part.needs is not None)) or None,
        parts=parts,
    )


def _event(one: Reported, days: Days, t0: Infusion, *, rule: str, bar: Bar) -> Finding:
    """One event: met where it leaves the infusion tolerated."""
    verdict = ~one.toxic(days, t0, rule=rule, bar=bar)
    reasons = one.open_for(days, t0, rule=rule, bar=bar) if verdict is Truth.UNKNOWN else ()
    wanted = ", ".join(NEEDS[reason] for reason in reasons)
    day = t0.study_day(one.event.when)
    when = f"day {day}" if day is not None else f"{one.event.when.text if one.event.when else 'no date'}"
    grades = ", then ".join(f"grade {step.grade}" for step in one.steps)
    return Finding(
        id=f"{one.event.source.type}/{one.event.source.id}",
        verdict=verdict,
        text=(("en", one.name),),
        observed=f"{when}, {grades}, {one.relation.said or 'cause not assessed'}",
        evidence=(one.event.source,),
        reasons=reasons,
        needs=f"{one.event.source}: {wanted}" if wanted else None,
        notes=one.relation.notes,
    )


def period_over(days: Days, t0: Infusion, *, today: date, ended: bool) -> tuple[Finding, ...]:
    """As long as the period goes on, something may still happen; after a death nothing can."""
    last = t0.date_of(days.last)
    over = today > last or ended
    return (
        Judged(
            truth=Truth.YES if over else Truth.UNKNOWN,
            reasons=("window-open",),
            needs=f"ask again after {last.isoformat()}, day {days.last}",
            observed=f"day {(today - t0.day).days}",
            threshold=f"after day {days.last}",
            evidence=(t0.source,),
        ).finding("period-over", COMPLETE),
    )


def observed_throughout(
    protocol: Protocol, history: History, *, days: Days, t0: Infusion, today: date
) -> tuple[Finding, ...]:
    """Whether one who left the study was observed to the end of the period; nothing of who stayed so long.

    What was recorded last shows up to when they were observed.
    """
    last, enrolment = t0.date_of(days.last), history.enrolment
    ended = enrolment.period.end
    if enrolment.status not in LEFT if ended is None else ended.last_day > last:
        return ()
    contact = life(protocol, history, today=today).contact
    seen = t0.day if contact is None else contact.day
    return (
        Judged(
            truth=Truth.YES if seen >= last else Truth.UNKNOWN,
            reasons=("missing-observation",),
            needs=f"what was seen of the subject up to {last.isoformat()}, day {days.last}: an assessment "
            f"or an event; the last record is of {seen.isoformat()}",
            observed=f"left the study {'' if ended is None else ended.text}, last seen {seen.isoformat()}",
            threshold=f"seen on day {days.last} or later",
            evidence=(enrolment.source, *(() if contact is None else (contact.source,))),
        ).finding("observed", OBSERVED),
    )


def death_reported(
    person: Person | None, found: Iterable[Reported], *, days: Days, t0: Infusion
) -> tuple[Finding, ...] | None:
    """A death in the period that no event accounts for leaves the question open; None without a death."""
    if person is None or not person.deceased:
        return None
    died = Truth.UNKNOWN if person.deceased_at is None else days.hold(t0, person.deceased_at)
    if died is Truth.NO:
        return None
    accounted = any(is_fatal(one.event) for one in found)
    judged = Judged(
        truth=Truth.YES if accounted else Truth.UNKNOWN,
        reasons=("causality-missing",) if died is Truth.YES else ("partial-date", "causality-missing"),
        needs="the adverse event the subject died of, with grade 5, its date and its causality",
        evidence=(person.source,),
    )
    return (judged.finding("death-reported", DEATH),)
