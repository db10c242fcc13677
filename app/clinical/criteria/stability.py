"""Criterion about current treatment: the same doses for long enough, nothing begun and nothing stopped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from app.clinical.calendar import shifted
from app.clinical.case import Case, Judged, once
from app.clinical.comparison import plain, six_digits
from app.clinical.criteria.latest import Window
from app.clinical.criteria.treatment import history_complete
from app.clinical.drugs.drug_days import Taken, by_day
from app.clinical.drugs.given import Given, Question, ask, is_short, read, records_of
from app.clinical.records import Source
from app.clinical.truth import Truth
from app.protocol.eligibility import HISTORY_COMPLETE, Drug
from app.protocol.questions import StableTreatment

Level = tuple[str, Fraction] | None
"""What was taken on a day, so that two days can be compared; None is nothing."""


@dataclass(frozen=True, slots=True)
class Course:
    """One drug over the window: whether it was taken, what changed, and what is not clear."""

    drug: Drug
    taken: bool
    sources: tuple[Source, ...]
    shown: str
    change: str | None = None
    questions: tuple[Question, ...] = ()


def stable_treatment(criterion: StableTreatment, case: Case) -> Judged:
    """On the required drug all the time, and no dose of any counted drug changed."""
    first = shifted(case.on, -criterion.days)
    courses = [course for course in _courses(criterion, case, first) if course.taken or course.questions]
    changes = [course for course in courses if course.change is not None]
    questions = [question for course in courses for question in course.questions]
    required = {drug.name for drug in case.protocol.drugs_named(criterion.required)}
    on_it = any(course.drug.name in required and course.taken for course in courses)
    judged = _verdict(case, criterion, changes, questions, on_it=on_it)
    return Judged(
        truth=judged.truth,
        reasons=judged.reasons,
        needs=judged.needs,
        observed="; ".join(course.shown for course in changes or courses) or "no such treatment recorded",
        threshold=f"{' or '.join(criterion.required)}, and no dose begun, changed or stopped "
        f"from {first} to {case.on}",
        evidence=once(
            (*(source for course in changes or courses for source in course.sources), *judged.evidence)
        ),
    )


def _verdict(
    case: Case,
    criterion: StableTreatment,
    changes: list[Course],
    questions: list[Question],
    *,
    on_it: bool,
) -> Judged:
    if changes:
        return Judged(truth=Truth.NO)
    if questions:
        return Judged(
            truth=Truth.UNKNOWN,
            reasons=once(question.reason for question in questions),
            needs="; ".join(once(question.needs for question in questions)),
            evidence=once(question.source for question in questions),
        )
    complete = history_complete(case, Window(case.on, criterion.history_within_days))
    if complete.truth is Truth.YES:
        return Judged(truth=Truth.of(on_it), evidence=complete.evidence)
    return Judged(
        truth=Truth.UNKNOWN,
        reasons=complete.reasons or ("attestation-missing",),
        needs=complete.needs or case.to_attest(HISTORY_COMPLETE),
        evidence=complete.evidence,
    )


def _courses(criterion: StableTreatment, case: Case, first: date) -> Iterable[Course]:
    for drugs in criterion.classes:
        if not drugs.counted:
            continue
        for drug in case.protocol.drugs_named(drugs.drugs):
            yield _course(case, drug, first, criterion.tolerance_mg, as_needed=drugs.as_needed)


def _course(case: Case, drug: Drug, first: date, tolerance: Decimal, *, as_needed: bool) -> Course:
    given: list[Given] = []
    vague: list[Question] = []
    for record, _ in records_of(case, (drug,)):
        one, unclear = read(record, drug, until=case.on)
        vague += [question for question in unclear if question.day >= first]
        if one is not None and not (as_needed and one.single):
            given.append(one)
    if not given:
        return Course(drug, taken=False, sources=(), shown=f"{drug.name} none", questions=tuple(vague))
    days, overlaps = by_day(given, until=case.on, spread=True)
    window = [shifted(first, n) for n in range((case.on - first).days + 1)]
    here = [item for item in given if item.last >= first]
    alone, together = ([_level(days.get(day), together=every) for day in window] for every in (False, True))
    levels, at = alone, _changed(alone, tolerance)
    questions = list(vague)
    if (at is None) != (_changed(together, tolerance) is None):
        questions += [question for question in overlaps if _touches(question, here)]
    if at is not None and any(_is_occasion(item) for item in here):
        what = f"whether single doses of {drug.name} are a treatment at a stable dose"
        questions.append(ask(here[0].record, "ambiguous-protocol", what))
    changed = at is not None and not questions
    shown = f"{drug.name} {_shown(levels[-1])}"
    if at is not None:
        shown = f"{drug.name} {_shown(levels[0])}, then {_shown(levels[at])} from {window[at]}"
    return Course(
        drug=drug,
        taken=any(level is not None for level in levels),
        sources=tuple(item.source for item in here),
        shown=shown,
        change=shown if changed else None,
        questions=tuple(questions),
    )


def _is_occasion(item: Given) -> bool:
    """Whether it was given once; that its amount is missing makes it no course."""
    return item.single or (item.amount is None and is_short(item.record))


def _touches(question: Question, given: Iterable[Given]) -> bool:
    return any(item.source == question.source for item in given)


def _changed(levels: Sequence[Level], tolerance: Decimal) -> int | None:
    """The first day of the window with another level than the first."""
    return next((n for n in range(1, len(levels)) if _differ(levels[0], levels[n], tolerance)), None)


def _level(taken: Taken | None, *, together: bool) -> Level:
    """What was taken if records that overlap were all taken, or if the last one stood alone.

    Amounts that are not known are the same as long as the same record says so.
    """
    if taken is None or not taken.given:
        return None
    given = taken.given if together or not taken.alone else taken.alone[-1:]
    amounts = [item.amount for item in given if item.amount is not None]
    if len(amounts) < len(given) or len({one.per for one in amounts}) > 1:
        return ", ".join(str(item.source) for item in given), Fraction()
    per = amounts[0].per
    total = sum((one.daily for one in amounts), Fraction())
    return f"mg/{per}/d" if per else "mg/d", total * taken.share


def _differ(one: Level, other: Level, tolerance: Decimal) -> bool:
    if one is None or other is None or one[0] != other[0]:
        return one != other
    return abs(one[1] - other[1]) > Fraction(tolerance)


def _shown(level: Level) -> str:
    if level is None:
        return "none"
    unit, dose = level
    return f"{plain(six_digits(dose))} {unit}" if unit.startswith("mg/") else "at a dose not known"
