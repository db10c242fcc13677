"""Who may enter a trial, as data: the criteria, the choices they leave open, and the words they use."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from app.protocol.criteria import Criterion, UnlessAttested, everything_in
from app.protocol.parts import Codes, Route, ShortCode
from app.protocol.questions import (
    Attested,
    ChildbearingPotential,
    CreatinineClearance,
    DailyDose,
    DoseCourse,
    Exposure,
    StableTreatment,
)
from app.protocol.words import Frozen, Sentence, Text

PLACEHOLDER = "$"
HISTORY_COMPLETE = "treatment-history-complete"  # without it, a drug not recorded may have been given
Value = bool | int | Decimal | str


class OpenChoice(Frozen):
    """A choice the sources leave open: the criteria name it as `$name` and get its value.

    `among` lists the values that mean something, where there are only so many; `because` says which
    source says what, and why this value is the default.
    """

    name: Text
    value: Value
    among: tuple[Value, ...] = ()
    because: Text

    @model_validator(mode="after")
    def _is_one_of_its_values(self) -> "OpenChoice":
        if self.among and self.value not in self.among:
            allowed = ", ".join(map(spelt, self.among))
            raise ValueError(f"{self.name} is {spelt(self.value)}, but may only be {allowed}")
        return self


class Drug(Frozen):
    """A drug by all the codes it is known by; `group` is the class it belongs to.

    `mg` of it count for `equals_mg` of the drug its group is measured in (5 mg of prednisone, 1000 mg of
    mycophenolate mofetil). A single dose counts for `covers_days` days.
    """

    name: Text
    group: Text
    codes: Codes
    mg: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    equals_mg: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    covers_days: Annotated[int, Field(ge=1, strict=True)] = 1


class Body(Frozen):
    """Where weight, height and body surface are found, and how far from the day they are used for."""

    weight: tuple[ShortCode, ...] = ()
    height: tuple[ShortCode, ...] = ()
    surface: tuple[ShortCode, ...] = ()
    within_days: Annotated[int, Field(ge=0, strict=True)] = 0


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


class EligibilityRules(Frozen):
    """The part of a protocol that says who may enter."""

    choices: tuple[OpenChoice, ...] = ()
    attestations: dict[Text, Sentence] = Field(default_factory=dict)
    drugs: tuple[Drug, ...] = ()
    body: Body = Body()
    inclusion: tuple[Criterion, ...] = ()
    exclusion: tuple[Criterion, ...] = ()
    candidate: Candidate = Candidate()
    eligibility_example: tuple[EligibilityExample, ...] = ()

    @property
    def every_part(self) -> Iterator[Criterion]:
        """Every criterion with everything under it, inclusion first."""
        for criterion in (*self.inclusion, *self.exclusion):
            yield from everything_in(criterion)

    def drugs_named(self, names: Iterable[str]) -> tuple[Drug, ...]:
        """The drugs of these names or groups, in the order they are declared."""
        wanted = set(names)
        return tuple(drug for drug in self.drugs if drug.name in wanted or drug.group in wanted)

    @model_validator(mode="before")
    @classmethod
    def _choices_are_made(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        choices = raw.get("choices", [])
        if not all(map(_is_choice, choices)):  # say first what is wrong with the choices
            return raw | {"inclusion": [], "exclusion": []}
        values = {choice["name"]: choice["value"] for choice in choices}
        used: set[str] = set()
        chosen = {key: _filled_in(raw[key], values, used) for key in ("inclusion", "exclusion") if key in raw}
        if unused := sorted(set(values) - used):
            raise ValueError(f"no criterion depends on the choice {', '.join(unused)}")
        return raw | chosen

    @model_validator(mode="after")
    def _every_part_has_its_own_id(self) -> "EligibilityRules":
        seen: set[str] = set()
        for part in self.every_part:
            if part.id in seen:
                raise ValueError(f"two criteria have the id {part.id}")
            seen.add(part.id)
        return self

    @model_validator(mode="after")
    def _weighs_where_it_must(self) -> "EligibilityRules":
        if not self.body.weight and (part := next(filter(_needs_weight, self.every_part), None)):
            raise ValueError(f"{part.id} needs the body weight, but [body] names no code for it")
        return self

    @model_validator(mode="after")
    def _names_what_is_declared(self) -> "EligibilityRules":
        drugs = {name for drug in self.drugs for name in (drug.name, drug.group)}
        read: set[str] = set()
        for part in self.every_part:
            attested = set(attestations_read_by(part))
            read |= attested
            if strange := sorted(attested - set(self.attestations)) + sorted(set(_drugs_of(part)) - drugs):
                raise ValueError(f"{part.id} names {', '.join(strange)}, which this file does not declare")
        if unread := sorted(set(self.attestations) - read):
            raise ValueError(f"no criterion reads the attestation {', '.join(unread)}")
        return self


def attestations_read_by(part: Criterion) -> tuple[str, ...]:
    """The facts this part by itself needs an investigator for."""
    match part:
        case Attested() | ChildbearingPotential() | UnlessAttested():
            return (part.attestation,)
        case Exposure() | StableTreatment():
            return (HISTORY_COMPLETE,)
        case _:
            return ()


def spelt(value: Value) -> str:
    """A value as the file spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_choice(raw: Any) -> bool:
    return isinstance(raw, dict) and {"name", "value"} <= raw.keys()


def _filled_in(node: Any, values: dict[str, Any], used: set[str]) -> Any:
    """The same with every `$name` replaced; each part remembers the choices it was written with."""
    if isinstance(node, list):
        return [_filled_in(item, values, used) for item in node]
    if isinstance(node, str) and node.startswith(PLACEHOLDER):
        name = node.removeprefix(PLACEHOLDER)
        if name not in values:
            raise ValueError(f"a criterion depends on the choice {name}, which this file does not declare")
        used.add(name)
        return values[name]
    if not isinstance(node, dict):
        return node
    here: set[str] = set() if "kind" in node else used
    filled = {key: _filled_in(item, values, here) for key, item in node.items()}
    if here and here is not used:
        used |= here
        filled["choices"] = {name: spelt(values[name]) for name in sorted(here)}
    return filled


def _needs_weight(part: Criterion) -> bool:
    match part:
        case DailyDose() | DoseCourse():
            return "/kg" in part.unit or "/m2" in part.unit
        case CreatinineClearance():
            return part.formula == "cockcroft_gault"
        case _:
            return False


def _drugs_of(part: Criterion) -> tuple[str, ...]:
    if isinstance(part, Exposure):
        return part.drugs
    if isinstance(part, StableTreatment):
        return (*part.required, *(name for drugs in part.classes for name in drugs.drugs))
    return ()
