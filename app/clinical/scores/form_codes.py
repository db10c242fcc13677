"""The parts of the quality-of-life questionnaires, of the skin score and of lung function (§1.7 to §1.15).

Questions of the SF-36 and the EQ-5D are known by numbers and dimensions alone: their texts are licensed.
"""

from app.clinical.code_system import CodeSystem, Concept

_ANSWERS = {"1": 5, "2": 5, "6": 5, "7": 6, "8": 5, "10": 5}
_BLOCKS = (
    ("3", "abcdefghij", 3),
    ("4", "abcd", 5),
    ("5", "abc", 5),
    ("9", "abcdefghi", 5),
    ("11", "abcd", 5),
)
_HIGHEST = _ANSWERS | {f"{number}{letter}": top for number, letters, top in _BLOCKS for letter in letters}
_IN_ORDER = sorted(_HIGHEST, key=lambda code: (int(code.rstrip("abcdefghij")), code))

SF36_ITEM = CodeSystem(
    "sf36-item",
    "Questions of the SF-36 version 2, by their numbers",
    tuple(
        Concept(code, f"Question {code}", f"Question {code}", span=(1, _HIGHEST[code])) for code in _IN_ORDER
    ),
)

SF36_SCALE = CodeSystem(
    "sf36-scale",
    "Scales of the SF-36 version 2, 0 to 100",
    (
        Concept("PF", "Physical functioning", "Activité physique"),
        Concept("RP", "Role, physical", "Limitations dues à l'état physique"),
        Concept("BP", "Bodily pain", "Douleur physique"),
        Concept("GH", "General health", "Santé perçue"),
        Concept("VT", "Vitality", "Vitalité"),
        Concept("SF", "Social functioning", "Vie et relations avec les autres"),
        Concept("RE", "Role, emotional", "Limitations dues à l'état psychique"),
        Concept("MH", "Mental health", "Santé psychique"),
    ),
)

# The registry rates each dimension 0 to 5; EuroQol's own levels are 1 to 5.
EQ5D_DIMENSION = CodeSystem(
    "eq5d-dimension",
    "Dimensions of the EQ-5D",
    (
        Concept("mo", "Mobility", "Mobilité", span=(0, 5)),
        Concept("sc", "Self-care", "Autonomie", span=(0, 5)),
        Concept("ua", "Usual activities", "Activités courantes", span=(0, 5)),
        Concept("pd", "Pain and discomfort", "Douleurs et gêne", span=(0, 5)),
        Concept("ad", "Anxiety and depression", "Anxiété et dépression", span=(0, 5)),
    ),
)

_SITES = (
    ("face", "Face", "Visage"),
    ("chest", "Chest", "Thorax"),
    ("abdomen", "Abdomen", "Abdomen"),
)
_PAIRED = (
    ("upper-arm", "upper arm", "Bras"),
    ("forearm", "forearm", "Avant-bras"),
    ("hand", "hand", "Main"),
    ("fingers", "fingers", "Doigts"),
    ("thigh", "thigh", "Cuisse"),
    ("leg", "leg", "Jambe"),
    ("foot", "foot", "Pied"),
)

MRSS_SITE = CodeSystem(
    "mrss-site",
    "Sites of the modified Rodnan skin score, each 0 to 3",
    (
        *(Concept(code, en, fr, span=(0, 3)) for code, en, fr in _SITES),
        *(
            Concept(f"{code}-{side}", f"{side.capitalize()} {en}", f"{fr}, {cote}", span=(0, 3))
            for code, en, fr in _PAIRED
            for side, cote in (("left", "gauche"), ("right", "droite"))
        ),
    ),
)

LUNG = CodeSystem(
    "lung-function",
    "Lung volumes no public code was verified for",
    (
        Concept("tlc", "Total lung capacity", "Capacité pulmonaire totale"),
        Concept(
            "tlc-percent-predicted",
            "Total lung capacity, percent of predicted",
            "Capacité pulmonaire totale, en pourcentage de la théorique",
        ),
    ),
)
