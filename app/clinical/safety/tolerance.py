"""Whether the infusion was tolerated: the primary endpoint, and toxicity up to each later visit (§1.11).

It was not tolerated if an adverse event of grade 3 or more began, or an event worsened to it, in the first
ten days, and is related to the cells. The same whatever the cause is answered beside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from app.clinical.answers import Answer, Figure, Result, code, wire
from app.clinical.asked import Asked, among
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.not_infused import without_day_0
from app.clinical.safety import adverse, grading
from app.clinical.safety.adverse import Days, Reported
from app.clinical.safety.malignancy import no_malignancy
from app.clinical.safety.toxicity import (
    asks,
    days_of,
    death_reported,
    free_of_toxicity,
    observed_throughout,
    period_over,
    readings,
)
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth, all_of
from app.protocol.definition import Protocol

QUESTION = "tolerance"
UNKNOWN = "class-not-known"


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """For the first days and each later visit, by each reading; M9 only where it is named."""
    safety = asks(protocol)
    planned = (safety.primary, *protocol.parameters.tox.visits)
    known = once((*planned, *protocol.parameters.tox.on_demand))
    labels = among(known, planned if asked.visits is None else asked.visits, parameter="visit")
    rules = among(readings(protocol), asked.rules, parameter="rule")
    t0 = infusion(protocol, history)
    found = adverse.reported(protocol, history)
    return Answer(
        question=QUESTION,
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(
            without_day_0(t0, name=QUESTION, visit=label, rule=rule)
            if isinstance(t0, NotInfused)
            else result(protocol, history, found, t0=t0, visit=label, rule=rule, today=asked.today)
            for label in labels
            for rule in rules
        ),
        notes=(*_choices(protocol), *_queries(protocol, found), *history.remarks()),
    )


def primary(protocol: Protocol, history: History, today: date) -> Result:
    """The primary endpoint by the reading that decides: what the choice of the next dose rests on."""
    t0 = infusion(protocol, history)
    label, rule = asks(protocol).primary, readings(protocol)[0]
    if isinstance(t0, NotInfused):
        return without_day_0(t0, name=QUESTION, visit=label, rule=rule)
    found = adverse.reported(protocol, history)
    return result(protocol, history, found, t0=t0, visit=label, rule=rule, today=today)


def result(
    protocol: Protocol,
    history: History,
    found: Sequence[Reported],
    *,
    t0: Infusion,
    visit: str,
    rule: str,
    today: date,
) -> Result:
    """Met means tolerated: no such event, the period over, and no death that nobody reported."""
    days = days_of(protocol, visit)
    free = free_of_toxicity(protocol, found, days=days, t0=t0, visit=visit, rule=rule)
    died = death_reported(history.person, found, days=days, t0=t0)
    healthy = no_malignancy(protocol, history, found, days=days, t0=t0, visit=visit)
    over = period_over(days, t0, today=today, ended=died is not None)
    seen = observed_throughout(protocol, history, days=days, t0=t0, today=today) if died is None else died
    findings = (free, *healthy, *over, *seen)
    verdict = all_of(one.verdict for one in findings)
    still = [one for one in findings if verdict is Truth.UNKNOWN and one.verdict is Truth.UNKNOWN]
    return Result(
        name=QUESTION,
        visit=visit,
        rule=rule,
        verdict=wire(verdict),
        findings=findings,
        reasons=once(reason for one in still for reason in one.reasons),
        missing=once(one.needs for one in still if one.needs is not None),
        evidence=once((t0.source, *(source for one in findings for source in one.evidence))),
        figures=tuple(_figures(protocol, found, days=days, t0=t0, rule=rule)),
    )


def _figures(
    protocol: Protocol, found: Sequence[Reported], *, days: Days, t0: Infusion, rule: str
) -> Iterator[Figure]:
    """How many events there were, and the worst grade, in all and by organ and system organ class."""
    inside = [one for one in found if (one.began(days, t0) & one.counts(rule)) is not Truth.NO]
    surely = [one for one in inside if (one.began(days, t0) & one.counts(rule)) is Truth.YES]
    evidence = tuple(one.event.source for one in inside)
    yield Figure(name="events", value=Interval.of(len(surely), len(inside)), evidence=evidence)
    yield Figure(name="max-grade", value=adverse.worst(found, days, t0, rule=rule))
    for organ in asks(protocol).organs:
        of_organ = [one for one in found if one.place.organ == organ]
        yield Figure(name=f"max-grade-{organ}", value=adverse.worst(of_organ, days, t0, rule=rule))
    for system in sorted({one.place.system or UNKNOWN for one in inside}):
        of_class = [one for one in found if (one.place.system or UNKNOWN) == system]
        yield Figure(name=f"max-grade-{code(system)}", value=adverse.worst(of_class, days, t0, rule=rule))


def _queries(protocol: Protocol, found: Iterable[Reported]) -> Iterator[str]:
    """What is worth asking the sender; none of it changes a verdict."""
    for one in found:
        yield from grading.queries(one.event, protocol.parameters.ae)
        if one.place.system is None and one.place.organ is None:
            yield f"{one.event.source}: the organ class of {one.name!r} is not known here"


def _choices(protocol: Protocol) -> tuple[str, ...]:
    """Where the sources leave a choice open, what was chosen, by the parameter's name."""
    ae, tox = protocol.parameters.ae, protocol.parameters.tox
    spelt = {f"ae.{name}": value for name, value in ae} | {"tox.mode": tox.mode}
    return tuple(
        f"{name} = {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in spelt.items()
    )
