"""Criteria about results: measured, tested positive or negative, stated by an investigator, scored."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal

from app.clinical.case import Case, Judged, unknown
from app.clinical.comparison import passes, plain
from app.clinical.criteria.latest import Window, aged, dated, judge, normalised, shown, unread
from app.clinical.criteria.presence import NEGATIVE, NEGATIVE_FLAGS, POSITIVE, POSITIVE_FLAGS
from app.clinical.records import Coding, Measurement
from app.clinical.schedule import baseline
from app.clinical.scores import sledai
from app.clinical.timeline import as_if_infused
from app.clinical.truth import Truth, any_of
from app.protocol.measured import Measured, Threshold
from app.protocol.questions import Assay, Attested, ScoreAtBaseline, Tested
from app.protocol.words import Code


def attested(criterion: Attested, case: Case) -> Judged:
    """What the investigator stated last."""
    return statement(case, criterion.attestation, Window(case.on, criterion.within_days))


def statement(case: Case, code: str, window: Window) -> Judged:
    """The last statement of a fact in a window; nothing stated is nothing known."""
    order = case.to_attest(code)
    return judge(
        case.attested(code),
        window,
        lambda item: _stated(item, order),
        order=order,
        missing="attestation-missing",
    )


def measured(criterion: Measured, case: Case) -> Judged:
    """The latest value against the threshold."""
    order = f"order {criterion.order}"
    judged = judge(
        case.coded(criterion.codes),
        Window(case.on, criterion.within_days),
        lambda item: compared(criterion, item, order),
        order=order,
    )
    return replace(judged, notes=case.waiting(criterion.codes))


def tested(criterion: Tested, case: Case) -> Judged:
    """The latest test, or any test there ever was."""
    order = f"order {criterion.order}"
    codes = tuple(assay.code for assay in criterion.assays)
    items = case.coded(codes)
    if criterion.ever:
        judged = _ever(criterion, case, items, order)
    else:
        window = Window(case.on, criterion.within_days)
        judged = judge(items, window, lambda item: _outcome(criterion, item, order), order=order)
    return replace(judged, notes=case.waiting(codes))


def score_at_baseline(criterion: ScoreAtBaseline, case: Case) -> Judged:
    """The score before the infusion; before there is one, up to the day asked for."""
    chosen = baseline(
        case.protocol,
        case.infusion or as_if_infused(case.history, case.on),
        sledai.assessments(case.protocol, case.measurements),
    )
    threshold = f"{criterion.op} {plain(criterion.value)}"
    score = sledai.merged(chosen.chosen)
    days = case.protocol.parameters.visit.baseline_lookback_days
    needs = f"record a {sledai.name(case.protocol)} at most {days} days before {case.baseline}"
    if score is None:
        return Judged(
            truth=Truth.UNKNOWN,
            reasons=chosen.reasons,
            needs=needs,
            threshold=threshold,
            notes=chosen.notes,
        )
    if score.unknown:
        needs = f"record the {sledai.name(case.protocol)} items {', '.join(score.unknown)}"
    return Judged(
        truth=score.total.holds(criterion.op, criterion.value),
        reasons=score.reasons or ("missing-observation",),
        needs=needs,
        observed=str(score),
        normalised=str(score),
        threshold=threshold,
        evidence=tuple(item.source for item in chosen.chosen),
        figures=aged([item.when for item in chosen.chosen if item.when], Window(case.baseline, days)),
        notes=(*chosen.notes, *score.notes),
    )


def named(codes: tuple[Code, ...]) -> str:
    """Codes as somebody ordering a test reads them."""
    return "LOINC " + " or ".join(code.code for code in codes)


def _stated(item: Measurement, order: str) -> Judged:
    if item.truth is None:
        return unknown("attestation-missing", order)
    return Judged(truth=Truth.of(item.truth))


def compared(criterion: Threshold, item: Measurement, order: str) -> Judged:
    """One value against the threshold, in the unit it was reported in where the source gives that one."""
    own = criterion.reported.get(item.received_unit or "")
    if own is not None and item.received is not None and item.value is not None:
        words = f"{criterion.op} {plain(own)} {item.received_unit}"
        truth = passes(Decimal(item.received), item.comparator, criterion.op, own)
        needs = f"{order} as an exact number"
        return Judged(truth=truth, reasons=("missing-observation",), needs=needs, threshold=words)
    if item.value is None or (criterion.unit is not None and item.unit != criterion.unit):
        return unread(item, criterion.unit or "its unit", order=order)
    threshold = _threshold(criterion, item)
    if threshold is None:
        return unknown("no-reference-range", f"{order}, with the upper limit of normal")
    number, words = threshold
    truth = passes(item.value, item.comparator, criterion.op, number)
    needs = f"{order} as an exact number"
    return Judged(truth=truth, reasons=("missing-observation",), needs=needs, threshold=words)


def _threshold(criterion: Threshold, item: Measurement) -> tuple[Decimal, str] | None:
    if criterion.value is not None:
        return criterion.value, f"{criterion.op} {plain(criterion.value)} {criterion.unit}"
    if item.high is None or criterion.times_upper_limit is None:
        return None
    number = item.high * criterion.times_upper_limit
    times = f"{plain(criterion.times_upper_limit)} x {plain(item.high)}"
    return number, f"{criterion.op} {plain(number)} {item.unit} ({times})"


def _outcome(criterion: Tested, item: Measurement, order: str) -> Judged:
    assay = next(assay for assay in criterion.assays if item.is_coded(assay.code.system, assay.code.code))
    if item.problem is not None:
        return unknown(item.problem, f"{order} in a unit that can be converted")
    said = readings(assay, item)
    if len(said) > 1:
        return unknown("conflicting-values", f"a correction of {item.source}: it says positive and negative")
    positive = said.pop() if said else Truth.UNKNOWN
    return Judged(
        truth=positive if criterion.is_ == "positive" else ~positive,
        reasons=("missing-observation",),
        needs=f"{order}, answered positive or negative",
        threshold=criterion.is_,
    )


def readings(assay: Assay, item: Measurement) -> set[Truth]:
    """What the coded answer, a yes or no, the number and the laboratory's flag say, each where it does."""
    stated = Truth.UNKNOWN if item.truth is None else Truth.of(item.truth)
    flag = _one_of(set(item.interpretations), POSITIVE_FLAGS, NEGATIVE_FLAGS)
    return {_coded(assay, item), stated, _by_number(assay, item), flag} - {Truth.UNKNOWN}


def _coded(assay: Assay, item: Measurement) -> Truth:
    positive = {Coding(code.system, code.code) for code in assay.positive} or set(POSITIVE)
    negative = {Coding(code.system, code.code) for code in assay.negative} or set(NEGATIVE)
    return _one_of(set(item.answers), positive, negative)


def _by_number(assay: Assay, item: Measurement) -> Truth:
    if item.value is None:
        return Truth.UNKNOWN
    if assay.positive_from is not None:
        return passes(item.value, item.comparator, ">=", assay.positive_from)
    if assay.positive_above_zero:
        return passes(item.value, item.comparator, ">", Decimal(0))
    if assay.positive_above_reference and item.high is not None:
        return passes(item.value, item.comparator, ">", item.high)
    return Truth.UNKNOWN


def _one_of(said: AbstractSet[object], positive: AbstractSet[object], negative: AbstractSet[object]) -> Truth:
    """What was said, if it is one of the two and not both."""
    yes, no = bool(said & positive), bool(said & negative)
    return Truth.UNKNOWN if yes == no else Truth.of(yes)


def _ever(criterion: Tested, case: Case, items: tuple[Measurement, ...], order: str) -> Judged:
    """Positive once is positive; negative is negative only as long as no test says otherwise."""
    window = Window(case.on)
    told = [(item, item.when) for item in items if item.when is not None and window.holds(item.when)]
    each = [(_outcome(criterion, item, order), item, when) for item, when in told]
    truth = any_of(judged.truth for judged, _, _ in each)
    deciding = sorted(
        ((item, when) for judged, item, when in each if judged.truth is truth),
        key=lambda pair: (pair[1].start, str(pair[0].source)),
    )
    if not deciding:
        return unknown("missing-observation", order)
    item, when = deciding[-1]
    return replace(
        next(judged for judged, other, _ in each if other is item),
        observed=f"{shown(item)} ({dated(when, case.on)})",
        normalised=normalised(item),
        evidence=(item.source,),
        figures=aged([when], window),
    )
