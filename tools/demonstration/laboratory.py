"""What the laboratory measures, in the units laboratories report it in."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """A way to report: the canonical value times `factor`, so spelled; `code` None where it is not UCUM."""

    spelling: str
    factor: Decimal = Decimal(1)
    places: int = 0
    code: str | None = None
    loinc: tuple[str, str] | None = None


def ucum(code: str, places: int, spelling: str | None = None) -> Unit:
    """The canonical unit, in UCUM."""
    return Unit(spelling or code, places=places, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyte:
    """One analyte: its LOINC code, its reference range (women, men), and other units it is reported in."""

    key: str
    loinc: tuple[str, str]
    unit: Unit
    low: tuple[str, str] | None = None
    high: tuple[str, str] | None = None
    others: tuple[tuple[str, Unit], ...] = ()


ANALYTES = (
    Analyte(
        key="creatinine",
        loinc=("14682-9", "Creatinine [Moles/volume] in Serum or Plasma"),
        unit=ucum("umol/L", 0),
        low=("45", "59"),
        high=("84", "104"),
        others=(
            ("french", Unit("µmol/l")),
            (
                "conventional",
                Unit(
                    "mg/dL",
                    factor=1 / Decimal("88.4"),
                    places=2,
                    code="mg/dL",
                    loinc=("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
                ),
            ),
        ),
    ),
    Analyte(
        key="c3",
        loinc=("4485-9", "Complement C3 [Mass/volume] in Serum or Plasma"),
        unit=ucum("g/L", 2),
        low=("0.90", "0.90"),
        high=("1.80", "1.80"),
        others=(("conventional", Unit("mg/dL", factor=Decimal(100), code="mg/dL")),),
    ),
    Analyte(
        key="c4",
        loinc=("4498-2", "Complement C4 [Mass/volume] in Serum or Plasma"),
        unit=ucum("g/L", 2),
        low=("0.10", "0.10"),
        high=("0.40", "0.40"),
        others=(("conventional", Unit("mg/dL", factor=Decimal(100), code="mg/dL")),),
    ),
    Analyte(
        key="anti-dsdna",
        loinc=("5130-0", "DNA double strand Ab [Units/volume] in Serum"),
        unit=ucum("[IU]/mL", 0, "IU/mL"),
        high=("30", "30"),
        others=(("french", Unit("UI/mL")),),
    ),
    Analyte(
        key="platelets",
        loinc=("777-3", "Platelets [#/volume] in Blood by Automated count"),
        unit=ucum("10*9/L", 0),
        low=("150", "150"),
        high=("400", "400"),
        others=(("french", Unit("G/L")),),
    ),
    Analyte(
        key="leukocytes",
        loinc=("6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
        unit=ucum("10*9/L", 1),
        low=("4.0", "4.0"),
        high=("10.0", "10.0"),
        others=(("french", Unit("/mm3", factor=Decimal(1000))),),
    ),
    Analyte(
        key="haemoglobin",
        loinc=("718-7", "Hemoglobin [Mass/volume] in Blood"),
        unit=ucum("g/dL", 1),
        low=("12.0", "13.0"),
        high=("16.0", "17.0"),
    ),
    Analyte(
        key="proteinuria",
        loinc=("2889-4", "Protein [Mass/time] in 24 hour Urine"),
        unit=ucum("g/(24.h)", 2, "g/24 h"),
        high=("0.15", "0.15"),
        others=(
            ("french", Unit("g/24h", places=2)),
            ("milligrams", Unit("mg/24h", factor=Decimal(1000))),
        ),
    ),
)
WEIGHT = Analyte(key="weight", loinc=("29463-7", "Body weight"), unit=ucum("kg", 1))
