"""Compare the store with the truth: every resource, every version, every value, every message."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, NamedTuple

from bench.feed.documents import added_codes, decoded, essence, in_order, sent, text, waits
from bench.feed.driver import Driver
from bench.feed.messages import Delivery, Message
from bench.feed.results import PANEL, PATIENTS, Json, Result
from bench.feed.rows import exact, hashes, one, rows
from bench.feed.world import HOSPITALS

PAGE: Final = 500
REPLAYED: Final = 2_000
"""Contents that are sent ten times over; of a short feed a quarter."""
TIMES: Final = 10
PATIENCE: Final = 150.0
"""Seconds within which what was parked must have come in by itself."""
_BY_NUMBERS: Final = {hospital.numbers: hospital for hospital in HOSPITALS}
_IDENTITIES: Final = "SELECT type, count(*) FROM identity GROUP BY type"
_MEASURED: Final = """SELECT i.system, i.value, i.code, m.system, m.code, m.value, m.unit, m.received_value,
 m.received_unit, m.patient_id, m.problem FROM measurement m
 JOIN identity i ON i.type = 'Observation' AND i.id = m.id WHERE m.part = 0"""
_MESSAGES: Final = """SELECT message, fate, count(*) FROM inbox
 WHERE door <> 'replay' AND type = 'Observation' GROUP BY message, fate"""
_AWAITED: Final = "SELECT kind, system, text, count(*) FROM awaited GROUP BY kind, system, text"


class Measured(NamedTuple):
    """A row of the measurements."""

    system: str
    code: str
    value: Any
    unit: str | None
    received_value: str | None
    received_unit: str | None
    patient: str
    problem: str | None


@dataclass
class Audit:
    """What differs, in words, and what was found, in numbers."""

    driver: Driver
    differences: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def _url(self) -> str:
        return self.driver.service.database_url

    async def carry_out(self, *, clients: int) -> None:
        """Everything, one after the other."""
        self.differences.extend(self.driver.tally.faults)
        await self._settled()
        await self._resources()
        await self._histories(clients)
        await self._measurements()
        await self._waiting()
        await self._inbox()
        await self._replayed(clients)

    def _differs(self, about: str, found: object, expected: object) -> None:
        if found != expected:
            self.differences.append(f"{about}: {found!r}, but it must be {expected!r}")

    async def _settled(self) -> None:
        """Nothing is parked any more, and what a map knows by now waits no longer."""
        began = perf_counter()
        late = [
            *((hospital.codes, code) for hospital in HOSPITALS for code in hospital.later),
            *((hospital.units, "µmol par litre") for hospital in HOSPITALS),
        ]
        while perf_counter() - began < PATIENCE:
            parked = await one(self._url, "SELECT count(*) FROM parked")
            waiting = [row[:2] async for row in rows(self._url, "SELECT DISTINCT system, text FROM awaited")]
            if not parked and not set(waiting) & set(late):
                break
            await asyncio.sleep(0.5)
        self._differs("parked in the end", await one(self._url, "SELECT count(*) FROM parked"), 0)
        self.told.append(f"all that waited had come in {perf_counter() - began:.1f} s after the last message")

    # ---- the resources themselves --------------------------------------------------------------------

    async def _resources(self) -> None:
        """Each result is there once, with the content that stands in the end."""
        seen: set[int] = set()
        async for stored in self._found("Observation"):
            number = self._number(stored)
            if number in seen:
                self.differences.append(f"result {number} is stored twice, also as {stored['id']}")
            seen.add(number)
            self._compare(stored, self.driver.feed.result(number))
        missing = set(range(self.driver.feed.results)) - seen
        self.differences.extend(f"result {number} is missing" for number in sorted(missing))
        reports = sum(result.by_hl7v2 for result in self.driver.feed.every())
        found = {row[0]: row[1] async for row in rows(self._url, _IDENTITIES)}
        self._differs("identities", found, {"Observation": len(seen), "DiagnosticReport": reports})
        patients = [one async for one in self._found("Patient")]
        self._differs("patients", len(patients), PATIENTS)
        self.told.append(f"{len(seen)} results of {len(patients)} patients are stored")

    async def _found(self, kind: str) -> AsyncIterator[Json]:
        """Every resource of a type, page by page."""
        address: str | None = f"{kind}?_count={PAGE}"
        while address is not None:
            page = decoded((await self.driver.service.page(self.driver.client, address)).content)
            for entry in page.get("entry", ()):
                yield entry["resource"]
            address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)

    def _number(self, stored: Json) -> int:
        """Which result of the feed it is."""
        said = stored["identifier"][0]
        hospital = _BY_NUMBERS[said["system"]]
        local = next(one["code"] for one in stored["code"]["coding"] if one["system"] == hospital.codes)
        return self._which(said["value"], local)

    def _which(self, filler: str, local: str) -> int:
        panel = int(filler.partition("^")[0][2:])
        of_panel = (self.driver.feed.result(panel * PANEL + place) for place in range(PANEL))
        return next(result.number for result in of_panel if result.analyte.local == local)

    def _compare(self, stored: Json, result: Result) -> None:
        said, wanted = sent(stored), result.content(result.last)
        name = f"Observation/{stored['id']} ({result.number})"
        if result.by_hl7v2:
            self._differs(name, essence(stored), essence(wanted))
        elif in_order(said) != in_order(wanted) and in_order(said) != in_order(_respelled(result)):
            self._differs(name, text(said).decode(), text(wanted).decode())
        self._differs(f"{name} meta", said["meta"], {"tag": []} if result.by_hl7v2 else wanted["meta"])
        mapped = result.code_known != "never" and not result.sends_loinc
        self._differs(f"{name} codes added", added_codes(stored), [result.analyte.loinc] if mapped else [])
        self._differs(f"{name} waits", waits(stored), _awaits(result))
        if result.moments == 1 and result.code_known == result.unit_known == "start":
            self._differs(f"{name} version", stored["meta"]["versionId"], "1")

    # ---- what happened before ------------------------------------------------------------------------

    async def _histories(self, clients: int) -> None:
        """Every content a result ever had is in its history, and no other."""
        lived = (result for result in self.driver.feed.every() if result.moments > 1)
        compared = 0

        async def reader() -> None:
            nonlocal compared
            for result in lived:
                await self._history(result)
                compared += 1

        await asyncio.gather(*(reader() for _ in range(clients)))
        self.told.append(f"{compared} histories hold every content that was sent and no other")

    async def _history(self, result: Result) -> None:
        service, client = self.driver.service, self.driver.client
        said = result.identifier
        query = f"Observation?identifier={said['system']}|{said['value']}&code={result.hospital.codes}|"
        page = decoded((await service.page(client, query + result.analyte.local)).content)
        names = [entry["resource"]["id"] for entry in page.get("entry", ())]
        if len(names) != 1:
            self._differs(f"result {result.number} found by its number", names, "one")
            return
        history = decoded(
            (await service.page(client, f"Observation/{names[0]}/_history?_count={PAGE}")).content
        )
        told: Callable[[Json], object] = essence if result.by_hl7v2 else text
        contents = [told(sent(entry["resource"])) for entry in history["entry"]]
        wanted = [told(result.content(moment)) for moment in range(result.moments)]
        self._differs(f"history of result {result.number}", set(contents), set(wanted))
        self._differs(f"newest of result {result.number}", contents[0], wanted[result.last])

    # ---- what answers rest on ------------------------------------------------------------------------

    async def _measurements(self) -> None:
        """Each measured value in its analyte's unit, under its LOINC code, with the digits that were sent."""
        counted: Counter[str] = Counter()
        async for system, filler, code, *row in rows(self._url, _MEASURED):
            hospital = _BY_NUMBERS[system]
            result = self.driver.feed.result(self._which(filler, code.removeprefix(f"{hospital.codes}|")))
            counted["measured"] += 1
            counted["converted"] += result.way.factor != 1
            self._measured(result, Measured(*row))
        self._differs("measurements", counted["measured"], self.driver.feed.results)
        self.told.append(
            f"{counted['measured']} measurements, {counted['converted']} of them converted, are exact"
        )

    def _measured(self, result: Result, row: Measured) -> None:
        name = f"measurement {result.number}"
        content = result.content(result.last)
        known = result.code_known != "never"
        self._differs(f"{name} patient", f"Patient/{row.patient}", content["subject"]["reference"])
        if quantity := content.get("valueQuantity"):
            self._differs(f"{name} received", row.received_value, str(quantity["value"]))
            self._differs(f"{name} received unit", row.received_unit, quantity.get("code", quantity["unit"]))
        if known:
            value = result.canonical(result.last)
            self._differs(f"{name} value", exact(row.value), value)
            if value is not None:
                self._differs(f"{name} unit", row.unit, result.analyte.unit)
            unreadable = "valueQuantity" in content and result.unit_known == "never"
            self._differs(f"{name} problem", row.problem is not None, unreadable)

    async def _waiting(self) -> None:
        """What no map will ever know waits, each code and unit by how many results."""
        wanted: Counter[tuple[str, str, str]] = Counter()
        for result in self.driver.feed.every():
            awaited = _awaits(result)
            if "unmapped-code" in awaited:
                wanted["code", result.hospital.codes, result.analyte.local] += 1
            if "unmapped-unit" in awaited:
                wanted["unit", result.hospital.units, result.way.unit] += 1
        found = {(row[0], row[1], row[2]): row[3] async for row in rows(self._url, _AWAITED)}
        self._differs("awaited", found, dict(wanted))
        self.told.append(f"{sum(found.values())} results wait for a map, as they must")

    # ---- what was acknowledged -----------------------------------------------------------------------

    async def _inbox(self) -> None:
        """Every content acknowledged is in the inbox, and nothing that was not sent."""
        found: Counter[str] = Counter()
        fates: Counter[str] = Counter()
        async for message, fate, number in rows(self._url, _MESSAGES):
            found[message] += number
            fates[fate] += number
        tally = self.driver.tally
        for message in found.keys() | tally.acknowledged.keys():
            least = tally.acknowledged[message]
            if not least <= found[message] <= least + tally.unsure[message]:
                self._differs(f"inbox rows of {message}", found[message], (least, tally.unsure[message]))
        self.told.append(f"{sum(found.values())} rows in the inbox: {dict(fates)}")

    # ---- and all over again --------------------------------------------------------------------------

    async def _replayed(self, clients: int) -> None:
        """Ten times a part of the feed again: every answer is a replay, and no table changes."""
        before, answers = await hashes(self._url), Counter(self.driver.tally.answers)
        for _ in range(TIMES):
            await self.driver.push_all(self._part(), clients=clients)
        after = await hashes(self._url)
        for table in before.keys() | after.keys():
            self._differs(f"table {table} after {TIMES} replays", after.get(table), before.get(table))
        said = Counter(self.driver.tally.answers)
        said.subtract(answers)
        self.differences.extend(
            f"{number} answers {answer} to replays"
            for answer, number in said.items()
            if number and answer[0] not in "2A"
        )
        self._differs("created by replays", said["201"], 0)
        self.told.append(f"{sum(said.values())} contents replayed, {len(before)} tables are byte-identical")

    def _part(self) -> Iterator[Message]:
        """The first messages of the feed."""
        room = min(REPLAYED, self.driver.feed.results // 4)
        for message in self.driver.feed.messages():
            if room <= 0:
                return
            yield message
            room -= len(message.deliveries)


def _respelled(result: Result) -> Json:
    """The content that stands, as a resend spells it."""
    found: Json = decoded(Delivery(result, result.last, again=True).body())
    return found


def _awaits(result: Result) -> set[str]:
    """What the result waits for in the end. A unit is not read before the code is known."""
    if result.code_known == "never":
        return {"unmapped-code"}
    measured = "valueQuantity" in result.content(result.last)
    return {"unmapped-unit"} if result.unit_known == "never" and measured else set()
