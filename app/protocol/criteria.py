"""The closed list of what an eligibility criterion can ask, and the words it asks with.

A criterion is a tree: kinds that combine parts (`all-of`, `any-of`, …) over kinds that look at what is
recorded. Every part has its own id and its own sentence, so that an answer can be read part by part.
Windows are days before the day asked for, both ends included, unless the kind says otherwise.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Discriminator, Field, model_validator

from app.protocol.words import Code, Frozen, Sentence, Text

SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "atc": "http://www.whocc.no/atc",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}

Op = Literal["<", "<=", ">=", ">"]
Route = Literal["oral", "intravenous", "subcutaneous", "intramuscular"]
Days = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Amount = Annotated[Decimal, Field(gt=0)]
Share = Annotated[Decimal, Field(ge=0, le=1)]


def written_short(code: Any) -> Any:
    """A code written `loinc:777-3` is that code in that system."""
    if not isinstance(code, str):
        return code
    short, colon, value = code.partition(":")
    if not colon or short not in SYSTEMS:
        raise ValueError(
            f"code {code!r} does not begin with one of {', '.join(f'{key}:' for key in SYSTEMS)}"
        )
    return {"system": SYSTEMS[short], "code": value}


ShortCode = Annotated[Code, BeforeValidator(written_short)]
Codes = Annotated[tuple[ShortCode, ...], Field(min_length=1)]


class Part(Frozen):
    """What every criterion and every part of one has.

    `notes` are remarks for the reader of an answer; `choices` are the open choices of the protocol this
    part was written with, by their parameter names (filled in when the file is read).
    """

    id: Text
    text: Sentence
    notes: tuple[Text, ...] = ()
    choices: dict[Text, Text] = Field(default_factory=dict)


class AllOf(Part):
    """Every part holds."""

    kind: Literal["all-of"]
    parts: "Parts"


class AnyOf(Part):
    """At least one part holds."""

    kind: Literal["any-of"]
    parts: "Parts"


class Not(Part):
    """The part does not hold."""

    kind: Literal["not"]
    part: "Criterion"


class FirstKnown(Part):
    """The first part that can be decided decides: several sources of one fact, the best one first."""

    kind: Literal["first-known"]
    parts: "Parts"


class WhereApplicable(Part):
    """Asked only of those it applies to; it holds for everyone else."""

    kind: Literal["where-applicable"]
    applies: "Criterion"
    part: "Criterion"


class Provided(Part):
    """A part that can only be judged under a condition; where the condition fails it is not known."""

    kind: Literal["provided"]
    condition: "Criterion"
    part: "Criterion"


class Chosen(Part):
    """One of several readings of the protocol, by the value of one of its open choices."""

    kind: Literal["chosen"]
    by: str | bool
    among: dict[Text, "Criterion"]

    @model_validator(mode="after")
    def _has_the_reading(self) -> "Chosen":
        if self.key not in self.among:
            raise ValueError(f"there is no reading {self.key!r}, only {', '.join(self.among)}")
        return self

    @property
    def key(self) -> str:
        """The name of the reading in force; `true` and `false` as TOML spells them."""
        return str(self.by).lower() if isinstance(self.by, bool) else self.by

    @property
    def part(self) -> "Criterion":
        """The reading in force."""
        return self.among[self.key]


class Allowed(Part):
    """A part that counts only where the protocol allows it; elsewhere it does not hold."""

    kind: Literal["allowed"]
    allowed: bool
    part: "Criterion"


class Scope(Frozen):
    """When a clause is in force: while an open choice has one of these values."""

    choice: Text
    among: tuple[Text, ...]


class UnlessAttested(Part):
    """The part holds, unless an investigator attests what takes it out: another cause, an exception."""

    kind: Literal["unless-attested"]
    attestation: Text
    part: "Criterion"
    in_force: Scope | None = None


class AgeBetween(Part):
    """The age in completed years, from the birth date; each bound is a birthday."""

    kind: Literal["age-between"]
    min_years: Count
    max_years: Count
    min_inclusive: bool
    max_inclusive: bool


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


class Measured(Part):
    """The latest value in the window compared with a number, or with a multiple of its upper limit."""

    kind: Literal["measured"]
    codes: Codes
    op: Op
    value: Amount | None = None
    unit: Text | None = None
    times_upper_limit: Amount | None = None
    within_days: Days | None = None
    order: Text

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Measured":
        if (self.value is None) == (self.times_upper_limit is None):
            raise ValueError("give either value or times_upper_limit")
        if (self.value is None) != (self.unit is None):
            raise ValueError("a value needs its unit, and only a value has one")
        return self


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


Criterion = Annotated[
    AllOf
    | AnyOf
    | Not
    | FirstKnown
    | WhereApplicable
    | Provided
    | Chosen
    | Allowed
    | UnlessAttested
    | AgeBetween
    | Sex
    | ChildbearingPotential
    | Attested
    | Tested
    | Measured
    | ScoreAtBaseline
    | CreatinineClearance
    | DailyDose
    | MonthlyDose
    | DoseCourse
    | StableTreatment
    | LastDoseWithin
    | OtherEnrolment,
    Discriminator("kind"),
]
Parts = Annotated[tuple[Criterion, ...], Field(min_length=1)]


def parts_of(criterion: Criterion) -> tuple[Criterion, ...]:
    """The parts directly under a criterion, in the order they are read."""
    match criterion:
        case AllOf() | AnyOf() | FirstKnown():
            return criterion.parts
        case WhereApplicable():
            return (criterion.applies, criterion.part)
        case Provided():
            return (criterion.condition, criterion.part)
        case Not() | Allowed() | UnlessAttested():
            return (criterion.part,)
        case Chosen():
            return tuple(criterion.among.values())
        case _:
            return ()


def everything_in(criterion: Criterion) -> Iterator[Criterion]:
    """The criterion and every part under it."""
    yield criterion
    for part in parts_of(criterion):
        yield from everything_in(part)


for _kind in (AllOf, AnyOf, Not, FirstKnown, WhereApplicable, Provided, Chosen, Allowed, UnlessAttested):
    cast(type[Part], _kind).model_rebuild()
