"""Every endpoint of a study, drawn from the questions about one subject; a new one is one line here.

An endpoint is met, not met or undetermined for each subject, or it is a number. Both are told apart by name,
visit and rule, as the subject's own answer tells them apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from app.clinical.answers import Figure, Result, wire
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.questions import QUESTIONS
from app.clinical.truth import Truth
from app.protocol.definition import Protocol

CHANGE: Final = "change-from-baseline"
TOTAL: Final = "total"
NOT_APPLICABLE: Final = "not-applicable"
"""The reason, and so the verdict, where an endpoint cannot be asked of a subject, who is not counted then."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A question about one subject whose answers are endpoints.

    `facts` are the figures of its answers that are met or not met. `numbers` are those that are endpoints,
    too; without them every number is. With `compared_only` those compared with baseline are: the scores, not
    the items they are made of.
    """

    name: str
    question: str
    facts: frozenset[str] = frozenset()
    numbers: frozenset[str] | None = None
    compared_only: bool = False


ENDPOINTS: Final = (
    Endpoint("tolerance", "tolerance"),
    Endpoint("sri", "sri-status"),
    Endpoint("clinical-response", "clinical-response", facts=frozenset({"relapse-after-response"})),
    Endpoint(
        "steroid-exposure",
        "steroid-exposure",
        numbers=frozenset({"mean-daily-dose", "mean-at-reference", "reduction"}),
    ),
    Endpoint("treatment-failure", "treatment-failure"),
    Endpoint("survival", "survival"),
    Endpoint(
        "disease-activity",
        "disease-activity",
        facts=frozenset({"comorbidity-present"}),
        compared_only=True,
    ),
    Endpoint("biomarkers", "biomarkers", numbers=frozenset({"value", "change", "change-percent"})),
    Endpoint("cell-dose", "cell-dose"),
)
"""In the order in which they are told."""


class Key(NamedTuple):
    """Which endpoint: its name, and the visit and the rule where it has them."""

    name: str
    visit: str | None
    rule: str | None


class Outcome(NamedTuple):
    """Whether a subject met an endpoint; undetermined has reasons."""

    key: Key
    verdict: str
    reasons: tuple[str, ...]


class Number(NamedTuple):
    """What was measured of a subject; None where it is not known exactly, for these reasons."""

    key: Key
    value: Decimal | None
    unit: str | None
    reasons: tuple[str, ...]


Reached = Outcome | Number

# Subjects of a study share most of their outcomes: each is kept once, however many subjects there are.
_outcome = lru_cache(maxsize=1 << 16)(Outcome)
_number = lru_cache(maxsize=1 << 16)(Number)


def reached(protocol: Protocol, history: History, asked: Asked) -> tuple[Reached, ...]:
    """Every endpoint of one subject, narrowed to the names, visits and rules asked for."""
    everything = Asked(today=asked.today, on=asked.on)
    found: dict[Key, Reached] = {}
    for endpoint in ENDPOINTS:
        if asked.names is None or endpoint.name in map(whole, asked.names):
            for one in _of(endpoint, protocol, history, everything):
                found.setdefault(one.key, one)
    return tuple(one for one in found.values() if _is_asked(one.key, asked))


def whole(name: str) -> str:
    """The endpoint that a name such as `sri` or `disease-activity.pga.total` is a part of."""
    return name.partition(".")[0]


def _is_asked(key: Key, asked: Asked) -> bool:
    """A name asks for itself and for all its parts."""
    return (
        (asked.names is None or any(f"{key.name}.".startswith(f"{name}.") for name in asked.names))
        and (asked.visits is None or key.visit in asked.visits)
        and (asked.rules is None or key.rule in asked.rules)
    )


def _of(endpoint: Endpoint, protocol: Protocol, history: History, asked: Asked) -> Iterator[Reached]:
    """What one question says; nothing where this protocol does not ask it."""
    if endpoint.question not in QUESTIONS:
        return
    try:
        results = QUESTIONS[endpoint.question](protocol, history, asked).results
    except CannotAnswer:
        return
    compared = _compared(results) if endpoint.compared_only else None
    for result in results:
        name = _named(endpoint, result)
        if result.verdict is not None:
            yield _verdict(Key(name, result.visit, result.rule), result.verdict, result.reasons)
        for figure in result.figures:
            key = Key(f"{name}.{figure.name}", result.visit, result.rule)
            if figure.name in endpoint.facts:
                yield _fact(key, figure)
            elif _is_told(endpoint, figure) and (compared is None or (result.name, figure.name) in compared):
                yield _number(key, _exact(figure), figure.unit, figure.reasons)


def _named(endpoint: Endpoint, result: Result) -> str:
    """The endpoint, and which of its results where that has a name of its own."""
    return endpoint.name if result.name in {None, endpoint.name} else f"{endpoint.name}.{result.name}"


def _compared(results: Sequence[Result]) -> set[tuple[str | None, str]]:
    """The figures that some result compares with baseline, and what they come to."""
    found: set[tuple[str | None, str]] = set()
    for result in results:
        for figure in result.figures:
            if figure.name.endswith(CHANGE):
                score = figure.name.removesuffix(CHANGE).removesuffix("-") or TOTAL
                found |= {(result.name, figure.name), (result.name, score)}
    return found


def _verdict(key: Key, verdict: str, reasons: tuple[str, ...]) -> Outcome:
    """What a verdict counts as; where there was nothing to reach, the subject is not counted."""
    if verdict != wire(Truth.UNKNOWN):
        return _outcome(key, verdict, ())
    return _outcome(key, NOT_APPLICABLE, ()) if NOT_APPLICABLE in reasons else _outcome(key, verdict, reasons)


def _fact(key: Key, figure: Figure) -> Outcome:
    """What a figure says of a fact; it may be one that cannot be asked of this subject."""
    if figure.value is None and figure.reasons == (NOT_APPLICABLE,):
        return _outcome(key, NOT_APPLICABLE, ())
    if figure.value is None:
        return _outcome(key, wire(Truth.UNKNOWN), figure.reasons)
    return _outcome(key, wire(Truth.of(bool(figure.value))), ())


def _is_told(endpoint: Endpoint, figure: Figure) -> bool:
    """Whether it is a number, or may be one that is not known, and an endpoint."""
    if endpoint.numbers is not None and figure.name not in endpoint.numbers:
        return False
    return figure.value is None or (
        isinstance(figure.value, Decimal | int | Interval) and not isinstance(figure.value, bool)
    )


def _exact(figure: Figure) -> Decimal | None:
    """The number where it is known exactly."""
    match figure.value:
        case Interval(low, high):
            return low if low == high else None
        case Decimal() | int():
            return Decimal(figure.value)
        case _:
            return None
