"""The settings of a protocol where its sources leave a choice open, by the names of the conventions.

A TOML table `[parameters.sledai]` with a line `variant = "selena"` is the parameter `sledai.variant`.
Where the file says nothing, the default of clinical conventions §5 applies.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.words import Frozen

Days = Annotated[int, Field(ge=0, strict=True)]
Grade = Literal["A", "B", "C", "D", "E"]
BilagVariant = Literal["classic", "bilag2004"]

CLASSIC_WEIGHTS: dict[Grade, int] = {"A": 9, "B": 3, "C": 1, "D": 0, "E": 0}
BILAG_2004_WEIGHTS: dict[Grade, int] = {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
WEIGHTS: dict[BilagVariant, dict[Grade, int]] = {"classic": CLASSIC_WEIGHTS, "bilag2004": BILAG_2004_WEIGHTS}


class VisitParameters(Frozen):
    """How far before the infusion an assessment may lie and still be the baseline."""

    baseline_lookback_days: Days = 30


class ObservationParameters(Frozen):
    """Which observations count."""

    accept_preliminary: bool = False


class SledaiParameters(Frozen):
    """Which SLEDAI is meant, and what an item that was not recorded means."""

    variant: Literal["selena", "sledai_2k"] = "selena"
    missing_item: Literal["unknown", "absent"] = "unknown"


class BilagParameters(Frozen):
    """Which BILAG is meant, and what its grades weigh in the total."""

    variant: BilagVariant = "classic"
    weights: dict[Grade, Annotated[int, Field(ge=0, strict=True)]] = {}

    @model_validator(mode="after")
    def _weighs_every_grade(self) -> "BilagParameters":
        missing = sorted(set(CLASSIC_WEIGHTS) - set(self.weights))
        if self.weights and missing:
            raise ValueError(f"the weights name no number for grade {', '.join(missing)}")
        return self

    @property
    def weight(self) -> dict[Grade, int]:
        """The number each grade counts for in the total."""
        return self.weights or WEIGHTS[self.variant]


class PgaParameters(Frozen):
    """The scale a physician global assessment is on where it names none."""

    scale_max: Annotated[Decimal, Field(gt=0)] = Decimal(3)


class Parameters(Frozen):
    """Every parameter of the protocol, in groups."""

    visit: VisitParameters = VisitParameters()
    obs: ObservationParameters = ObservationParameters()
    sledai: SledaiParameters = SledaiParameters()
    bilag: BilagParameters = BilagParameters()
    pga: PgaParameters = PgaParameters()
