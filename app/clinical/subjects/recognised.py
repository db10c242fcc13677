"""Which records are those of a planned assessment, and what of it stands for a visit (§0.5).

How an assessment is recognised is declared in the protocol; here is what each of these ways means.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.clinical.case import Case, once
from app.clinical.drugs.given import read, records_of
from app.clinical.history import History
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.schedule import Choice
from app.clinical.scores.panels import panels
from app.clinical.subjects.events import says_something
from app.clinical.timeline import Infusion
from app.clinical.visits import Clock, Instrument, Results, results
from app.protocol.assessed import Assessment
from app.protocol.definition import Protocol, Visit
from app.protocol.words import Code


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of an assessment."""

    source: Source
    when: Moment | None
    visit: str | None
    valid: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What stands for a visit: which records, those that lie outside it, and how much of it is missing."""

    chosen: tuple[Seen, ...] = ()
    outside: tuple[Seen, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    of: int = 1

    @property
    def evidence(self) -> tuple[Source, ...]:
        """The records it rests on."""
        return once(one.source for one in (*self.chosen, *self.outside))


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """All that is recorded of one subject, as far as it may be an assessment."""

    protocol: Protocol
    history: History

    @cached_property
    def results(self) -> Results:
        """The measurements, by whether they count."""
        return results(self.protocol, self.history)

    def at(self, clock: Clock, visit: Visit, assessment: Assessment) -> Found:
        """What of an assessment stands for a visit."""
        if assessment.drugs:
            return self._taken(clock.t0, visit, assessment)
        parts = self._parts(assessment)
        found = {name: self._chosen(clock, visit, name, codes) for name, codes in parts.items()}
        return Found(
            chosen=tuple(one for choice in found.values() for one in choice.chosen if one.valid),
            outside=tuple(one for choice in found.values() for one in choice.outside),
            reasons=once(reason for choice in found.values() for reason in choice.reasons),
            notes=once(note for choice in found.values() for note in choice.notes),
            missing=tuple(name for name, choice in found.items() if not _says_something(choice)),
            of=len(found),
        )

    def labelled(self, visit: Visit, assessment: Assessment) -> Found:
        """What was recorded for a visit by its label, where no infusion says when the visit is."""
        if assessment.drugs:
            return Found(missing=(assessment.name,))
        parts = self._parts(assessment)
        found = {name: self._instrument(name, codes).counted for name, codes in parts.items()}
        at = {name: [one for one in seen if one.visit == visit.label] for name, seen in found.items()}
        return Found(
            chosen=tuple(one for seen in at.values() for one in seen if one.valid),
            missing=tuple(name for name, seen in at.items() if not any(one.valid for one in seen)),
            of=len(at),
        )

    def _parts(self, assessment: Assessment) -> Mapping[str, Sequence[Code]]:
        """What belongs to an assessment, by name; an optional marker is missed nowhere."""
        if assessment.markers:
            own = (one for one in self.protocol.markers if one.assessed == assessment.name)
            return {one.name: one.codes for one in own if not one.optional}
        return assessment.each or {assessment.name: assessment.codes}

    def _chosen(self, clock: Clock, visit: Visit, name: str, codes: Sequence[Code]) -> Choice[Seen]:
        return clock.at(visit, self._instrument(name, codes))

    def _instrument(self, name: str, codes: Sequence[Code]) -> Instrument[Seen]:
        """All that is recorded with these codes; read once for all visits."""
        key = (name, *codes)
        if key not in self._read:
            own = [Coding(code.system, code.code) for code in codes]
            self._read[key] = self.results.instrument(name, own, _reader(own), _first)
        return self._read[key]

    @cached_property
    def _read(self) -> dict[tuple[object, ...], Instrument[Seen]]:
        return {}

    def _taken(self, t0: Infusion, visit: Visit, assessment: Assessment) -> Found:
        """The records by which one of these drugs was certainly taken on some day of a visit."""
        drugs = [one for one in self.protocol.drugs if {one.name, one.group} & set(assessment.drugs)]
        first, last = (t0.date_of(day) for day in visit.window)
        case = Case(protocol=self.protocol, history=self.history, on=last)
        chosen, reasons = [], {"missing-observation": True}
        for record, drug in records_of(case, drugs):
            given, vague = read(record, drug, until=last)
            if given is not None and given.last >= first:
                chosen.append(Seen(given.source, record.period.start, None, valid=True))
            reasons |= {question.reason: True for question in vague if question.day >= first}
        if chosen:
            return Found(chosen=tuple(chosen))
        return Found(reasons=tuple(reasons), missing=(assessment.name,))


def _reader(codes: Sequence[Coding]) -> Callable[[Iterable[Measurement]], tuple[Seen, ...]]:
    def assess(measurements: Iterable[Measurement]) -> tuple[Seen, ...]:
        several = tuple(measurements)
        each = (panels(code, several) for code in codes)
        return once(_seen(parts) for found in each for parts in found)

    return assess


def _first(several: Sequence[Seen]) -> Seen | None:
    return next(iter(several), None)


def _seen(parts: Sequence[Measurement]) -> Seen:
    """One Observation, and whether it says anything at all."""
    whole = parts[0]
    return Seen(whole.source, whole.when, whole.visit, valid=any(map(says_something, parts)))


def _says_something(choice: Choice[Seen]) -> bool:
    return any(one.valid for one in choice.chosen)
