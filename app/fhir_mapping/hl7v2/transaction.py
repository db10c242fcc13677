"""A message as the transaction that stores it: the same bytes for the same message, whenever it is sent.

MSH-7 and MSH-10 are in none of it, so that a resend is an exact replay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.content import as_sent
from app.fhir_mapping.hl7v2 import coded, numbers, reports, results, subject
from app.fhir_mapping.hl7v2.numbers import Number
from app.fhir_mapping.hl7v2.oru import Order, Result, ResultMessage
from app.fhir_mapping.hl7v2.results import Around
from app.fhir_mapping.hl7v2.spoken import Spoken
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Document

Standing = Mapping[tuple[str, str], Document]
"""The results stored under an identifier (system, value), as they stand now."""

_UNSETTLED = {"preliminary", "registered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """`raw` is the Bundle; `places` say of each of its entries where in the message it was read.

    There is no entry where a message says nothing that is not stored already.
    """

    raw: bytes
    places: Sequence[str]
    warnings: Sequence[Issue]


@dataclass(slots=True)
class _Writing:
    """The Bundle as it grows, and what was refused so far."""

    spoken: Spoken
    standing: Standing
    entries: dict[tuple[str, Number], dict[str, Any]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, number: Number, document: Document, place: str) -> str:
        """Keep a resource; what it is called. The same one again is one entry."""
        kind = document["resourceType"]
        url = number.full_url(kind)
        if (kind, number) not in self.entries:
            request = {"method": "POST", "url": kind}
            self.entries[kind, number] = {"fullUrl": url, "resource": document, "request": request}
            self.places.append(place)
        return url

    def refuse_twice(self, number: Number, place: str) -> None:
        """Refuse a result that another of the message is told by already."""
        if ("Observation", number) in self.entries:
            text = "another part of the message has the same number, code and sub-id (OBX-4)"
            raise Refusal(422, (Issue("duplicate", text, place),))


def promoted(message: ResultMessage) -> list[Number]:
    """The results that the message only says are final: what is stored of them is needed to store that."""
    spoken, told = Spoken(message.sender), subject.pseudonym(message.patient, message.sender)
    found: list[Number] = []
    for order in message.orders:
        if any(results.is_promotion(one.obx) for one in order.results):
            number = numbers.of_order(order, told, message.sender)
            around = Around(order=order, number=number, subject="", request=None, specimens=())
            found += [
                results.number_of(one.obx, around, spoken)
                for one in order.results
                if results.is_promotion(one.obx)
            ]
    return found


def transaction(message: ResultMessage, standing: Standing | None = None) -> Transaction:
    """The message as a transaction Bundle; Refusal with every reason why it cannot be one."""
    writing = _Writing(Spoken(message.sender), standing or {})
    told = subject.pseudonym(message.patient, message.sender)
    for order in message.orders:
        try:
            _order(order, told, writing)
        except Refusal as refused:
            writing.refused.append(refused)
    if writing.refused:
        raise _together(writing.refused)
    bundle = {"resourceType": "Bundle", "type": "transaction"}
    if writing.entries:
        bundle["entry"] = list(writing.entries.values())  # type: ignore[assignment]
    return Transaction(
        raw=codec.write(bundle), places=writing.places, warnings=tuple(dict.fromkeys(writing.spoken.warnings))
    )


def _order(order: Order, told: str, writing: _Writing) -> None:
    """An order's specimens, the order itself, its results, and their report."""
    spoken, sender = writing.spoken, writing.spoken.sender
    whose = subject.search(told, sender)
    number = numbers.of_order(order, told, sender)
    if not number.kind:
        text = (
            "there is no filler number (OBR-3) and no placer number: the result is told by what was examined"
        )
        spoken.warn(f"{text}, of whom and when", order.obr.at(3))
    panel = number.of(coded.chosen(reports.code_of(order.obr, spoken)))
    taken = [writing.add(*one) for one in reports.specimens(order, number, whose, spoken)]
    request = reports.request(order, panel, whose, spoken)
    asked = writing.add(panel, request, f"OBR[{order.obr.number}]") if request is not None else None
    around = Around(order=order, number=number, subject=whose, request=asked, specimens=taken)
    said = dict(stored for one in order.results if (stored := _result(one, around, writing)) is not None)
    report = reports.report(around, panel, said, spoken) if said or not order.results else None
    if report is not None:
        writing.add(*report, f"OBR[{order.obr.number}]")


def _result(result: Result, around: Around, writing: _Writing) -> tuple[Number, Document] | None:
    """One result, kept; None where it was refused, or is settled already and need not be."""
    place = f"OBX[{result.obx.number}]"
    try:
        number = results.number_of(result.obx, around, writing.spoken)
        writing.refuse_twice(number, place)
        if results.is_promotion(result.obx):
            document = _promotion(result, number, around, writing)
        else:
            document = results.observation(result, around, writing.spoken)
    except Refusal as refused:
        writing.refused.append(refused)
        return None
    if document is None:
        return None
    writing.add(number, document, place)
    return number, document


def _promotion(result: Result, number: Number, around: Around, writing: _Writing) -> Document | None:
    """The stored preliminary result as final (OBX-11 U); None where it is settled already."""
    stored = writing.standing.get((number.system, number.value))
    place = result.obx.at(11)
    if stored is None:
        text = "U says that a result sent before is final, and none was sent: send it whole, as F"
        raise Refusal(422, (Issue("not-found", text, place),))
    if stored["status"] not in _UNSETTLED:
        writing.spoken.warn("the result is settled already: U says nothing new", place)
        return None
    issued = results.issued(result.obx, around.order, writing.spoken)
    sent = {name: value for name, value in as_sent(stored).items() if name not in {"id", "meta"}}
    return {**sent, "status": "final"} | ({"issued": issued} if issued else {})


def _together(refused: Sequence[Refusal]) -> Refusal:
    """Every reason at once."""
    issues = tuple(issue for one in refused for issue in one.issues)
    return Refusal(max(one.status for one in refused), issues)
