"""Every score of a protocol at baseline and at each visit: activity, damage, quality of life, skin, lung.

Nothing is decided here. A score that is not known exactly is said as the range it lies in, with what would
complete it; where laboratory results say otherwise than the form, that is a question to the site.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.not_infused import without_day_0
from app.clinical.scores.assessments import chart
from app.clinical.scores.scales import Placed, Scale, scales
from app.clinical.timeline import NotInfused, as_if_infused, infusion, order
from app.clinical.visits import Clock, results
from app.protocol.definition import Protocol, Visit


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The scores and visits asked for; a score that was named is missed though nobody must send it."""

    names: Collection[str]
    visits: Collection[Visit]
    named: bool

    def misses(self, scale: Scale[Any]) -> bool:
        """Whether it is said that the score is missing."""
        return scale.name in self.names and (scale.due or self.named)


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """One result for each score and visit at which it is due, all of them unless named."""
    t0 = infusion(protocol, history)
    day_0 = as_if_infused(history, asked.today) if isinstance(t0, NotInfused) else t0
    recorded = chart(protocol, history, day_0, today=asked.today)
    known = scales(recorded, results(protocol, history))
    words = {scale.word for scale in known}
    planned = [visit for visit in protocol.visits if not words.isdisjoint(visit.assessed)]
    if not planned:
        raise CannotAnswer(f"{protocol.key} plans no score at any visit")
    labels = among([visit.label for visit in planned], asked.visits, parameter="visit")
    names = among([scale.name for scale in known], asked.names, parameter="name")
    visits = [visit for visit in planned if visit.label in labels]
    wanted = _Wanted(names, visits, named=asked.names is not None)
    if isinstance(t0, NotInfused):
        told = _without_day_0(t0, recorded.clock, known, wanted)
    else:
        told = _results(recorded.clock, known, wanted)
    return Answer(
        question="disease-activity",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(told),
        notes=history.remarks(),
    )


def _without_day_0(
    t0: NotInfused, clock: Clock, known: Sequence[Scale[Any]], wanted: _Wanted
) -> Iterator[Result]:
    """Without day 0 nothing can be placed at a visit; of one to be infused, the baseline so far is told."""
    to_come = t0.reason == "not-infused"
    before = [visit for visit in wanted.visits if to_come and visit.window[1] <= 0]
    for result in _results(clock, known, replace(wanted, visits=before)):
        yield _provisional(result, t0, clock.t0.day.isoformat())
    for scale in known:
        for visit in wanted.visits:
            if wanted.misses(scale) and scale.word in visit.assessed and visit not in before:
                yield without_day_0(t0, name=scale.name, visit=visit.label, decides=False)


def _provisional(result: Result, t0: NotInfused, on: str) -> Result:
    """A baseline that still may become another: it is that of an infusion on the day asked for."""
    return replace(
        result,
        reasons=once((t0.reason, *result.reasons)),
        missing=once((*t0.missing, *result.missing)),
        notes=(*result.notes, f"not infused yet: this would be the baseline of an infusion on {on}"),
        figures=tuple(figure for figure in result.figures if figure.name != "study-day"),
    )


def _results(clock: Clock, known: Sequence[Scale[Any]], wanted: _Wanted) -> Iterator[Result]:
    for scale in known:
        if scale.name in wanted.names:
            yield from _of_scale(clock, scale, wanted)


def _of_scale(clock: Clock, scale: Scale[Any], wanted: _Wanted) -> Iterator[Result]:
    """One scale at each visit that plans it, against what it was before the infusion."""
    reference = next((visit for visit in clock.protocol.visits if visit.window[1] <= 0), None)
    before = None if reference is None else _placed(clock, scale, reference)
    for visit in wanted.visits:
        if scale.word not in visit.assessed:
            continue
        is_reference = reference is not None and visit.label == reference.label
        placed = before if is_reference else _placed(clock, scale, visit)
        if placed is not None:
            yield _result(clock, scale, placed, None if is_reference else before)
        elif wanted.misses(scale):
            yield _missing(clock, scale, visit)


def _placed(clock: Clock, scale: Scale[Any], visit: Visit) -> Placed[Any] | None:
    """What stands for a visit, with what was assessed before it; None where nothing does."""
    choice = clock.at(visit, scale.instrument)
    assessed = scale.instrument.merged(choice.chosen)
    if assessed is None:
        return None
    first = min(order(one.when, one.source) for one in choice.chosen)
    every = sorted(scale.instrument.counted, key=lambda one: order(one.when, one.source))
    earlier = tuple(one for one in every if order(one.when, one.source) < first)
    return Placed(visit=visit, choice=choice, assessed=assessed, earlier=earlier)


def _missing(clock: Clock, scale: Scale[Any], visit: Visit) -> Result:
    """That a planned assessment is not there."""
    choice = clock.at(visit, scale.instrument)
    return Result(
        name=scale.name,
        visit=visit.label,
        reasons=choice.reasons,
        missing=(choice.needs(f"the {scale.name} at {clock.place(visit)}"),),
        evidence=(clock.t0.source,),
        notes=choice.notes,
    )


def _result(clock: Clock, scale: Scale[Any], placed: Placed[Any], before: Placed[Any] | None) -> Result:
    """The scores with their changes, then the items, and what would complete them."""
    reading = scale.read(placed)
    is_reference = placed.visit.window[1] <= 0
    then = {} if before is None else {one.name: one for one in scale.read(before).scores}
    changes = [] if is_reference else [scale.change(one, then.get(one.name)) for one in reading.scores]
    used = (*placed.choice.chosen, *placed.choice.others)
    baseline = () if before is None else before.choice.chosen
    return Result(
        name=scale.name,
        visit=placed.visit.label,
        reasons=reading.reasons,
        missing=tuple(f"{need}, at {placed.visit.label}" for need in reading.missing),
        evidence=(*once(one.source for one in (*used, *baseline)), clock.t0.source),
        notes=once((*reading.notes, *placed.choice.notes)),
        figures=(*reading.scores, *changes, *_days(clock, placed), *reading.items),
    )


def _days(clock: Clock, placed: Placed[Any]) -> tuple[Figure, ...]:
    """When it was assessed, where its day is known."""
    when = placed.choice.chosen[0].when
    day = clock.t0.study_day(when)
    if when is None or day is None:
        return ()
    return Figure(name="study-day", value=day, unit="d"), Figure(name="date", value=when.first_day)
