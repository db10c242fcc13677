"""What stands for each visit: everything assessed with one instrument, on the clock of the infusion.

damage = results(protocol, history).instrument("SLICC/ACR", codes, read, merged)
choice = clock(protocol, history, t0, today).at(protocol.visit("M6"), damage)
reading = damage.merged(choice.chosen)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Generic, TypeVar

from app.clinical.by_code import ByCode
from app.clinical.history import History
from app.clinical.records import Coding, Measurement
from app.clinical.remembered import remembered
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


@dataclass(frozen=True, slots=True, eq=False)
class Instrument(Generic[D]):
    """All assessments with one instrument: those that count, and those whose status forbids it."""

    name: str
    counted: tuple[D, ...]
    not_counted: Mapping[str, tuple[D, ...]]
    merged: Callable[[Sequence[D]], D | None]


@dataclass(frozen=True, slots=True)
class Results:
    """The measurements of one subject: those that count, and the others by their status."""

    counted: ByCode
    not_counted: Mapping[str, ByCode]

    def instrument(
        self,
        name: str,
        codes: Iterable[Coding],
        assess: Callable[[Iterable[Measurement]], tuple[D, ...]],
        merged: Callable[[Sequence[D]], D | None],
    ) -> Instrument[D]:
        """What was assessed with one instrument; `merged` says what several of the same time amount to.

        Whatever `assess` reads has one of the codes, of its own or of its panel.
        """
        wanted = tuple(codes)
        others = {status: assess(found.coded(wanted)) for status, found in self.not_counted.items()}
        found = {status: assessed for status, assessed in others.items() if assessed}
        return Instrument(name, assess(self.counted.coded(wanted)), found, merged)


def by_status(protocol: Protocol, measurements: Sequence[Measurement]) -> Results:
    """The measurements divided by whether their status lets them count."""
    final = counted(protocol, measurements)
    accepted = {one.status for one in final}
    others = {
        status: tuple(one for one in measurements if one.status == status)
        for status in NOT_COUNTED
        if status not in accepted
    }
    return Results(ByCode(final), {status: ByCode(found) for status, found in others.items() if found})


@remembered
def results(protocol: Protocol, history: History) -> Results:
    """All measurements of a subject, divided once for every question."""
    return by_status(protocol, history.measurements)


Choose = Callable[["Clock", Visit, Instrument[D]], Choice[D]]


@dataclass(frozen=True, slots=True)
class Clock:
    """When the visits are, and which of their windows are still open; `today` is None where nobody asks.

    What was chosen for a visit is remembered: most visits are looked at by several rules and questions.
    """

    protocol: Protocol
    t0: Infusion
    today: date | None
    _chosen: dict[Any, Choice[Any]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _places: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def at(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """What stands for a visit: the baseline for one that lies before the infusion."""
        if visit.window[1] <= 0:
            return self.baseline(visit, instrument)
        return self.after(visit, instrument)

    def baseline(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """The last assessment before the infusion."""
        return self._once(_baseline, visit, instrument)

    def after(self, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """The assessment of a visit after the infusion; a missing one may still come in an open window."""
        return self._once(_after, visit, instrument)

    def place(self, visit: Visit) -> str:
        """A visit with the dates of its window."""
        if visit.label not in self._places:
            first, last = (self.t0.date_of(day).isoformat() for day in visit.window)
            self._places[visit.label] = f"{visit.label} ({first} to {last})"
        return self._places[visit.label]

    def _once(self, choose: Choose[D], visit: Visit, instrument: Instrument[D]) -> Choice[D]:
        """What was chosen before; of whatever nothing is recorded, it is the same nothing."""
        recorded = instrument if instrument.counted or instrument.not_counted else None
        key = (choose, visit.label, recorded)
        if key not in self._chosen:
            self._chosen[key] = choose(self, visit, instrument)
        return self._chosen[key]


@remembered
def clock(protocol: Protocol, _history: History, t0: Infusion, today: date | None) -> Clock:
    """The clock of one subject, with all that was chosen by it, for every question of one day."""
    return Clock(protocol, t0, today)


def _baseline(clock: Clock, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
    def before(assessments: Sequence[D]) -> Choice[D]:
        return baseline(clock.protocol, clock.t0, assessments, label=visit.label)

    return _chosen(instrument, before)


def _after(clock: Clock, visit: Visit, instrument: Instrument[D]) -> Choice[D]:
    def then(assessments: Sequence[D]) -> Choice[D]:
        return at_visit(clock.protocol, visit, clock.t0, assessments)

    choice = _chosen(instrument, then)
    if choice.chosen or clock.today is None or clock.today > clock.t0.date_of(visit.window[1]):
        return choice
    return replace(choice, reasons=(*choice.reasons, "window-open"))


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
