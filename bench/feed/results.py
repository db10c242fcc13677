"""What happens to each result at its laboratory, and so what must be stored of it in the end.

A result is made anew from the seed and its number whenever it is needed, so that a feed of any size
needs no memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any, Final

from bench.feed.world import ANALYTES, HOSPITALS, LOINC, SUBJECTS, UCUM, Analyte, Hospital, Known, Way

Json = dict[str, Any]

PANEL: Final = 3
"""Results under one number of the laboratory, each of another analyte."""
OLDER_ONE_IN: Final = 40
"""Two panels in so many are sent as HL7 v2, one of either hospital."""
PATIENTS: Final = 400
LATE_ONE_IN: Final = 25
"""One patient in so many is registered when a good part of the feed has been sent."""
_SYNTHETIC: Final = {"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_SIX_DIGITS: Final = Context(prec=6, rounding=ROUND_HALF_EVEN)
_EXACT: Final = Context(prec=60)

# How results live, each with its chance in ten thousand: (status, minutes after the first was issued).
LIVES: Final[tuple[tuple[int, tuple[tuple[str, int], ...]], ...]] = (
    (9_780, (("final", 0),)),
    (50, (("final", 0), ("corrected", 90))),
    (20, (("final", 0), ("amended", 30))),
    (20, (("final", 0), ("corrected", 60), ("corrected", 600))),
    (40, (("preliminary", 0), ("final", 120))),
    (20, (("preliminary", 0), ("final", 45), ("corrected", 2880))),
    (10, (("registered", 0), ("preliminary", 20), ("final", 40), ("amended", 60))),
    (10, (("final", 0), ("corrected", 0))),
    (10, (("final", 0), ("preliminary", 15))),
    (15, (("final", 0), ("cancelled", 200))),
    (15, (("final", 0), ("entered-in-error", 300))),
    (10, (("final", 0), ("corrected", 30), ("amended", 60), ("entered-in-error", 90))),
)
_LIVED: Final = [life for _, life in LIVES]
_HOW_OFTEN: Final = list(accumulate(chance for chance, _ in LIVES))
_UNSETTLED: Final = frozenset(("registered", "preliminary"))
_RANK: Final = {
    "final": 1,
    "corrected": 2,
    "amended": 2,
    "appended": 2,
    "cancelled": 3,
    "entered-in-error": 4,
}


@dataclass(frozen=True)
class Result:
    """One result of one hospital: what it says at each moment of its life, and what must become of it."""

    seed: int
    number: int

    @cached_property
    def _chance(self) -> Random:
        return Random(f"{self.seed}/{self.number}")  # noqa: S311 the same results every time

    @cached_property
    def _drawn(self) -> tuple[Way, tuple[tuple[str, int], ...], tuple[Decimal, ...]]:
        """How the unit is written, the life, and the value at each moment."""
        chance = self._chance
        way = chance.choice(self.analyte.ways)
        [life] = chance.choices(_LIVED, cum_weights=_HOW_OFTEN)
        step = Decimal(1).scaleb(-way.decimals)
        values = tuple(Decimal(repr(chance.uniform(way.low, way.high))).quantize(step) for _ in life)
        return way, life, values

    @property
    def panel(self) -> int:
        """The panel it belongs to."""
        return self.number // PANEL

    @property
    def hospital(self) -> Hospital:
        """Who sends it."""
        return HOSPITALS[self.panel % len(HOSPITALS)]

    @property
    def filler(self) -> str:
        """The laboratory's number of its panel."""
        return f"26{self.panel:08d}"

    @property
    def analyte(self) -> Analyte:
        """What is measured; another one for each result of a panel."""
        return ANALYTES[(self.panel * 5 + self.number % PANEL) % len(ANALYTES)]

    @property
    def by_hl7v2(self) -> bool:
        """Whether it is sent as HL7 v2, and never otherwise."""
        return self.panel % OLDER_ONE_IN in (4, 5)  # one of either hospital

    @property
    def sends_loinc(self) -> bool:
        """Whether its LOINC code is sent beside the local one."""
        return self.analyte.local in self.hospital.both

    @property
    def patient(self) -> int:
        """Whose it is."""
        return (self.panel * 7919 + self.seed) % PATIENTS

    @property
    def way(self) -> Way:
        """How its unit is written."""
        return self._drawn[0]

    @property
    def identity(self) -> str:
        """Its name in this simulation: hospital, number, local code."""
        return f"{self.hospital.name}|{self.filler}|{self.analyte.local}"

    @property
    def moments(self) -> int:
        """How many contents it has in its life."""
        return len(self._drawn[1])

    @cached_property
    def last(self) -> int:
        """The moment whose content counts in the end: settled before unsettled, then issued, then rank."""
        _, life, _ = self._drawn
        order = [
            (status not in _UNSETTLED, minutes, _RANK.get(status, 0), moment)
            for moment, (status, minutes) in enumerate(life)
        ]
        return max(order)[-1]

    @property
    def code_known(self) -> Known:
        """When the service can know what it is: its LOINC code is sent, or the sender's map says it."""
        return "start" if self.sends_loinc else self.hospital.known(self.analyte)

    @property
    def unit_known(self) -> Known:
        """When the service can know its unit."""
        return self.way.map or "start"

    def content(self, moment: int) -> Json:
        """The resource as the hospital's engine makes it at that moment."""
        _, life, values = self._drawn
        status, minutes = life[moment]
        day = datetime(2024, 1, 1, 6, tzinfo=UTC) + timedelta(days=self.panel % 700, minutes=self.panel % 300)
        issued = day + timedelta(hours=3, minutes=minutes)
        document: Json = {
            "resourceType": "Observation",
            "meta": {"tag": [_SYNTHETIC]},
            "identifier": [self.identifier],
            "status": status,
            "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}],
            "code": {"coding": self._codings, "text": f"{self.analyte.local} (dosage)"},
            "subject": {"reference": f"Patient/{patient_id(self.patient)}"},
            "effectiveDateTime": f"{day:%Y-%m-%dT%H:%M:%S}+00:00",
            "issued": f"{issued:%Y-%m-%dT%H:%M:%S}.000+00:00",
            "performer": [{"display": "Laboratoire de biologie médicale"}],
        }
        if status in ("registered", "cancelled"):
            return document
        return document | {"valueQuantity": self._quantity(values[moment])}

    @property
    def identifier(self) -> Json:
        """The laboratory's number as an Identifier; one made of a message of HL7 v2 names the code, too."""
        value = f"{self.filler}^{self.analyte.local}" if self.by_hl7v2 else self.filler
        return {"system": self.hospital.numbers, "value": value}

    @property
    def _codings(self) -> list[Json]:
        local = {"system": self.hospital.codes, "code": self.analyte.local, "display": "libellé local"}
        return [{"system": LOINC, "code": self.analyte.loinc}, local] if self.sends_loinc else [local]

    def _quantity(self, value: Decimal) -> Json:
        coded = {} if self.way.ucum is None else {"system": UCUM, "code": self.way.ucum}
        return {"value": value, "unit": self.way.unit, **coded}

    def canonical(self, moment: int) -> Decimal | None:
        """The value in the analyte's unit; None where there is none, or where none may be guessed.

        As sent where one unit is the other, else exact and rounded half-even to six digits
        (clinical conventions §0.3).
        """
        way, life, values = self._drawn
        if life[moment][0] in ("registered", "cancelled") or "never" in (self.code_known, self.unit_known):
            return None
        if way.factor == 1:
            return values[moment]
        return six_digits(Fraction(values[moment]) * way.factor)


def six_digits(number: Fraction) -> Decimal:
    """The number rounded half-even to six significant digits."""
    exact = _EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))
    return _SIX_DIGITS.plus(exact)


def patient_id(number: int) -> str:
    """The id of a patient."""
    return f"feed-p{number:04d}"


def late(patient: int) -> bool:
    """Whether a patient is registered only when results of theirs have arrived."""
    return patient % LATE_ONE_IN == 7


def patient(number: int) -> Json:
    """A patient: a pseudonym and nothing more."""
    return {
        "resourceType": "Patient",
        "id": patient_id(number),
        "meta": {"tag": [_SYNTHETIC]},
        "identifier": [{"system": SUBJECTS, "value": f"S{number:04d}"}],
        "gender": "female" if number % 10 else "male",
        "birthDate": str(1950 + number % 55),
    }


def concept_map(hospital: Hospital, kind: str, *, grown: bool) -> Json:
    """What a hospital's codes or units mean; grown, it also knows those that come `later`."""
    when = ("start", "later") if grown else ("start",)
    source, target = (hospital.codes, LOINC) if kind == "codes" else (hospital.units, UCUM)
    meanings = _codes(hospital, when) if kind == "codes" else _units(when)
    return {
        "resourceType": "ConceptMap",
        "id": f"feed-{hospital.name}-{kind}",
        "url": f"https://feed.example/ConceptMap/{hospital.name}-{kind}",
        "version": "2" if grown else "1",
        "status": "active",
        "group": [
            {
                "source": source,
                "target": target,
                "element": [
                    {"code": sent, "target": [{"code": meant, "equivalence": "equivalent"}]}
                    for sent, meant in meanings.items()
                ],
            }
        ],
    }


def _codes(hospital: Hospital, when: tuple[str, ...]) -> Mapping[str, str]:
    return {one.local: one.loinc for one in ANALYTES if hospital.known(one) in when}


def _units(when: tuple[str, ...]) -> Mapping[str, str]:
    return {way.unit: way.means for one in ANALYTES for way in one.ways if way.map in when}
