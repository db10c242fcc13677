"""Criterion about the total of a score: as it is written on the form, or as its items add up."""

from collections.abc import Iterator
from dataclasses import replace

from app.clinical.case import Case, Judged, unknown
from app.clinical.comparison import passes, plain
from app.clinical.criteria.latest import Window, judge
from app.clinical.interval import Interval
from app.clinical.records import Measurement
from app.clinical.scores import mrss
from app.clinical.scores.forms import forms
from app.clinical.truth import Truth
from app.protocol.measured import Scored

SKIN_SCORE = mrss.LAYOUT
"""The only score of a criterion whose total may be known by its items alone."""


def scored(criterion: Scored, case: Case) -> Judged:
    """The latest total against the threshold."""
    order = f"record {criterion.order}"
    threshold = f"{criterion.op} {plain(criterion.value)}"

    def read(item: Measurement) -> Judged:
        if item.value is None:
            return unknown(item.problem or "missing-observation", f"{order} as a number")
        truth = passes(item.value, item.comparator, criterion.op, criterion.value)
        needs = f"{order} as an exact number"
        return Judged(truth=truth, reasons=("missing-observation",), needs=needs, threshold=threshold)

    window = Window(case.on, criterion.within_days)
    judged = judge(list(_totals(criterion, case)), window, read, order=order)
    return replace(judged, notes=case.waiting(criterion.codes))


def _totals(criterion: Scored, case: Case) -> Iterator[Measurement]:
    """Every total of the score; one known by its items in the place of the form it is written on."""
    by_items = {
        form.source: mrss.reading(form).scores[0]
        for form in forms((SKIN_SCORE,), case.measurements)
        if form.valid
    }
    for item in case.coded(criterion.codes):
        total = by_items.get(item.source) if SKIN_SCORE.panel in item.codings else None
        if total is None:
            yield item
        elif isinstance(total.value, Interval):
            yield _deciding(criterion, item, total.value)
        else:
            yield replace(item, value=None, problem=next(iter(total.reasons), None))


def _deciding(criterion: Scored, item: Measurement, total: Interval) -> Measurement:
    """The total as a number, or as the bound of it that may decide."""
    if total.low == total.high:
        return replace(item, value=total.low, comparator=None, received=item.received or plain(total.low))
    at_least = passes(total.low, ">=", criterion.op, criterion.value)
    value, sign = (total.low, ">=") if at_least is not Truth.UNKNOWN else (total.high, "<=")
    return replace(item, value=value, comparator=sign, received=plain(value))
