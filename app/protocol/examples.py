"""Worked examples a protocol carries inside its own file: what is given, and what must come out.

They are the file's proof that it means what its author thinks; the test suite runs every one.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.parameters import Grade
from app.protocol.words import Frozen, Text

Verdict = Literal["met", "not-met", "undetermined"]


class SledaiExample(Frozen):
    """Which items are present, which are not known (the rest is absent), and the range of the total."""

    question: Literal["sledai"]
    id: Text
    says: Text
    present: tuple[Text, ...] = ()
    unknown: tuple[Text, ...] = ()
    expect: tuple[int, int]


class BilagExample(Frozen):
    """The grade of each system that is known, and the range of the total."""

    question: Literal["bilag"]
    id: Text
    says: Text
    variant: Literal["classic", "bilag2004"]
    grades: dict[Text, Grade]
    expect: tuple[int, int]


class Assessed(Frozen):
    """What was assessed at one visit; an instrument left out was not assessed.

    `sledai` is the total, or a pair where unknown items leave it between two numbers. A system that
    `bilag` does not name is graded E.
    """

    sledai: int | tuple[int, int] | None = None
    bilag: dict[Text, Grade] | None = None
    pga: Decimal | None = None
    pga_scale_max: Decimal | None = None


class SriExample(Frozen):
    """The assessments at baseline and at the visit, and the verdict of each named rule."""

    question: Literal["sri-status"]
    id: Text
    says: Text
    baseline: Assessed
    visit: Assessed
    expect: dict[Text, Verdict]

    @model_validator(mode="after")
    def _expects_something(self) -> "SriExample":
        if not self.expect:
            raise ValueError("no verdict is expected of any rule")
        return self


Example = Annotated[SledaiExample | BilagExample | SriExample, Field(discriminator="question")]
