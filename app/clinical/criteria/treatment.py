"""Criteria about past treatment: doses long enough, doses often enough, and the last dose."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from app.clinical.answers import Figure
from app.clinical.calendar import shifted
from app.clinical.case import Case, Judged, once
from app.clinical.comparison import plain, six_digits
from app.clinical.criteria.latest import Window
from app.clinical.criteria.results import statement
from app.clinical.drugs.exposure import Exposure, exposure, is_by
from app.clinical.drugs.given import Given, Question, ask, read, records_of
from app.clinical.records import Administration, Source
from app.clinical.truth import Truth
from app.protocol.eligibility import HISTORY_COMPLETE
from app.protocol.questions import DailyDose, DoseCourse, LastDoseWithin, MonthlyDose

MONTH = 30  # days
PER_UNIT = {"mg/d": ("mg", 1), "mg/kg/d": ("mg/kg", 1), "mg/wk": ("mg", 7)}
"""The amount a day is counted in, and how many days' worth the threshold names."""


def daily_dose(criterion: DailyDose, case: Case) -> Judged:
    """Enough of the drug on enough days of one course."""
    unit, times = PER_UNIT[criterion.unit]
    drugs = case.protocol.drugs_named(criterion.drugs)
    taken = exposure(case, drugs, unit=unit, until=case.on, routes=criterion.routes, spread=True)
    doses = {day: six_digits(dose * times) for day, dose in taken.doses.items()}
    longest, *others = (_longest_course(criterion, one, times) for one in taken.readings)
    met = [len(course) >= criterion.days for course in (longest, *others)]
    shown = longest or list(doses)
    above = criterion.note_above is not None and any(doses[day] > criterion.note_above for day in shown)
    judged = _decided(case, met=all(met), questions=taken.open(met, any_way=not criterion.upper_strict))
    return replace(
        judged,
        observed=_course_shown(shown, doses, criterion.unit),
        threshold=f"{'>' if criterion.strict else '>='} {plain(criterion.dose)} {criterion.unit} "
        f"on {criterion.days} days{' in a row' if criterion.consecutive else ''}",
        evidence=_evidence(taken, shown) + judged.evidence,
        notes=(f"more than {criterion.note_above} {criterion.unit} on some days",) if above else (),
    )


def _longest_course(criterion: DailyDose, taken: Exposure, times: int) -> list[date]:
    """The days of the longest course of enough a day, or of enough on average."""
    doses = {day: six_digits(dose * times) for day, dose in taken.doses.items()}
    gap = 0 if criterion.consecutive else criterion.gap_days
    courses = [*_courses([day for day in doses if _is_enough(criterion, doses[day])], gap)]
    if criterion.average:
        averaged = [
            course for course in _courses(list(doses), gap) if _is_enough_on_average(criterion, course, doses)
        ]
        courses += averaged
    return max(courses, key=len, default=[])


def monthly_dose(criterion: MonthlyDose, case: Case) -> Judged:
    """Enough of the drug in each of so many months of 30 days, one after the other."""
    drugs = case.protocol.drugs_named(criterion.drugs)
    taken = exposure(case, drugs, unit=criterion.unit, until=case.on, routes=criterion.routes)
    found, *others = (enough_each_month(criterion, one.doses) for one in taken.readings)
    met = [months is not None for months in (found, *others)]
    judged = _decided(case, met=all(met), questions=taken.open(met, any_way=True))
    days = found or list(taken.doses)
    return replace(
        judged,
        observed=_doses_shown(days, taken.doses, criterion.unit),
        threshold=f">= {plain(criterion.dose)} {criterion.unit} in each of {criterion.months} months",
        evidence=_evidence(taken, days) + judged.evidence,
    )


def dose_course(criterion: DoseCourse, case: Case) -> Judged:
    """So many doses of that size, each the right number of days after the one before."""
    drugs = case.protocol.drugs_named(criterion.drugs)
    taken = exposure(case, drugs, unit=criterion.unit, until=case.on, routes=criterion.routes)
    low, high = (criterion.dose * (1 + sign * criterion.dose_tolerance) for sign in (-1, 1))
    course, *others = (
        _longest_chain(
            [day for day, dose in one.doses.items() if low <= six_digits(dose) <= high],
            criterion.interval_days,
            criterion.interval_tolerance,
        )
        for one in taken.readings
    )
    met = all(len(chain) >= criterion.doses for chain in (course, *others))
    days = course if met else list(taken.doses)
    unclear = taken.open([met], any_way=False)
    judged = _decided(case, met=met, questions=unclear if _may_hide(criterion, taken, unclear) else ())
    size = plain(criterion.dose) if low == high else f"{plain(low)} to {plain(high)}"
    return replace(
        judged,
        observed=_doses_shown(days, taken.doses, criterion.unit),
        threshold=f"{criterion.doses} doses of {size} {criterion.unit}, "
        f"{criterion.interval_days} ± {criterion.interval_tolerance} days apart",
        evidence=_evidence(taken, days) + judged.evidence,
    )


def last_dose_within(criterion: LastDoseWithin, case: Case) -> Judged:
    """Some dose of the drug, by a route asked for, lies in the days before baseline."""
    last = case.baseline
    first = shifted(last, -criterion.days)
    doses: list[tuple[date, Source]] = []
    questions: list[Question] = []
    for record, drug in records_of(case, case.protocol.drugs_named(criterion.drugs)):
        right_way = is_by(record, criterion.routes)
        if right_way is Truth.NO:
            continue
        given, vague = read(record, drug, until=last)
        day = _last_day(given, record, first, last)
        if right_way is Truth.UNKNOWN and day is not None:
            vague = (*vague, ask(record, "missing-observation", "by which route it was given", day=day))
        elif day is not None:
            doses.append((day, record.source))
        questions += [question for question in vague if question.day >= first]
    latest = max(doses, key=lambda dose: (dose[0], str(dose[1])), default=None)
    met = latest is not None and latest[0] >= first
    judged = _decided(case, met=met, questions=questions, window=Window(last, criterion.history_within_days))
    threshold = f"within {criterion.days} days before {last}"
    if latest is None:
        return replace(judged, threshold=threshold, observed="no dose recorded")
    day, source = latest
    return replace(
        judged,
        threshold=threshold,
        observed=f"last dose {day}, {(last - day).days} days before",
        evidence=(source, *judged.evidence),
        figures=(Figure(name="age-of-evidence", value=(last - day).days, unit="d"),),
    )


def _last_day(given: Given | None, record: Administration, first: date, last: date) -> date | None:
    """The last day it was given on; of a vague date that lies in the window it is some day of the window."""
    if given is not None:
        return given.last
    start = record.period.start
    inside = start is not None and first <= start.first_day and start.last_day <= last
    return start.last_day if start is not None and inside else None


def history_complete(case: Case, window: Window | None = None) -> Judged:
    """Whether the investigator says that a drug not recorded was not given."""
    return statement(case, HISTORY_COMPLETE, window or Window(case.on))


def _decided(case: Case, *, met: bool, questions: Sequence[Question], window: Window | None = None) -> Judged:
    """Met by what is recorded; not met only if nothing is open and all that was given is recorded."""
    if met:
        return Judged(truth=Truth.YES)
    if questions:
        return Judged(
            truth=Truth.UNKNOWN,
            reasons=once(question.reason for question in questions),
            needs="; ".join(once(question.needs for question in questions)),
            evidence=once(question.source for question in questions),
        )
    complete = history_complete(case, window)
    if complete.truth is Truth.YES:
        return Judged(truth=Truth.NO, evidence=complete.evidence)
    return Judged(
        truth=Truth.UNKNOWN,
        reasons=complete.reasons or ("attestation-missing",),
        needs=complete.needs or case.to_attest(HISTORY_COMPLETE),
        evidence=complete.evidence,
    )


def _is_enough(criterion: DailyDose, dose: Decimal) -> bool:
    if criterion.upper_strict and criterion.note_above is not None and dose > criterion.note_above:
        return False
    return dose > criterion.dose if criterion.strict else dose >= criterion.dose


def _is_enough_on_average(criterion: DailyDose, course: Sequence[date], doses: dict[date, Decimal]) -> bool:
    mean = sum((Fraction(doses[day]) for day in course), Fraction()) / len(course)
    return _is_enough(criterion, six_digits(mean))


def _courses(days: Sequence[date], gap: int) -> Iterator[list[date]]:
    """The days as courses: a longer gap than allowed begins a new one."""
    course: list[date] = []
    for day in days:
        if course and (day - course[-1]).days - 1 > gap:
            yield course
            course = []
        course.append(day)
    if course:
        yield course


def enough_each_month(criterion: MonthlyDose, doses: dict[date, Fraction]) -> list[date] | None:
    """The days of the months in a row that each hold enough, wherever the first of them begins."""
    if not doses:
        return None
    days = sorted(doses)
    sums = [Fraction(), *accumulate(doses[day] for day in days)]  # a month is one less another
    starts = {shifted(day, -before) for day in days for before in range(MONTH)}  # the first holds a dose
    for first in sorted(starts):
        ends = (shifted(first, MONTH * month) for month in range(criterion.months + 1))
        places = [bisect_left(days, end) for end in ends]
        if all(six_digits(sums[end] - sums[begin]) >= criterion.dose for begin, end in pairwise(places)):
            return days[places[0] : places[-1]]
    return None


def _may_hide(criterion: DoseCourse, taken: Exposure, questions: Sequence[Question]) -> bool:
    """Whether what is not clear could make up for the doses that are missing."""
    unclear = {question.source for question in questions}
    courses = any(not question.one_dose for question in questions)
    return courses or len(taken.doses) + len(unclear) >= criterion.doses


def _longest_chain(days: Sequence[date], interval: int, tolerance: int) -> list[date]:
    """The longest series of days each of which follows the one before at about the interval."""
    chains: dict[date, list[date]] = {}
    for day in days:
        before = [chain for last, chain in chains.items() if abs((day - last).days - interval) <= tolerance]
        chains[day] = [*max(before, key=len, default=[]), day]
    return max(chains.values(), key=len, default=[])


def _evidence(taken: Exposure, days: Iterable[date]) -> tuple[Source, ...]:
    return once(source for day in days for source in taken.sources[day])


def _course_shown(course: Sequence[date], doses: dict[date, Decimal], unit: str) -> str:
    if not course:
        return "no known dose recorded"
    amounts = sorted({doses[day] for day in course})
    size = plain(amounts[0]) if len(amounts) == 1 else f"{plain(amounts[0])} to {plain(amounts[-1])}"
    return f"{size} {unit} on {len(course)} days, {course[0]} to {course[-1]}"


def _doses_shown(days: Sequence[date], doses: dict[date, Fraction], unit: str) -> str:
    if not days:
        return "no known dose recorded"
    return ", ".join(f"{plain(six_digits(doses[day]))} {unit} on {day}" for day in days)
