"""What was recorded with the three instruments of the SLE Responder Index, placed at its visits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from app.clinical import bilag, pga, sledai, sledai_labs
from app.clinical.bilag import Bilag
from app.clinical.history import History
from app.clinical.pga import Pga
from app.clinical.records import Measurement
from app.clinical.schedule import Choice, Dated, at_visit, baseline
from app.clinical.sledai import Sledai
from app.clinical.sri_criteria import Pair, Side
from app.clinical.timeline import Infusion, counted, order
from app.protocol.definition import Protocol, Visit

D = TypeVar("D", bound=Dated)

NOT_COUNTED = {
    "registered": "is registered without its result: it counts once it is final",
    "preliminary": "is preliminary: it counts once it is final",
    "entered-in-error": "was entered in error: it does not count",
    "cancelled": "was cancelled: it does not count",
    "unknown": "has the status unknown: it does not count",
}
"""What is said, by its status, of an assessment that would otherwise have been the one of a visit."""


@dataclass(frozen=True, slots=True)
class Instrument(Generic[D]):
    """All assessments with one instrument: those that count, and those whose status forbids it."""

    name: str
    counted: tuple[D, ...]
    not_counted: Mapping[str, tuple[D, ...]]
    merged: Callable[[Sequence[D]], D | None]


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
        used: list[Dated] = []
        for side in (self.sledai.after, self.bilag.after, self.pga.after):
            used += side.choice.chosen
        days = [item.when.last_day for item in used if item.when is not None]
        return max(days, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything assessed of one subject, on the clock of the infusion."""

    protocol: Protocol
    t0: Infusion
    today: date | None
    results: tuple[Measurement, ...]
    sledai: Instrument[Sledai]
    bilag: Instrument[Bilag]
    pga: Instrument[Pga]

    def at(self, visit: Visit, reference: Visit) -> Assessed:
        """What stands for a visit and for the baseline it is compared with."""
        grades = self._pair(self.bilag, visit, reference)
        return Assessed(
            sledai=Pair(*map(self._with_lab_queries, self._pair(self.sledai, visit, reference).sides)),
            bilag=grades,
            pga=self._pair(self.pga, visit, reference),
            queries=self._queries(grades),
        )

    def _pair(self, instrument: Instrument[D], visit: Visit, reference: Visit) -> Pair[D]:
        def before(assessments: Sequence[D]) -> Choice[D]:
            return baseline(self.protocol, self.t0, assessments, label=reference.label)

        def after(assessments: Sequence[D]) -> Choice[D]:
            return self._window_open(visit, at_visit(self.protocol, visit, self.t0, assessments))

        return Pair(self._side(instrument, reference, before), self._side(instrument, visit, after))

    def _side(
        self, instrument: Instrument[D], visit: Visit, choose: Callable[[Sequence[D]], Choice[D]]
    ) -> Side[D]:
        choice = choose(instrument.counted)
        if not choice.chosen:
            notes = tuple(
                f"{item.source} {NOT_COUNTED[status]}"
                for status, assessments in instrument.not_counted.items()
                for item in choose(assessments).chosen
            )
            choice = replace(choice, notes=choice.notes + notes)
        first, last = (self.t0.date_of(day).isoformat() for day in visit.window)
        return Side(
            instrument=instrument.name,
            label=visit.label,
            place=f"{visit.label} ({first} to {last})",
            reading=instrument.merged(choice.chosen),
            choice=choice,
        )

    def _with_lab_queries(self, side: Side[Sledai]) -> Side[Sledai]:
        """The side with what laboratory results of those days say otherwise; no score is changed."""
        lookback = self.protocol.parameters.sledai.lookback_days
        notes = [
            note
            for form in side.choice.chosen
            for note in sledai_labs.queries(form, self.results, lookback_days=lookback)
        ]
        return replace(side, choice=replace(side.choice, notes=side.choice.notes + tuple(notes)))

    def _window_open(self, visit: Visit, choice: Choice[D]) -> Choice[D]:
        """A missing assessment may still come while the window has not closed."""
        if choice.chosen or self.today is None or self.today > self.t0.date_of(visit.window[1]):
            return choice
        return replace(choice, reasons=(*choice.reasons, "window-open"))

    def _queries(self, grades: Pair[Bilag]) -> tuple[str, ...]:
        """Inconsistencies among the BILAG assessments up to the visit."""
        used = [item for side in grades.sides for item in side.choice.chosen]
        if not used:
            return ()
        latest = max(order(item.when, item.source) for item in used)
        until = [item for item in self.bilag.counted if item.when and order(item.when, item.source) <= latest]
        return bilag.inconsistencies(until, bilag.systems(self.protocol))


def chart(protocol: Protocol, history: History, t0: Infusion, *, today: date | None) -> Chart:
    """All assessments of a subject, read once."""
    final = counted(protocol, history.measurements)
    accepted = {one.status for one in final}
    not_counted = {
        status: [one for one in history.measurements if one.status == status]
        for status in NOT_COUNTED
        if status not in accepted
    }

    def recorded(
        name: str,
        assess: Callable[[Protocol, Iterable[Measurement]], tuple[D, ...]],
        merged: Callable[[Sequence[D]], D | None],
    ) -> Instrument[D]:
        others = {status: assess(protocol, found) for status, found in not_counted.items() if found}
        return Instrument(name, assess(protocol, final), others, merged)

    return Chart(
        protocol=protocol,
        t0=t0,
        today=today,
        results=final,
        sledai=recorded(sledai.name(protocol), sledai.assessments, sledai.merged),
        bilag=recorded(bilag.name(protocol), bilag.assessments, bilag.merged),
        pga=recorded(pga.NAME, pga.assessments, pga.merged),
    )
