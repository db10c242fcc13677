"""What counts as a treatment failure (clinical conventions §1.10; synopsis, secondary criterion 7)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.protocol.words import Frozen

Days = Annotated[int, Field(ge=0, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Times = Annotated[Decimal, Field(gt=0)]


class TfParameters(Frozen):
    """Treatment failure is an endpoint of the synopsis only."""

    enabled: Flag = True


class Tf1Parameters(Frozen):
    """End-stage renal failure: whether the diagnosis suffices, how long a dialysis may be acute."""

    condition_suffices: Flag = True
    acute_days: Days = 90


class Tf2Parameters(Frozen):
    """Doubled creatinine: the factor, and when the second value has to confirm it."""

    factor: Times = Decimal(2)
    op: Literal[">=", ">"] = ">="
    confirm_days: Days = 28
    early_days: Days = 7
    late_days: Days = 14


class Tf3Parameters(Frozen):
    """Active lupus nephritis: by proteinuria, or as a nephritic flare, each confirmed.

    `gap_rule` is for a baseline of 0.5 to 1 g/24 h, which the synopsis leaves out. `confirmations` is how
    many further positive values are needed, each `interval_days` (± `tolerance_days`) after the one before.
    """

    gap_rule: Literal["double_and_gt1", "gt2", "undetermined"] = "double_and_gt1"
    require_doubling: Flag = True
    nephritic_logic: Literal["all", "any_of_three"] = "all"
    creatinine_factor: Times = Decimal("1.25")
    confirmations: Literal[2, 1] = 2
    interval_days: Days = 14
    tolerance_days: Days = 4
    simultaneous_days: Days = 7
    accept_upcr: Flag = True
    assume_sle: Flag = True


class Tf4Parameters(Frozen):
    """Rescue treatment: whether a raised dose counts, and whether a missing reason means lupus."""

    count_dose_increase: Flag = False
    assume_lupus: Flag = False
