"""The simulated hospitals: who sends, about whom, what is measured, and how it is written down there.

All of it is made up. What a unit is worth is written here a second time, as fractions, so that the
service's own tables are not asked about themselves.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
SUBJECTS: Final = "urn:oid:1.2.250.1.999.1"
"""The identifier system of the pseudonyms."""

Known = Literal["start", "later", "never"]
"""When a ConceptMap of the sender knows a code or a unit: from the start, from some time on, or never."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to write a result of one analyte.

    The unit as it stands in the message, what one of it is in the analyte's unit, where values usually lie,
    with how many decimals. `ucum` is sent as the code; where it is None there is only the text. `map` says
    what the sender's own map of units says.
    """

    unit: str
    factor: Fraction
    low: float
    high: float
    decimals: int
    ucum: str | None = None
    map: Known | None = None
    means: str = ""


@dataclass(frozen=True, slots=True)
class Analyte:
    """What is measured: LOINC code, the unit it is compared in, its local code, and the ways to write it."""

    loinc: str
    unit: str
    local: str
    ways: tuple[Way, ...]


def _way(unit: str, factor: str, low: float, high: float, decimals: int, **more: str) -> Way:
    return Way(unit, Fraction(factor), low, high, decimals, **more)  # type: ignore[arg-type]


def _cells(low: float, high: float) -> tuple[Way, ...]:
    return (
        _way("G/L", "1", low, high, 2),
        _way("10e9/L", "1", low, high, 2),
        _way("10^9/l", "1", low, high, 1),
        _way("10*9/L", "1", low, high, 2, ucum="10*9/L"),
        _way("/mm3", "1/1000", low * 1000, high * 1000, 0),
        _way("10^3/µL", "1", low, high, 1),
        _way("milliers/mm3", "1", low, high, 1, map="start", means="10*3/mm3"),
    )


def _enzyme(high: float) -> tuple[Way, ...]:
    return (
        _way("UI/L", "1", 8, high, 0),
        _way("U/L", "1", 8, high, 0, ucum="U/L"),
        _way("UI/l", "1", 8, high, 1),
        _way("ukat/L", "60", 0.2, 2, 2, ucum="ukat/L"),
    )


def _mass(low: float, high: float) -> tuple[Way, ...]:
    return (
        _way("g/L", "1", low, high, 2),
        _way("g/l", "1", low, high, 2),
        _way("mg/dL", "1/100", low * 100, high * 100, 0, ucum="mg/dL"),
    )


_CREATININE = (
    _way("µmol/l", "1", 45, 130, 0),
    _way("μmol/L", "1", 45, 130, 1),
    _way("umol/L", "1", 45, 130, 0, ucum="umol/L"),
    _way("mg/L", "221/25", 5, 15, 1),
    _way("mg/dL", "442/5", 0.5, 1.5, 2, ucum="mg/dL"),
    _way("µmol par litre", "1", 45, 130, 0, map="later", means="umol/L"),
)
_PROTEINURIA = (
    _way("g/24h", "1", 0.1, 4, 2),
    _way("mg/24h", "1/1000", 100, 4000, 0),
    _way("g/j", "1", 0.1, 4, 2),
    _way("g/(24.h)", "1", 0.1, 4, 3, ucum="g/(24.h)"),
)
_FILTRATION = (
    _way("mL/min/1.73m2", "1", 30, 120, 0),
    _way("mL/mn/1,73m2", "1", 30, 120, 0),
    _way("mL/min/{1.73_m2}", "1", 30, 120, 1, ucum="mL/min/{1.73_m2}"),
)
_RATIO = (
    _way("mg/mmol", "100/11312", 5, 200, 1),
    _way("mg/g", "1/1000", 50, 2000, 0),
    _way("g/g", "1", 0.05, 2, 2, ucum="g/g"),
)
_HAEMOGLOBIN = (
    _way("g/dL", "1", 8, 16, 1),
    _way("g/L", "1/10", 80, 160, 0),
    _way("g/dl", "1", 8, 16, 1),
    _way("mmol/L", "8057/5000", 5, 10, 1, ucum="mmol/L"),
)
_ANTIBODIES = (
    _way("UI/mL", "1", 1, 300, 0),
    _way("kUI/L", "1", 1, 300, 1),
    _way("unités Farr", "1", 1, 300, 1, map="never"),
)
_CD4 = (
    _way("/mm3", "1", 200, 1500, 0),
    _way("G/L", "1000", 0.2, 1.5, 3),
    _way("/uL", "1", 200, 1500, 0, ucum="/uL"),
)
_OXYGEN = (_way("kPa", "7500617/1000000", 9, 14, 1), _way("mmHg", "1", 70, 105, 0))

ANALYTES: Final = (
    Analyte("14682-9", "umol/L", "CREAT", _CREATININE),
    Analyte("2889-4", "g/(24.h)", "PROT24", _PROTEINURIA),
    Analyte("62238-1", "mL/min/{1.73_m2}", "DFG", _FILTRATION),
    Analyte("2890-2", "g/g", "RPC", _RATIO),
    Analyte("718-7", "g/dL", "HB", _HAEMOGLOBIN),
    Analyte("777-3", "10*9/L", "PLAQ", _cells(120, 420)),
    Analyte("6690-2", "10*9/L", "LEUCO", _cells(3, 12)),
    Analyte("751-8", "10*9/L", "PNN", _cells(1.5, 8)),
    Analyte("731-0", "10*9/L", "LYMPHO", _cells(0.8, 4)),
    Analyte("1742-6", "U/L", "ALAT", _enzyme(90)),
    Analyte("1920-8", "U/L", "ASAT", _enzyme(90)),
    Analyte("2157-6", "U/L", "CPK", _enzyme(300)),
    Analyte("4485-9", "g/L", "C3", _mass(0.5, 1.8)),
    Analyte("4498-2", "g/L", "C4", _mass(0.05, 0.4)),
    Analyte("2465-3", "g/L", "IGG", _mass(6, 18)),
    Analyte("33799-8", "[IU]/mL", "DNA", _ANTIBODIES),
    Analyte("24467-3", "/uL", "CD4", _CD4),
    Analyte("2703-7", "mm[Hg]", "PAO2", _OXYGEN),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hospital:
    """A registered sender: its systems, and how it names what it measures.

    `both` are the analytes it sends with their LOINC code beside the local one; of the others it sends the
    local code only, known to its map from the start, `later`, or `never`.
    """

    name: str
    numbers: str
    codes: str
    units: str
    both: frozenset[str]
    later: frozenset[str]
    never: frozenset[str]

    def known(self, analyte: Analyte) -> Known:
        """When the map of its codes knows the local code."""
        if analyte.local in self.never:
            return "never"
        return "later" if analyte.local in self.later else "start"


HOSPITALS: Final = (
    Hospital(
        name="nord",
        numbers="urn:oid:1.2.250.1.999.2.1",
        codes="urn:oid:1.2.250.1.999.2.2",
        units="urn:oid:1.2.250.1.999.2.3",
        both=frozenset(("CREAT", "HB", "PLAQ", "LEUCO", "PNN", "ALAT", "ASAT", "C3", "C4", "DNA")),
        later=frozenset(("RPC", "CPK")),
        never=frozenset(("PAO2",)),
    ),
    Hospital(
        name="sud",
        numbers="urn:oid:1.2.250.1.999.3.1",
        codes="urn:oid:1.2.250.1.999.3.2",
        units="urn:oid:1.2.250.1.999.3.3",
        both=frozenset(("CREAT", "DFG")),
        later=frozenset(("PROT24", "IGG", "CD4")),
        never=frozenset(("LYMPHO",)),
    ),
)
