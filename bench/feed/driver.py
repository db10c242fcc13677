"""Push the feed as integration engines do: what gets no answer is sent again, what is refused is told.

The answers are counted, and of each message how many contents were acknowledged, so that the inbox can be
compared with it.
"""

import asyncio
from array import array
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import httpx
import msgspec

from bench.feed import er7
from bench.feed.messages import Delivery, Feed, Message, bundle, criteria, own_id, with_id
from bench.feed.results import PATIENTS, Json, concept_map, late, patient
from bench.feed.service import Service
from bench.feed.world import HOSPITALS

FHIR_JSON = {"Content-Type": "application/fhir+json"}
ER7 = {"Content-Type": "x-application/hl7-v2+er7"}
MAPS_GROW, LATE_COME = 0.45, 0.7
"""After which share of the messages the maps learn the rest, and the late patients are registered."""
REPLAY_HEADER = "x-idempotent-replay"
_TRANSIENT = frozenset((429, 503))
_TELL = 20
_ATTEMPTS = 30

Event = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Tally:
    """What the driver saw."""

    answers: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    throttled: int = 0
    faults: list[str] = field(default_factory=list)
    waits: "array[float]" = field(default_factory=lambda: array("d"))
    acknowledged: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)

    def fault(self, text: str) -> None:
        """An answer that should not be."""
        self.answers["fault"] += 1
        if len(self.faults) < _TELL:
            self.faults.append(text)

    def percentile(self, share: float) -> float:
        """Within how many milliseconds so many of the requests were answered."""
        return sorted(self.waits)[int(len(self.waits) * share)] * 1000 if self.waits else 0.0


@dataclass
class Driver:
    """The engines of all hospitals."""

    feed: Feed
    service: Service
    client: httpx.AsyncClient
    tally: Tally = field(default_factory=Tally)

    async def prepare(self) -> None:
        """What is there before the first result: the maps, and the patients known from the start."""
        await self._maps(grown=False)
        await self._patients([number for number in range(PATIENTS) if not late(number)])

    async def run(self, *, clients: int, kills: int) -> None:
        """Push everything once, with so many clients, while the server is killed so often."""
        total = sum(1 for _ in self.feed.messages())
        schedule = self._schedule(total, kills)
        happening: list[asyncio.Task[None]] = []

        def begin() -> Iterator[Message]:
            for place, message in enumerate(self.feed.messages()):
                happening.extend(asyncio.create_task(event()) for event in schedule.pop(place, ()))
                yield message

        await self.push_all(begin(), clients=clients)
        await asyncio.gather(*happening)

    def _schedule(self, total: int, kills: int) -> dict[int, list[Event]]:
        """What happens when so many messages have been sent."""
        events: dict[int, list[Event]] = {}
        for number in range(kills):
            events.setdefault(int(total * (number + 1) / (kills + 1)), []).append(self.service.kill)
        events.setdefault(int(total * MAPS_GROW), []).append(lambda: self._maps(grown=True))
        coming = [number for number in range(PATIENTS) if late(number)]
        events.setdefault(int(total * LATE_COME), []).append(lambda: self._patients(coming))
        return events

    async def push_all(self, messages: Iterator[Message], *, clients: int) -> None:
        """So many clients take one message after the other."""

        async def engine() -> None:
            for message in messages:
                await self.push(message)

        await asyncio.gather(*(engine() for _ in range(clients)))

    async def push(self, message: Message) -> None:
        """One message, until every content of it is acknowledged or refused for good."""
        if message.door in ("batch", "transaction"):
            await self._push_bundle(message)
        elif message.door == "hl7v2":
            await self._push_older(message)
        else:
            await self._push_single(message)

    async def _push_single(self, message: Message) -> None:
        [delivery] = message.deliveries
        method, path, body, headers = _single(delivery, message.door)
        answer = await self._answer(message, method, f"/fhir{path}", body, headers)
        if answer.is_success:
            self._acknowledge(message, f"{answer.status_code}{_replay(answer)}")
        else:
            self.tally.fault(f"{message.number} {method} {path}: {answer.status_code} {answer.text[:600]}")

    async def _push_older(self, message: Message) -> None:
        [delivery] = message.deliveries
        body = er7.message(delivery.result, delivery.moment, message.number)
        answer = await self._answer(message, "POST", "/hl7v2", body, ER7)
        said = [line.split("|") for line in answer.text.split("\r")]
        if answer.is_success and ["MSA", "AA", message.number] in (line[:3] for line in said):
            self._acknowledge(message, "AA")
        else:
            self.tally.fault(f"{message.number} hl7v2: {answer.status_code} {answer.text[:600]}")

    async def _push_bundle(self, message: Message) -> None:
        left = message
        for _ in range(_ATTEMPTS):
            answer = await self._answer(left, "POST", "/fhir", bundle(left), {})
            if answer.status_code == httpx.codes.ACCEPTED and left.door == "transaction":
                self._acknowledge(left, "202", len(left.deliveries))
                return
            if answer.status_code != httpx.codes.OK:
                self.tally.fault(f"{left.number} {left.door}: {answer.status_code} {answer.text[:600]}")
                return
            left = replace(left, deliveries=self._entries(left, answer))
            if not left.deliveries:
                return
            self.tally.throttled += 1
            await asyncio.sleep(1)
        self.tally.fault(f"{len(left.deliveries)} entries of {left.number} had to wait {_ATTEMPTS} times")

    def _entries(self, message: Message, answer: httpx.Response) -> list[Delivery]:
        """Take note of the answer to each entry; those that are to be sent again."""
        again = []
        entries = msgspec.json.decode(answer.content)["entry"]
        for entry, delivery in zip(entries, message.deliveries, strict=True):
            status = int(entry["response"]["status"][:3])
            if status in _TRANSIENT:
                again.append(delivery)
            elif status < httpx.codes.BAD_REQUEST:
                self._acknowledge(message, str(status))
            else:
                self.tally.fault(f"{message.number} entry of {delivery.result.identity}: {entry['response']}")
        return again

    def _acknowledge(self, message: Message, said: str, contents: int = 1) -> None:
        self.tally.acknowledged[message.number] += contents
        self.tally.answers[said] += contents

    async def _answer(
        self, message: Message, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        """The answer to a message, sent as often as it gets none."""

        def unsure() -> None:
            self.tally.unsure[message.number] += len(message.deliveries)

        return await self._ask(method, path, body, headers | {"X-Correlation-Id": message.number}, unsure)

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        lost: Callable[[], None] = lambda: None,
    ) -> httpx.Response:
        while True:
            await self.service.up.wait()
            began = perf_counter()
            try:
                url = f"{self.service.url}{path}"
                answer = await self.client.request(method, url, content=body, headers=FHIR_JSON | headers)
            except httpx.TransportError:
                self.tally.unanswered += 1
                lost()
                await asyncio.sleep(0.1)
                continue
            self.tally.waits.append(perf_counter() - began)
            if answer.status_code not in _TRANSIENT:
                return answer
            self.tally.throttled += 1
            if "retry-after" not in answer.headers:
                self.tally.fault(f"{answer.status_code} without Retry-After")
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))

    async def _maps(self, *, grown: bool) -> None:
        for hospital in HOSPITALS:
            for kind in ("codes", "units"):
                await self._put(concept_map(hospital, kind, grown=grown))

    async def _patients(self, numbers: list[int]) -> None:
        entries = [
            {"resource": one, "request": {"method": "PUT", "url": f"Patient/{one['id']}"}}
            for one in map(patient, numbers)
        ]
        await self._send("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries})

    async def _put(self, document: Json) -> None:
        await self._send("PUT", f"/fhir/{document['resourceType']}/{document['id']}", document)

    async def _send(self, method: str, path: str, document: Json) -> None:
        answer = await self._ask(method, path, msgspec.json.encode(document), {})
        if not answer.is_success:
            self.tally.fault(f"{method} {path}: {answer.status_code} {answer.text[:600]}")


def _replay(answer: httpx.Response) -> str:
    return " replay" if answer.headers.get(REPLAY_HEADER) == "true" else ""


def _single(delivery: Delivery, door: str) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, path, body and headers of a content that is sent by itself."""
    body, result = delivery.body(), delivery.result
    if door == "put":
        return "PUT", f"/Observation/{own_id(result)}", with_id(body, own_id(result)), {}
    if door == "put-by-number":
        return "PUT", f"/Observation?{criteria(result)}", body, {}
    once = {"If-None-Exist": criteria(result)} if door == "create-once" else {}
    return "POST", "/Observation", body, once
