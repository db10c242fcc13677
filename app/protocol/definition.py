"""A trial as data: who it is, when its subjects are seen, who may enter, and what counts as a response."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.protocol.assessed import Assessment
from app.protocol.dosing import Arm, Escalation
from app.protocol.eligibility import EligibilityRules
from app.protocol.examples import Example, SriExample
from app.protocol.failure import Failure
from app.protocol.follow_up import Survival
from app.protocol.markers import Marker
from app.protocol.parameters import Parameters
from app.protocol.reported import Designed, Started
from app.protocol.response import Response
from app.protocol.safety import Safety
from app.protocol.steroids import Steroids
from app.protocol.words import Code, Frozen, Identifier, Sentence, Text

Day = Annotated[int, Field(strict=True)]


class Study(Frozen):
    """Which trial this is, and the product whose first infusion is its day 0.

    `phase` is R4's code, `planned` how many are to be included, `regime` the legal regime by which serious
    adverse events are reported. Of several days of `start` and several statements of `design` the first is
    the one in force.
    """

    key: Text
    version: Text
    title: Sentence
    identifiers: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    products: Annotated[tuple[Code, ...], Field(min_length=1)]
    phase: Text | None = None
    planned: Annotated[int, Field(gt=0, strict=True)] | None = None
    regime: Text | None = None
    start: tuple[Started, ...] = ()
    design: tuple[Designed, ...] = ()


class Visit(Frozen):
    """A planned visit: its day counted from the infusion, and the days on which it may take place.

    `window` is the first and the last day that still count as this visit, both included. No day after
    the infusion belongs to two visits.
    """

    label: Text
    day: Day
    window: tuple[Day, Day]
    assessed: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _window_is_around_the_day(self) -> "Visit":
        first, last = self.window
        if last < first:
            raise ValueError(f"window {first}..{last} ends before it begins")
        if not first <= self.day <= last:
            raise ValueError(f"day {self.day} lies outside its own window {first}..{last}")
        return self


class SriText(Frozen):
    """The protocol's sentence for each condition of the responder index."""

    sledai: Sentence
    bilag_a: Sentence
    bilag_b: Sentence
    pga: Sentence


class SriRule(Frozen):
    """One reading of the SLE Responder Index, named after the source it follows.

    A response is a SELENA-SLEDAI drop of at least `sledai_drop`, at most `max_new_a` new BILAG A and
    `max_new_b` new BILAG B, and no worsening of the physician's global assessment, which is a rise of
    `pga_worsening_threshold` or more (`>=`) or of more than it (`>`). `remarks` say where the source
    is silent and what was used instead.
    """

    name: Text
    title: Sentence
    source: Text
    sledai_drop: Annotated[int, Field(gt=0, strict=True)] = 4
    max_new_a: Annotated[int, Field(ge=0, strict=True)] = 0
    max_new_b: Annotated[int, Field(ge=0, strict=True)]
    pga_worsening_threshold: Annotated[Decimal, Field(gt=0)] = Decimal("0.3")
    pga_worsening_op: Literal[">=", ">"] = ">="
    text: SriText
    remarks: tuple[Sentence, ...] = ()


class Sri(Frozen):
    """The SLE Responder Index: at which visits it is asked, against which, and in which readings.

    With `intercurrent` = `non_responder` nobody responds after a treatment failure, rescue treatment
    included; with `ignore` it plays no part. `week_24` is the visit that stands for week 24 of the published
    index.
    """

    visits: Annotated[tuple[Text, ...], Field(min_length=1)]
    reference: Text = "M0"
    week_24: Text | None = None
    intercurrent: Literal["ignore", "non_responder"] = "ignore"
    rules: Annotated[tuple[SriRule, ...], Field(min_length=1)]


class Protocol(EligibilityRules):
    """One version of one trial's protocol, as everything else reads it."""

    study: Study
    visits: Annotated[tuple[Visit, ...], Field(min_length=1)]
    assessments: tuple[Assessment, ...] = ()
    arms: tuple[Arm, ...] = ()
    parameters: Parameters = Parameters()
    sri: Sri | None = None
    response: Response | None = None
    markers: tuple[Marker, ...] = ()
    survival: Survival | None = None
    steroids: Steroids | None = None
    failure: Failure | None = None
    safety: Safety | None = None
    escalation: Escalation | None = None
    example: tuple[Example, ...] = ()

    @property
    def key(self) -> str:
        """The short name, as `MSC-SLE`."""
        return self.study.key

    @property
    def version(self) -> str:
        """The version of the protocol this file holds."""
        return self.study.version

    @property
    def other_readers(self) -> tuple[tuple[str, str], ...]:
        """The attested facts that the treatment failure reads."""
        return () if self.failure is None else self.failure.attestations

    def visit(self, label: str) -> Visit:
        """The visit of that label; asking for one that does not exist is a mistake in the code."""
        return next(visit for visit in self.visits if visit.label == label)

    @model_validator(mode="after")
    def _labels_are_used_once(self) -> "Protocol":
        _once("visit", (visit.label for visit in self.visits))
        _once("assessment", (one.name for one in self.assessments))
        _once("arm", (arm.name for arm in self.arms))
        _once("marker", (marker.name for marker in self.markers))
        _once("example", (example.id for example in self.example))
        if self.sri is not None:
            _once("SRI rule", (rule.name for rule in self.sri.rules))
        return self

    @model_validator(mode="after")
    def _windows_do_not_overlap(self) -> "Protocol":
        for earlier, later in pairwise(sorted(self.visits, key=lambda visit: visit.window)):
            if later.window[0] <= earlier.window[1] and earlier.window[1] > 0:
                raise ValueError(
                    f"the windows of {earlier.label} ({_days(earlier)}) and {later.label} ({_days(later)}) "
                    "overlap: a day could belong to both"
                )
        return self

    @model_validator(mode="after")
    def _visits_named_exist(self) -> "Protocol":
        labels = [visit.label for visit in self.visits]
        for what, named in self._visits_named():
            for label in named:
                if label not in labels:
                    raise ValueError(
                        f"{what} names visit {label}, but the visits of this protocol are {', '.join(labels)}"
                    )
        return self

    def _visits_named(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        if self.sri is not None:
            week_24 = () if self.sri.week_24 is None else (self.sri.week_24,)
            yield "the SRI", (self.sri.reference, *self.sri.visits, *week_24)
        if self.response is not None:
            asked = self.parameters.response
            yield "the clinical response", (*self.response.visits, *asked.visits, asked.highlighted)
        if any(marker.assessed == "cytokines" for marker in self.markers):
            yield "cytokine.visits", self.parameters.cytokine.visits
        if self.steroids is not None:
            yield "the exposure to corticosteroids", (self.steroids.reference, *self.steroids.visits)
        if self.failure is not None:
            yield "the treatment failure", (self.failure.reference, self.failure.until)
        if self.safety is not None:
            yield "the tolerance", (*self.parameters.tox.visits, *self.parameters.tox.on_demand)

    @model_validator(mode="after")
    def _failures_are_defined_where_they_count(self) -> "Protocol":
        if self.sri is not None and self.sri.intercurrent != "ignore" and self.failure is None:
            raise ValueError("sri.intercurrent asks for treatment failures, but there is no [failure]")
        return self

    @model_validator(mode="after")
    def _regime_is_known(self) -> "Protocol":
        name = self.study.regime
        if self.safety is not None and name is not None and self.safety.regime(name) is None:
            raise ValueError(f"the regime {name} is not known, nor declared by [safety.regimes]")
        return self

    @model_validator(mode="after")
    def _examples_name_rules_that_exist(self) -> "Protocol":
        names = [] if self.sri is None else [rule.name for rule in self.sri.rules]
        for example in self.example:
            expected = example.expect if isinstance(example, SriExample) else {}
            for name in sorted(set(expected) - set(names)):
                raise ValueError(
                    f"example {example.id} names the rule {name}, "
                    f"but the SRI rules of this protocol are {', '.join(names) or 'none'}"
                )
        return self


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name} is declared twice")
        seen.add(name)


def _days(visit: Visit) -> str:
    return f"{visit.window[0]}..{visit.window[1]}"
