"""Immunological and biological markers at their visits, and their change from baseline (§1.12).

No protocol says what a response of a marker would be: nothing is decided, the numbers are the answer.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import once
from app.clinical.comparison import six_digits
from app.clinical.criteria.latest import to_resend
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.markers.marker_readings import Reading, merged, range_of, recorded
from app.clinical.not_infused import without_day_0
from app.clinical.records import Measurement
from app.clinical.schedule import Choice
from app.clinical.timeline import NotInfused, infusion
from app.clinical.visits import Clock, Instrument, by_status, clock
from app.protocol.definition import Protocol, Visit
from app.protocol.markers import Marker

CYTOKINES = "cytokines"
NOTHING: Instrument[Reading] = Instrument("nothing", (), {}, merged)
"""What there is of a marker that was never measured."""


@dataclass(frozen=True, slots=True)
class _At:
    """What stands for one visit: the choice, and what the chosen results say together."""

    label: str
    place: str
    choice: Choice[Reading]
    reading: Reading | None
    reasons: tuple[str, ...]
    """Why there is no value."""


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """Every marker at each visit it is due: value, reference range, and change from baseline."""
    if not protocol.markers:
        raise CannotAnswer(f"{protocol.key} does not ask for markers")
    due = {marker.name: visits_of(protocol, marker) for marker in protocol.markers}
    known = [visit.label for visit in protocol.visits if any(visit.label in one for one in due.values())]
    labels = among(known, asked.visits, parameter="visit")
    names = among(list(due), asked.names, parameter="name")
    return Answer(
        question="biomarkers",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(
            result
            for result in _results(protocol, due, history, asked)
            if result.visit in labels and result.name in names
        ),
        notes=(
            f"visit.baseline_lookback_days = {protocol.parameters.visit.baseline_lookback_days}",
            f"cytokine.visits = {', '.join(protocol.parameters.cytokine.visits)}",
            *history.remarks(),
        ),
    )


def visits_of(protocol: Protocol, marker: Marker) -> tuple[str, ...]:
    """The visits at which a marker is due."""
    if marker.assessed == CYTOKINES:
        return protocol.parameters.cytokine.visits
    return tuple(visit.label for visit in protocol.visits if marker.assessed in visit.assessed)


def _results(
    protocol: Protocol, due: Mapping[str, Sequence[str]], history: History, asked: Asked
) -> Iterator[Result]:
    t0 = infusion(protocol, history)
    if isinstance(t0, NotInfused):
        wanted = [marker for marker in protocol.markers if not marker.optional]
        yield from (_not_infused(marker, label, t0) for marker in wanted for label in due[marker.name])
        return
    on, measured = clock(protocol, history, t0, asked.today), _by_code(history)
    visits = {visit.label: visit for visit in protocol.visits}
    unmeasured = {label: _at(on, visit, NOTHING) for label, visit in visits.items()}
    for marker in protocol.markers:
        labels = due[marker.name]
        found = (one for code in marker.codes for one in measured.get((code.system, code.code), ()))
        each = {(one.source, one.part): one for one in found}  # one that bears two of the codes is one
        at: Mapping[str, _At] = unmeasured
        if each:
            readings = recorded(marker, by_status(protocol, tuple(each.values())))
            at = {label: _at(on, visits[label], readings) for label in labels}
        for label in labels:
            if at[label].reading is not None or not marker.optional:
                yield _result(marker, on, at[label], at[labels[0]])


def _by_code(history: History) -> Mapping[tuple[str, str], list[Measurement]]:
    """The results by each of their codes."""
    found: defaultdict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for one in history.measurements:
        for coding in one.codings:
            found[coding.system, coding.code].append(one)
    return found


def _at(clock: Clock, visit: Visit, readings: Instrument[Reading]) -> _At:
    choice = clock.at(visit, readings)
    reading = readings.merged(choice.chosen)
    reasons = choice.reasons
    if reading is not None:
        reasons = () if reading.problem is None else (reading.problem,)
    return _At(visit.label, clock.place(visit), choice, reading, reasons)


def _needed(marker: Marker, side: _At) -> str:
    """What would give the value of a visit: a result, its day, or the same result in another unit."""
    if side.reading is not None and side.reading.problem == "unit-not-convertible" and marker.unit:
        return to_resend(side.reading.source, side.reading.received, marker.unit)
    return side.choice.needs(f"{marker.title.en} at {side.place}")


def _result(marker: Marker, clock: Clock, now: _At, before: _At) -> Result:
    """One marker at one visit."""
    used = [*now.choice.chosen, *now.choice.others]
    figures = [*_value(marker, clock, now)]
    sides = [now]
    if now.label != before.label:
        figures += _change(marker, now, before)
        sides.append(before)
        used += before.choice.chosen
    lacking = [side for side in sides if side.reasons]
    return Result(
        name=marker.name,
        visit=now.label,
        figures=tuple(figures),
        reasons=once([reason for side in lacking for reason in side.reasons]),
        missing=tuple([_needed(marker, side) for side in lacking]),
        evidence=once([one.source for one in used]),
        notes=once([note for side in sides for note in _notes(side)]),
    )


def _notes(side: _At) -> tuple[str, ...]:
    return (*side.choice.notes, *(() if side.reading is None else side.reading.notes))


def _value(marker: Marker, clock: Clock, now: _At) -> Iterator[Figure]:
    """The value as computed with and as received, its day, and where it lies to its reference range."""
    reading = now.reading
    if reading is None:
        yield Figure(name="value", value=None, unit=marker.unit, reasons=now.reasons)
        return
    evidence = tuple(one.source for one in now.choice.chosen)
    exact = _exact(reading)
    value = reading.word or (f">{reading.above}" if reading.above is not None else exact)
    unit = marker.unit if isinstance(value, Decimal | Interval) else None
    yield Figure(name="value", value=value, unit=unit, evidence=evidence, reasons=now.reasons)
    yield Figure(name="received", value=reading.received)
    day = clock.t0.study_day(reading.when)
    yield Figure(name="study-day", value=day, unit="d", reasons=("partial-date",) if day is None else ())
    yield from _range(marker, reading)


def _exact(reading: Reading) -> Decimal | Interval | None:
    number = reading.number
    if number is None:
        return None
    return number.low if number.low == number.high else number


def _range(marker: Marker, reading: Reading) -> Iterator[Figure]:
    if marker.unit is None:
        return
    for name, bound in (("reference-low", reading.low), ("reference-high", reading.high)):
        if bound is not None:
            yield Figure(name=name, value=bound, unit=marker.unit)
    place = range_of(reading)
    told = reading.low is not None or reading.high is not None
    why = reading.problem or ("missing-observation" if told else "no-reference-range")
    yield Figure(name="reference-range", value=place, reasons=() if place else (why,))


def _change(marker: Marker, now: _At, before: _At) -> Iterator[Figure]:
    """The change from baseline: in the unit and in per cent, or from one word to the other."""
    reasons = once((*now.reasons, *before.reasons)) or ("missing-observation",)
    if marker.unit is None:
        words = (None if side.reading is None else side.reading.word for side in (before, now))
        yield _word_change(*words, reasons=reasons)
        return
    then, here = (None if side.reading is None else side.reading.number for side in (before, now))
    if then is None or here is None:
        yield Figure(name="change", value=None, unit=marker.unit, reasons=reasons)
        yield Figure(name="change-percent", value=None, unit="%", reasons=reasons)
        return
    change = here - then
    yield Figure(name="change", value=change.low if change.low == change.high else change, unit=marker.unit)
    percent = per_cent(then, here)
    why = () if percent is not None else ("not-applicable",)  # nothing is a share of none
    yield Figure(name="change-percent", value=percent, unit="%", reasons=why)


def per_cent(then: Interval, here: Interval) -> Decimal | Interval | None:
    """The change as a share of the earlier value; None where that may be nothing."""
    if then.low <= 0:
        return None
    low, high = (
        six_digits((Fraction(new) / Fraction(old) - 1) * 100)
        for new, old in ((here.low, then.high), (here.high, then.low))
    )
    return low if low == high else Interval(low, high)


def _word_change(then: str | None, now: str | None, *, reasons: tuple[str, ...]) -> Figure:
    if then is None or now is None:
        return Figure(name="change", value=None, reasons=reasons)
    return Figure(name="change", value="none" if then == now else f"{then} to {now}")


def _not_infused(marker: Marker, label: str, t0: NotInfused) -> Result:
    figure = Figure(name="value", value=None, unit=marker.unit, reasons=(t0.reason,))
    return without_day_0(t0, name=marker.name, visit=label, decides=False, figures=(figure,))
