"""The assessments of one subject with the instruments of the Responder Index, placed at its visits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from app.clinical.history import History
from app.clinical.records import Measurement
from app.clinical.remembered import remembered
from app.clinical.responses.sides import Pair, Side
from app.clinical.schedule import Choice, Dated
from app.clinical.scores import bilag, pga, sledai, sledai_labs
from app.clinical.scores.bilag import Bilag
from app.clinical.scores.pga import Pga
from app.clinical.scores.sledai import Sledai
from app.clinical.timeline import Infusion, order
from app.clinical.visits import Clock, Instrument, clock, results
from app.protocol.definition import Protocol, Visit

D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Assessed:
    """The three instruments at baseline and at one visit; `queries` are remarks that change no verdict."""

    sledai: Pair[Sledai]
    bilag: Pair[Bilag]
    pga: Pair[Pga]
    queries: tuple[str, ...]

    @property
    def seen(self) -> date | None:
        """The last day on which the subject was assessed for the visit."""
        return _last_day((self.sledai.after.choice, self.bilag.after.choice, self.pga.after.choice))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything assessed of one subject, on the clock of the infusion."""

    protocol: Protocol
    clock: Clock
    laboratory: tuple[Measurement, ...]
    sledai: Instrument[Sledai]
    bilag: Instrument[Bilag]
    pga: Instrument[Pga]

    def at(self, visit: Visit, reference: Visit) -> Assessed:
        """What stands for a visit and for the baseline it is compared with."""
        grades = self.grades_at(visit, reference)
        return Assessed(
            sledai=Pair(*map(self._with_lab_queries, self._pair(self.sledai, visit, reference).sides)),
            bilag=grades,
            pga=self._pair(self.pga, visit, reference),
            queries=self._queries(grades),
        )

    def seen(self, visit: Visit) -> date | None:
        """The last day on which the subject was assessed for a visit."""
        instruments: tuple[Instrument[Any], ...] = (self.sledai, self.bilag, self.pga)
        return _last_day(self.clock.after(visit, instrument) for instrument in instruments)

    def grades_at(self, visit: Visit, reference: Visit) -> Pair[Bilag]:
        """The BILAG alone."""
        return self._pair(self.bilag, visit, reference)

    def _pair(self, instrument: Instrument[D], visit: Visit, reference: Visit) -> Pair[D]:
        return Pair(
            self._side(instrument, reference, self.clock.baseline(reference, instrument)),
            self._side(instrument, visit, self.clock.after(visit, instrument)),
        )

    def _side(self, instrument: Instrument[D], visit: Visit, choice: Choice[D]) -> Side[D]:
        return Side(
            instrument=instrument.name,
            label=visit.label,
            place=self.clock.place(visit),
            reading=instrument.merged(choice.chosen),
            choice=choice,
        )

    def _with_lab_queries(self, side: Side[Sledai]) -> Side[Sledai]:
        """The side with what laboratory results of those days say otherwise; no score is changed."""
        forms = [form for form in side.choice.chosen if form.items]
        if not forms:
            return side
        lookback = self.protocol.parameters.sledai.lookback_days
        previous = sledai_labs.previous_results(
            self.protocol, self.clock.t0, self.protocol.visit(side.label), self.laboratory
        )
        notes = [
            note
            for form in forms
            for note in sledai_labs.queries(form, self.laboratory, lookback_days=lookback, previous=previous)
        ]
        return replace(side, choice=replace(side.choice, notes=side.choice.notes + tuple(notes)))

    def _queries(self, grades: Pair[Bilag]) -> tuple[str, ...]:
        """Inconsistencies among the BILAG assessments up to the visit."""
        used = [item for side in grades.sides for item in side.choice.chosen]
        if not used:
            return ()
        latest = max(order(item.when, item.source) for item in used)
        until = [item for item in self.bilag.counted if item.when and order(item.when, item.source) <= latest]
        return bilag.inconsistencies(until, bilag.systems(self.protocol))


def _last_day(choices: Iterable[Choice[Any]]) -> date | None:
    whens = (item.when for choice in choices for item in choice.chosen)
    return max((when.last_day for when in whens if when is not None), default=None)


@remembered
def chart(protocol: Protocol, history: History, t0: Infusion, *, today: date | None) -> Chart:
    """All assessments of a subject, read once."""
    recorded = results(protocol, history)
    return Chart(
        protocol=protocol,
        clock=clock(protocol, history, t0, today),
        laboratory=sledai_labs.relevant(recorded.counted.coded(sledai_labs.CODINGS)),
        sledai=recorded.instrument(
            sledai.name(protocol),
            (sledai.coding(protocol),),
            partial(sledai.assessments, protocol),
            sledai.merged,
        ),
        bilag=recorded.instrument(
            bilag.name(protocol),
            (bilag.coding(protocol),),
            partial(bilag.assessments, protocol),
            bilag.merged,
        ),
        pga=recorded.instrument(pga.NAME, (pga.CODING,), partial(pga.assessments, protocol), pga.merged),
    )
