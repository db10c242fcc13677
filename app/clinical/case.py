"""One subject's eligibility question: the protocol, what is recorded, and the day it is asked for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from app.clinical.answers import Figure, Finding
from app.clinical.care import Condition
from app.clinical.criteria.attestation import SYSTEM as ATTESTATION
from app.clinical.history import History
from app.clinical.records import Coding, Measurement, Source
from app.clinical.timeline import Infusion, counted, infusion
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.parts import Part
from app.protocol.words import Code, Sentence

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a criterion may look at; nothing it reads lies outside."""

    protocol: Protocol
    history: History
    on: date

    @cached_property
    def measurements(self) -> tuple[Measurement, ...]:
        """The results that count."""
        return counted(self.protocol, self.history.measurements)

    @cached_property
    def infusion(self) -> Infusion | None:
        """The infusion, where one is recorded with its day."""
        t0 = infusion(self.protocol, self.history)
        return t0 if isinstance(t0, Infusion) else None

    @property
    def baseline(self) -> date:
        """The day of the infusion, or the day asked for as long as there is none."""
        return self.on if self.infusion is None else self.infusion.day

    @cached_property
    def by_code(self) -> dict[Coding, list[Measurement]]:
        """The results by each of their codes."""
        found: defaultdict[Coding, list[Measurement]] = defaultdict(list)
        for item in self.measurements:
            for coding in item.codings:
                found[coding].append(item)
        return dict(found)

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """The diagnoses by the ids they are referred to by."""
        return {one.source.id: one for one in self.history.conditions}

    def coded(self, codes: Iterable[Code]) -> tuple[Measurement, ...]:
        """The results with any of these codes, each once."""
        found = (item for code in codes for item in self.by_code.get(Coding(code.system, code.code), ()))
        return tuple({(item.source, item.part): item for item in found}.values())

    def attested(self, code: str) -> tuple[Measurement, ...]:
        """What investigators stated about one fact."""
        return tuple(self.by_code.get(Coding(ATTESTATION, code), ()))

    def waiting(self, codes: Iterable[Code]) -> tuple[str, ...]:
        """What is said of results with these codes that are not final yet: they count once they are."""
        wanted = {Coding(code.system, code.code) for code in codes}
        counted_ones = {(item.source, item.part) for item in self.measurements}
        return tuple(
            f"{item.source} is preliminary: it counts once it is final"
            for item in self.history.measurements
            if item.status == "preliminary"
            and (item.source, item.part) not in counted_ones
            and not wanted.isdisjoint(item.codings)
        )

    def to_attest(self, code: str) -> str:
        """What to do where a fact is not stated."""
        return f"have an investigator attest {code}: {self.protocol.attestations[code].en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one record, or several that agree, say about a criterion."""

    truth: Truth
    reasons: tuple[str, ...] = ()
    needs: str | None = None
    observed: str | None = None
    normalised: str | None = None
    threshold: str | None = None
    evidence: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()

    def of(self, part: Part, parts: tuple[Finding, ...] = ()) -> Finding:
        """As the finding of a criterion, with its remarks and the open choices it was written with."""
        choices = tuple(f"{name} = {value}" for name, value in part.choices.items())
        return self.finding(part.id, part.text, parts, remarks=(*part.notes, *choices))

    def finding(
        self, name: str, text: Sentence, parts: tuple[Finding, ...] = (), *, remarks: tuple[str, ...] = ()
    ) -> Finding:
        """As a finding, the remarks first; reasons and needs are only said where it is open."""
        is_open = self.truth is Truth.UNKNOWN
        return Finding(
            id=name,
            verdict=self.truth,
            text=text.by_language(),
            observed=self.observed,
            normalised=self.normalised,
            threshold=self.threshold,
            evidence=once(self.evidence),
            reasons=once(self.reasons) if is_open else (),
            needs=self.needs if is_open else None,
            notes=once((*remarks, *self.notes)),
            figures=self.figures,
            parts=parts,
        )


def unknown(reason: str, needs: str, *, evidence: tuple[Source, ...] = ()) -> Judged:
    """Not known, for one reason, with what would settle it."""
    return Judged(truth=Truth.UNKNOWN, reasons=(reason,), needs=needs, evidence=evidence)


def joined(needs: Iterable[str | None]) -> str | None:
    """What is needed in one sentence, each thing once, however often it was asked for; None for nothing."""
    return "; ".join(apart(needs)) or None


def apart(needs: Iterable[str | None]) -> tuple[str, ...]:
    """The things that are needed one by one, each once."""
    return once(one for need in needs if need is not None for one in need.split("; "))


def once(items: Iterable[T]) -> tuple[T, ...]:
    """Each only once, in the order they came."""
    return tuple(dict.fromkeys(items))
