"""Every endpoint of a study over its subjects: how many met it, with both rates, in all and by arm.

The subjects counted are those who were given the study's product. The observed rate leaves the undetermined
out, the other takes them for not met (non-responder imputation, clinical conventions §1.4 and §5 row 58); the
range says what the rate can be once nothing is undetermined any more.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Study
from app.clinical.statistics import COMPUTED
from app.clinical.studies.endpoints import (
    ENDPOINTS,
    NOT_APPLICABLE,
    Key,
    Number,
    Outcome,
    Reached,
    reached,
    whole,
)
from app.clinical.studies.enrolment_summary import arm_of, is_treated
from app.clinical.studies.proportion import limits, per_cent
from app.clinical.summary import Summary
from app.protocol.definition import Protocol

MET, NOT_MET, UNDETERMINED = "met", "not-met", "undetermined"
OBSERVED, IMPUTED = "rate-observed", "rate-nri"
STATISTICS: Final = {"median": "median", "min": "minimum", "max": "maximum", "mean": "average"}
"""What is said of a number, each with R4's code for it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject's endpoints; none for who was not given the product."""

    arm: str | None
    treated: bool
    reached: tuple[Reached, ...] = ()


def row(protocol: Protocol, history: History, asked: Asked) -> Subject:
    """The endpoints of one subject."""
    _check(protocol, asked)
    if not is_treated(protocol, history):
        return Subject(arm_of(history), treated=False)
    return Subject(arm_of(history), treated=True, reached=reached(protocol, history, asked))


def _check(protocol: Protocol, asked: Asked) -> None:
    """CannotAnswer where a visit or an endpoint is named that there is not."""
    among([visit.label for visit in protocol.visits], asked.visits, parameter="visit")
    known = [endpoint.name for endpoint in ENDPOINTS]
    among(known, None if asked.names is None else [*map(whole, asked.names)], parameter="name")


@dataclass(slots=True)
class _Tally:
    """What the subjects of one arm, or all of them, came to in one endpoint."""

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    values: list[Decimal] = field(default_factory=list)
    units: set[str | None] = field(default_factory=set)
    unknown: int = 0

    def add(self, one: Reached) -> None:
        """Count one subject."""
        self.reasons.update(one.reasons)
        match one:
            case Outcome():
                self.verdicts[one.verdict] += 1
            case Number(value=Decimal() as value):
                self.values.append(value)
                self.units.add(one.unit)
            case Number():
                self.unknown += 1


Tallies = Mapping[tuple[Key, str | None], _Tally]


def answer(protocol: Protocol, study: Study, subjects: Sequence[Subject], asked: Asked) -> Answer:
    """Every endpoint at each visit and by each rule, in all and then by arm."""
    _check(protocol, asked)
    treated = [one for one in subjects if one.treated]
    keys, tallies = _counted(treated)
    if treated and not keys:
        raise _nothing(asked)
    in_arms = Counter(one.arm for one in treated)
    told = _told(protocol)
    numbers = {None: len(treated)} | {arm: in_arms[arm] for arm in _arms(protocol, treated)}
    return Answer(
        question="endpoint-summary",
        subject=study.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            *(_treated(arm, number) for arm, number in numbers.items()),
            *(
                result
                for key in keys
                for arm, number in numbers.items()
                for result in _results(key, arm, tallies, number, told=told)
            ),
        ),
        notes=tuple(_remarks(subjects, treated)),
    )


def _treated(arm: str | None, number: int) -> Result:
    return Result(name="treated", arm=arm, figures=(Figure(name="n", value=number),))


def _arms(protocol: Protocol, treated: Iterable[Subject]) -> list[str]:
    """The arms in which any subject was treated, those of the protocol first."""
    found = {one.arm for one in treated if one.arm is not None}
    known = [arm.name for arm in protocol.arms if arm.name in found]
    return [*known, *sorted(found.difference(known))]


def _counted(treated: Iterable[Subject]) -> tuple[Sequence[Key], Tallies]:
    """Every endpoint reached by any subject, in order, with what the subjects of each arm came to."""
    tallies: dict[tuple[Key, str | None], _Tally] = {}
    for subject in treated:
        for one in subject.reached:
            for arm in once((None, subject.arm)):
                tallies.setdefault((one.key, arm), _Tally()).add(one)
    return once(key for key, _ in tallies), tallies


def _results(
    key: Key, arm: str | None, tallies: Tallies, treated: int, *, told: Collection[str]
) -> Iterator[Result]:
    tally = tallies.get((key, arm), _Tally())
    figures: tuple[Figure, ...] = ()
    if tally.verdicts:
        figures = (*_rates(tally, treated, told=told), *_why(tally))
    elif tally.values:
        figures = (*_distribution(tally), *_why(tally))
    if figures:
        yield Result(name=key.name, visit=key.visit, rule=key.rule, arm=arm, figures=figures)


def _told(protocol: Protocol) -> tuple[str, ...]:
    """The rates that are told."""
    return {"both": (OBSERVED, IMPUTED), "observed": (OBSERVED,), "non_responder": (IMPUTED,)}[
        protocol.parameters.rate.missing
    ]


def _rates(tally: _Tally, treated: int, *, told: Collection[str]) -> Iterator[Figure]:
    """The numbers and shares of the subjects who met it, with exact 95 % confidence intervals."""
    met, failed = tally.verdicts[MET], tally.verdicts[NOT_MET]
    decided, others = met + failed, tally.verdicts[NOT_APPLICABLE]
    treated -= others
    yield Figure(name="n", value=treated)
    yield Figure(name=MET, value=met)
    yield Figure(name=NOT_MET, value=failed)
    yield Figure(name=UNDETERMINED, value=treated - decided)
    if others:
        yield Figure(name=NOT_APPLICABLE, value=others)
    for name, of in ((OBSERVED, decided), (IMPUTED, treated)):
        if name in told:
            yield from _rate(name, met, of)
    if decided < treated:
        highest = per_cent(treated - failed, treated)
        yield Figure(name="rate-range", value=Interval(per_cent(met, treated), highest), unit="%")


def _rate(name: str, met: int, of: int) -> Iterator[Figure]:
    if not of:
        yield Figure(name=name, value=None, unit="%", reasons=("missing-observation",))
        return
    yield Figure(name=name, value=per_cent(met, of), unit="%")
    yield Figure(name=f"{name}-95", value=limits(met, met, of), unit="%")


def _distribution(tally: _Tally) -> Iterator[Figure]:
    """How a number lies over the subjects of whom it is known exactly."""
    unit = next(iter(tally.units)) if len(tally.units) == 1 else None
    yield Figure(name="n", value=len(tally.values))
    yield Figure(name="unknown", value=tally.unknown)
    if len(tally.units) > 1:
        return  # numbers in different units have no mean
    for name, code in STATISTICS.items():
        yield Figure(name=name, value=COMPUTED[code](tally.values), unit=unit)
    lower, upper = (COMPUTED[code](tally.values) for code in ("4-lower", "4-upper"))
    yield Figure(name="quartiles", value=Interval(lower, upper), unit=unit)


def _why(tally: _Tally) -> Iterator[Figure]:
    """How many subjects each reason leaves open; one may have several."""
    for reason, number in sorted(tally.reasons.items()):
        yield Figure(name=f"reason-{reason}", value=number)


def _nothing(asked: Asked) -> CannotAnswer:
    """Nobody has such an endpoint: the last thing asked for is the most likely to be wrong."""
    narrowed = {"rule": asked.rules, "name": asked.names, "visit": asked.visits}
    parameter = next((name for name, values in narrowed.items() if values is not None), None)
    text = "no endpoint of this study has this name, visit and rule"
    return CannotAnswer(text, parameter=parameter)


def _remarks(subjects: Sequence[Subject], treated: Sequence[Subject]) -> Iterator[str]:
    if len(treated) < len(subjects):
        others = len(subjects) - len(treated)
        yield f"{others} of {len(subjects)} subjects were not given the product and are not counted"
    unassigned = sum(one.arm is None for one in treated)
    if unassigned:
        yield f"{unassigned} treated without an arm being recorded: counted in all, in no arm"


SUMMARY: Final = Summary(row=row, answer=answer)
