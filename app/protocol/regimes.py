"""By when a serious adverse event must be reported, by the law a study runs under (trial domain §4)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.words import Frozen, Sentence, Text

Count = Annotated[int, Field(ge=0, strict=True)]

TABLE = Path(__file__).parent / "tables" / "regimes.toml"


class FollowUp(Frozen):
    """What must follow a first report, so many days after that one is due."""

    days: Count
    text: Sentence


class Clock(Frozen):
    """One duty to report: about which events, to whom, how soon after the site or the sponsor learnt of it.

    `serious` is every serious event; a SUSAR is one that is serious, suspected to be caused by the product
    and not expected; `susar-fatal` killed or threatened life, `susar` did not. `text` says the duty.
    """

    text: Sentence
    recipient: Text
    about: Literal["serious", "susar-fatal", "susar"]
    starts: Literal["site", "sponsor"]
    hours: Count | None = None
    days: Count | None = None
    follow_up: FollowUp | None = None

    @model_validator(mode="after")
    def _is_as_long_as_it_says(self) -> "Clock":
        if (self.hours is None) == (self.days is None):
            raise ValueError("a clock has either hours or days")
        return self


class Regime(Frozen):
    """The duties to report of one legal regime."""

    title: Sentence
    source: Text
    clocks: Annotated[tuple[Clock, ...], Field(min_length=1)]


@cache
def regimes() -> Mapping[str, Regime]:
    """The regimes known to every trial, by name."""
    raw = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return MappingProxyType({name: Regime.model_validate(one) for name, one in raw.items()})
