"""A handful of documents with everything a search may trip over."""

from typing import Any

from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import LOINC, UCUM, c3, delete, patient, put, study, subject

Json = dict[str, Any]
HOSPITAL = "urn:oid:1.2.250.1.0.99.1"
STUDY_OF = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"


def concept(*codes: str, system: str = LOINC) -> Json:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def quantity(value: str, unit: str, comparator: str | None = None) -> Json:
    """A number as JSON has it is put in its place afterwards: see `exact`."""
    from decimal import Decimal

    found: Json = {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit}
    return found | ({"comparator": comparator} if comparator else {})


def observation(of: Json | str | None = None, **more: Any) -> Json:
    about = {"reference": f"Patient/{of}"} if isinstance(of, str) else of
    document: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "something"}}
    return document | ({"subject": about} if about else {}) | more


def pressure(of: str, systolic: str, diastolic: str) -> Json:
    parts = [("8480-6", systolic), ("8462-4", diastolic)]
    components = [
        {"code": concept(code), "valueQuantity": quantity(value, "mm[Hg]")} for code, value in parts
    ]
    return observation(of, code=concept("85354-9"), component=components)


def of_studies(*names: str) -> Json:
    references = [{"reference": f"ResearchStudy/{name}"} for name in names]
    return {"extension": [{"url": STUDY_OF, "valueReference": one} for one in references]}


async def fill(store: Store) -> None:
    """Store them: two studies, three patients (one deleted), and what was observed."""
    marie = patient(site="SLS") | {"name": [{"family": "Lefèvre", "given": ["Marie"]}], "active": True}
    paul = patient(site="REN") | {"gender": "male", "name": [{"family": "Le Goff"}], "birthDate": "1990-02"}
    await transact(
        store,
        EVERYTHING,
        [
            put(study(), "s1"),
            put(study() | {"title": "SSc", "identifier": [{"value": "NCT02213705"}]}, "s2"),
            put(marie, "p1"),
            put(paul, "p2"),
            put({"resourceType": "Patient"}, "p3"),
            put({"resourceType": "Patient"}, "p4"),
            put(subject("p1"), "rs1"),
            put(subject("p2", study="s2"), "rs2"),
        ],
    )
    await transact(
        store,
        EVERYTHING,
        [
            put(c3("p1", "0.71", on="2021-03-14"), "c3-1"),
            put(c3("p1", "1.20", on="2021-06-01"), "c3-2"),
            put(c3("p2", "85", on="2021-03-14T08:00:00Z").replace(b"g/L", b"mg/dL"), "c3-3"),
            put(
                observation("p1", code=concept("5130-0"), valueQuantity=quantity("5", "mg/dL", "<")), "below"
            ),
            put(
                observation("p2", code=concept("5130-0"), valueQuantity=quantity("90", "mg/dL", ">=")),
                "above",
            ),
            put(pressure("p1", "150", "80") | of_studies("s1"), "bp-1"),
            put(pressure("p2", "80", "150") | of_studies("s2", "s1"), "bp-2"),
            put(observation("p3", code={"text": "a word"}, valueString="Grumelé 50%_\\"), "words"),
            put(observation("p4", valueCodeableConcept=concept("LA6576-8")), "of-the-deleted"),
            put(
                observation({"reference": "Group/g1"}, performer=[{"reference": "Patient/p1"}]), "of-a-group"
            ),
            put(observation({"reference": "http://elsewhere.example/fhir/Patient/p1"}), "of-elsewhere"),
            put(observation({"identifier": {"system": HOSPITAL, "value": "IPP-7"}}), "of-a-number"),
            put(observation(None, status="amended", hasMember=[{"reference": "Observation/c3-1"}]), "panel"),
            put(observation(None, derivedFrom=[{"reference": "Observation/panel"}]), "derived"),
        ],
    )
    await transact(store, EVERYTHING, [put(observation(None), "of-the-deleted"), delete("Patient", "p4")])
