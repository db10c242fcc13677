"""Why something was not found, in sentences, made of what the store has counted for a search.

How each condition was understood is said by `search_explain`; here stands what meets it. No value of any
resource is shown: only numbers, and whether the one resource that was expected meets a condition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.fhir_mapping.query import Chained, Clause, Condition, Missing
from app.fhir_mapping.wording import is_code_like

MOST_COUNTED = 10
"""The conditions of a search that are counted: each is a count of its own over all there is."""

_MOST_NAMED = 3
"""The conditions that are named where it is said at once why a resource is not found."""

Verdict = Literal["met", "lacking", "unmet"]
"""Whether the resource expected meets a condition; `lacking` where it has no value it could meet it by."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many resources meet a condition alone, and how many together with all conditions before it."""

    alone: int
    together: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of the first conditions of a search, in their order."""

    counts: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of the resource one expected to find, with a verdict for each condition if it is current.

    `state` None: there is none, or it is not the asker's to see, which are not told apart.
    """

    id: str
    state: Literal["current", "deleted"] | None = None
    verdicts: tuple[Verdict, ...] = ()


Account = Counted | Expected


def lack(condition: Condition) -> Missing | None:
    """The question whether a resource has no value at all for a condition to be met by; None where moot."""
    match condition:
        case Clause(parameter, _, False) if not parameter.components:
            return Missing(parameter, True)
        case Chained(parameter):
            return Missing(parameter, True)
        case _:
            return None


def told(account: Account | None, name: str, conditions: Sequence[tuple[Condition, str]]) -> list[str]:
    """The answer for people, and then each condition with what became of it."""
    match account:
        case Counted(counts):
            return _of_counts(counts, name, [sentence for _, sentence in conditions])
        case Expected():
            return _of_one(name, account, conditions)
        case None:
            return [sentence for _, sentence in conditions]


def _of_counts(counts: Sequence[Count], name: str, sentences: Sequence[str]) -> list[str]:
    said = [
        f"{sentence}; met by {count.alone} alone"
        + (f", by {count.together} together with all before it" if at else "")
        for at, (sentence, count) in enumerate(zip(sentences, counts, strict=False))
    ]
    if len(sentences) > len(counts):
        bound = f"only the first {len(counts)} of {len(sentences)} conditions are counted: ask for fewer"
        said += [*sentences[len(counts) :], bound]
    return [*_where_it_ends(counts, name, sentences), *said]


def _where_it_ends(counts: Sequence[Count], name: str, sentences: Sequence[str]) -> list[str]:
    """The condition that leaves nothing, where one does."""
    at = next((at for at, count in enumerate(counts) if not count.together), None)
    if at is None:
        return []
    if not counts[at].alone:
        return [f"nothing is found: no {name} known here meets '{sentences[at]}'"]
    left = f"of the {counts[at - 1].together} {name} that meet all conditions before it, none"
    return [f"nothing is found: {left} meets '{sentences[at]}'"]


def _of_one(name: str, expected: Expected, conditions: Sequence[tuple[Condition, str]]) -> list[str]:
    if expected.state != "current":
        return [_absent(name, expected), *(sentence for _, sentence in conditions)]
    said = [
        _verdict(condition, sentence, verdict)
        for (condition, sentence), verdict in zip(conditions, expected.verdicts, strict=True)
    ]
    return [_answer(f"{name}/{expected.id}", expected.verdicts, conditions), *said]


def _absent(name: str, expected: Expected) -> str:
    """That it is not there; an id that nothing here has may be any text."""
    if expected.state == "deleted":
        own = f"{name}/{expected.id}"
        return f"{own} was deleted, so no search finds it; GET {own}/_history shows its life"
    named = f"{name}/{expected.id}" if is_code_like(expected.id) else f"the {name} asked about"
    return f"{named} is not known here: look at its id and its type again"


def _answer(own: str, verdicts: Sequence[Verdict], conditions: Sequence[tuple[Condition, str]]) -> str:
    pairs = zip(conditions, verdicts, strict=True)
    unmet = [sentence for (_, sentence), verdict in pairs if verdict != "met"]
    if not unmet:
        return f"{own} is found: it meets every condition; where it is not on this page, it is on another"
    named = " nor ".join(f"'{sentence}'" for sentence in unmet[:_MOST_NAMED])
    more = f" nor {len(unmet) - _MOST_NAMED} more of what follows" if len(unmet) > _MOST_NAMED else ""
    return f"{own} is not found: it does not meet {named}{more}"


def _verdict(condition: Condition, sentence: str, verdict: Verdict) -> str:
    lacking = lack(condition)
    if verdict == "lacking" and lacking is not None:
        return f"{sentence}; not met: it has no {lacking.parameter.name}"
    return f"{sentence}; {'met' if verdict == 'met' else 'not met'}"
