"""Worked examples of eligibility inside a protocol file: a candidate, what is changed, what must come out."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from app.protocol.choices import Value
from app.protocol.parts import Route, ShortCode
from app.protocol.words import Frozen, Text


class Recorded(Frozen):
    """A result in a worked example: a number or an answer, so many days before the day asked for."""

    value: Decimal | None = None
    unit: Text | None = None
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    answer: Literal["positive", "negative"] | None = None
    coded: ShortCode | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    day: int


class Treated(Frozen):
    """A treatment in a worked example; `until` is left out while it goes on."""

    amount: Decimal | None = None
    unit: Text | None = None
    route: Route | None = None
    since: int
    until: int | None = None
    single: bool = False


class Candidate(Frozen):
    """What is recorded of somebody who may be eligible; an example names only what is different.

    Results are by code, treatments by drug; `false` in their place means that nothing is recorded.
    `on` is the day asked for, from which every other day is counted.
    """

    on: date | None = None
    birth_date: Text | None = None
    gender: Text | None = None
    sledai: int | Literal[False] | None = None
    results: dict[Text, Recorded | Literal[False]] = Field(default_factory=dict)
    treatments: dict[Text, tuple[Treated, ...] | Literal[False]] = Field(default_factory=dict)
    attested: dict[Text, bool] = Field(default_factory=dict)


class EligibilityExample(Frozen):
    """The candidate with some facts changed, perhaps under another reading, and what must come out."""

    id: Text
    says: Text
    changed: Candidate = Candidate()
    choices: dict[Text, Value] = Field(default_factory=dict)
    expect: Literal["eligible", "ineligible", "undetermined"]
    because: dict[Text, Literal["met", "not-met", "undetermined"]] = Field(default_factory=dict)
