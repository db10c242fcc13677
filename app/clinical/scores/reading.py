"""What one assessment amounts to: its scores, its items, and what is missing or contradictory in it."""

from dataclasses import dataclass

from app.clinical.answers import Figure
from app.clinical.interval import Interval
from app.clinical.scores.forms import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The scores of one assessment, which are compared with baseline, and the items they were made of.

    `missing` says, in sentences without the visit, what would complete it.
    """

    scores: tuple[Figure, ...]
    items: tuple[Figure, ...] = ()
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def totalled(form: Form, by_items: Interval, whole: Interval) -> tuple[Figure, tuple[str, ...]]:
    """The total by the items and by what is written on the form, which must agree; with what is remarked."""
    written = form.total or whole
    both = written & by_items
    torn = form.total_contradicted or bool(form.contradicted) or both is None
    notes: tuple[str, ...] = ()
    if both is None:
        notes = (f"{form.source}: the items give {by_items}, the recorded total is {written}",)
    if torn or both is None:
        return Figure(name="total", value=None, reasons=("conflicting-values",)), notes
    reasons = () if both.low == both.high else ("missing-observation",)
    return Figure(name="total", value=both, reasons=reasons), notes


def given(form: Form, items: tuple[str, ...]) -> tuple[Figure, ...]:
    """Each item as answered; one not answered says so, where any was."""
    if not form.answers and not form.contradicted:
        return ()
    return tuple(_item(form, item) for item in items)


def _item(form: Form, item: str) -> Figure:
    if item in form.contradicted:
        return Figure(name=item, value=None, reasons=("conflicting-values",))
    answer = form.answers.get(item)
    return Figure(name=item, value=answer, reasons=() if answer is not None else ("missing-observation",))


def why_open(total: Figure, open_items: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why a total is not known exactly, and what would complete it."""
    if "conflicting-values" in total.reasons:
        return total.reasons, ("a correction of what is contradictory",)
    if not total.reasons:
        return (), ()
    needs = f"the items {', '.join(open_items)}" if open_items else "the total as an exact number"
    return total.reasons, (needs,)
