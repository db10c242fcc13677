"""The service's own vocabulary: one family of code systems under one canonical base.

It names what no public terminology was found to name: the scores, their items and grades, the trial
products and the facts an investigator attests. Everything that reads or serves these codes draws them
from here (SELENA-SLEDAI: clinical conventions §1.1; BILAG: §1.3).
"""

from app.clinical.code_system import BASE, CodeSystem, Concept
from app.clinical.scores.damage_codes import SLICC_ITEM
from app.clinical.scores.form_codes import EQ5D_DIMENSION, LUNG, MRSS_SITE, SF36_ITEM, SF36_SCALE
from app.clinical.scores.sledai_codes import SLEDAI_ITEM
from app.clinical.subjects.state_codes import STATE_REASON

__all__ = ["BASE", "SLEDAI_ITEM", "CodeSystem", "Concept"]

SCORE = CodeSystem(
    "score",
    "Scores and their parts",
    (
        Concept("selena-sledai", "SELENA-SLEDAI", "SELENA-SLEDAI", span=(0, 105)),
        Concept("sledai-2k", "SLEDAI-2K", "SLEDAI-2K", span=(0, 105)),
        Concept("bilag-classic", "Classic BILAG index", "Indice BILAG classique"),
        Concept("bilag-2004", "BILAG-2004 index", "Indice BILAG-2004"),
        Concept("pga", "Physician global assessment", "Évaluation globale du médecin"),
        Concept("scale-max", "Upper end of the scale used", "Borne supérieure de l'échelle utilisée"),
        Concept("slicc-damage", "SLICC/ACR damage index", "Indice de séquelles SLICC/ACR", span=(0, 48)),
        Concept("mrss", "Modified Rodnan skin score", "Score de Rodnan modifié", span=(0, 51)),
        Concept("sf36v2", "SF-36 version 2", "SF-36 version 2"),
        Concept("eq5d-5l", "EQ-5D-5L", "EQ-5D-5L"),
        Concept("eq5d-index", "EQ-5D-5L index value", "Index EQ-5D-5L"),
        Concept("eq5d-vas", "EQ-5D visual analogue scale", "EQ-5D, échelle visuelle analogique"),
        Concept(
            "acr-1997", "ACR 1997 criteria of SLE fulfilled", "Critères ACR 1997 du LES remplis", span=(0, 11)
        ),
        Concept(
            "acr-eular-2013",
            "ACR/EULAR 2013 score of systemic sclerosis",
            "Score ACR/EULAR 2013 de la sclérodermie systémique",
        ),
    ),
)

CLASSIC_SYSTEMS = (
    "general",
    "mucocutaneous",
    "neurological",
    "musculoskeletal",
    "cardiorespiratory",
    "vasculitis",
    "renal",
    "haematological",
)
BILAG_2004_SYSTEMS = (
    "constitutional",
    "mucocutaneous",
    "neuropsychiatric",
    "musculoskeletal",
    "cardiorespiratory",
    "gastrointestinal",
    "ophthalmic",
    "renal",
    "haematological",
)

BILAG_SYSTEM = CodeSystem(
    "bilag-system",
    "Organ systems of the BILAG index, classic and 2004",
    (
        Concept("general", "General", "Général"),
        Concept("constitutional", "Constitutional", "Constitutionnel"),
        Concept("mucocutaneous", "Mucocutaneous", "Cutanéo-muqueux"),
        Concept("neurological", "Neurological", "Neurologique"),
        Concept("neuropsychiatric", "Neuropsychiatric", "Neuropsychiatrique"),
        Concept("musculoskeletal", "Musculoskeletal", "Musculo-squelettique"),
        Concept("cardiorespiratory", "Cardiorespiratory", "Cardiorespiratoire"),
        Concept("vasculitis", "Vasculitis", "Vascularite"),
        Concept("gastrointestinal", "Gastrointestinal", "Gastro-intestinal"),
        Concept("ophthalmic", "Ophthalmic", "Ophtalmique"),
        Concept("renal", "Renal", "Rénal"),
        Concept("haematological", "Haematological", "Hématologique"),
    ),
)

BILAG_GRADE = CodeSystem(
    "bilag-grade",
    "Grades of a BILAG organ system",
    (
        Concept("A", "Severe", "Sévère"),
        Concept("B", "Moderate", "Modérée"),
        Concept("C", "Mild or stable", "Légère ou stable"),
        Concept("D", "Inactive, previously involved", "Inactive, atteinte antérieure"),
        Concept("E", "Never involved", "Jamais atteint"),
    ),
)

PRODUCT = CodeSystem(
    "product",
    "Products infused in the trials",
    (
        Concept(
            "uc-msc",
            "Allogeneic umbilical-cord mesenchymal stromal cells",
            "Cellules stromales mésenchymateuses allogéniques de cordon ombilical",
        ),
        Concept(
            "bm-msc",
            "Allogeneic bone-marrow mesenchymal stromal cells",
            "Cellules stromales mésenchymateuses allogéniques de moelle osseuse",
        ),
    ),
)

ORGAN_CLASS = CodeSystem(
    "organ-class",
    "Organs of adverse events, as the synopsis of MSC-SLE names them",
    (
        Concept("visceral", "Visceral", "Viscérale"),
        Concept("pulmonary", "Pulmonary", "Pulmonaire"),
        Concept("hepatic", "Hepatic", "Hépatique"),
        Concept("renal", "Renal", "Rénale"),
        Concept("neurological", "Neurological", "Neurologique"),
    ),
)

STOP_REASON = CodeSystem(
    "stop-reason",
    "Why a treatment was stopped",
    (
        Concept("inefficacy", "Inefficacy", "Inefficacité"),
        Concept("adverse-effect", "Adverse effect", "Effet indésirable"),
    ),
)

# The facts an investigator attests are declared beside the criteria that ask for them.
CODE_SYSTEMS = (
    SCORE,
    SLEDAI_ITEM,
    BILAG_SYSTEM,
    BILAG_GRADE,
    SLICC_ITEM,
    SF36_ITEM,
    SF36_SCALE,
    EQ5D_DIMENSION,
    MRSS_SITE,
    LUNG,
    PRODUCT,
    ORGAN_CLASS,
    STOP_REASON,
    STATE_REASON,
)
