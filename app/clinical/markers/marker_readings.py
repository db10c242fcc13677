"""One marker as a laboratory reported it: a number with its reference range, or positive or negative."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from app.clinical.criteria.presence import NEGATIVE, NEGATIVE_FLAGS, POSITIVE, POSITIVE_FLAGS
from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.truth import Truth
from app.clinical.visits import Instrument, Results
from app.protocol.markers import Marker

POSITIVE_WORD, NEGATIVE_WORD = "positive", "negative"
WITHIN, BELOW, ABOVE = "within", "below", "above"
FLAGS = {
    **dict.fromkeys(("N",), WITHIN),
    **dict.fromkeys(("L", "LL", "LU", "LX"), BELOW),
    **dict.fromkeys(("H", "HH", "HU", "HX"), ABOVE),
}
"""The laboratory's flag (v3-ObservationInterpretation), used where it gives no reference range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one result says of a marker.

    `number` is in the marker's unit; of a result such as `<0.3` it is a range, and of one such as `>500`
    only its lower bound, `above`, is known. `preference` is the place of its code among the marker's codes.
    """

    source: Source
    when: Moment | None
    visit: str | None
    received: str
    preference: int
    number: Interval | None = None
    above: Decimal | None = None
    word: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    flags: tuple[str, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it says anything that can be used."""
        return self.number is not None or self.above is not None or self.word is not None

    @property
    def said(self) -> tuple[object, ...]:
        """What two results of one time must agree on."""
        return (self.number, self.above, self.word)


def recorded(marker: Marker, results: Results) -> Instrument[Reading]:
    """All results of one marker."""
    codes = [Coding(code.system, code.code) for code in marker.codes]
    return results.instrument(marker.title.en, codes, partial(readings, marker), merged)


def readings(marker: Marker, measurements: Iterable[Measurement]) -> tuple[Reading, ...]:
    """The results among these that are of the marker."""
    codes = {Coding(code.system, code.code): place for place, code in enumerate(marker.codes)}
    found = []
    for one in measurements:
        places = [codes[coding] for coding in one.codings if coding in codes]
        if places:
            found.append(_reading(marker, one, min(places)))
    return tuple(found)


def merged(same_time: Sequence[Reading]) -> Reading | None:
    """What results of the same time say together: those of the preferred code, if they agree."""
    if not same_time:
        return None
    best = min(one.preference for one in same_time)
    of_best = (one for one in same_time if one.preference == best)
    first, *others = sorted(of_best, key=lambda one: (str(one.source), one.received))
    apart = [one for one in others if one.said != first.said]
    if not apart:
        return first
    sources = " and ".join(str(one.source) for one in (first, *apart))
    return replace(
        first,
        received=" and ".join(dict.fromkeys(one.received for one in (first, *apart))),
        number=None,
        above=None,
        word=None,
        problem="conflicting-values",
        notes=(f"{sources} are of the same time and disagree",),
    )


def range_of(reading: Reading) -> str | None:
    """Whether it lies within its reference range, below or above; None where that cannot be told."""
    if reading.low is None and reading.high is None:
        return next((FLAGS[flag] for flag in reading.flags if flag in FLAGS), None)
    if reading.above is not None:
        return ABOVE if reading.high is not None and reading.above >= reading.high else None
    if reading.number is None:
        return None
    below = Truth.NO if reading.low is None else reading.number.holds("<", reading.low)
    above = Truth.NO if reading.high is None else reading.number.holds(">", reading.high)
    if Truth.YES in (below, above):
        return BELOW if below is Truth.YES else ABOVE
    return WITHIN if below is above is Truth.NO else None


def _reading(marker: Marker, one: Measurement, preference: int) -> Reading:
    bare = Reading(
        source=one.source,
        when=one.when,
        visit=one.visit,
        received=_received(one),
        preference=preference,
        flags=one.interpretations,
        problem=one.problem or "missing-observation",
    )
    if marker.unit is None:
        word = _word(one)
        return replace(bare, word=word, problem=None if word else bare.problem)
    if one.value is None:
        return bare
    if one.unit != marker.unit:
        return replace(bare, problem="unit-not-convertible")
    known = replace(bare, low=one.low, high=one.high, problem=None)
    if one.comparator in (">", ">="):
        return replace(known, above=one.value)
    return replace(known, number=Interval.of(0 if one.comparator else one.value, one.value))


def _received(one: Measurement) -> str:
    if one.received is not None or one.value is not None:
        number = one.received if one.received is not None else f"{one.value:f}"
        return f"{one.comparator or ''}{number} {one.received_unit or one.unit or ''}".strip()
    answers = " ".join(POSITIVE.get(code) or NEGATIVE.get(code) or code.code for code in one.answers)
    return answers or one.text or "no value"


def _word(one: Measurement) -> str | None:
    """Positive or negative, by the coded answer, else by a truth value, else by the laboratory's flag."""
    said = {POSITIVE_WORD for code in one.answers if code in POSITIVE}
    said |= {NEGATIVE_WORD for code in one.answers if code in NEGATIVE}
    if not said and one.truth is not None:
        said = {POSITIVE_WORD if one.truth else NEGATIVE_WORD}
    if not said:
        said |= {POSITIVE_WORD for flag in one.interpretations if flag in POSITIVE_FLAGS}
        said |= {NEGATIVE_WORD for flag in one.interpretations if flag in NEGATIVE_FLAGS}
    return said.pop() if len(said) == 1 else None
