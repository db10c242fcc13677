"""The trial's vocabulary: what the pushed resources say, in the words of the protocol.

Records are frozen values. Numbers are Decimal in the canonical unit of the analyte, with what was
received beside them. Every record knows the version of the resource it was read from, so that
every answer can name its evidence.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple


class Source(NamedTuple):
    """The version of the resource a record was read from; version 0 is one that is not stored here."""

    type: str
    id: str
    version: int

    def __str__(self) -> str:
        if self.version == 0:
            return f"{self.type}/{self.id}"
        return f"{self.type}/{self.id}/_history/{self.version}"


class Coding(NamedTuple):
    """A code in a code system; the system is empty where the sender named none."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A FHIR date, dateTime or instant as written, and the span of instants it may mean.

    `start` is inclusive, `end` exclusive, both in UTC. `first_day` and `last_day` are the calendar
    days in the trial's time zone (Europe/Paris) the text may mean; they are equal unless the text
    is only a year or a month. `has_time` says that a time of day was given.
    """

    text: str
    start: datetime
    end: datetime
    first_day: date
    last_day: date
    has_time: bool

    @property
    def day(self) -> date | None:
        """The calendar day, or None where the text leaves it open."""
        return self.first_day if self.first_day == self.last_day else None


@dataclass(frozen=True, slots=True)
class Span:
    """A period; an end that is not given is None (still going on, or not known)."""

    start: Moment | None
    end: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The pseudonymous Patient behind a subject."""

    source: Source
    birth_date: Moment | None
    gender: str | None
    deceased: bool | None
    deceased_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A ResearchStudy: which protocol it follows, by its registry identifiers."""

    source: Source
    identifiers: tuple[Coding, ...]
    status: str
    title: str | None
    arms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A ResearchSubject: one patient's part in one study.

    `since` is the day the subject came into the status, `why` the reason as a reader knows it, `corrects`
    says that the status before was entered by mistake.
    """

    source: Source
    patient: str
    study: str
    status: str
    period: Span
    identifiers: tuple[Coding, ...]
    assigned_arm: str | None
    actual_arm: str | None
    consent: str | None
    since: Moment | None = None
    why: str | None = None
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One thing measured, scored or attested: an Observation's value, or one of its components.

    `part` is 0 for the Observation's own value and 1, 2, … for its components, which carry its codes in
    `panel`. `value` is in `unit`, the analyte's canonical one, `received` and `received_unit` are as sent.
    `problem`: `unit-not-convertible` (`value` is None), or `unmapped-code` where the code waits for a map.
    `comparator` is one of `<`, `<=`, `>=`, `>` and must not be ignored. `low` and `high` are the reference
    range, in `unit`. `doubt` is the plausible range the value lies outside of; it counts all the same.
    """

    source: Source
    part: int
    patient: str
    status: str
    codings: tuple[Coding, ...]
    panel: tuple[Coding, ...] = ()
    when: Moment | None = None
    visit: str | None = None
    value: Decimal | None = None
    unit: str | None = None
    comparator: str | None = None
    received: str | None = None
    received_unit: str | None = None
    truth: bool | None = None
    answers: tuple[Coding, ...] = ()
    text: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    interpretations: tuple[str, ...] = ()
    absent: str | None = None
    problem: str | None = None
    doubt: str | None = None

    def is_coded(self, system: str, code: str) -> bool:
        """Whether this measures that code."""
        return Coding(system, code) in self.codings


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one assessor thinks of one suspect: `assessment` is the code as sent, None where there is none.

    `suspect` is the reference as sent, None where no suspect is named; `product` are the codes of a suspect
    that is contained in the report.
    """

    suspect: str | None
    assessment: str | None
    product: tuple[Coding, ...] = ()
    author: str | None = None


@dataclass(frozen=True, slots=True)
class GradeChange:
    """The grade an ongoing event had from a date on."""

    grade: int
    when: Moment | None


@dataclass(frozen=True, slots=True)
class ReportSent:
    """That the event was reported to somebody (`sponsor`, `authority`)."""

    recipient: str
    when: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEvent:
    """An adverse event; severity (CTCAE grade) and seriousness are separate facts.

    `grade` is the grade at onset, `changes` what became of it; `scale` is the grading as its sender named it.
    `criteria` say why it is serious: death, life-threatening, hospitalisation, disability, birth-defect,
    other. `site_aware` and `sponsor_aware` are when the reporting clocks began.
    """

    source: Source
    patient: str
    study: str | None
    actuality: str
    codings: tuple[Coding, ...]
    text: str | None
    when: Moment | None
    recorded: Moment | None
    grade: int | None
    severity: str | None
    serious: bool | None
    outcome: str | None
    opinions: tuple[Opinion, ...]  # all kept, never averaged
    identifiers: tuple[Coding, ...]
    status: str | None = None
    categories: tuple[Coding, ...] = ()
    ended: Moment | None = None
    detected: Moment | None = None
    changes: tuple[GradeChange, ...] = ()
    scale: str | None = None
    criteria: tuple[str, ...] = ()
    expected: bool | None = None
    site_aware: Moment | None = None
    sponsor_aware: Moment | None = None
    reports: tuple[ReportSent, ...] = ()

    @property
    def causality(self) -> tuple[tuple[str | None, str], ...]:
        """Every assessment there is, with its suspect."""
        return tuple((one.suspect, one.assessment) for one in self.opinions if one.assessment is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """A product or drug given, or taken: the infusion of the trial's cells, or a treatment.

    It is read from a MedicationAdministration, or from a MedicationStatement (`source.type` says which).

    `dose` is the amount given in one administration, `rate` an amount per time (`mg/d`); both as
    received, in `dose_unit` and `rate_unit` (UCUM codes where the sender gave them). `cells` are the viable
    cells given, in millions, and `weight_used` the kg they were prepared for, where the site says so. What
    is taken `as_needed` has no amount.
    """

    source: Source
    patient: str
    study: str | None
    status: str
    codings: tuple[Coding, ...]
    text: str | None
    period: Span
    has_period: bool
    dose: Decimal | None
    dose_unit: str | None
    rate: Decimal | None
    rate_unit: str | None
    routes: tuple[Coding, ...]
    reasons: tuple[Coding, ...]
    lot: str | None = None
    cells: Decimal | None = None
    weight_used: Decimal | None = None
    status_reasons: tuple[Coding, ...] = ()
    reason_references: tuple[str, ...] = ()
    as_needed: bool = False
