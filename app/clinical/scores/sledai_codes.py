"""The 24 items of the SLE disease activity index, with their weights and what they mean (conventions §1.1).

SELENA-SLEDAI and SLEDAI-2K share items and weights and differ in what some items ask for; the definitions
say both. Only manifestations of the last days that lupus explains count.
"""

from app.clinical.code_system import CodeSystem, Concept


def _item(weight: int, code: str, en: str, fr: str, definition: str) -> Concept:
    return Concept(code, en, fr, weight=weight, definition=definition)


SLEDAI_ITEM = CodeSystem(
    "sledai-item",
    "Items of the SLE disease activity index, with their weights",
    (
        _item(
            8,
            "seizure",
            "Seizure",
            "Crise convulsive",
            "Of recent onset; not from a metabolic, infectious or drug cause, nor from past damage",
        ),
        _item(
            8,
            "psychosis",
            "Psychosis",
            "Psychose",
            "Altered function from a severely disturbed sense of reality; not from uraemia or drugs",
        ),
        _item(
            8,
            "organic-brain-syndrome",
            "Organic brain syndrome",
            "Syndrome cérébral organique",
            "Altered mental function of rapid onset and fluctuating course, with clouded consciousness;"
            " not from a metabolic, infectious or drug cause",
        ),
        _item(
            8,
            "visual-disturbance",
            "Visual disturbance",
            "Trouble visuel",
            "Retinal changes of lupus or optic neuritis; SELENA adds scleritis and episcleritis; not from"
            " hypertension, infection or drugs",
        ),
        _item(
            8,
            "cranial-nerve",
            "Cranial nerve disorder",
            "Atteinte des nerfs crâniens",
            "New sensory or motor cranial neuropathy; SELENA includes vertigo due to lupus",
        ),
        _item(
            8,
            "lupus-headache",
            "Lupus headache",
            "Céphalée lupique",
            "Severe and persistent, not responding to narcotic analgesia",
        ),
        _item(
            8,
            "cva",
            "Cerebrovascular accident",
            "Accident vasculaire cérébral",
            "New; not from arteriosclerosis; SELENA excludes hypertensive causes, too",
        ),
        _item(
            8,
            "vasculitis",
            "Vasculitis",
            "Vascularite",
            "Ulceration, gangrene, tender finger nodules, periungual infarction, splinter haemorrhages,"
            " or proof by biopsy or angiogram",
        ),
        _item(
            4,
            "arthritis",
            "Arthritis",
            "Arthrite",
            "Joints with pain and signs of inflammation: more than two in SELENA, two or more in SLEDAI-2K",
        ),
        _item(
            4,
            "myositis",
            "Myositis",
            "Myosite",
            "Proximal aching or weakness with raised muscle enzymes, or proof by electromyogram or biopsy",
        ),
        _item(
            4,
            "urinary-casts",
            "Urinary casts",
            "Cylindres urinaires",
            "Haem-granular or red blood cell casts",
        ),
        _item(
            4,
            "haematuria",
            "Haematuria",
            "Hématurie",
            "More than 5 red blood cells per high power field; not from a stone, an infection or else",
        ),
        _item(
            4,
            "proteinuria",
            "Proteinuria",
            "Protéinurie",
            "More than 0.5 g per 24 hours: in SELENA new, or risen by more than 0.5 g; in SLEDAI-2K any",
        ),
        _item(
            4,
            "pyuria",
            "Pyuria",
            "Leucocyturie",
            "More than 5 white blood cells per high power field; not from an infection",
        ),
        _item(
            2,
            "rash",
            "Inflammatory rash",
            "Éruption inflammatoire",
            "Inflammatory lupus rash; an ongoing one counts in both",
        ),
        _item(
            2,
            "alopecia",
            "Alopecia",
            "Alopécie",
            "Abnormal loss of hair due to active lupus; an ongoing one counts in both",
        ),
        _item(
            2,
            "mucosal-ulcers",
            "Mucosal ulcers",
            "Ulcérations muqueuses",
            "Oral or nasal ulcers due to active lupus; ongoing ones count in both",
        ),
        _item(
            2,
            "pleurisy",
            "Pleurisy",
            "Pleurésie",
            "Pleuritic pain with rub, effusion or thickening; in SELENA severe pain, rub, effusion or new"
            " thickening alone",
        ),
        _item(
            2,
            "pericarditis",
            "Pericarditis",
            "Péricardite",
            "Pain with rub, effusion or electrocardiogram; in SELENA any one of them alone",
        ),
        _item(
            2,
            "low-complement",
            "Low complement",
            "Complément abaissé",
            "CH50, C3 or C4 below the lower limit of the laboratory",
        ),
        _item(
            2,
            "dna-binding",
            "Increased DNA binding",
            "Anticorps anti-ADN augmentés",
            "More than 25 % by the Farr assay, or above the normal range of the laboratory",
        ),
        _item(1, "fever", "Fever", "Fièvre", "More than 38 °C; not from an infection"),
        _item(
            1,
            "thrombocytopenia",
            "Thrombocytopenia",
            "Thrombopénie",
            "Less than 100 x 10⁹ platelets per litre",
        ),
        _item(
            1,
            "leukopenia",
            "Leukopenia",
            "Leucopénie",
            "Less than 3.0 x 10⁹ white blood cells per litre; not from a drug",
        ),
    ),
)
