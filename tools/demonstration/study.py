"""A study as its protocol publishes it, with what its registry record and its results say beside it."""

from app.fhir_mapping import protocol_resources
from app.protocol.loader import load_all
from tools.demonstration.pieces import HL7, SNOMED, Json, coding, concept, meta

LUPUS = coding(SNOMED, "55464009", "Systemic lupus erythematosus")
SCLEROSIS = coding(SNOMED, "89155008", "Systemic sclerosis")


def lupus() -> list[Json]:
    """MSC-SLE, completed."""
    ended = (
        "10 subjects planned, 8 treated: the sponsor ended recruitment early because the Covid pandemic made"
        " it difficult, independently of the trial's data."
    )
    return [_completed("MSC-SLE", LUPUS, note=ended)]


def sclerosis() -> list[Json]:
    """MSC-SSc, completed."""
    shown = "20 subjects were treated, ten with each dose. The demonstration has four subjects, made up."
    return [_completed("MSC-SSc", SCLEROSIS, note=shown)]


def _completed(key: str, condition: Json, *, note: str) -> Json:
    """The study with its disease, its site, and a remark after those of the protocol."""
    published = protocol_resources.study(load_all()[key], status="completed")
    profiles = published.pop("meta")
    head = {name: published.pop(name) for name in ("resourceType", "id")}
    return {
        **head,
        "meta": profiles | meta(synthetic=False),
        **published,
        "primaryPurposeType": concept(coding(HL7 + "research-study-prim-purp-type", "treatment")),
        "condition": [concept(condition)],
        "location": [concept(coding("urn:iso:std:iso:3166", "FR", "France"))],
        "site": [{"display": "Hôpital Saint-Louis, Paris"}],
        "note": [*published.get("note", ()), {"text": note}],
    }
