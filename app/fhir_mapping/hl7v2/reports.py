"""One OBR as a DiagnosticReport and a ServiceRequest, and what was taken from the patient as Specimens.

| HL7 v2 | FHIR |
|---|---|
| OBR-4 | DiagnosticReport.code, ServiceRequest.code |
| OBR-7, OBR-8 | DiagnosticReport.effective[x] |
| OBR-22, else the latest OBX-19 | DiagnosticReport.issued |
| OBR-24 | DiagnosticReport.category |
| OBR-25 | DiagnosticReport.status |
| NTE below it | DiagnosticReport.conclusion |
| OBR-2, ORC-2 | ServiceRequest.identifier |
| SPM-2, SPM-4, SPM-17, SPM-18 | Specimen.identifier, type, collection, receivedTime |
| OBR-15, OBR-7, OBR-14 where there is no SPM | the same |
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.fhir_mapping.dates import date_bounds
from app.fhir_mapping.hl7v2 import coded, numbers, statuses
from app.fhir_mapping.hl7v2.er7 import Encoding, Segment, Value
from app.fhir_mapping.hl7v2.numbers import Number
from app.fhir_mapping.hl7v2.oru import Order
from app.fhir_mapping.hl7v2.results import Around, comments, effective, said
from app.fhir_mapping.hl7v2.spoken import Spoken
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.resource import Document


class Taken(NamedTuple):
    """A Specimen with its number and the place it was read at."""

    number: Number
    document: Document
    place: str


def code_of(obr: Segment, spoken: Spoken) -> Document:
    """What was asked for; Refusal where OBR-4 does not say."""
    code = coded.concept(obr[4], spoken.sender)
    if code is None:
        raise refusal(422, "required", "OBR-4, what was asked for, is empty", obr.at(4))
    return code


def specimens(order: Order, number: Number, subject: str, spoken: Spoken) -> Iterator[Taken]:
    """What was taken from the patient for this order."""
    for spm in order.specimens:
        yield _of_spm(spm, number, subject, spoken)
    source = order.obr[15]
    if not order.specimens and source:
        yield _of_obr(order.obr, number.of("specimen"), subject, spoken)


def _of_spm(spm: Segment, order: Number, subject: str, spoken: Spoken) -> Taken:
    own = next((one for at in (2, 1) if (one := spm[2][at].name)), None)
    number = Number(order.system, own) if own else order.of("specimen", str(spm.number))
    taken = spoken.taken("collected", spoken.when(spm, 17), spoken.until(spm, 17), spm.at(17))
    return Taken(
        number,
        _specimen(
            number,
            coded.concept(spm[4], spoken.sender),
            subject,
            collection=taken,
            received=spoken.when(spm, 18),
        ),
        f"SPM[{spm.number}]",
    )


def _of_obr(obr: Segment, number: Number, subject: str, spoken: Spoken) -> Taken:
    """OBR-15 of version 2.3 to 2.4: the kind of specimen is coded in its first component."""
    kind = coded.concept(_as_field(obr[15][1]), spoken.sender)
    taken = spoken.taken("collected", spoken.when(obr, 7), spoken.when(obr, 8), obr.at(8))
    received = spoken.when(obr, 14)
    return Taken(number, _specimen(number, kind, subject, collection=taken, received=received), obr.at(15))


def _as_field(component: Value) -> Value:
    """A component whose subcomponents are what in a field are components."""
    one = component.encoding
    inner = Encoding(one.field, one.subcomponent, one.repetition, one.escape, one.component, one.charset)
    return Value(component.written, inner)


def _specimen(
    number: Number, kind: Document | None, subject: str, *, collection: Document, received: str | None
) -> Document:
    return said(
        {
            "resourceType": "Specimen",
            "identifier": [number.element],
            "type": kind,
            "subject": {"reference": subject},
            "receivedTime": received,
            "collection": collection or None,
        }
    )


def request(order: Order, number: Number, subject: str, spoken: Spoken) -> Document | None:
    """The order, where the message names it; how far it has come the results do not say."""
    placer = numbers.placer(order)
    if placer is None:
        return None
    return {
        "resourceType": "ServiceRequest",
        "identifier": [number.element, placer],
        "status": "unknown",
        "intent": "order",
        "code": code_of(order.obr, spoken),
        "subject": {"reference": subject},
    }


def report(
    around: Around, panel: Number, results: Mapping[Number, Document], spoken: Spoken
) -> tuple[Number, Document] | None:
    """The report of these results; none where nothing dates it, for two of them could not be ordered."""
    obr = around.order.obr
    issued = spoken.instant(obr, 22) or _latest(one.get("issued") for one in results.values())
    if issued is None:
        spoken.warn(
            "without OBR-22 no DiagnosticReport is made: nothing would order its versions", obr.at(22)
        )
        return None
    number = numbers.of_report(panel, results)
    document: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": [number.element, panel.element],
        "basedOn": [{"reference": around.request}] if around.request else None,
        "status": statuses.report_status(obr, [one["status"] for one in results.values()]),
        "category": [section] if (section := coded.of_table(obr[24], "0074")) else None,
        "code": code_of(obr, spoken),
        "subject": {"reference": around.subject},
        **effective(None, around.order, spoken),
        "issued": issued,
        "specimen": [{"reference": one} for one in around.specimens] or None,
        "result": [{"reference": one.full_url("Observation")} for one in results] or None,
        "conclusion": next((note["text"] for note in comments(around.order.comments) or ()), None),
    }
    return number, said(document)


def _latest(instants: Iterable[str | None]) -> str | None:
    dated = [(bounds[0], one) for one in instants if (bounds := date_bounds(one)) is not None]
    return max(dated)[1] if dated else None
