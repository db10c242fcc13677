"""The closed list of what an eligibility criterion can ask.

A criterion is a tree: kinds that combine parts (`all-of`, `any-of`, …) over kinds that look at what is
recorded. Every part has its own id and its own sentence, so that an answer can be read part by part.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, cast

from pydantic import Discriminator, Field, model_validator

from app.protocol.care import Consented, Diagnosed, StoppedFor
from app.protocol.measured import Changed, Measured, Repeated, Scored
from app.protocol.parts import Part
from app.protocol.questions import (
    AgeBetween,
    Attested,
    ChildbearingPotential,
    CreatinineClearance,
    DailyDose,
    DoseCourse,
    LastDoseWithin,
    MonthlyDose,
    OtherEnrolment,
    ScoreAtBaseline,
    Sex,
    StableTreatment,
    Tested,
)
from app.protocol.words import Frozen, Text


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


class OneFact(Part):
    """Several sources of one fact: those that say anything must agree, else nothing is known but that."""

    kind: Literal["one-fact"]
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


Criterion = Annotated[
    AllOf
    | AnyOf
    | Not
    | FirstKnown
    | OneFact
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
    | Repeated
    | Changed
    | Scored
    | ScoreAtBaseline
    | CreatinineClearance
    | DailyDose
    | MonthlyDose
    | DoseCourse
    | StableTreatment
    | LastDoseWithin
    | StoppedFor
    | Diagnosed
    | Consented
    | OtherEnrolment,
    Discriminator("kind"),
]
Parts = Annotated[tuple[Criterion, ...], Field(min_length=1)]


def parts_of(criterion: Criterion) -> tuple[Criterion, ...]:
    """The parts directly under a criterion, in the order they are read."""
    match criterion:
        case AllOf() | AnyOf() | FirstKnown() | OneFact():
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


for _kind in (
    AllOf,
    AnyOf,
    Not,
    FirstKnown,
    OneFact,
    WhereApplicable,
    Provided,
    Chosen,
    Allowed,
    UnlessAttested,
):
    cast(type[Part], _kind).model_rebuild()
