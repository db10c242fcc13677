"""The number that makes a result the same one when it arrives again. Never the time or number of the message.

`filler number ^ the laboratory's code ^ sub-id`, under an identifier system of the sender. Without a filler
number it is made of the placer's; without that, of what was examined, of whom and when.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from app.fhir_mapping.hl7v2.coded import V2, chosen
from app.fhir_mapping.hl7v2.er7 import Segment, Value
from app.fhir_mapping.hl7v2.oru import Order
from app.fhir_mapping.sender import Sender

Element = dict[str, Any]


class Number(NamedTuple):
    """A number and its identifier system; `kind` is its type in table 0203, "" for one made here."""

    system: str
    value: str
    kind: str = "FILL"

    def of(self, *parts: str) -> "Number":
        """The number of a part of what this is the number of."""
        return self._replace(value="^".join((self.value, *parts)))

    @property
    def element(self) -> Element:
        """It as an Identifier."""
        typed = {"type": {"coding": [{"system": V2.format("0203"), "code": self.kind}]}} if self.kind else {}
        return {**typed, "system": self.system, "value": self.value}

    def full_url(self, type_name: str) -> str:
        """What the resource of this number is called within its Bundle: always the same."""
        return uuid5(NAMESPACE_URL, f"{type_name}|{self.system}|{self.value}").urn


def of_order(order: Order, subject: str, sender: Sender) -> Number:
    """The number of an order's results: the filler's, else the placer's, else one made of the content."""
    for filler in _entities(order, 3):
        return Number(_system(filler, sender), filler[1].code)
    for placer in _entities(order, 2):
        return Number(_system(placer, sender), f"placer:{placer[1].code}", "PLAC")
    obr = order.obr
    said = (
        subject,
        obr.written(4),
        obr.written(7),
        obr.written(15),
        *(one.written(2) for one in order.specimens),
    )
    content = () if obr[7] else tuple(one.obx.written(5) for one in order.results)
    digest = sha256("\n".join((*said, *content)).encode()).hexdigest()
    return Number(sender.systems[0], f"content:{digest[:32]}", "")


def of_result(order: Number, obx: Segment, code: Element, sender: Sender) -> Number:
    """The number of one result; OBX-21, where it is given, in the place of the order's."""
    own = obx[21]
    base = Number(_system(own, sender), own[1].code) if own[1] else order
    sub_id = obx[4].code
    return base.of(chosen(code), *([sub_id] if sub_id else []))


def of_report(panel: Number, results: Iterable[Number]) -> Number:
    """The number of a report of just these results.

    Laboratories send the results of an order in several messages, each with a report of what is in it: none
    of them contradicts the others.
    """
    digest = sha256("\n".join(sorted(one.value for one in results)).encode()).hexdigest()
    return Number(panel.system, f"{panel.value}^{digest[:16]}", "")


def placer(order: Order) -> Element | None:
    """The number the one who ordered gave, for people to find the order by."""
    for found in _entities(order, 2):
        told: Element = {"type": {"coding": [{"system": V2.format("0203"), "code": "PLAC"}]}}
        assigned = _universal(found)
        if assigned is not None:
            told["system"] = assigned
        return {**told, "value": found[1].code}
    return None


def _entities(order: Order, field: int) -> Iterator[Value]:
    """OBR-2 and ORC-2, or OBR-3 and ORC-3, as far as they say something."""
    for segment in (order.obr, order.orc):
        if segment is not None and segment[field][1]:
            yield segment[field]


def _system(entity: Value, sender: Sender) -> str:
    """The sender's system an EI is of: its OID or URI where that is one of the sender's, else the first."""
    named = _universal(entity)
    return named if named in sender.systems else sender.systems[0]


def _universal(entity: Value) -> str | None:
    """The OID or URI of who assigned an EI."""
    said, kind = entity[3].text, entity[4].text
    if not said or any(one.isspace() for one in said):
        return None
    return f"urn:oid:{said}" if kind == "ISO" else said if ":" in said else None
