"""What a living patient's result may be: a value beyond it is a question to the laboratory, never a change.

A range is wide on purpose: what lies outside is hardly a patient's, but a slip of the unit, of the decimal
point or of the analyte. Where a source is named its extremes were rounded outwards; the rest is engineering
judgement, to be confirmed by the trial's physicians (see RANGES). The value is stored and used as sent.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from app.clinical.records import Coding
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.units import BY_LOINC, LOINC

JUDGED: Final = "engineering judgement"
"""No source was found here: wide enough for what case reports tell of survivors."""
CTCAE: Final = "CTCAE v5.0: far beyond the bound of its grade 4"
DEFINED: Final = "by definition: a share of a whole"

_CHECK: Final = "check the value, its unit and its code"

# analyte, LOINC codes, lowest, highest (in the canonical unit of unit_tables), where the range comes from
RANGES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("creatinine", "2160-0 14682-9", "5", "3000", JUDGED),
    ("creatinine clearance", "2164-2 35591-7", "0", "400", JUDGED),
    ("glomerular filtration rate", "98979-8 62238-1 33914-3", "0", "250", JUDGED),
    ("proteinuria of 24 hours", "2889-4", "0", "50", JUDGED),
    ("urine protein", "21482-5", "0", "50", JUDGED),
    ("urine protein/creatinine", "2890-2 34366-5 13801-6 40486-3", "0", "50", JUDGED),
    ("cells of the urine sediment", "13945-1 5821-4", "0", "10000", JUDGED),
    ("casts of the urine sediment", "5807-3 5793-5", "0", "1000", JUDGED),
    ("haemoglobin", "718-7 59260-0", "1.5", "26", CTCAE),
    ("platelets", "777-3 26515-7", "0", "3000", CTCAE),
    ("neutrophils", "751-8 26499-4", "0", "200", CTCAE),
    ("leukocytes", "6690-2 26464-8", "0", "500", CTCAE),
    ("lymphocytes", "731-0 26474-7", "0", "300", CTCAE),
    ("lymphocyte subset", "8122-4 24467-3 14135-8 8116-6 20402-4 9728-7", "0", "20000", JUDGED),
    ("lymphocyte subset, share", "8123-2 8124-0 8117-4 8112-5", "0", "100", DEFINED),
    ("CD4/CD8", "54218-3", "0", "30", JUDGED),
    ("aminotransferase", "1742-6 1743-4 1920-8 30239-8", "0", "30000", CTCAE),
    ("creatine kinase", "2157-6", "0", "500000", CTCAE),
    ("bilirubin", "1975-2 14631-6", "0", "1200", CTCAE),
    ("complement C3", "4485-9", "0", "5", JUDGED),
    ("complement C4", "4498-2", "0", "2", JUDGED),
    ("CH50", "4532-8", "0", "500", JUDGED),
    ("antinuclear antibody titre", "5048-4", "1", "1000000", JUDGED),
    ("anti-dsDNA", "5130-0 32677-7 33799-8", "0", "100000", JUDGED),
    ("IgG", "2465-3", "0", "150", JUDGED),
    ("IgA", "2458-8", "0", "100", JUDGED),
    ("IgM", "2472-9", "0", "150", JUDGED),
    ("hCG", "21198-7", "0", "10000000", JUDGED),
    ("HIV RNA", "20447-9 25836-8", "0", "1000000000", JUDGED),
    ("HBV DNA", "48398-2", "0", "12", JUDGED),
    ("HCV RNA", "11011-4", "0", "1000000000", JUDGED),
    ("arterial oxygen", "2703-7", "10", "760", "at most the pressure of the air breathed"),
    ("arterial carbon dioxide", "2019-8", "5", "250", JUDGED),
    ("pulmonary artery pressure", "8414-5 8440-0 8385-7", "0", "200", JUDGED),
    ("blood pressure", "8480-6 8462-4", "10", "320", JUDGED),
    ("left ventricular ejection fraction", "10230-1 8806-2", "1", "100", DEFINED),
    ("forced vital capacity", "19868-9 19870-5 19869-7", "0.1", "10", JUDGED),
    ("lung function, share of predicted", "19872-1 98130-8", "1", "250", JUDGED),
    ("carbon monoxide diffusion", "19911-7 19910-9 19913-3", "0.1", "100", JUDGED),
    ("body weight", "29463-7 3141-9", "15", "400", JUDGED),
    ("body height", "8302-2", "50", "260", JUDGED),
    ("body surface", "3140-1 8277-6", "0.5", "4", JUDGED),
    ("body temperature", "8310-5", "20", "46", JUDGED),
    ("cytokine", "26881-3 26848-2 3074-2 27415-9", "0", "1000000", JUDGED),
    ("TNF-alpha, molar", "34939-9", "0", "100000", JUDGED),
)


@dataclass(frozen=True, slots=True)
class Range:
    """What is plausible of an analyte, in the unit it is compared in, both bounds included."""

    analyte: str
    low: Decimal
    high: Decimal
    unit: str
    source: str

    def __str__(self) -> str:
        return f"{self.analyte} {self.low} to {self.high} {self.unit}"


BY_CODE: Final = {
    code: Range(analyte, Decimal(low), Decimal(high), BY_LOINC[code].canonical, source)
    for analyte, codes, low, high, source in RANGES
    for code in codes.split()
}
"""The range of every analyte whose unit we know, by LOINC code."""


def beyond(codings: tuple[Coding, ...], value: Decimal | None, comparator: str | None) -> Range | None:
    """The range a value certainly lies outside of; `<0.3` says nothing of how low, `>90` of how high."""
    known = _range(codings)
    if known is None or value is None:
        return None
    too_low = value < known.low and not (comparator or "").startswith(">")
    too_high = value > known.high and not (comparator or "").startswith("<")
    return known if too_low or too_high else None


def query(doubt: str, whole: bool) -> Issue:
    """The question to the laboratory; it names the range and never the value."""
    text = f"the value lies outside what is plausible ({doubt}): it is kept and used as sent; {_CHECK}"
    return Issue("business-rule", text, f"Observation{'' if whole else '.component'}.value", "warning")


@lru_cache(maxsize=4096)
def _range(codings: tuple[Coding, ...]) -> Range | None:
    return next((BY_CODE[one.code] for one in codings if one.system == LOINC and one.code in BY_CODE), None)
