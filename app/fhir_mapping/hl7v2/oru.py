"""The groups of an ORU^R01: one patient, their orders, and of each order the results, comments and specimens.

Segments not named here (PV1, PD1, NK1, TQ1, CTI, ROL, PRT, Z segments and others) are passed over unread.
Source: HL7 Version 2.5.1, chapter 7, §7.3.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.fhir_mapping.hl7v2 import er7, header
from app.fhir_mapping.hl7v2.er7 import Segment
from app.fhir_mapping.hl7v2.header import Header
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.sender import Sender, Senders

_LINES = {"TX", "FT"}
"""Types of value that laboratories send line by line, each line an OBX."""


@dataclass(slots=True)
class Result:
    """An OBX with the comments below it."""

    obx: Segment
    comments: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """An OBR with what belongs to it; `orc` is the ORC before it."""

    obr: Segment
    orc: Segment | None = None
    comments: list[Segment] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """An ORU^R01 of a registered sender, whose groups are known and whose fields are not read yet."""

    header: Header
    sender: Sender
    patient: Segment
    orders: Sequence[Order]


def read(raw: bytes, senders: Senders, *, charset: str | None = None) -> ResultMessage:
    """The message these bytes are; Refusal with every reason why it is none that is read here.

    `charset` is what HTTP says the body is in; MSH-18 is believed first.
    """
    head = Header.of(raw)
    head.refuse_others()
    msh, *segments = er7.parsed(raw, head.charset(charset))
    sender = header.sender_of(msh, senders)
    patients = [one for one in segments if one.name == "PID"]
    _refuse_unread(segments, patients)
    return ResultMessage(head, sender, patients[0], _orders(segments))


def _refuse_unread(segments: Sequence[Segment], patients: Sequence[Segment]) -> None:
    """Refuse what would be lost if it were passed over."""
    issues: list[Issue] = []
    if not patients:
        issues.append(Issue("required", "there is no PID: a result is a patient's", "PID[1]"))
    several = "a message tells of one patient here: send each patient's results as one of their own"
    issues += (Issue("structure", several, f"PID[{one.number}]") for one in patients[1:])
    for one in segments:
        if one.name in {"ADD", "DSC"}:
            text = "send the message whole, not in parts"
            issues.append(Issue("not-supported", text, f"{one.name}[{one.number}]"))
        if one.name in {"MSH", "FHS", "BHS"}:
            text = "send each message by itself, not in a batch"
            issues.append(Issue("structure", text, f"{one.name}[{one.number}]"))
    if not any(one.name == "OBR" for one in segments):
        issues.append(Issue("required", "there is no OBR: nothing was examined", "OBR[1]"))
    if issues:
        raise Refusal(400, tuple(issues))


def _orders(segments: Sequence[Segment]) -> list[Order]:
    """The orders of the message, each with its results; a comment belongs to what stands before it."""
    orders: list[Order] = []
    orc: Segment | None = None
    commented: list[Segment] | None = None
    for one in segments:
        match one.name:
            case "ORC":
                orc, commented = one, None
            case "OBR":
                orders.append(Order(one, orc))
                orc, commented = None, orders[-1].comments
            case "OBX":
                commented = _add_result(orders, one)
            case "SPM":
                _order_of(orders, one).specimens.append(one)
                commented = None
            case "NTE" if commented is not None:
                commented.append(one)
            case "PID" | "PV1":
                commented = None
            case _:
                pass
    return orders


def _order_of(orders: Sequence[Order], segment: Segment) -> Order:
    if not orders:
        text = f"this {segment.name} stands before any OBR, so that nothing says what it belongs to"
        raise refusal(400, "structure", text, f"{segment.name}[{segment.number}]")
    return orders[-1]


def _add_result(orders: Sequence[Order], obx: Segment) -> list[Segment]:
    """Keep a result; a further line of the text before it goes there. What its comments are kept in."""
    results = _order_of(orders, obx).results
    if results and _goes_on(results[-1].obx, obx):
        results[-1].obx = _joined(results[-1].obx, obx)
    else:
        results.append(Result(obx))
    return results[-1].comments


def _goes_on(before: Segment, obx: Segment) -> bool:
    """Whether an OBX is the next line of a text: the same question, sub-id and status."""
    same = all(before.written(at) == obx.written(at) for at in (2, 3, 4, 11, 21))
    return same and obx[2].text in _LINES


def _joined(before: Segment, obx: Segment) -> Segment:
    fields = list(before.fields)
    fields[5] = obx.encoding.repetition.join((before.written(5), obx.written(5)))
    return replace(before, fields=fields)
