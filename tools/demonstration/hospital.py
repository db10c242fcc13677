"""What a hospital sends around its results: who examined what, for whom, on whose order (synthetic)."""

from typing import Any

from app.clinical.codes import PRODUCT
from app.fhir_mapping.units import LOINC
from tools.demonstration.laboratory import ANALYTES
from tools.demonstration.pieces import HL7, SID, SNOMED, Json, coding, concept, meta

LABORATORY = "msc-sle-laboratory"
BIOLOGIST = "msc-sle-biologist"
PATIENT: Json = {"reference": "Patient/msc-sle-p01"}
VISIT = "msc-sle-01-m6"
REPORTED = ("creatinine", "c3", "c4")
TAKEN, RECEIVED, ISSUED = (f"2019-11-13T{clock}:00+01:00" for clock in ("08:10", "09:05", "14:32"))


def around() -> list[Json]:
    """The laboratory with its biologist and analyser, the cells, and what the laboratory's codes mean."""
    cells = concept(PRODUCT.coding("uc-msc"))
    return [
        _numbered("Organization", LABORATORY, "organization", active=True, name="Laboratoire de biochimie"),
        _numbered("Practitioner", BIOLOGIST, "professional", active=True),
        _numbered(
            "PractitionerRole",
            "msc-sle-biologist-role",
            "professional",
            active=True,
            practitioner={"reference": f"Practitioner/{BIOLOGIST}"},
            organization={"reference": f"Organization/{LABORATORY}"},
        ),
        _numbered("Device", "msc-sle-analyser", "device", status="active", type={"text": "Analyser"}),
        _numbered("Medication", "msc-sle-cells", "product", status="active", code=cells),
        _numbered(
            "BiologicallyDerivedProduct",
            "msc-sle-batch",
            "batch",
            productCategory="cells",
            productCode=cells,
            status="available",
        ),
        _codes(),
    ]


def reported() -> list[Json]:
    """The report of subject 01 at M6 with its order, specimen and visit, and what the patient answered."""
    visit = {"encounter": {"reference": f"Encounter/{VISIT}"}}
    code = concept(coding(LOINC, "11502-2", "Laboratory report"))
    return [
        _numbered(
            "Encounter",
            VISIT,
            "stay",
            status="finished",
            **{"class": coding(HL7 + "v3-ActCode", "AMB")},
            subject=PATIENT,
            period={"start": "2019-11-13", "end": "2019-11-13"},
        ),
        _numbered(
            "ServiceRequest",
            f"{VISIT}-order",
            "order",
            status="completed",
            intent="order",
            code=code,
            subject=PATIENT,
            **visit,
            authoredOn="2019-11-12",
        ),
        _numbered(
            "Specimen",
            f"{VISIT}-blood",
            "specimen",
            status="available",
            type=concept(coding(SNOMED, "119364003", "Serum specimen")),
            subject=PATIENT,
            receivedTime=RECEIVED,
            request=[{"reference": f"ServiceRequest/{VISIT}-order"}],
            collection={"collectedDateTime": TAKEN},
        ),
        _numbered(
            "DiagnosticReport",
            f"{VISIT}-report",
            "report",
            basedOn=[{"reference": f"ServiceRequest/{VISIT}-order"}],
            status="final",
            category=[concept(coding(HL7 + "v2-0074", "CH"))],
            code=code,
            subject=PATIENT,
            **visit,
            effectiveDateTime=TAKEN,
            issued=ISSUED,
            performer=[{"reference": f"Organization/{LABORATORY}"}],
            resultsInterpreter=[{"reference": f"Practitioner/{BIOLOGIST}"}],
            specimen=[{"reference": f"Specimen/{VISIT}-blood"}],
            result=[{"reference": f"Observation/{VISIT}-{key}"} for key in REPORTED],
        ),
        _made(
            "QuestionnaireResponse",
            f"{VISIT}-fatigue",
            identifier={"system": SID + "form", "value": f"{VISIT}-fatigue".upper()},
            status="completed",
            subject=PATIENT,
            **visit,
            authored="2019-11-13",
            item=[{"linkId": "1", "text": "Fatigue, 0 to 10", "answer": [{"valueInteger": 3}]}],
        ),
    ]


def _codes() -> Json:
    """What codes of the laboratory mean in LOINC."""
    known = [one for one in ANALYTES if one.key in REPORTED]
    return _made(
        "ConceptMap",
        "msc-sle-laboratory-codes",
        url="https://laboratory.example/fhir/ConceptMap/codes",
        version="1",
        name="LaboratoryCodes",
        status="active",
        group=[
            {
                "source": "https://laboratory.example/codes",
                "target": LOINC,
                "element": [
                    {
                        "code": one.key.upper(),
                        "target": [
                            {"code": one.loinc[0], "display": one.loinc[1], "equivalence": "equivalent"}
                        ],
                    }
                    for one in known
                ],
            }
        ],
    )


def _numbered(kind: str, own_id: str, family: str, /, **said: Any) -> Json:
    """One with its own number at the hospital."""
    return _made(kind, own_id, identifier=[{"system": SID + family, "value": own_id.upper()}], **said)


def _made(kind: str, own_id: str, /, **said: Any) -> Json:
    return {"resourceType": kind, "id": own_id, "meta": meta(), **said}
