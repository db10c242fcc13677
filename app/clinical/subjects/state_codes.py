"""Why a subject came into a state, as a code system of this service."""

from app.clinical.code_system import CodeSystem, Concept

CORRECTION = "correction"

STATE_REASON = CodeSystem(
    "state-reason",
    "Why a subject came into a state",
    (
        Concept(CORRECTION, "The state before was entered by mistake", "L'état précédent était une erreur"),
        Concept("screening-began", "Screening began", "Début de la sélection"),
        Concept("criteria-met", "Every criterion is met", "Tous les critères sont remplis"),
        Concept("criteria-not-met", "A criterion is not met", "Un critère n'est pas rempli"),
        Concept("registered", "Registered on the study", "Inclusion dans l'étude"),
        Concept("infused", "The study's product was given", "Le produit de l'étude a été injecté"),
        Concept("observed", "Observed by the study's calendar", "Suivi selon le calendrier de l'étude"),
        Concept("completed", "The part in the study is complete", "Participation achevée"),
        Concept("withdrew", "The subject withdrew", "Retrait du sujet"),
        Concept("adverse-event", "An adverse event", "Événement indésirable"),
        Concept("lack-of-efficacy", "The treatment failed", "Échec du traitement"),
        Concept("lost-to-follow-up", "Lost to follow-up", "Perdu de vue"),
        Concept("death", "The subject died", "Décès"),
        Concept("sponsor-decision", "A decision of the sponsor", "Décision du promoteur"),
        Concept("investigator-decision", "A decision of the investigator", "Décision de l'investigateur"),
    ),
)
