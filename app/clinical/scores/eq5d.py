"""The EQ-5D in its three readings: the registry's sum, the level sum score, the French index (§1.8).

A higher sum is worse, a higher index is better. Nothing is imputed: with a dimension missing, none of the
three is known.
"""

from collections.abc import Mapping
from decimal import Decimal

from app.clinical.answers import Figure
from app.clinical.codes import SCORE
from app.clinical.interval import Interval
from app.clinical.scores.form_codes import EQ5D_DIMENSION
from app.clinical.scores.forms import Answers, Form, laid_out
from app.clinical.scores.reading import Reading, given
from app.protocol.definition import Protocol

NAME = "eq5d-5l"
LAYOUT = laid_out(SCORE.coding(NAME), EQ5D_DIMENSION)
DIMENSIONS = EQ5D_DIMENSION.codes
DIRECTION = "a higher sum is worse, a higher index is better"
VALUE_SETS: Mapping[str, Mapping[str, tuple[str, str, str, str]]] = {
    # Andrade et al. 2020, doi 10.1007/s40273-019-00876-4: what levels 2 to 5 take from full health
    "FR": {
        "mo": ("0.03759", "0.04774", "0.17949", "0.32509"),
        "sc": ("0.03656", "0.050781", "0.172251", "0.258331"),
        "ua": ("0.03313", "0.03979", "0.15689", "0.24005"),
        "pd": ("0.02198", "0.04704", "0.26374", "0.44399"),
        "ad": ("0.02046", "0.04683", "0.20005", "0.25803"),
    },
}


def levels(answers: Answers) -> tuple[int, ...] | None:
    """The five levels; None unless all of them are known exactly."""
    known = [answers[item] for item in DIMENSIONS if item in answers]
    if len(known) < len(DIMENSIONS) or any(answer.low != answer.high for answer in known):
        return None
    return tuple(int(answer.low) for answer in known)


def index(state: tuple[int, ...], value_set: str) -> Decimal:
    """The index of a state of levels 1 to 5: 1 is full health."""
    weights = VALUE_SETS[value_set]
    lost = (
        Decimal(weights[item][level - 2]) for item, level in zip(DIMENSIONS, state, strict=True) if level > 1
    )
    return 1 - sum(lost, Decimal(0))


def reading(protocol: Protocol, form: Form) -> Reading:
    """The three readings, with the five levels they were made of."""
    state = levels(form.answers)
    chosen = protocol.parameters.eq5d
    remarks = (DIRECTION, f"eq5d.version = {chosen.version}", f"eq5d.value_set = {chosen.value_set}")
    scores, notes = _unknown(form) if state is None else _scores(state, chosen.value_set)
    open_items = [item for item in DIMENSIONS if item not in form.answers or item in form.contradicted]
    return Reading(
        scores=scores,
        items=given(form, DIMENSIONS),
        reasons=_why(form) if state is None else (),
        missing=(f"the dimensions {', '.join(open_items)}",) if open_items else (),
        notes=(*form.notes, *notes, *remarks),
    )


def _scores(state: tuple[int, ...], value_set: str) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    seed = Figure(name="lss-seed", value=Interval.of(sum(state)))
    if 0 in state:
        note = "a level of 0 is the registry's own: no EQ-5D has one, so only the registry's sum can be made"
        named = ("lss", "lss-0-based", "index")
        return (seed, *(Figure(name=one, value=None, reasons=("not-applicable",)) for one in named)), (note,)
    return (
        seed,
        Figure(name="lss", value=Interval.of(sum(state))),
        Figure(name="lss-0-based", value=Interval.of(sum(state) - len(state))),
        Figure(name="index", value=Interval.of(index(state, value_set))),
    ), ()


def _why(form: Form) -> tuple[str, ...]:
    return ("conflicting-values",) if form.contradicted else ("missing-observation",)


def _unknown(form: Form) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    names = ("lss-seed", "lss", "lss-0-based", "index")
    return tuple(Figure(name=name, value=None, reasons=_why(form)) for name in names), ()
