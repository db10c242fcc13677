"""What is said about a message while it is read: whose it is, and what was noticed that keeps nothing out."""

from dataclasses import dataclass, field
from typing import Any

from app.fhir_mapping.dates import date_bounds
from app.fhir_mapping.hl7v2 import times
from app.fhir_mapping.hl7v2.er7 import Segment
from app.fhir_mapping.outcome import Issue, refusal
from app.fhir_mapping.sender import Sender


@dataclass(frozen=True, slots=True)
class Spoken:
    """The sender, whose systems, zone and codes the message is read by, and the warnings so far."""

    sender: Sender
    warnings: list[Issue] = field(default_factory=list)

    def warn(self, text: str, place: str) -> None:
        """Say what was noticed, without any value."""
        self.warnings.append(Issue("value", text, place, "warning"))

    def when(self, segment: Segment, number: int) -> str | None:
        """The time of a field as a FHIR dateTime; Refusal where it is none."""
        return self._time(segment, number, segment[number][1].text)

    def until(self, segment: Segment, number: int) -> str | None:
        """The end of a field that is a range of times (DR)."""
        return self._time(segment, number, segment[number][2].text)

    def instant(self, segment: Segment, number: int) -> str | None:
        """The time of a field as a FHIR instant; None, with a warning, where it is less precise."""
        said = self.when(segment, number)
        if said is not None and "T" not in said:
            self.warn("a time of issue without hours and minutes orders nothing", segment.at(number))
            return None
        return said

    def taken(self, name: str, start: str | None, end: str | None, place: str) -> dict[str, Any]:
        """An element that is a moment or a period (`effectiveDateTime`, `effectivePeriod`), or none."""
        if start is None:
            return {}
        begun, ended = date_bounds(start), date_bounds(end)
        if begun is not None and ended is not None and begun[0] > ended[1]:
            self.warn("this ended before it began: the beginning alone is taken", place)
            end = None
        if end is None or end == start:
            return {f"{name}DateTime": start}
        return {f"{name}Period": {"start": start, "end": end}}

    def _time(self, segment: Segment, number: int, written: str) -> str | None:
        if not written:
            return None
        said = times.date_time(written, self.sender.time_zone)
        if said is None:
            text = "a time is written YYYYMMDDHHMMSS, or its beginning, and may have an offset such as +0200"
            raise refusal(422, "value", text, segment.at(number))
        if written[-5:-4] not in {"+", "-"} and times.is_twice(said, self.sender.time_zone):
            text = "the clocks change in this hour: send an offset; the earlier reading is taken"
            self.warn(text, segment.at(number))
        return said
