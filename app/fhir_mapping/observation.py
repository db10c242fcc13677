"""Observation: what was measured, scored or attested: a laboratory result, a score, one of its items.

One Observation gives one measurement for its own value and one for each component; a component is
found again by its own code and by the code of the Observation it belongs to (`panel`).

| FHIR element | trial store (`measurement`) | note |
|---|---|---|
| `status` | `status` | entered-in-error, cancelled and unknown never count |
| `code`, `component.code` | `system`, `code`; `panel` | every coding is kept; LOINC for laboratory results |
| `subject` | `patient_id` | the Patient |
| `effectiveDateTime`, `effectiveInstant` | `effective`, `day` | as written, and the day in Paris |
| `effectivePeriod`, `effectiveTiming` | `effective`, `day` | its start |
| extension `visit` | `visit` | the visit by its label, such as `M6` |
| `valueQuantity` | `value`, `unit`, `comparator`, `received_value`, `received_unit` | in the canonical unit, and as sent |
| `valueInteger` | `value`, `received_value` | scores |
| `valueRatio` 1:n | `value` in `{titer}` | titres |
| `valueBoolean` | `truth` | an item present or absent |
| `valueCodeableConcept` | `answer_system`, `answer` | a grade, a positive test |
| `valueString`, `valueDateTime`, `valueTime` | | text |
| `dataAbsentReason` | `absent` | |
| `referenceRange` | `low`, `high` | the normal range, in the canonical unit |
| `interpretation` | | codes such as L or H |
| extension `workflow-researchStudy` | `study_id` of the resource | |

A value whose unit is missing or cannot be converted is kept as sent and never computed with
(`problem` is `unit-not-convertible`). Pushed under a hospital's own code that no map knows, it waits
(`problem` is `unmapped-code`, tag of the same name in `meta.tag`) and no answer rests on it. `valueRange`, `valuePeriod` and `valueSampledData` are kept in the
document and not computed with.
The visit is the extension `https://trialbridge.example/fhir/StructureDefinition/visit` (valueCode).

The scores have codes of our own, in `https://trialbridge.example/fhir/CodeSystem/score`:
`selena-sledai`, `sledai-2k` (valueInteger total and/or 24 components coded in `sledai-item` with
valueBoolean or dataAbsentReason), `bilag-classic`, `bilag-2004` (components coded in `bilag-system` with a
valueCodeableConcept coded in `bilag-grade`, A to E), `pga` (valueQuantity `{score}`, 0 to 3 unless a component
`scale-max` says otherwise), `slicc-damage` (valueInteger total and/or components coded in `slicc-item`, their
points or valueBoolean), `sf36v2` (components coded in `sf36-item`, 1 to 6 as answered, or in `sf36-scale`),
`eq5d-5l` (components coded in `eq5d-dimension`), `eq5d-vas`, `eq5d-index` (also by their SNOMED CT codes),
`mrss` (valueInteger total and/or components coded in `mrss-site`, 0 to 3). Refused (422): plain "BILAG" without its instrument, a total, an item, an answer or a
grade that the score does not have.
"""  # noqa: E501 - a table

from typing import Any

from app.clinical.records import Measurement, Moment, Source
from app.fhir_mapping.content import is_tagged
from app.fhir_mapping.datatypes import codings, extension, meant, moment, period, target_id, timing
from app.fhir_mapping.extensions import VISIT, VISIT_PATH
from app.fhir_mapping.observed import said
from app.fhir_mapping.push import UNMAPPED_CODE
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.scores import review
from app.fhir_mapping.standard import of_study, standard

_UNITS = "asked in one UCUM unit it is found in the others of the kind; sampled data are not searched"


def to_records(document: Document, source: Source) -> tuple[Measurement, ...]:
    """The Observation's own measurement, even where only its components say anything, and theirs."""
    panel = codings(document.get("code"))
    waits = is_tagged(document, UNMAPPED_CODE)
    shared: dict[str, Any] = {
        "source": source,
        "patient": target_id(document.get("subject"), "Patient") or "",
        "status": document.get("status", ""),
        "when": _when(document),
        "visit": _visit(document),
    }
    whole = Measurement(part=0, codings=panel, **shared, **said(document, panel, waits=waits))
    components = document.get("component")
    if not components:
        return (whole,)
    parts = [(codings(component.get("code")), component) for component in components]
    return (
        whole,
        *(
            Measurement(part=number, codings=own, panel=panel, **shared, **said(component, own, waits=waits))
            for number, (own, component) in enumerate(parts, 1)
        ),
    )


def _when(document: Document) -> Moment | None:
    """When it was observed; the start of what took a while, as laboratories date a collection."""
    at = document.get("effectiveDateTime") or document.get("effectiveInstant")
    if at is not None:
        return meant(moment(at))
    if "effectivePeriod" in document:
        return meant(period(document["effectivePeriod"]).start)
    return meant(timing(document.get("effectiveTiming")).start)


def _visit(document: Document) -> str | None:
    tag = extension(document, VISIT) if "extension" in document else None
    return tag.get("valueCode") if tag is not None else None


OBSERVATION = Resource(
    name="Observation",
    about=__doc__,
    to_records=to_records,
    review=review,
    search=(
        *standard(
            "Observation",
            columns={
                "patient": Column.PATIENT,
                "subject": Column.PATIENT,
                "status": Column.STATUS,
                "date": Column.DATE,
            },
            about={
                "identifier": "The result's own number at the sender.",
                "patient": "The Patient observed.",
                "subject": "Who or what was observed: a Patient, Group, Device or Location.",
                "code": "What was observed, such as `http://loinc.org|4485-9`.",
                "status": "Such as final, amended, corrected or entered-in-error.",
                "date": "When it was observed.",
                "category": "Such as laboratory, vital-signs or survey.",
                "value-quantity": f"The Observation's own value; {_UNITS}.",
                "component-value-quantity": f"A component's value; {_UNITS}.",
                "combo-value-quantity": f"The Observation's own value, or a component's; {_UNITS}.",
                "component-code": "The code of a component, such as a SLEDAI item.",
                "combo-code": "A code of the Observation or of a component.",
                "value-concept": "The coded answer.",
                "component-value-concept": "A component's coded answer.",
                "combo-value-concept": "The coded answer of the Observation or of a component.",
            },
        ),
        of_study("The study it was made for (extension workflow-researchStudy)."),
        SearchParameter(
            name="visit",
            kind=SearchKind.TOKEN,
            paths=(VISIT_PATH,),
            about="The visit it was made for, by its label, such as M6 (extension visit).",
        ),
    ),
)
