"""Creatinine clearance: reported by the laboratory, or computed by the formula the protocol chose."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from app.clinical.case import Case, Judged, once, unknown
from app.clinical.comparison import MIRRORED, SIX_DIGITS, passes, plain
from app.clinical.criteria.latest import Window, could_be_latest, judge, unread
from app.clinical.criteria.persons import age_on, births
from app.clinical.criteria.results import named
from app.clinical.records import Measurement, Moment, Source
from app.clinical.truth import Truth
from app.protocol.questions import CreatinineClearance

UMOL_PER_MG = Decimal("88.4")  # µmol/L of creatinine in 1 mg/dL
DIGITS = 28
UNITS = {"cockcroft_gault": "mL/min", "measured": "mL/min", "ckdepi2021": "mL/min/{1.73_m2}"}
NAMES = {"cockcroft_gault": "Cockcroft-Gault", "measured": "measured clearance", "ckdepi2021": "CKD-EPI 2021"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The formula with everything but the creatinine filled in, once for every possible age and weight."""

    formulas: tuple[Callable[[Decimal], Decimal], ...] = ()
    missing: tuple[str, ...] = ()
    evidence: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()


def cockcroft_gault(*, age: int, kg: Decimal, umol: Decimal, female: bool) -> Decimal:
    """(140 - age) x kg / (72 x creatinine in mg/dL), x 0.85 for a woman; mL/min."""
    with localcontext(prec=DIGITS):
        clearance = (140 - age) * kg * UMOL_PER_MG / (72 * umol)
        return SIX_DIGITS.plus(clearance * Decimal("0.85") if female else clearance)


def ckd_epi_2021(*, age: int, umol: Decimal, female: bool) -> Decimal:
    """142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.2 x 0.9938^age, x 1.012 for a woman; mL/min/1.73 m²."""
    kappa, alpha = (Decimal("0.7"), Decimal("-0.241")) if female else (Decimal("0.9"), Decimal("-0.302"))
    with localcontext(prec=DIGITS):
        ratio = umol / UMOL_PER_MG / kappa
        rate = 142 * min(ratio, Decimal(1)) ** alpha * max(ratio, Decimal(1)) ** Decimal("-1.2")
        rate *= Decimal("0.9938") ** age
        return SIX_DIGITS.plus(rate * Decimal("1.012") if female else rate)


def creatinine_clearance(criterion: CreatinineClearance, case: Case) -> Judged:
    """The later of the reported and the computed clearance against the threshold."""
    unit = UNITS[criterion.formula]
    threshold = f"{criterion.op} {plain(criterion.value)} {unit} ({NAMES[criterion.formula]})"
    window = Window(case.on, criterion.within_days)
    codes = criterion.reported[criterion.formula]
    reported = case.coded(codes)
    last_reported = could_be_latest(reported, window)
    last_creatinine = could_be_latest(case.coded(criterion.creatinine), window)
    computable = criterion.formula != "measured"
    if (last_reported and not _is_later(last_creatinine, last_reported)) or not computable:
        order = f"order creatinine clearance ({named(codes)})"
        judged = judge(reported, window, lambda item: _reported(criterion, item, order), order=order)
    else:
        judged = _computed(criterion, case, window)
    waiting = case.waiting((*codes, *criterion.creatinine))
    return replace(judged, threshold=threshold, notes=waiting)


def _is_later(one: Iterable[tuple[Measurement, Moment]], other: Iterable[tuple[Measurement, Moment]]) -> bool:
    """Whether the first is certainly later than the second."""
    starts = [when.start for _, when in one]
    return bool(starts) and min(starts) >= max(when.end for _, when in other)


def _reported(criterion: CreatinineClearance, item: Measurement, order: str) -> Judged:
    unit = UNITS[criterion.formula]
    if item.value is None or item.unit != unit:
        return unread(item, unit, order=order)
    truth = passes(item.value, item.comparator, criterion.op, criterion.value)
    return Judged(truth=truth, reasons=("missing-observation",), needs=f"{order} as an exact number")


def _computed(criterion: CreatinineClearance, case: Case, window: Window) -> Judged:
    order = f"order serum creatinine ({named(criterion.creatinine)})"
    creatinine = case.coded(criterion.creatinine)
    inputs = _inputs(criterion, case)
    judged = judge(creatinine, window, lambda item: _by_formula(criterion, item, inputs, order), order=order)
    if judged.truth is not Truth.UNKNOWN or not inputs.missing:
        return replace(judged, evidence=(*judged.evidence, *inputs.evidence))
    needs = once(filter(None, (judged.needs, *inputs.missing)))
    reasons = once((*judged.reasons, "missing-observation"))
    return replace(judged, reasons=reasons, needs="; ".join(needs))


def _by_formula(criterion: CreatinineClearance, item: Measurement, inputs: Inputs, order: str) -> Judged:
    """The clearance by every weight and age that is possible; they must agree."""
    if item.value is None or item.unit != "umol/L":
        return unread(item, "umol/L", order=order)
    if not item.value or inputs.missing:
        return unknown("missing-observation", inputs.missing[0] if inputs.missing else order)
    umol = item.value
    clearances = sorted({formula(umol) for formula in inputs.formulas})
    comparator = None if item.comparator is None else MIRRORED[item.comparator]
    truths = {passes(each, comparator, criterion.op, criterion.value) for each in clearances}
    exact = order if item.comparator else "record the day of birth and one weight"
    return Judged(
        truth=truths.pop() if len(truths) == 1 else Truth.UNKNOWN,
        reasons=("missing-observation",) if item.comparator else inputs.reasons,
        needs=f"{exact}: the clearances possible now do not agree",
        normalised=f"{' or '.join(map(plain, clearances))} {UNITS[criterion.formula]}",
    )


def _inputs(criterion: CreatinineClearance, case: Case) -> Inputs:
    person = case.history.person
    ages = sorted({age_on(born, case.on) for born in births(case)})
    gender = person.gender if person is not None and person.gender in ("female", "male") else None
    weights = _weights(case) if criterion.formula == "cockcroft_gault" else ((Decimal(1), None),)
    needed = {
        "record the birth date (Patient.birthDate)": ages,
        "record the gender (Patient.gender)": gender,
        "record a recent body weight": weights,
    }
    missing = tuple(what for what, value in needed.items() if not value)
    if missing or person is None:
        return Inputs(missing=missing)
    female = gender == "female"
    return Inputs(
        formulas=tuple(_formula(criterion, age, kg, female=female) for age in ages for kg, _ in weights),
        evidence=(person.source, *(source for _, source in weights if source is not None)),
        reasons=("partial-date",) if len(ages) > 1 else ("conflicting-values",),
    )


def _formula(
    criterion: CreatinineClearance, age: int, kg: Decimal, *, female: bool
) -> Callable[[Decimal], Decimal]:
    if criterion.formula == "cockcroft_gault":
        return lambda umol: cockcroft_gault(age=age, kg=kg, umol=umol, female=female)
    return lambda umol: ckd_epi_2021(age=age, umol=umol, female=female)


def _weights(case: Case) -> tuple[tuple[Decimal, Source | None], ...]:
    """The latest body weight; several only where none is certainly later."""
    body = case.protocol.body
    usable = [item for item in case.coded(body.weight) if item.value is not None and item.comparator is None]
    latest = could_be_latest(usable, Window(case.on, body.within_days))
    return tuple((item.value, item.source) for item, _ in latest if item.value is not None)
