"""The items of the SLICC/ACR damage index by domain, with the points each can count (conventions §1.6)."""

from app.clinical.code_system import CodeSystem, Concept


def _item(code: str, en: str, fr: str, points: int = 1) -> Concept:
    return Concept(code, en, fr, span=(0, points))


DOMAINS: dict[str, tuple[Concept, ...]] = {
    "ocular": (
        _item("cataract", "Cataract", "Cataracte"),
        _item("retinal-or-optic", "Retinal change or optic atrophy", "Rétinopathie ou atrophie optique"),
    ),
    "neuropsychiatric": (
        _item("cognitive-or-psychosis", "Cognitive impairment or psychosis", "Trouble cognitif ou psychose"),
        _item("seizures", "Seizures under treatment", "Épilepsie traitée"),
        _item("cva", "Cerebrovascular accident", "Accident vasculaire cérébral", 2),
        _item("neuropathy", "Cranial or peripheral neuropathy", "Neuropathie crânienne ou périphérique"),
        _item("transverse-myelitis", "Transverse myelitis", "Myélite transverse"),
    ),
    "renal": (
        _item("gfr-below-50", "Glomerular filtration below 50 %", "Filtration glomérulaire < 50 %"),
        _item("proteinuria", "Proteinuria of 3.5 g per 24 h", "Protéinurie de 3,5 g par 24 h"),
        _item("esrd", "End-stage renal disease", "Insuffisance rénale terminale", 3),
    ),
    "pulmonary": (
        _item("pulmonary-hypertension", "Pulmonary hypertension", "Hypertension pulmonaire"),
        _item("pulmonary-fibrosis", "Pulmonary fibrosis", "Fibrose pulmonaire"),
        _item("shrinking-lung", "Shrinking lung", "Poumon rétracté"),
        _item("pleural-fibrosis", "Pleural fibrosis", "Fibrose pleurale"),
        _item("pulmonary-infarction", "Pulmonary infarction", "Infarctus pulmonaire"),
        _item("pulmonary-resection", "Pulmonary resection", "Résection pulmonaire"),
    ),
    "cardiovascular": (
        _item("angina-or-bypass", "Angina or coronary bypass", "Angor ou pontage coronarien"),
        _item("myocardial-infarction", "Myocardial infarction", "Infarctus du myocarde", 2),
        _item("cardiomyopathy", "Cardiomyopathy", "Cardiomyopathie"),
        _item("valvular-disease", "Valvular disease", "Valvulopathie"),
        _item("pericarditis", "Pericarditis or pericardiectomy", "Péricardite ou péricardectomie"),
    ),
    "peripheral-vascular": (
        _item("claudication", "Claudication", "Claudication"),
        _item("minor-tissue-loss", "Minor tissue loss", "Perte tissulaire mineure"),
        _item("significant-tissue-loss", "Significant tissue loss", "Perte tissulaire importante", 2),
        _item("venous-thrombosis", "Venous thrombosis", "Thrombose veineuse"),
    ),
    "gastrointestinal": (
        _item(
            "infarction-or-resection",
            "Abdominal infarction or resection",
            "Infarctus ou résection abdominale",
            2,
        ),
        _item("mesenteric-insufficiency", "Mesenteric insufficiency", "Insuffisance mésentérique"),
        _item("chronic-peritonitis", "Chronic peritonitis", "Péritonite chronique"),
        _item("stricture-or-upper-surgery", "Stricture or upper surgery", "Sténose ou chirurgie haute"),
        _item("pancreatic-insufficiency", "Pancreatic insufficiency", "Insuffisance pancréatique"),
    ),
    "musculoskeletal": (
        _item("muscle-atrophy", "Muscle atrophy or weakness", "Atrophie ou faiblesse musculaire"),
        _item("deforming-arthritis", "Deforming or erosive arthritis", "Arthrite déformante ou érosive"),
        _item("osteoporosis-fracture", "Osteoporosis with fracture", "Ostéoporose avec fracture"),
        _item("avascular-necrosis", "Avascular necrosis", "Nécrose avasculaire", 2),
        _item("osteomyelitis", "Osteomyelitis", "Ostéomyélite"),
        _item("tendon-rupture", "Tendon rupture", "Rupture tendineuse"),
    ),
    "skin": (
        _item("scarring-alopecia", "Scarring alopecia", "Alopécie cicatricielle"),
        _item("extensive-scarring", "Extensive scarring", "Cicatrices étendues"),
        _item("skin-ulceration", "Skin ulceration", "Ulcération cutanée"),
    ),
    "gonadal": (_item("gonadal-failure", "Premature gonadal failure", "Insuffisance gonadique précoce"),),
    "endocrine": (_item("diabetes", "Diabetes", "Diabète"),),
    "malignancy": (_item("malignancy", "Malignancy", "Cancer", 2),),
}
"""The items of every version of the index."""

SLICC_ITEM = CodeSystem(
    "slicc-item",
    "Items of the SLICC/ACR damage index, with the points each can count",
    tuple(item for items in DOMAINS.values() for item in items),
)
