"""How the feed travels: which contents go together in which message, through which door, in which order.

Deterministic by the seed. Everything is shuffled: a correction may arrive before what it corrects, and a
resend before what it repeats.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

import msgspec

from bench.feed.results import Json, Result, late

Door = Literal["post", "create-once", "put", "put-by-number", "batch", "transaction", "hl7v2"]

RESENT: Final = 0.01
"""Share of the results that are sent a second time though nobody lost them."""
MOMENTS: Final = 4
_RESEND: Final = 1
_BUNDLES: Final = (1, 2, 5, 20, 50, 100, 150, 200)
_FEW, _MANY = 20, 800
_SMALL: Final = (1, 2, 3, 5, 10, 20)
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One content of one result, sent once; `again` where it is a resend, spelled in another way."""

    result: Result
    moment: int
    again: bool

    def body(self) -> bytes:
        """The JSON."""
        document = self.result.content(self.moment)
        if not self.again:
            return _encoder.encode(document)
        return spelled_otherwise(document, Random(self.result.number)).encode()  # noqa: S311


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent in one request: its number, the door, and what it holds."""

    number: str
    door: Door
    deliveries: Sequence[Delivery]


@dataclass(frozen=True)
class Feed:
    """All that the hospitals send."""

    seed: int
    results: int

    def result(self, number: int) -> Result:
        """One result."""
        return Result(self.seed, number)

    def every(self) -> Iterator[Result]:
        """All of them."""
        return map(self.result, range(self.results))

    def messages(self) -> Iterator[Message]:
        """Every message in the order of sending."""
        chance = Random(f"{self.seed}/messages")  # noqa: S311
        number = 0
        for deliveries in self._alternating(chance):
            left = deliveries
            while left:
                door, size = _door(chance, left[0])
                yield Message(f"m{self.seed}-{number}", door, left[:size])
                left, number = left[size:], number + 1

    def _alternating(self, chance: Random) -> Iterator[list[Delivery]]:
        """The deliveries of one hospital at a time: HL7 v2 apart, and so what is about late patients."""
        queues: dict[tuple[str, bool, bool], list[Delivery]] = {}
        for packed in self._shuffled(chance):
            one = self._unpacked(packed)
            kind = (one.result.hospital.name, one.result.by_hl7v2, late(one.result.patient))
            queue = queues.setdefault(kind, [])
            queue.append(one)
            if len(queue) >= (_FEW if kind[1] or kind[2] else _MANY):
                yield queues.pop(kind)
        yield from queues.values()

    def _shuffled(self, chance: Random) -> "array[int]":
        """Every delivery as one number, in random order."""
        packed = array("q")
        for result in self.every():
            base = result.number * MOMENTS
            packed.extend((base + moment) * 2 for moment in range(result.moments))
            if chance.random() < RESENT:
                packed.append((base + chance.randrange(result.moments)) * 2 + _RESEND)
        chance.shuffle(packed)
        return packed

    def _unpacked(self, packed: int) -> Delivery:
        number, moment = divmod(packed // 2, MOMENTS)
        return Delivery(self.result(number), moment, again=bool(packed % 2))


def _door(chance: Random, first: Delivery) -> tuple[Door, int]:
    """The door of the next message, and how many contents go through it at once."""
    if first.result.by_hl7v2:
        return "hl7v2", 1
    small = late(first.result.patient)
    if chance.random() < 0.35:
        door: Door = "transaction" if chance.random() < 0.6 else "batch"
        return door, chance.choice(_SMALL if small else _BUNDLES)
    return chance.choice(("post", "post", "create-once", "put", "put-by-number")), 1


def bundle(message: Message) -> bytes:
    """The Bundle of a message: one entry for each content, in the ways an entry can ask for it."""
    entries = b",".join(
        b'{"resource":%b,"request":%b}' % (body, _encoder.encode(request))
        for body, request in (_entry(one, message.door, n) for n, one in enumerate(message.deliveries))
    )
    identifier = _encoder.encode({"system": "urn:feed:message", "value": message.number})
    head = b'{"resourceType":"Bundle","identifier":%b,"type":"%b","entry":['
    return head % (identifier, message.door.encode()) + entries + b"]}"


def _entry(delivery: Delivery, door: Door, place: int) -> tuple[bytes, Json]:
    body = delivery.body()
    way = (delivery.result.number + place) % 8
    if way == 0:
        return body, {"method": "POST", "url": "Observation", "ifNoneExist": criteria(delivery.result)}
    if way == 1 and door == "batch":
        return with_id(body, own_id(delivery.result)), {
            "method": "PUT",
            "url": f"Observation/{own_id(delivery.result)}",
        }
    return body, {"method": "POST", "url": "Observation"}


def criteria(result: Result) -> str:
    """The search that finds what bears a result's number."""
    said = result.identifier
    return f"identifier={said['system']}|{said['value']}"


def own_id(result: Result) -> str:
    """The id a hospital gives a result that it PUTs."""
    return f"{result.hospital.name}-{result.filler}-{result.analyte.local}"


def with_id(body: bytes, name: str) -> bytes:
    """The resource with an id."""
    return body.replace(b"{", b'{"id":"%b",' % name.encode(), 1)


def spelled_otherwise(value: Any, chance: Random) -> str:
    """The same JSON with its members in another order, other blanks and other escapes."""
    if isinstance(value, dict):
        members = list(value.items())
        chance.shuffle(members)
        said = (
            f"{msgspec.json.encode(name).decode()} : {spelled_otherwise(one, chance)}"
            for name, one in members
        )
        return "{ " + ",\n  ".join(said) + " }"
    if isinstance(value, list):
        return "[ " + " , ".join(spelled_otherwise(one, chance) for one in value) + " ]"
    if isinstance(value, str):
        text: str = msgspec.json.encode(value).decode()
        return "".join(sign if sign < "\x7f" else f"\\u{ord(sign):04x}" for sign in text)
    return _encoder.encode(value).decode()
