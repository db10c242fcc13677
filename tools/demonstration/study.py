"""The study as its registry record and its protocol describe it."""

from tools.demonstration.pieces import HL7, SNOMED, Json, coding, concept, meta


def study() -> list[Json]:
    """The study as its registry record and protocol describe it."""
    arms = (
        ("cohort-2e6", "Starting dose: 2 x 10^6 cells per kg, intravenous, once"),
        ("cohort-1e6", "After excessive toxicity: 1 x 10^6 cells per kg, intravenous, once"),
        ("cohort-4e6", "Without excessive toxicity: 4 x 10^6 cells per kg, intravenous, once"),
    )
    return [
        {
            "resourceType": "ResearchStudy",
            "id": "msc-sle",
            "meta": meta(synthetic=False),
            "identifier": [
                {"use": "official", "system": "https://clinicaltrials.gov", "value": "NCT03562065"},
            ],
            "title": "Treatment of Refractory Systemic Lupus Erythematosus by Allogeneic Mesenchymal Stem "
            "Cells Derived From the Umbilical Cord (MSC-SLE)",
            "status": "completed",
            "primaryPurposeType": concept(coding(HL7 + "research-study-prim-purp-type", "treatment")),
            "phase": concept(coding(HL7 + "research-study-phase", "phase-1-phase-2")),
            "condition": [concept(coding(SNOMED, "55464009", "Systemic lupus erythematosus"))],
            "location": [concept(coding("urn:iso:std:iso:3166", "FR", "France"))],
            "period": {"start": "2019-05-14"},
            "sponsor": {"display": "Assistance Publique - Hôpitaux de Paris"},
            "site": [{"display": "Hôpital Saint-Louis, Paris"}],
            "note": [
                {
                    "text": "10 subjects planned, 8 treated: the sponsor ended recruitment early because the "
                    "Covid pandemic made it difficult, independently of the trial's data."
                }
            ],
            "arm": [{"name": name, "description": description} for name, description in arms],
        }
    ]
