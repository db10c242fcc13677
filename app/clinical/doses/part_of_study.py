"""The doses as who sees only some sites may be told of them: what was counted there, and no decision.

A toxicity at another site would change what comes next, so nothing is decided from a part of a study.
"""

from dataclasses import replace
from typing import Final

from app.clinical.answers import Answer, Figure, Result, wire
from app.clinical.doses.dose_escalation import QUESTION
from app.clinical.truth import Truth

OUT_OF_SIGHT: Final = "out-of-sight"
_NEEDED: Final = "somebody who sees the subjects of every site asks: toxicities elsewhere count, too"
_COUNTED: Final = frozenset(("evaluable", "toxicities", "undetermined"))


def of_a_part(answer: Answer) -> Answer:
    """The answer without what it would decide about the whole study; others decide nothing of it."""
    if answer.question != QUESTION:
        return answer
    told = (_told(one) for one in answer.results if one.name != "sensitivity")
    return replace(answer, results=tuple(told))


def _told(result: Result) -> Result:
    if result.name == "dose":
        figures = (one for one in result.figures if not one.name.startswith("p-excessive-after-"))
        return replace(result, figures=tuple(map(_figure, figures)), notes=())
    return Result(
        name=result.name,
        verdict=wire(Truth.UNKNOWN),
        reasons=(OUT_OF_SIGHT,),
        missing=(_NEEDED,),
        figures=tuple(Figure(name=name, value=None, reasons=(OUT_OF_SIGHT,)) for name in ("decision", "arm")),
    )


def _figure(one: Figure) -> Figure:
    """A count as it is; what is thought of the dose is not known."""
    return one if one.name in _COUNTED else replace(one, value=None, evidence=(), reasons=(OUT_OF_SIGHT,))
