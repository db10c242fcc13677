"""The physician's global assessment on the scale 0 to 3, and whether it got worse (conventions §1.2).

Values on another scale (0 to 10, 0 to 100 mm) are brought to 0 to 3 exactly. A PGA of 2.3 after 2.0 is a
rise of 0.3: numbers are decimal throughout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from app.clinical.codes import SCORE
from app.clinical.comparison import SIX_DIGITS
from app.clinical.interval import Interval
from app.clinical.records import Measurement, Moment, Source
from app.clinical.scores.panels import panels
from app.clinical.truth import Truth
from app.protocol.definition import Protocol, SriRule

CODING = SCORE.coding("pga")
SCALE_MAX = SCORE.coding("scale-max")
NAME = "PGA"
RANGE = Interval.of(0, 3)
Scored = tuple[Interval, tuple[str, ...], tuple[str, ...]]  # with the reasons and notes where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Pga:
    """One physician global assessment, on 0 to 3; `received` is the value as sent, with its scale."""

    source: Source
    when: Moment | None
    visit: str | None
    score: Interval
    received: str
    valid: bool = True
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def assessments(protocol: Protocol, measurements: Iterable[Measurement]) -> tuple[Pga, ...]:
    """Every physician global assessment among these measurements."""
    usual = protocol.parameters.pga.scale_max
    return tuple(_assessment(parts, usual) for parts in panels(CODING, measurements))


def merged(same_time: Sequence[Pga]) -> Pga | None:
    """What assessments of the same time say together; None where there is none."""
    if not same_time:
        return None
    return reduce(_both, same_time)


def on_0_to_3(value: Decimal, scale_max: Decimal) -> Decimal:
    """The value of a 0 to `scale_max` form on the scale 0 to 3, to six significant digits."""
    if scale_max == RANGE.high:
        return value
    return SIX_DIGITS.divide(value * 3, scale_max)


def worsened(rule: SriRule, before: Interval, after: Interval) -> Truth:
    """Whether the rise is one the rule calls a worsening."""
    return (after - before).holds(rule.pga_worsening_op, rule.pga_worsening_threshold)


def _assessment(parts: list[Measurement], usual: Decimal) -> Pga:
    whole = parts[0]
    scale = next((part for part in parts if SCALE_MAX in part.codings), None)
    scale_max = usual if scale is None else scale.value
    score, reasons, notes = _score(whole, scale_max)
    return Pga(
        source=whole.source,
        when=whole.when,
        visit=whole.visit,
        score=score,
        received=_as_sent(whole, scale_max),
        valid=not reasons,
        reasons=reasons,
        notes=notes,
    )


def _as_sent(whole: Measurement, scale_max: Decimal | None) -> str:
    if whole.value is None and whole.received is None:
        return "no value"
    number = f"{whole.comparator or ''}{whole.received or whole.value}"
    return f"{number} of {scale_max}" if scale_max != RANGE.high else number


def _score(
    whole: Measurement, scale_max: Decimal | None
) -> tuple[Interval, tuple[str, ...], tuple[str, ...]]:
    """The value on 0 to 3, or why there is none."""
    if whole.value is None:
        return RANGE, (whole.problem or "missing-observation",), ()
    narrowed = None
    if scale_max is not None and 0 <= whole.value <= scale_max and scale_max > 0:
        narrowed = RANGE.narrowed(on_0_to_3(whole.value, scale_max), whole.comparator)
    if narrowed is None:
        note = (
            f"{whole.source}: {whole.value:f} does not lie on a scale of 0 to {scale_max or 'an unknown end'}"
        )
        return RANGE, ("unit-not-convertible",), (note,)
    return narrowed, (), ()


def _both(one: Pga, other: Pga) -> Pga:
    """Two assessments of the same time hold together, or contradict each other."""
    agreed = one.score & other.score
    notes = one.notes + other.notes
    reasons = one.reasons + tuple(reason for reason in other.reasons if reason not in one.reasons)
    if agreed is None:
        notes += (f"{one.source} and {other.source} are of the same time and disagree",)
        reasons = ("conflicting-values",)
    return Pga(
        source=one.source,
        when=one.when,
        visit=one.visit,
        score=agreed or RANGE,
        received=one.received if one.received == other.received else f"{one.received} and {other.received}",
        valid=True,
        reasons=reasons,
        notes=notes,
    )
