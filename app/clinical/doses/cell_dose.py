"""Whether the dose of cells was the one planned: by weight, by duration, by arm (clinical conventions §1.14).

Planned cells are the dose of the arm times the weight; the dose given is the cells given by the weight. The
weight is the last one of the week before the infusion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.case import Case, Judged, once, unknown
from app.clinical.comparison import plain, six_digits
from app.clinical.doses.bodyweight import PerKg, span
from app.clinical.doses.dose_given import Dose, dose_of, level
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.not_infused import without_day_0
from app.clinical.records import Administration, Source
from app.clinical.timeline import NotInfused, infusion, infusions
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.words import Sentence

QUESTION = "cell-dose"
AGREEMENT = Fraction(
    2, 100
)  # between the cells per kg as sent and the cells by the weight (trial domain §7.9)

DOSE = Sentence(
    en="The cells given per kg are those of the arm, within the tolerance.",
    fr="Les cellules administrées par kg sont celles du bras, à la tolérance près.",
)
DURATION = Sentence(
    en="The infusion took as long as planned.",
    fr="La perfusion a duré le temps prévu.",
)
ARM = Sentence(
    en="The dose level nearest to the cells given is that of the arm assigned.",
    fr="Le palier de dose le plus proche des cellules administrées est celui du bras attribué.",
)


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The dose, the duration and the arm of the infusion that is day 0."""
    if not protocol.arms:
        raise CannotAnswer(f"{protocol.key} does not say a dose of cells")
    t0 = infusion(protocol, history)
    others: tuple[str, ...] = ()
    if isinstance(t0, NotInfused):
        results = tuple(without_day_0(t0, name=name) for name in (QUESTION, "duration", "arm"))
    else:
        case = Case(protocol=protocol, history=history, on=asked.today)
        dose = dose_of(case, t0)
        more = [one.source for one in infusions(protocol, history) if one.source != t0.source]
        results = (_dose(dose, case, others=more), _duration(dose.given, protocol), _arm(dose, case))
        others = tuple(
            f"{one} is another infusion: day 0 and the dose are those of the first" for one in more
        )
    chosen = protocol.parameters.dose
    return Answer(
        question=QUESTION,
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=results,
        notes=(
            f"dose.tol = {chosen.tol}",
            f"dose.weight_lookback = {chosen.weight_lookback}",
            *others,
            *history.remarks(),
        ),
    )


def _dose(dose: Dose, case: Case, *, others: Sequence[Source]) -> Result:
    judged = replace(_within_tolerance(dose, case), evidence=_evidence(dose, case))
    notes = tuple(_queries(dose, case))
    more = Figure(name="other-infusions", value=len(others), evidence=tuple(others))
    return _result(QUESTION, judged.finding("dose", DOSE), (*_figures(dose), more), notes)


def _within_tolerance(dose: Dose, case: Case) -> Judged:
    """Whether the cells per kg are those of the arm, for every weight that may be meant."""
    if dose.arm is None:
        names = ", ".join(arm.name for arm in case.protocol.arms)
        return unknown("missing-observation", f"ResearchSubject.assignedArm, one of {names}")
    if dose.per_kg is None:
        return _why_not_known(dose)
    tolerance = case.protocol.parameters.dose.tol
    planned = Fraction(dose.arm.cells_per_kg)
    off = [six_digits(abs(per_kg / planned - 1)) for per_kg in dose.each_per_kg]
    truths = {Truth.of(one <= tolerance) for one in off}
    return Judged(
        truth=truths.pop() if len(truths) == 1 else Truth.UNKNOWN,
        reasons=dose.weight.reasons or ("conflicting-values",),
        needs=dose.weight.needs or "one body weight: those recorded disagree",
        observed=f"{dose.given.dose} {dose.given.dose_unit}" if dose.given.dose is not None else None,
        normalised=f"{dose.per_kg} 10*6/kg",
        threshold=f"{plain(dose.arm.cells_per_kg)} 10*6/kg, ± {plain(tolerance * 100)} %",
    )


def _why_not_known(dose: Dose) -> Judged:
    if dose.total is None:
        reason = "unit-not-convertible" if dose.given.dose is not None else "missing-observation"
        return unknown(reason, f"the cells given, in 10*6 or 10*6/kg: {dose.given.source}")
    return Judged(truth=Truth.UNKNOWN, reasons=dose.weight.reasons, needs=dose.weight.needs)


def _duration(given: Administration, protocol: Protocol) -> Result:
    """From the beginning to the end, both to be known with their time."""
    limits = protocol.parameters.infusion
    start, end = given.period.start, given.period.end
    threshold = f"{limits.min} to {limits.max} minutes"
    needs = f"the period of {given.source}, with times of day"
    minutes: Decimal | None = None
    if not given.has_period or start is None or end is None:
        judged = unknown("missing-observation", needs)
    elif not start.has_time or not end.has_time:
        judged = unknown("partial-date", needs)
    else:
        minutes = six_digits(Fraction(int((end.start - start.start).total_seconds()), 60))
        judged = Judged(truth=Truth.of(limits.min <= minutes <= limits.max), observed=f"{plain(minutes)} min")
    judged = replace(judged, threshold=threshold, evidence=(given.source,))
    figure = Figure(
        name="duration", value=minutes, unit="min", evidence=(given.source,), reasons=judged.reasons
    )
    return _result("duration", judged.finding("duration", DURATION), (figure,), ())


def _arm(dose: Dose, case: Case) -> Result:
    enrolment = case.history.enrolment
    actual = level(case.protocol, dose)
    if dose.arm is None or actual is None:
        judged = _within_tolerance(dose, case)
        judged = replace(judged, truth=Truth.UNKNOWN)
    else:
        judged = Judged(truth=Truth.of(actual == dose.arm), observed=actual.name, threshold=dose.arm.name)
    judged = replace(judged, evidence=_evidence(dose, case))
    notes: tuple[str, ...] = ()
    if actual is not None and enrolment.actual_arm not in (None, actual.name):
        notes = (
            f"{enrolment.source} says {enrolment.actual_arm}, the cells given are nearest to {actual.name}",
        )
    figures = (
        Figure(name="assigned-arm", value=enrolment.assigned_arm, evidence=(enrolment.source,)),
        Figure(name="recorded-arm", value=enrolment.actual_arm, evidence=(enrolment.source,)),
        Figure(name="actual-arm", value=actual.name if actual is not None else None, reasons=judged.reasons),
    )
    return _result("arm", judged.finding("arm", ARM), figures, notes)


def _figures(dose: Dose) -> Iterator[Figure]:
    arm, kg, why = dose.arm, dose.weight.kg, dose.weight.reasons
    planned = None if arm is None else span(arm.cells_per_kg)
    total = None if planned is None or kg is None else planned.times(kg)
    yield Figure(name="planned-per-kg", value=_shown(planned), unit="10*6/kg")
    yield Figure(name="planned-cells", value=_shown(total), unit="10*6", reasons=why)
    yield Figure(name="given-per-kg", value=_shown(dose.per_kg), unit="10*6/kg")
    yield Figure(name="given-cells", value=_shown(dose.total), unit="10*6")
    if planned is not None and dose.per_kg is not None:
        yield Figure(name="deviation", value=dose.per_kg.percent_off(planned.low).shown(), unit="%")
    sources = dose.weight.evidence
    yield Figure(name="weight", value=_shown(kg), unit="kg", evidence=sources, reasons=why)
    yield Figure(name="weight-age", value=dose.weight.age, unit="d", evidence=sources, reasons=why)
    unsaid = () if dose.given.lot is not None else ("missing-observation",)
    yield Figure(name="lot", value=dose.given.lot, evidence=(dose.given.source,), reasons=unsaid)


def _shown(number: PerKg | None) -> Interval | None:
    return None if number is None else number.shown()


def _queries(dose: Dose, case: Case) -> Iterator[str]:
    """What does not fit together; none of it changes a verdict."""
    kg = dose.weight.kg
    used = dose.given.weight_used
    if used is not None and kg is not None and not kg.low <= Fraction(used) <= kg.high:
        yield f"{dose.given.source} was prepared for {plain(used)} kg, recorded are {kg}"
    if dose.total is not None and dose.per_kg is not None and kg is not None:
        by_weight = dose.total.by(kg)
        if abs(by_weight.low / dose.per_kg.low - 1) > AGREEMENT:
            yield f"{dose.given.source}: {dose.total} 10*6 cells by {kg} kg are not {dose.per_kg} 10*6/kg"
    if dose.given.lot is None:
        yield f"{dose.given.source} does not say the lot"
    if case.history.enrolment.assigned_arm is not None and dose.arm is None:
        yield f"{case.history.enrolment.assigned_arm} is no arm of {case.protocol.key}"


def _evidence(dose: Dose, case: Case) -> tuple[Source, ...]:
    return once((dose.given.source, *dose.weight.evidence, case.history.enrolment.source))


def _result(name: str, finding: Finding, figures: tuple[Figure, ...], notes: tuple[str, ...]) -> Result:
    return Result(
        name=name,
        verdict=wire(finding.verdict),
        findings=(finding,),
        reasons=finding.reasons,
        missing=() if finding.needs is None else (finding.needs,),
        evidence=finding.evidence,
        figures=figures,
        notes=notes,
    )
