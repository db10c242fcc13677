"""What a subject took of corticosteroids, day by day as prednisone, and the mean over a time (§1.9).

A day is known where a dose is recorded, or where no dose is and it is declared that there was none: the
treatment history is attested complete up to that day or later, or a MedicationStatement says of the whole
class that it was not taken then. Every other day is not known, and so is a day on which more may have been
taken than is recorded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from app.clinical.calendar import shifted
from app.clinical.case import Case, once
from app.clinical.comparison import six_digits
from app.clinical.criteria.latest import Window, could_be_latest
from app.clinical.drugs.exposure import ROUTES, Exposure, exposure
from app.clinical.drugs.given import is_short
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Administration, Coding, Source
from app.clinical.timeline import Infusion
from app.protocol.definition import Protocol
from app.protocol.eligibility import HISTORY_COMPLETE, Drug
from app.protocol.parts import Route
from app.protocol.steroids import SteroidParameters, Steroids

NOT_TAKEN = "not-taken"
PARENTERAL: tuple[Route, ...] = ("intravenous", "intramuscular", "subcutaneous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean daily dose over some days: exact, between two bounds, or not known (`low` is None).

    `enough` says that so many of the days are known as the protocol asks for.
    """

    first: date
    last: date
    known: int
    low: Fraction | None = None
    high: Fraction | None = None
    enough: bool = False
    evidence: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()
    needs: str | None = None

    @property
    def days(self) -> int:
        """How many days it is the mean of."""
        return (self.last - self.first).days + 1

    def times(self, factor: Decimal) -> Interval | None:
        """A share of it, to six digits."""
        if self.low is None or self.high is None:
            return None
        return Interval(six_digits(self.low * Fraction(factor)), six_digits(self.high * Fraction(factor)))

    @property
    def value(self) -> Interval | None:
        """The mean to six digits."""
        return self.times(Decimal(1))


@dataclass(frozen=True, slots=True)
class Without:
    """Days on which it is declared that nothing was taken but what is recorded."""

    first: date
    last: date
    source: Source

    def holds(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class SteroidDays:
    """Every day's dose as far as it is known, up to the day asked for."""

    taken: Exposure
    declared: tuple[Without, ...]
    today: date
    enough: Decimal

    def mean(self, first: date, last: date) -> Mean:
        """The mean daily dose from one day to another, both included."""
        days = [shifted(first, n) for n in range((last - first).days + 1)]
        doses = [dose for dose in map(self._dose, days) if dose is not None]
        least, most = (sum((dose[end] for dose in doses), Fraction()) for end in (0, 1))
        found = Mean(first=first, last=last, known=len(doses), evidence=self._evidence(days))
        if last > self.today:
            needs = f"the time until {last} is not over"
            return replace(found, reasons=("window-open",), needs=needs)
        if doses and len(doses) >= len(days) * self.enough:
            found = replace(found, low=least / len(doses), high=most / len(doses), enough=True)
            return found if least == most else self._overlapping(found)
        return self._bounded(found, days, least, most)

    def _dose(self, day: date) -> tuple[Fraction, Fraction] | None:
        """The least and the most of a day; both the same unless records overlap."""
        if day > self.today or day in self.taken.unclear:
            return None
        if day in self.taken.doses:
            return self.taken.doses[day], self.taken.most[day]
        return (Fraction(), Fraction()) if self._declaring(day) else None

    def _overlapping(self, found: Mean) -> Mean:
        """Why a mean of days that are all known is not one number."""
        here = [question for question in self.taken.overlaps if question.source in found.evidence]
        reasons = once(question.reason for question in here)
        return replace(found, reasons=reasons, needs="; ".join(question.needs for question in here))

    def _declaring(self, day: date) -> Without | None:
        for without in self.declared:  # mostly there is none, and this is asked of every day
            if without.holds(day):
                return without
        return None

    def _bounded(self, found: Mean, days: Sequence[date], least: Fraction, all_taken: Fraction) -> Mean:
        """Too few days are known: on the others nothing may have been taken, or the most ever seen.

        A dose that is recorded but cannot be counted has no such bound.
        """
        most = max(self.taken.most.values(), default=None)
        unclear = not self.taken.unclear.isdisjoint(days)
        questions = self.taken.questions if unclear else ()
        missing = (
            f"record the corticosteroids of every day from {found.first} to {found.last} "
            f"({found.known} of {found.days} days are known), or declare that there were none: attest "
            f"{HISTORY_COMPLETE}, or send a MedicationStatement of the class as {NOT_TAKEN}"
        )
        open_ = replace(
            found,
            reasons=once(question.reason for question in questions) or ("missing-observation",),
            needs="; ".join(once(question.needs for question in questions)) or missing,
            evidence=once((*found.evidence, *(question.source for question in questions))),
        )
        if most is None or unclear:
            return open_
        high = all_taken + (found.days - found.known) * most
        return replace(open_, low=least / found.days, high=high / found.days)

    def _evidence(self, days: Iterable[date]) -> tuple[Source, ...]:
        return once(source for day in days for source in self._sources(day))

    def _sources(self, day: date) -> Iterator[Source]:
        recorded = self.taken.sources.get(day, ())
        yield from recorded
        declaring = None if recorded else self._declaring(day)
        if declaring is not None:
            yield declaring.source


def steroid_days(
    protocol: Protocol, steroids: Steroids, history: History, *, t0: Infusion, today: date
) -> SteroidDays:
    """The corticosteroids of a subject up to the day asked for."""
    chosen = protocol.parameters.steroid
    counted = tuple(one for one in history.administrations if _is_systemic(steroids, one, t0))
    case = Case(protocol=protocol, history=replace(history, administrations=counted), on=today)
    drugs = tuple(_weighed(steroids, chosen, drug) for drug in protocol.drugs_named(steroids.drugs))
    routes = (*steroids.oral, *(steroids.parenteral if chosen.include_parenteral else ()))
    return SteroidDays(
        taken=exposure(case, drugs, unit="mg", until=today, routes=routes),
        declared=(
            *_attested(case),
            *sorted(_not_taken(steroids, history, today), key=lambda without: str(without.source)),
        ),
        today=today,
        enough=chosen.min_known_days_frac,
    )


def is_premedication(record: Administration, t0: Infusion) -> bool:
    """Whether it is the premedication of the infusion: one dose that was not swallowed, on day 0."""
    start = record.period.start
    by_needle = any(ROUTES[route] in record.routes for route in PARENTERAL)
    return by_needle and is_short(record) and start is not None and start.day == t0.day


def _is_systemic(steroids: Steroids, record: Administration, t0: Infusion) -> bool:
    local = {Coding(code.system, code.code) for code in steroids.local_routes}
    return local.isdisjoint(record.routes) and not is_premedication(record, t0)


def _weighed(steroids: Steroids, chosen: SteroidParameters, drug: Drug) -> Drug:
    """The drug with what it counts for by the table in force."""
    if chosen.table == "pharmacologic":
        return drug
    weights = {"mg": steroids.ddd[drug.name], "equals_mg": steroids.ddd[steroids.measured_in]}
    return drug.model_copy(update=weights)


def _attested(case: Case) -> Iterator[Without]:
    """All the days up to the last statement that the history is complete, unless it says that it is not."""
    last = could_be_latest(case.attested(HISTORY_COMPLETE), Window(case.on))
    if last and all(item.truth for item, _ in last):
        item, when = min(last, key=lambda pair: (pair[1].first_day, str(pair[0].source)))
        yield Without(date.min, when.first_day, item.source)


def _not_taken(steroids: Steroids, history: History, today: date) -> Iterator[Without]:
    """The days of the statements that the whole class was not taken; without an end they say too little."""
    none_of = {Coding(code.system, code.code) for code in steroids.none_of}
    for record in history.administrations:
        start, end = record.period.start, record.period.end
        said = record.status == NOT_TAKEN and record.has_period and not none_of.isdisjoint(record.codings)
        if said and start is not None and end is not None:
            yield Without(start.last_day, min(end.first_day, today), record.source)
