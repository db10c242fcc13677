"""One OBX as an Observation.

| HL7 v2 | FHIR |
|---|---|
| OBX-2, OBX-5, OBX-6 | value[x] (`values`) |
| OBX-3 | code, each coding kept, the sender's own marked userSelected |
| OBX-7, OBX-8 | referenceRange, interpretation |
| OBX-11 | status (`statuses`) |
| OBX-14, else OBR-7 with OBR-8, else SPM-17 | effective[x] |
| OBX-17 | method |
| OBR-22, else OBX-19 | issued |
| NTE below it | note |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir_mapping.hl7v2 import coded, numbers, statuses, values
from app.fhir_mapping.hl7v2.er7 import Segment
from app.fhir_mapping.hl7v2.numbers import Number
from app.fhir_mapping.hl7v2.oru import Order, Result
from app.fhir_mapping.hl7v2.spoken import Spoken
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.resource import Document

_CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What an order says of all its results: their number, whose they are, and the resources beside them."""

    order: Order
    number: Number
    subject: str
    request: str | None
    specimens: Sequence[str]


def number_of(obx: Segment, around: Around, spoken: Spoken) -> Number:
    """The number of a result."""
    return numbers.of_result(around.number, obx, code_of(obx, spoken), spoken.sender)


def code_of(obx: Segment, spoken: Spoken) -> Document:
    """What was examined; Refusal where OBX-3 does not say."""
    code = coded.concept(obx[3], spoken.sender)
    if code is None:
        raise refusal(422, "required", "OBX-3, what was examined, is empty", obx.at(3))
    return code


def is_promotion(obx: Segment) -> bool:
    """Whether an OBX says only that a result sent before is final."""
    return obx[11].text == statuses.PROMOTION and not obx.all(5)


def issued(obx: Segment, order: Order, spoken: Spoken) -> str | None:
    """When the result was released: this is what orders its versions. Never the time of the message."""
    released = spoken.instant(order.obr, 22)
    return released if released is not None else spoken.instant(obx, 19)


def observation(result: Result, around: Around, spoken: Spoken) -> Document:
    """The Observation an OBX is."""
    obx, order = result.obx, around.order
    valued = values.value(obx, spoken)
    status = statuses.result_status(obx, valued=bool(valued) and "dataAbsentReason" not in valued)
    own = number_of(obx, around, spoken).element
    placer = numbers.placer(order)
    told: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [own, placer] if placer is not None else [own],
        "basedOn": [{"reference": around.request}] if around.request else None,
        "status": status,
        "category": [{"coding": [_CATEGORY]}],
        "code": code_of(obx, spoken),
        "subject": {"reference": around.subject},
        **effective(obx, order, spoken),
        "issued": issued(obx, order, spoken),
        **(valued or _absent(obx)),
        "interpretation": [one for said in obx.all(8) if (one := values.interpretation(said))] or None,
        "note": comments(result.comments),
        "method": coded.concept(obx[17], spoken.sender),
        "specimen": {"reference": around.specimens[0]} if len(around.specimens) == 1 else None,
        "referenceRange": values.reference_range(obx),
    }
    return said(told)


def said(document: dict[str, Any]) -> Document:
    """The members that say something."""
    return {name: value for name, value in document.items() if value is not None}


def comments(segments: Sequence[Segment]) -> list[Document] | None:
    """The lines of the comments, as one note."""
    lines = [value.text for segment in segments for value in segment.all(3)]
    return [{"text": "\n".join(lines)}] if lines else None


def effective(obx: Segment | None, order: Order, spoken: Spoken) -> Document:
    """When what was examined was so: a moment, or the period of a collection that took a while."""
    own = spoken.when(obx, 14) if obx is not None else None
    if own is not None:
        return {"effectiveDateTime": own}
    start, end = spoken.when(order.obr, 7), spoken.when(order.obr, 8)
    if start is None and len(order.specimens) == 1:
        start, end = spoken.when(order.specimens[0], 17), spoken.until(order.specimens[0], 17)
    return spoken.taken("effective", start, end, order.obr.at(8))


def _absent(obx: Segment) -> Document:
    """Why there is no value; of what was entered in error nothing is said."""
    status = obx[11].text
    if statuses.RESULT[status] == "entered-in-error":
        return {}
    return {"dataAbsentReason": values.absent(*statuses.ABSENT.get(status, ("unknown", None)))}
