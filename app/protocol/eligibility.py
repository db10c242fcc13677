"""Who may enter a trial, as data: the criteria, the choices they leave open, and the words they use."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, model_validator

from app.protocol import choices
from app.protocol.candidates import Candidate, EligibilityExample
from app.protocol.care import StoppedFor
from app.protocol.choices import OpenChoice
from app.protocol.criteria import Criterion, UnlessAttested, everything_in
from app.protocol.parts import Codes, ShortCode
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

HISTORY_COMPLETE = "treatment-history-complete"  # without it, a drug not recorded may have been given


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


class Criteria(Frozen):
    """Who may enter: every inclusion criterion met, and no exclusion criterion present."""

    inclusion: tuple[Criterion, ...] = ()
    exclusion: tuple[Criterion, ...] = ()
    candidate: Candidate = Candidate()
    eligibility_example: tuple[EligibilityExample, ...] = ()

    @property
    def own_parts(self) -> Iterator[Criterion]:
        """Every one of these criteria with everything under it, inclusion first."""
        for criterion in (*self.inclusion, *self.exclusion):
            yield from everything_in(criterion)


class Population(Criteria):
    """People of the trial who are not treated in it, such as donors, with criteria of their own.

    A subject belongs to it whose assigned arm has its name.
    """

    name: Text
    title: Sentence


class EligibilityRules(Criteria):
    """The part of a protocol that says who may enter: those treated, and each population beside them."""

    choices: tuple[OpenChoice, ...] = ()
    attestations: dict[Text, Sentence] = Field(default_factory=dict)
    drugs: tuple[Drug, ...] = ()
    body: Body = Body()
    populations: tuple[Population, ...] = ()

    @property
    def every_part(self) -> Iterator[Criterion]:
        """Every criterion with everything under it, inclusion first, then those of each population."""
        for criteria in (self, *self.populations):
            yield from criteria.own_parts

    def population(self, arm: str | None) -> Population | None:
        """The population a subject of that arm belongs to; None for one who is to be treated."""
        return next((one for one in self.populations if one.name == arm), None)

    def rules_for(self, arm: str | None) -> Criteria:
        """The criteria a subject of that arm is judged by."""
        return self.population(arm) or self

    @property
    def other_readers(self) -> tuple[tuple[str, str], ...]:
        """Each attested fact that something else than a criterion reads, and what reads it."""
        return ()

    def drugs_named(self, names: Iterable[str]) -> tuple[Drug, ...]:
        """The drugs of these names or groups, in the order they are declared."""
        wanted = set(names)
        return tuple(drug for drug in self.drugs if drug.name in wanted or drug.group in wanted)

    @model_validator(mode="before")
    @classmethod
    def _choices_are_made(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        return choices.made(raw, ("inclusion", "exclusion", "populations"))

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
        read = {fact for fact, _ in self.other_readers}
        if strange := sorted(read - set(self.attestations)):
            raise ValueError(f"{', '.join(strange)} is read, which this file does not declare")
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
        case StoppedFor():
            return ()
        case Exposure() | StableTreatment():
            return (HISTORY_COMPLETE,)
        case _:
            return ()


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
