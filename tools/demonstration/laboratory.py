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
    category: str = "laboratory"
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
WEIGHT = Analyte(key="weight", loinc=("29463-7", "Body weight"), unit=ucum("kg", 1), category="vital-signs")


TRANSAMINASE = "[Enzymatic activity/volume] in Serum or Plasma"
GAS = "[Partial pressure] in Arterial blood"
MMHG = ucum("mm[Hg]", 0, "mmHg")

EXAMINATIONS = (
    Analyte(
        key="neutrophils",
        loinc=("751-8", "Neutrophils [#/volume] in Blood by Automated count"),
        unit=ucum("10*9/L", 1),
        low=("1.5", "1.5"),
        high=("7.5", "7.5"),
    ),
    Analyte(
        key="cd4",
        loinc=("24467-3", "CD3+CD4+ (T4 helper) cells [#/volume] in Blood"),
        unit=ucum("/uL", 0),
    ),
    Analyte(
        key="ast",
        loinc=("1920-8", f"Aspartate aminotransferase {TRANSAMINASE}"),
        unit=ucum("U/L", 0),
        high=("40", "40"),
    ),
    Analyte(
        key="alt",
        loinc=("1742-6", f"Alanine aminotransferase {TRANSAMINASE}"),
        unit=ucum("U/L", 0),
        high=("40", "40"),
    ),
    Analyte(
        key="lvef",
        loinc=("10230-1", "Left ventricular Ejection fraction"),
        unit=ucum("%", 0),
        category="procedure",
    ),
    Analyte(
        key="pap",
        loinc=("8414-5", "Pulmonary artery Mean blood pressure"),
        unit=MMHG,
        category="procedure",
    ),
    Analyte(key="pao2", loinc=("2703-7", f"Oxygen {GAS}"), unit=MMHG),
    Analyte(key="paco2", loinc=("2019-8", f"Carbon dioxide {GAS}"), unit=MMHG),
    Analyte(
        key="ana",
        loinc=("5048-4", "Nuclear Ab [Titer] in Serum by Immunofluorescence"),
        unit=ucum("{titer}", 0),
    ),
)
"""What is measured at screening beside the follow-up's analytes."""

SCREENED = {
    "creatinine": "72",
    "c3": "0.81",
    "c4": "0.13",
    "anti-dsdna": "84",
    "platelets": "212",
    "leukocytes": "5.1",
    "haemoglobin": "12.6",
    "proteinuria": "0.12",
    "neutrophils": "3.2",
    "cd4": "412",
    "ast": "24",
    "alt": "31",
    "lvef": "62",
    "pap": "18",
    "pao2": "93",
    "paco2": "39",
    "ana": "320",
}
"""The results at screening, the same for every candidate."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test that is positive or negative."""

    key: str
    loinc: tuple[str, str]
    women: bool = False
    positive: bool = False


TESTS = (
    Test("hiv", ("56888-1", "HIV 1+2 Ab+HIV1 p24 Ag [Presence] in Serum or Plasma by Immunoassay")),
    Test("htlv", ("22362-8", "HTLV I+II Ab [Presence] in Serum")),
    Test("hbsag", ("5196-1", "Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay")),
    Test("hcv", ("13955-0", "Hepatitis C virus Ab [Presence] in Serum or Plasma by Immunoassay")),
    Test("pregnancy", ("2106-3", "Choriogonadotropin (pregnancy test) [Presence] in Urine"), women=True),
)
