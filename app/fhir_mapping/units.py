"""One unit per analyte: what a laboratory sent, in the unit the protocol compares in.

Exact decimal factors; what is compared is rounded half-even to six significant digits (clinical
conventions §0.3), whatever unit it was sent in, so that the same value in another unit is the same
value. The number as sent is kept beside it. A unit that cannot be converted is never guessed: the
value is then None and the problem says so.
An analyte we have no unit for keeps its value in the unit it came in.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Any, Final

from app.clinical.records import Coding
from app.fhir_mapping.datatypes import decimal
from app.fhir_mapping.unit_tables import ANALYTES, BRIDGES, DIMENSIONS, SPELLINGS

UCUM: Final = "http://unitsofmeasure.org"
LOINC: Final = "http://loinc.org"
NOT_CONVERTIBLE: Final = "unit-not-convertible"

OFFSETS: Final = {"[degF]": (Decimal(32), Decimal("1.8")), "K": (Decimal("273.15"), Decimal(1))}
"""Temperatures whose zero lies elsewhere: degrees Celsius are (value - zero) / step."""

_SIX_DIGITS: Final = Context(prec=6, rounding=ROUND_HALF_EVEN, traps=[])
_WIDE: Final = Context(prec=64, rounding=ROUND_HALF_EVEN, traps=[])
_ONE: Final = Decimal(1)
_LITRE: Final = re.compile(r"(?<![^\W\d_])(?<!\[)([munpfdk]?)l(?![^\W\d_]|\])")
_COUNTED: Final = re.compile(r"\{(?:cells?|cell|#|count|counts|WBC|RBC|PLT|CD4)\}", re.IGNORECASE)
_POWER: Final = re.compile(r"^(?:[x×*.])?10(?:\^|\*\*|[eE]|\*)\+?(\d+)")
_RAISED: Final = re.compile("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_UNIFORM: Final = str.maketrans(
    {"µ": "u", "μ": "u", " ": None, "\u00a0": None, "\u202f": None, "²": "2", "³": "3"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Analyte:
    """What is measured under a LOINC code, and the unit it is compared in.

    `bridges` tells, by dimension, what one unit of another dimension is in the canonical unit:
    (unit, multiply, divide).
    """

    canonical: str
    dimension: str
    bridges: tuple[tuple[str, str, Decimal, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a unit becomes another: (value - offset) * multiply / divide."""

    multiply: Decimal = _ONE
    divide: Decimal = _ONE
    offset: Decimal = Decimal(0)

    def __call__(self, value: Decimal) -> Decimal:
        """The value in the other unit, in six digits; a shorter one keeps those sent."""
        if not self.offset and self.multiply == self.divide:
            return _SIX_DIGITS.plus(value)
        moved = _WIDE.multiply(_WIDE.subtract(value, self.offset), self.multiply)
        return _SIX_DIGITS.plus(_WIDE.divide(moved, self.divide))


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity in its canonical unit, or the reason why it is not."""

    value: Decimal | None
    unit: str | None
    problem: str | None = None


def _analytes() -> dict[str, Analyte]:
    """The analytes by LOINC code."""
    bridges: dict[str, list[tuple[str, str, Decimal, Decimal]]] = {}
    for codes, dimension, unit, multiply, divide in BRIDGES:
        for code in codes.split():
            bridges.setdefault(code, []).append((dimension, unit, Decimal(multiply), Decimal(divide)))
    return {
        code: Analyte(canonical, dimension, tuple(bridges.get(code, ())))
        for canonical, dimension, codes in ANALYTES
        for code in codes.split()
    }


BY_LOINC: Final = _analytes()
"""The analytes whose unit we know, by LOINC code."""

FACTORS: Final = {
    dimension: {unit: Decimal(factor) for unit, factor in units.items()}
    for dimension, units in DIMENSIONS.items()
}
"""The UCUM units of each dimension, and what one of them is in the unit of factor 1."""

_KNOWN: Final = frozenset(unit for units in DIMENSIONS.values() for unit in units)


def analyte(codings: Iterable[Coding]) -> Analyte | None:
    """The first known analyte among the codes of one measurement."""
    for coding in codings:
        if coding.system == LOINC and coding.code in BY_LOINC:
            return BY_LOINC[coding.code]
    return None


def written_unit(quantity: dict[str, Any]) -> str | None:
    """The unit as the sender named it: its code where there is one, else its text."""
    unit = quantity.get("code") or quantity.get("unit")
    return unit if isinstance(unit, str) else None


def amount(known: Analyte | None, quantity: dict[str, Any]) -> Amount:
    """A FHIR Quantity of this analyte, in the unit the analyte is compared in."""
    value = decimal(quantity.get("value"))
    sent = "value" in quantity
    if known is None:
        return Amount(value, written_unit(quantity), NOT_CONVERTIBLE if sent and value is None else None)
    way = _conversion(known, quantity.get("system"), quantity.get("code"), quantity.get("unit"))
    if way is None or value is None:
        return Amount(None, known.canonical, NOT_CONVERTIBLE if sent else None)
    return Amount(way(value), known.canonical)


def is_convertible(
    known: Analyte, code: str | None, unit: str | None = None, *, system: str | None = UCUM
) -> bool:
    """Whether a value in this unit can be put in the analyte's own."""
    return _conversion(known, system, code, unit) is not None


@lru_cache(maxsize=4096)
def _conversion(known: Analyte, system: str | None, code: str | None, unit: str | None) -> Conversion | None:
    """The way from the unit as sent to the canonical one; None where there is none that is sure.

    A UCUM code is binding: the human text beside it is not looked at.
    """
    if not code and not unit:
        return Conversion() if known.canonical in ("1", "{titer}") else None
    texts = (code,) if code and system == UCUM else (code, unit)
    return next((way for text in texts if text and (way := conversion(known, text)) is not None), None)


def conversion(known: Analyte, text: str) -> Conversion | None:
    """The way from this unit, in UCUM or in a usual spelling, to the analyte's own."""
    uniform = ucum(text)
    own = _from(uniform, known.dimension, known.canonical)
    if own is not None:
        return own
    for dimension, unit, multiply, divide in known.bridges:
        first = _from(uniform, dimension, unit)
        if first is not None:
            return Conversion(first.multiply * multiply, first.divide * divide)
    return None


def unit_of(dimension: str, uniform: str) -> str | None:
    """The UCUM unit of this dimension a text means; a spelling counts only where it is no UCUM of ours."""
    unit = uniform if uniform in _KNOWN else SPELLINGS.get(dimension, {}).get(uniform, uniform)
    return unit if unit in FACTORS[dimension] else None


def _from(uniform: str, dimension: str, target: str) -> Conversion | None:
    """The way between two units of one dimension."""
    factors = FACTORS[dimension]
    unit = unit_of(dimension, uniform)
    if unit is None:
        return None
    if unit in OFFSETS:
        offset, step = OFFSETS[unit]
        return Conversion(_ONE, step, offset)
    return Conversion(factors[unit], factors[target])


@lru_cache(maxsize=4096)
def ucum(text: str) -> str:
    """One spelling for what UCUM and its writers spell in several ways: `l`, `10^9`, `µ`, `{cells}`."""
    raised = _RAISED.sub(lambda power: f"10^{unicodedata.normalize('NFKC', power[1])}", text)
    uniform = raised.translate(_UNIFORM).replace("[iU]", "[IU]")
    if uniform in _KNOWN:
        return uniform
    uniform = _COUNTED.sub("", uniform)
    uniform = _POWER.sub(r"10*\1", uniform)
    uniform = _LITRE.sub(r"\1L", uniform)
    return "/" + uniform[2:] if uniform.startswith("1/") else uniform


def rate_unit(quantity: dict[str, Any]) -> str | None:
    """The unit of an amount per day, `mg/j` and `mg/24h` read as UCUM; any other as written."""
    written = written_unit(quantity)
    if written is None:
        return None
    uniform = ucum(written)
    return SPELLINGS["mass per day"].get(uniform, uniform if uniform in _KNOWN else written)
