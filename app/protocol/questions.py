"""The kinds of criterion that look at what is recorded.

Windows are days before the day asked for, both ends included, unless the kind says otherwise.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.parts import Amount, Codes, Count, Days, Op, Part, Route, Share, ShortCode
from app.protocol.words import Frozen, Text


class AgeBetween(Part):
    """The age in completed years, from the birth date; each bound is a birthday.

    "18 to 65" inclusive is whoever is 18 or 65: until the day before the 66th birthday.
    """

    kind: Literal["age-between"]
    min_years: Count
    max_years: Count
    min_inclusive: bool
    max_inclusive: bool

    @property
    def too_old(self) -> int:
        """The birthday from which it is over."""
        return self.max_years + 1 if self.max_inclusive else self.max_years


class Sex(Part):
    """The administrative gender."""

    kind: Literal["sex"]
    is_: Annotated[Literal["female", "male"], Field(alias="is")]


class ChildbearingPotential(Part):
    """A woman who may become pregnant: as attested; where nothing is attested, up to an age."""

    kind: Literal["childbearing-potential"]
    attestation: Text
    max_age: Count


class Attested(Part):
    """A fact an investigator states; the machine never decides it."""

    kind: Literal["attested"]
    attestation: Text
    within_days: Days | None = None


class Assay(Frozen):
    """One test that can be positive or negative: by its coded answer, or by a number.

    A quantitative assay is positive from `positive_from`, or above zero with `positive_above_zero`, or
    above the upper reference limit with `positive_above_reference`.
    """

    code: ShortCode
    positive: tuple[ShortCode, ...] = ()
    negative: tuple[ShortCode, ...] = ()
    positive_from: Amount | None = None
    positive_above_zero: bool = False
    positive_above_reference: bool = False


class Tested(Part):
    """A test is positive: the latest one in the window, or with `ever` any one at any time."""

    kind: Literal["tested"]
    assays: Annotated[tuple[Assay, ...], Field(min_length=1)]
    is_: Annotated[Literal["positive", "negative"], Field(alias="is")] = "positive"
    within_days: Days | None = None
    ever: bool = False
    order: Text


class ScoreAtBaseline(Part):
    """A disease activity total at baseline: up to the infusion, or up to the day asked for before it."""

    kind: Literal["score-at-baseline"]
    score: Literal["selena-sledai"]
    op: Op
    value: Amount


class CreatinineClearance(Part):
    """The creatinine clearance by the formula the protocol chose, reported or computed."""

    kind: Literal["creatinine-clearance"]
    formula: Literal["cockcroft_gault", "ckdepi2021", "measured"]
    creatinine: Codes
    reported: dict[Literal["cockcroft_gault", "ckdepi2021", "measured"], Codes]
    op: Op
    value: Amount
    within_days: Days

    @model_validator(mode="after")
    def _knows_the_reported_one(self) -> "CreatinineClearance":
        if self.formula not in self.reported:
            raise ValueError(f"reported names no code for the clearance by {self.formula}")
        return self


class Exposure(Part):
    """What is asked of past treatment with any of some drugs, named singly or by their group."""

    drugs: Annotated[tuple[Text, ...], Field(min_length=1)]
    routes: tuple[Route, ...] = ()


class DailyDose(Exposure):
    """At least this dose, on this many days; the days of one course are at most `gap_days` apart.

    `strict` asks for more than the dose. `average` compares the mean over the course, not each day.
    A dose above `note_above` is worth a remark and changes nothing, unless `upper_strict`.
    """

    kind: Literal["daily-dose"]
    dose: Amount
    unit: Literal["mg/d", "mg/kg/d", "mg/wk"]
    days: Count
    gap_days: Days
    strict: bool = False
    consecutive: bool = False
    average: bool = False
    note_above: Amount | None = None
    upper_strict: bool = False


class MonthlyDose(Exposure):
    """At least this much in each of so many consecutive 30-day months."""

    kind: Literal["monthly-dose"]
    dose: Amount
    unit: Literal["mg"]
    months: Count


class DoseCourse(Exposure):
    """So many single doses of a given size, each a given number of days after the one before."""

    kind: Literal["dose-course"]
    doses: Count
    dose: Amount
    unit: Literal["mg", "mg/kg", "mg/m2"]
    dose_tolerance: Share
    interval_days: Days
    interval_tolerance: Days


class DrugClass(Frozen):
    """A class of drugs whose doses must not have changed.

    `counted` says whether the class matters at all; with `as_needed` single doses do not.
    """

    drugs: Annotated[tuple[Text, ...], Field(min_length=1)]
    counted: bool = True
    as_needed: bool = False


class StableTreatment(Part):
    """On the required drug, and no dose of any class started, stopped or changed in the window."""

    kind: Literal["stable-treatment"]
    required: Annotated[tuple[Text, ...], Field(min_length=1)]
    classes: Annotated[tuple[DrugClass, ...], Field(min_length=1)]
    days: Count
    tolerance_mg: Annotated[Decimal, Field(ge=0)]
    history_within_days: Days


class LastDoseWithin(Exposure):
    """The drug was given in the window before baseline: before the infusion, or the day asked for."""

    kind: Literal["last-dose-within"]
    days: Count
    history_within_days: Days


class OtherEnrolment(Part):
    """The same patient is in another study at the same time, as far as this register knows."""

    kind: Literal["other-enrolment"]
    statuses: Annotated[tuple[Text, ...], Field(min_length=1)]
