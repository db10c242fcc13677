"""How the exposure to corticosteroids is counted (clinical conventions §1.9)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.protocol.parts import Amount, Codes, Route, ShortCode
from app.protocol.words import Frozen, Sentence, Text

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


class SteroidRule(Frozen):
    """One reading of the endpoint, named after its source: which mean is compared, and with what.

    `over` is the time before each visit, or the final window. A rule with a sentence for the `limit` asks
    for a mean below `limit_mg` as well.
    """

    name: Text
    source: Text
    visits: Annotated[tuple[Text, ...], Field(min_length=1)]
    over: Literal["visit", "final_window"]
    reduction: Sentence
    limit: Sentence | None = None


class Steroids(Frozen):
    """Which drugs are counted as corticosteroids, by which routes, and what has to be reached.

    `drugs` are names or groups of drugs. A record given by one of `local_routes` is no systemic treatment.
    A statement that a drug of `none_of` was not taken says that none of the drugs was. `ddd` are the
    milligrams of each drug that WHO counts as one day's dose.
    """

    drugs: Annotated[tuple[Text, ...], Field(min_length=1)]
    oral: tuple[Route, ...] = ("oral",)
    parenteral: tuple[Route, ...] = ("intravenous", "intramuscular")
    local_routes: tuple[ShortCode, ...] = ()
    none_of: Codes
    measured_in: Text
    ddd: dict[Text, Amount]
    reference: Text = "M0"
    rules: Annotated[tuple[SteroidRule, ...], Field(min_length=1)]

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits at which some rule asks for the mean dose, in the order they are named."""
        return tuple(dict.fromkeys(label for rule in self.rules for label in rule.visits))
