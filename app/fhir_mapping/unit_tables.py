"""The units the trials' laboratories write, and the unit each analyte is compared in.

Every factor is exact. `DIMENSIONS` says how the UCUM units of one kind of quantity relate;
`SPELLINGS` how people write them who do not write UCUM; `ANALYTES` which unit a LOINC code is
compared in; `BRIDGES` how mass becomes amount of substance, which only the analyte can say.
Sources: clinical reference §3.1 (LOINC, canonical unit, factor), UCUM (https://ucum.org).
"""

from typing import Final

DIMENSIONS: Final[dict[str, dict[str, str]]] = {
    "mass concentration": {
        "kg/m3": "1", "g/L": "1", "mg/mL": "1", "ug/uL": "1", "g/dL": "10", "mg/dL": "0.01", "mg/L": "0.001",
        "ug/mL": "0.001", "ug/dL": "0.00001", "ug/L": "0.000001", "ng/mL": "0.000001",
        "ng/dL": "0.00000001", "ng/L": "0.000000001", "pg/mL": "0.000000001",
    },
    "substance concentration": {
        "mol/L": "1", "mmol/mL": "1", "mol/m3": "0.001", "mmol/L": "0.001", "umol/mL": "0.001",
        "umol/L": "0.000001", "nmol/mL": "0.000001", "umol/dL": "0.00001", "nmol/L": "0.000000001",
        "pmol/mL": "0.000000001", "pmol/L": "0.000000000001",
    },
    "number concentration": {
        "/uL": "1", "/mm3": "1", "10*6/L": "1", "10*3/mL": "1", "10*3/uL": "1000", "10*3/mm3": "1000",
        "10*6/mL": "1000", "10*9/L": "1000", "10*6/uL": "1000000", "10*6/mm3": "1000000",
        "10*12/L": "1000000", "/mL": "0.001", "/L": "0.000001", "10*3/L": "0.001",
    },
    "enzyme activity": {
        "U/L": "1", "[IU]/L": "1", "mU/mL": "1", "m[IU]/mL": "1", "mU/L": "0.001", "U/mL": "1000",
        "[IU]/mL": "1000", "kU/L": "1000", "ukat/L": "60", "nkat/L": "0.06", "nkat/mL": "60",
    },
    "international units": {
        "[IU]/mL": "1", "k[IU]/L": "1", "[IU]/dL": "0.01", "[IU]/L": "0.001", "m[IU]/mL": "0.001",
        "k[IU]/mL": "1000", "m[IU]/L": "0.000001",
    },
    "haemolytic units": {
        "[arb'U]/mL": "1", "k[arb'U]/L": "1", "U/mL": "1", "kU/L": "1", "[arb'U]/L": "0.001",
    },
    "flow": {"mL/min": "1", "mL/s": "60", "L/min": "1000"},
    "flow per body surface": {"mL/min/{1.73_m2}": "1", "mL/min/{1.73m2}": "1", "mL/s/{1.73_m2}": "60"},
    "mass per day": {
        "g/(24.h)": "1", "g/d": "1", "g/{24_h}": "1", "mg/(24.h)": "0.001", "mg/d": "0.001",
        "mg/{24_h}": "0.001", "kg/d": "1000", "ug/d": "0.000001", "ug/(24.h)": "0.000001",
    },
    "mass ratio": {
        "g/g": "1", "mg/mg": "1", "kg/kg": "1", "mg/g": "0.001", "ug/mg": "0.001", "ug/g": "0.000001",
        "g/kg": "0.001",
    },
    "mass per substance": {
        "mg/mmol": "1", "g/mol": "1", "ug/umol": "1", "g/mmol": "1000", "mg/umol": "1000", "ug/mmol": "0.001",
        "mg/mol": "0.001",
    },
    "fraction": {"1": "1", "{ratio}": "1", "%": "0.01"},
    "pressure": {"mm[Hg]": "1", "kPa": "7.500617", "hPa": "0.7500617", "Pa": "0.007500617"},
    "volume": {"L": "1", "dL": "0.1", "mL": "0.001"},
    "mass": {"kg": "1", "g": "0.001", "[lb_av]": "0.45359237"},
    "length": {"cm": "1", "m": "100", "mm": "0.1", "[in_i]": "2.54", "[in_us]": "2.54000508001016002032"},
    "area": {"m2": "1", "cm2": "0.0001"},
    "temperature": {"Cel": "1", "[degF]": "1", "K": "1"},  # affine: see units.OFFSETS
    "gas transfer": {"mL/min/mm[Hg]": "1", "mmol/min/kPa": "2.988"},
    "per high power field": {"/[HPF]": "1"},
    "per low power field": {"/[LPF]": "1"},
    "titre": {"{titer}": "1", "1": "1"},
    "copies": {"{copies}/mL": "1", "{copies}/L": "0.001", "10*3{copies}/mL": "1000"},
    "log units": {"{Log_IU}/mL": "1", "{log_IU}/mL": "1"},
}  # fmt: skip

# How French and other laboratories write a unit, by dimension: `G/L` is giga per litre for cells and
# nothing at all for a mass. Looked up after spaces, micro signs and powers are made uniform.
SPELLINGS: Final[dict[str, dict[str, str]]] = {
    "number concentration": {
        "G/L": "10*9/L", "Giga/L": "10*9/L", "giga/L": "10*9/L", "T/L": "10*12/L", "Tera/L": "10*12/L",
        "K/uL": "10*3/uL", "k/uL": "10*3/uL", "K/mm3": "10*3/mm3",
        "cells/uL": "/uL", "cell/uL": "/uL", "cells/mm3": "/mm3", "cell/mm3": "/mm3", "cellules/mm3": "/mm3",
        "cellules/uL": "/uL", "éléments/mm3": "/mm3", "elements/mm3": "/mm3", "éléments/uL": "/uL",
        "10*9cells/L": "10*9/L", "10*6cells/L": "10*6/L", "10*3cells/uL": "10*3/uL",
    },
    "enzyme activity": {
        "UI/L": "U/L", "IU/L": "U/L", "kUI/L": "kU/L", "mUI/mL": "mU/mL", "UI/mL": "U/mL", "mUI/L": "mU/L",
    },
    "international units": {
        "UI/mL": "[IU]/mL", "IU/mL": "[IU]/mL", "UI/L": "[IU]/L", "IU/L": "[IU]/L", "kUI/L": "k[IU]/L",
        "kIU/L": "k[IU]/L", "mUI/mL": "m[IU]/mL", "mIU/mL": "m[IU]/mL",
        "mUI/L": "m[IU]/L", "mIU/L": "m[IU]/L", "UI/dL": "[IU]/dL", "IU/dL": "[IU]/dL",
    },
    "haemolytic units": {"UH50/mL": "[arb'U]/mL", "CH50/mL": "[arb'U]/mL", "UCH50/mL": "[arb'U]/mL"},
    "flow": {"mL/mn": "mL/min", "mL/sec": "mL/s"},
    "flow per body surface": {
        "mL/min/1.73m2": "mL/min/{1.73_m2}", "mL/min/1,73m2": "mL/min/{1.73_m2}",
        "mL/min/1.73_m2": "mL/min/{1.73_m2}", "mL/min/1.73.m2": "mL/min/{1.73_m2}",
        "mL/min/1.73*m2": "mL/min/{1.73_m2}", "mL/mn/1.73m2": "mL/min/{1.73_m2}",
        "mL/mn/1,73m2": "mL/min/{1.73_m2}", "mL/min/(1.73m2)": "mL/min/{1.73_m2}",
        "mL/min/(1.73_m2)": "mL/min/{1.73_m2}",
    },
    "mass per day": {
        "g/24h": "g/(24.h)", "g/24H": "g/(24.h)", "g/j": "g/d", "g/jour": "g/d", "g/day": "g/d",
        "g/24heures": "g/(24.h)",
        "mg/24h": "mg/(24.h)", "mg/24H": "mg/(24.h)", "mg/j": "mg/d", "mg/jour": "mg/d", "mg/day": "mg/d",
        "mg/24heures": "mg/(24.h)", "g/24hr": "g/(24.h)", "mg/24hr": "mg/(24.h)", "g/24.h": "g/(24.h)",
        "mg/24.h": "mg/(24.h)",
    },
    "pressure": {"mmHg": "mm[Hg]", "mmhg": "mm[Hg]", "KPa": "kPa"},
    "mass": {"Kg": "kg", "KG": "kg", "lb": "[lb_av]", "lbs": "[lb_av]"},
    "length": {"in": "[in_i]", "inch": "[in_i]"},
    "temperature": {"°C": "Cel", "degC": "Cel", "°F": "[degF]", "degF": "[degF]"},
    "gas transfer": {"mL/min/mmHg": "mL/min/mm[Hg]", "mL/mn/mmHg": "mL/min/mm[Hg]"},
    "per high power field": {"/HPF": "/[HPF]", "/hpf": "/[HPF]"},
    "per low power field": {"/LPF": "/[LPF]", "/lpf": "/[LPF]"},
    "titre": {"titer": "{titer}", "titre": "{titer}"},
    "copies": {"copies/mL": "{copies}/mL", "copie/mL": "{copies}/mL", "cp/mL": "{copies}/mL"},
    "log units": {
        "logUI/mL": "{Log_IU}/mL", "logIU/mL": "{Log_IU}/mL", "log10UI/mL": "{Log_IU}/mL",
        "log10IU/mL": "{Log_IU}/mL", "LogUI/mL": "{Log_IU}/mL", "LogIU/mL": "{Log_IU}/mL",
    },
    "fraction": {"pourcent": "%", "percent": "%"},
}  # fmt: skip

# canonical unit, dimension, LOINC codes (clinical reference §3.1)
ANALYTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("umol/L", "substance concentration", "2160-0 14682-9"),  # creatinine
    ("mL/min", "flow", "2164-2 35591-7"),  # creatinine clearance: measured, Cockcroft-Gault
    ("mL/min/{1.73_m2}", "flow per body surface", "98979-8 62238-1 33914-3"),  # eGFR
    ("g/(24.h)", "mass per day", "2889-4"),  # proteinuria
    ("g/L", "mass concentration", "21482-5"),  # urine protein concentration
    ("g/g", "mass ratio", "2890-2 34366-5 13801-6 40486-3"),  # protein/creatinine
    ("/[HPF]", "per high power field", "13945-1 5821-4"),  # red and white cells of the sediment
    ("/[LPF]", "per low power field", "5807-3 5793-5"),  # casts
    ("g/dL", "mass concentration", "718-7 59260-0"),  # haemoglobin
    ("10*9/L", "number concentration", "777-3 26515-7"),  # platelets
    ("10*9/L", "number concentration", "751-8 26499-4"),  # neutrophils
    ("10*9/L", "number concentration", "6690-2 26464-8"),  # leukocytes
    ("10*9/L", "number concentration", "731-0 26474-7"),  # lymphocytes
    ("/uL", "number concentration", "8122-4 24467-3 14135-8 8116-6 20402-4 9728-7"),  # CD3 to NK
    ("%", "fraction", "8123-2 8124-0 8117-4 8112-5"),  # CD4, CD3, CD19, NK per 100 cells
    ("1", "fraction", "54218-3"),  # CD4/CD8
    ("U/L", "enzyme activity", "1742-6 1743-4 1920-8 30239-8 2157-6"),  # ALT, AST, CK
    ("umol/L", "substance concentration", "1975-2 14631-6"),  # bilirubin
    ("g/L", "mass concentration", "4485-9 4498-2"),  # C3, C4
    ("[arb'U]/mL", "haemolytic units", "4532-8"),  # CH50
    ("{titer}", "titre", "5048-4"),  # ANA
    ("[IU]/mL", "international units", "5130-0 32677-7 33799-8"),  # anti-dsDNA
    ("g/L", "mass concentration", "2465-3 2458-8 2472-9"),  # IgG, IgA, IgM
    ("[IU]/L", "international units", "21198-7"),  # hCG
    ("{copies}/mL", "copies", "20447-9 25836-8"),  # HIV RNA
    ("{Log_IU}/mL", "log units", "48398-2"),  # HBV DNA
    ("[IU]/mL", "international units", "11011-4"),  # HCV RNA
    ("mm[Hg]", "pressure", "2703-7 2019-8"),  # PaO2, PaCO2
    ("mm[Hg]", "pressure", "8414-5 8440-0 8385-7"),  # pulmonary artery
    ("mm[Hg]", "pressure", "8480-6 8462-4"),  # blood pressure
    ("%", "fraction", "10230-1 8806-2"),  # LVEF
    ("L", "volume", "19868-9 19870-5 19869-7"),  # FVC and its prediction
    ("%", "fraction", "19872-1 98130-8"),  # FVC, DLCO of predicted
    ("mL/min/mm[Hg]", "gas transfer", "19911-7 19910-9 19913-3"),  # DLCO
    ("kg", "mass", "29463-7 3141-9"),  # weight
    ("cm", "length", "8302-2"),  # height
    ("m2", "area", "3140-1 8277-6"),  # body surface
    ("Cel", "temperature", "8310-5"),
    ("pg/mL", "mass concentration", "26881-3 26848-2 3074-2 27415-9"),  # IL-6, IL-10, TNF, IFN-gamma
    ("pmol/L", "substance concentration", "34939-9"),  # TNF, molar
)

# one `unit` of the other dimension is `multiply / divide` of the canonical unit, for these codes only
BRIDGES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("2160-0 14682-9", "mass concentration", "mg/dL", "88.4", "1"),  # creatinine
    ("1975-2 14631-6", "mass concentration", "mg/dL", "17.104", "1"),  # bilirubin
    ("718-7 59260-0", "substance concentration", "mmol/L", "1.6114", "1"),  # haemoglobin, monomer
    ("2890-2 34366-5 13801-6 40486-3", "mass per substance", "mg/mmol", "1", "113.12"),  # creatinine's mass
)
