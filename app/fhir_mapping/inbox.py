"""What those who run the server are told of what hospitals push: fates, sums that add up, who is silent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.fhir_mapping.listing import Address, Code, Each, Every, Numbered, Reference, Row
from app.fhir_mapping.push import LATE, Fate
from app.fhir_mapping.sender import Sender

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One resource that a sender pushed, and what became of it: a row of the inbox."""

    id: str
    received: datetime
    sender: str
    door: str
    message: str
    type: str
    system: str
    value: str
    code: str
    patient_id: str
    fate: Fate
    reason: str
    detail: str | None
    status: int
    resource_id: str
    version: int
    change_reason: str | None
    letter: str
    settled: datetime | None

    @property
    def shown(self) -> Iterator[tuple[str, str, int]]:
        """The resource and the patient a row names, where they are known."""
        if self.resource_id:
            yield self.type, self.resource_id, self.version or 0
        if self.patient_id:
            yield "Patient", self.patient_id, 0

    def row(self) -> Row:
        """As it is told; the type stands with the resource where there is one."""
        stored = f"{self.type}/{self.resource_id}" if self.resource_id else None
        versioned = f"{stored}/_history/{self.version}" if stored and self.version else stored
        return (
            ("id", self.id),
            ("received", self.received),
            ("sender", Code(self.sender)),
            ("door", Code(self.door)),
            ("message", self.message),
            ("type", Code(self.type)),
            ("identifier", Numbered(self.system, self.value) if self.system and self.value else None),
            ("code", self.code),
            ("patient", Reference(f"Patient/{self.patient_id}") if self.patient_id else None),
            ("fate", Code(self.fate)),
            ("reason", Code(self.reason)),
            ("detail", self.detail),
            ("status", self.status),
            ("resource", Reference(versioned) if versioned else None),
            ("changeReason", self.change_reason),
            ("letter", self.letter),
            ("settled", self.settled),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many resources of one sender and day came to the same: a line of the sums.

    `settled` says of what was parked that it waits no longer, `changed` of what is stored that something
    stood there before.
    """

    fate: str
    reason: str
    settled: bool
    changed: bool
    number: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a sender sent on a day, and what became of it."""

    sender: str
    day: date
    time_zone: str
    counted: Sequence[Counted]

    def row(self) -> Row:
        """As it is told: sent = stored + replayed + parked + refused."""
        refused = _by_reason(one for one in self.counted if one.fate == "refused")
        return (
            ("sender", Code(self.sender)),
            ("day", self.day),
            ("timeZone", Code(self.time_zone)),
            ("sent", self._sum(self.counted)),
            ("stored", self._of("stored")),
            ("replayed", self._of("replayed")),
            ("parked", self._of("parked")),
            ("refused", self._of("refused")),
            ("stillParked", self._sum(one for one in self.counted if _waits(one))),
            ("late", self._sum(one for one in self.counted if one.reason == LATE)),
            ("corrected", self._sum(one for one in self.counted if _corrects(one))),
            ("refusedFor", _reasons("refusedFor", refused)),
            ("first", min((one.first for one in self.counted), default=None)),
            ("last", max((one.last for one in self.counted), default=None)),
        )

    def _of(self, fate: Fate) -> int:
        return self._sum(one for one in self.counted if one.fate == fate)

    @staticmethod
    def _sum(counted: Iterable[Counted]) -> int:
        return sum(one.number for one in counted)


def _waits(one: Counted) -> bool:
    return one.fate == "parked" and not one.settled


def _corrects(one: Counted) -> bool:
    return one.fate == "stored" and one.changed and one.reason != LATE


def _by_reason(counted: Iterable[Counted]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in counted:
        found[one.reason] += one.number
    return found


def _reasons(plural: str, numbers: Mapping[str, int]) -> Each:
    """Reasons with their numbers, the most frequent first."""
    order = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [(("reason", Code(reason)), ("count", number)) for reason, number in order]
    return Each(plural, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A registered sender and how its feed stands.

    `parked` and `refused` are numbers by reason; `unmapped` is how many of its results wait for a map.
    """

    sender: Sender
    registered: datetime
    last: datetime | None = None
    parked: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    unmapped: int = 0

    def row(self, at: datetime) -> Row:
        """As it is told at a moment."""
        sender = self.sender
        return (
            ("name", Code(sender.name)),
            ("disabled", sender.disabled),
            ("registered", self.registered),
            ("lastMessage", self.last),
            ("silent", self.is_silent(at)),
            ("silentAfter", sender.silent_after),
            ("timeZone", Code(sender.time_zone)),
            ("stillParked", sum(self.parked.values())),
            ("unmapped", self.unmapped),
            ("parkedFor", _reasons("parkedFor", self.parked)),
            ("refusedFor", _reasons("refusedFor", self.refused)),
            ("system", Every("systems", [*map(Address, sender.systems)])),
            ("codeSystem", Every("codeSystems", [*map(Address, sender.code_systems)])),
            ("unitSystem", Address(sender.unit_system or "")),
            ("subjectSystem", Address(sender.subject_system or "")),
            ("application", Every("applications", sender.applications)),
        )

    def is_silent(self, at: datetime) -> bool | None:
        """Whether nothing was heard of it for longer than was agreed; None where nothing was agreed.

        Who was never heard of is silent since the registration.
        """
        if self.sender.silent_after is None or self.sender.disabled:
            return None
        return at - (self.last or self.registered) > timedelta(minutes=self.sender.silent_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A local code or a spelling of a unit that no map knows, and what waits for it."""

    sender: str
    kind: str
    system: str
    text: str
    results: int
    patients: int
    since: datetime | None
    example: str

    def row(self) -> Row:
        """As it is told."""
        return (
            ("sender", Code(self.sender)),
            ("kind", Code(self.kind)),
            ("system", Address(self.system)),
            ("text", self.text),
            ("results", self.results),
            ("patients", self.patients),
            ("since", self.since),
            ("example", Reference(self.example)),
        )


def beginnings(time_zone: str, first: date, last: date) -> list[datetime]:
    """The instants at which the days from one to another begin there, and at which the last one ends."""
    zone = ZoneInfo(time_zone)
    days = [first + number * _DAY for number in range((last - first).days + 2)]
    return [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days]
