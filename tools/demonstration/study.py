"""The study as its protocol publishes it, with what its registry record and its results say beside it."""

from app.fhir_mapping import protocol_resources
from app.protocol.loader import load_all
from tools.demonstration.pieces import HL7, SNOMED, Json, coding, concept, meta


def study() -> list[Json]:
    """The study, completed."""
    published = protocol_resources.study(load_all()["MSC-SLE"], status="completed")
    profiles = published.pop("meta")
    head = {name: published.pop(name) for name in ("resourceType", "id")}
    return [
        {
            **head,
            "meta": profiles | meta(synthetic=False),
            **published,
            "primaryPurposeType": concept(coding(HL7 + "research-study-prim-purp-type", "treatment")),
            "condition": [concept(coding(SNOMED, "55464009", "Systemic lupus erythematosus"))],
            "location": [concept(coding("urn:iso:std:iso:3166", "FR", "France"))],
            "period": {"start": "2019-05-14"},
            "site": [{"display": "Hôpital Saint-Louis, Paris"}],
            "note": [
                {
                    "text": "10 subjects planned, 8 treated: the sponsor ended recruitment early because the "
                    "Covid pandemic made it difficult, independently of the trial's data."
                }
            ],
        }
    ]
