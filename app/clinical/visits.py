"""What stands for each visit: everything assessed with one instrument, on the clock of the infusion.

results = by_status(protocol, history.measurements)
damage = results.instrument("SLICC/ACR", read, merged)
choice = Clock(protocol, t0, today).at(protocol.visit("M6"), damage)
reading = damage.merged(choice.chosen)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from app.clinical.records import Measurement
from app.clinical.schedule import Choice, Dated, at_visit, baseline
from app.clinical.timeline import Infusion, counted
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
class Results:
    """The measurements of one subject: those that count, and the others by their status."""

    counted: tuple[Measurement, ...]
    not_counted: Mapping[str, tuple[Measurement, ...]]

    def instrument(
        self,
        name: str,
        assess: Callable[[Iterable[Measurement]], tuple[D, ...]],
        merged: Callable[[Sequence[D]], D | None],
    ) -> Instrument[D]:
        """What was assessed with one instrument; `merged` says what several of the same time amount to."""
        others = {status: assess(found) for status, found in self.not_counted.items() if found}
        return Instrument(name, assess(self.counted), others, merged)


def by_status(protocol: Protocol, measurements: Sequence[Measurement]) -> Results:
    """The measurements divided by whether their status lets them count."""
    final = counted(protocol, measurements)
    accepted = {one.status for one in final}
    others = {
        status: tuple(one for one in measurements if one.status == status)
        for status in NOT_COUNTED
        if status not in accepted
    }
    return Results(final, others)


@dataclass(frozen=True, slots=True)
class Clock:
    """When the visits are, and which of their windows are still open; `today` is None where nobody asks."""

    protocol: Protocol
    t0: Infusion
    today: date | None

    def at(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """What stands for a visit: the baseline for one that lies before the infusion."""
        if visit.window[1] <= 0:
            return self.baseline(visit, instrument)
        return self.after(visit, instrument)

    def baseline(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """The last assessment before the infusion."""

        def before(assessments: Sequence[D]) -> Choice[D]:
            return baseline(self.protocol, self.t0, assessments, label=visit.label)

        return _chosen(instrument, before)

    def after(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """The assessment of a visit after the infusion; a missing one may still come in an open window."""

        def then(assessments: Sequence[D]) -> Choice[D]:
            return at_visit(self.protocol, visit, self.t0, assessments)

        choice = _chosen(instrument, then)
        if choice.chosen or self.today is None or self.today > self.t0.date_of(visit.window[1]):
            return choice
        return replace(choice, reasons=(*choice.reasons, "window-open"))

    def place(self, visit: Visit) -> str:
        """A visit with the dates of its window."""
        first, last = (self.t0.date_of(day).isoformat() for day in visit.window)
        return f"{visit.label} ({first} to {last})"


def _chosen(instrument: Instrument[D], choose: Callable[[Sequence[D]], Choice[D]]) -> Choice[D]:
    """The choice among those that count; where there is none, with what is said of the others."""
    choice = choose(instrument.counted)
    if choice.chosen:
        return choice
    notes = tuple(
        f"{item.source} {NOT_COUNTED[status]}"
        for status, assessments in instrument.not_counted.items()
        for item in choose(assessments).chosen
    )
    return replace(choice, notes=choice.notes + notes)
