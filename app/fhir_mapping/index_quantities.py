"""What a quantity is found by: as it was sent, and in the UCUM units it surely is in.

The numbers are exact here, unlike those the trial store rounds for people: a boundary asked for must not
move.
"""

from collections.abc import Iterable
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, Final

from app.fhir_mapping.datatypes import decimal
from app.fhir_mapping.index_values import Found, Holder, Take, key
from app.fhir_mapping.resource import SearchParameter
from app.fhir_mapping.units import (
    BY_LOINC,
    FACTORS,
    LOINC,
    UCUM,
    Analyte,
    Conversion,
    conversion,
    ucum,
    unit_of,
)

_EXACT: Final = Context(prec=64)


def taking(parameter: SearchParameter) -> Take:
    """How a Quantity is found; the code of what holds it tells what is measured."""
    name = parameter.name

    def take(found: Found, value: Any, part: int, holder: Holder) -> None:
        if value.__class__ is not dict:
            return
        number, comparator = decimal(value.get("value")), value.get("comparator", "")
        system, code, unit = value.get("system", ""), key(value.get("code")), key(value.get("unit"))
        found.quantities.append((name, part, number, comparator, system, code, unit, True))
        if number is not None:
            for other, way in _readings(_measured(holder.get("code")), system, code, unit):
                same = _exactly(way, number) if way is not None else number
                found.quantities.append((name, part, same, comparator, UCUM, other, "", False))

    return take


def _measured(concept: Any) -> Analyte | None:
    """The analyte a concept names, if it is one whose unit we know."""
    codings: Iterable[Holder] = concept.get("coding", ()) if concept.__class__ is dict else ()
    for coding in codings:
        if coding.get("system") == LOINC and (known := BY_LOINC.get(coding.get("code", ""))) is not None:
            return known
    return None


@lru_cache(maxsize=4096)
def _readings(
    known: Analyte | None, system: str, code: str, unit: str
) -> tuple[tuple[str, Conversion | None], ...]:
    """The UCUM units beside that as sent, each with the way to it: its own spelling, the analyte's own.

    A UCUM code is binding: the human text beside it is not looked at.
    """
    found: dict[str, Conversion | None] = {}
    for text in (code,) if code and system == UCUM else (code, unit):
        spelled = _spelled(known, ucum(text)) if text else None
        way = conversion(known, text) if text and known is not None else None
        if spelled is not None:
            found.setdefault(spelled, None)
        if way is not None and known is not None:
            found.setdefault(known.canonical, way)
    if system == UCUM:
        found.pop(code, None)
    return tuple(found.items())


def _spelled(known: Analyte | None, uniform: str) -> str | None:
    """The one UCUM unit a text means: in the analyte's dimensions, else in whichever knows it."""
    own = (known.dimension, *(bridge[0] for bridge in known.bridges)) if known is not None else ()
    for dimensions in (own, FACTORS):
        meant = {unit_of(dimension, uniform) for dimension in dimensions} - {None}
        if meant:
            return meant.pop() if len(meant) == 1 else None
    return None


def _exactly(way: Conversion, number: Decimal) -> Decimal:
    """The number in the other unit, unrounded."""
    moved = _EXACT.multiply(_EXACT.subtract(number, way.offset), way.multiply)
    return _EXACT.divide(moved, way.divide)
