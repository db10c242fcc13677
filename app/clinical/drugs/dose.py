"""Amounts of a drug as received: `20 mg/d`, `375 mg/m2`, `15 mg/wk`, read exactly."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MILLIGRAMS = {"kg": Fraction(10**6), "g": Fraction(1000), "mg": Fraction(1), "ug": Fraction(1, 1000)}
DAYS = {"d": 1, "wk": 7, "mo": 30}
SPELLINGS = {
    "24.h": "d",
    "24h": "d",
    "day": "d",
    "jour": "d",
    "j": "d",
    "week": "wk",
    "semaine": "wk",
    "sem": "wk",
    "month": "mo",
    "mois": "mo",
    "mcg": "ug",
    "m²": "m2",
}
FORM = re.compile(r"(?P<mass>kg|g|mg|ug)(?:/(?P<per>kg|m2))?(?:/(?P<time>d|wk|mo))?")


@dataclass(frozen=True, slots=True)
class Amount:
    """Milligrams, perhaps per kg of body weight or m² of body surface, perhaps per so many days."""

    mg: Fraction
    per: str | None = None  # "kg" or "m2"
    days: int | None = None  # None: given at once

    @property
    def daily(self) -> Fraction:
        """The amount on one day."""
        return self.mg / (self.days or 1)


def amount(value: Decimal | None, unit: str | None) -> Amount | None:
    """What was received as an amount; None where the number or a unit we know is missing."""
    if value is None or unit is None or value < 0:
        return None
    found = FORM.fullmatch(_uniform(unit))
    if found is None:
        return None
    time = found["time"]
    return Amount(Fraction(value) * MILLIGRAMS[found["mass"]], found["per"], DAYS[time] if time else None)


def _uniform(unit: str) -> str:
    """The unit in the UCUM spelling of the few we know, curly annotations left out."""
    bare = re.sub(r"\{[^}]*\}|[()\s]", "", unit.replace("µ", "u").replace("μ", "u"))
    return "/".join(SPELLINGS.get(part, part) for part in bare.split("/"))
