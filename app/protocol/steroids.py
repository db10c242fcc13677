"""How the exposure to corticosteroids is counted (clinical conventions §1.9)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.protocol.words import Frozen

Days = Annotated[int, Field(ge=0, strict=True)]
Share = Annotated[Decimal, Field(ge=0, le=1)]


class SteroidParameters(Frozen):
    """The windows are inclusive study days; `window` days end on the visit, M0 is the days before day 0.

    A mean is known if at least `min_known_days_frac` of the window's days are. `reduction` is the share by
    which the mean has to fall, `limit_mg` with `limit_op` the second condition of the synopsis over
    `final_window` (weeks 40 to 52).
    """

    table: Literal["pharmacologic", "who_ddd"] = "pharmacologic"
    include_parenteral: Annotated[bool, Field(strict=True)] = True
    window: Days = 28
    baseline_days: Days = 30
    final_window: tuple[Days, Days] = (280, 364)
    min_known_days_frac: Share = Decimal("0.8")
    reduction: Share = Decimal("0.25")
    limit_mg: Annotated[Decimal, Field(gt=0)] = Decimal("7.5")
    limit_op: Literal["<", "<="] = "<"
    zero_baseline: Literal["exclude", "met"] = "exclude"
