"""Amounts of cells as received: `117 10*6`, `2 10*6/kg`, `10^6 cells`, read exactly, in millions."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

FORM = re.compile(r"(?:10\*(?P<power>\d{1,2}))?(?P<per_kg>/kg)?")
MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Cells:
    """Millions of cells, in all or per kg of body weight."""

    millions: Fraction
    per_kg: bool


def cells(value: Decimal | None, unit: str | None) -> Cells | None:
    """What was received as a number of cells; None where the number or a unit we know is missing."""
    if value is None or unit is None or value <= 0:
        return None
    found = FORM.fullmatch(_uniform(unit))
    if found is None or (found["power"] is None and "cell" not in unit.casefold()):
        return None
    power = int(found["power"] or 0)
    return Cells(Fraction(value) * Fraction(10) ** power / MILLION, found["per_kg"] is not None)


def _uniform(unit: str) -> str:
    """The unit in UCUM's spelling, without the word cells and without annotations."""
    bare = re.sub(r"\{[^}]*\}|cells?|\s", "", unit.replace("^", "*"), flags=re.IGNORECASE)
    return bare.removesuffix("/").replace(".kg-1", "/kg").replace("*kg-1", "/kg")
