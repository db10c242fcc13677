"""The kinds of criterion that compare a number: measured once, again, against an earlier one, or scored.

Windows are days before the day asked for, both ends included.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.parts import Amount, Codes, Count, Days, Op, Part
from app.protocol.words import Text


class Threshold(Part):
    """A number to compare with: a value in a unit, or a multiple of the laboratory's upper limit.

    `reported` are the thresholds the source gives in other units: a value sent in one of them is compared in
    it, without conversion (conventions §0.3).
    """

    codes: Codes
    op: Op
    value: Amount | None = None
    unit: Text | None = None
    reported: dict[Text, Amount] = Field(default_factory=dict)
    times_upper_limit: Amount | None = None
    within_days: Days | None = None
    order: Text

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Threshold":
        if (self.value is None) == (self.times_upper_limit is None):
            raise ValueError("give either value or times_upper_limit")
        if (self.value is None) != (self.unit is None):
            raise ValueError("a value needs its unit, and only a value has one")
        if self.reported and self.value is None:
            raise ValueError("only a value can be reported in other units")
        return self


class Measured(Threshold):
    """The latest value in the window compared with a number, or with a multiple of its upper limit."""

    kind: Literal["measured"]


class Repeated(Threshold):
    """Two values in the window that both pass, so many hours or days apart.

    With `unbroken` every value between the two must pass as well: the finding persists.
    """

    kind: Literal["repeated"]
    hours_apart: Count | None = None
    days_apart: Count | None = None
    unbroken: bool = False

    @model_validator(mode="after")
    def _says_how_far_apart(self) -> "Repeated":
        if (self.hours_apart is None) == (self.days_apart is None):
            raise ValueError("give either hours_apart or days_apart")
        return self


class Changed(Part):
    """The latest value against an earlier one: changed by more than so many per cent of it, or points.

    The earlier value is the one nearest to the middle of its window, `from_days` to `to_days` before the day
    asked for. A `fall` is a change for the worse; `any` counts a rise, too.
    """

    kind: Literal["changed"]
    codes: Codes
    unit: Text
    by: Literal["relative", "absolute"]
    direction: Literal["fall", "any"]
    more_than: Annotated[Decimal, Field(gt=0)]
    within_days: Days
    from_days: Days
    to_days: Days
    order: Text

    @model_validator(mode="after")
    def _earlier_is_earlier(self) -> "Changed":
        if not self.from_days > self.to_days > self.within_days:
            raise ValueError("from_days must lie before to_days, and both before the window of the latest")
        return self


class Scored(Part):
    """The latest total of a score in the window, a number without a unit, compared with a number."""

    kind: Literal["scored"]
    codes: Codes
    op: Op
    value: Amount
    within_days: Days | None = None
    order: Text
