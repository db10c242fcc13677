"""Criteria about the person: age, sex, childbearing potential, and other studies."""

from datetime import date

from app.clinical.calendar import anniversary
from app.clinical.case import Case, Judged, unknown
from app.clinical.criteria.latest import Window
from app.clinical.criteria.results import statement
from app.clinical.records import Enrolment
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.questions import AgeBetween, ChildbearingPotential, OtherEnrolment, Sex


def age_on(born: date, day: date) -> int:
    """Completed years."""
    years = day.year - born.year
    return years if anniversary(born, years) <= day else years - 1


def births(case: Case) -> tuple[date, ...]:
    """The first and the last day the person may be born on; nothing where no date is recorded."""
    if case.history.person is None or case.history.person.birth_date is None:
        return ()
    born = case.history.person.birth_date
    return (born.first_day, born.last_day)


def age_between(criterion: AgeBetween, case: Case) -> Judged:
    """The day asked for lies between two birthdays."""
    person, born = case.history.person, births(case)
    if person is None or person.birth_date is None:
        return unknown("missing-observation", "record the birth date (Patient.birthDate)")
    lower = "from" if criterion.min_inclusive else "after"
    ages = sorted({age_on(day, case.on) for day in born})
    truths = {_is_between(criterion, day, case.on) for day in born}
    return Judged(
        truth=Truth.of(truths.pop()) if len(truths) == 1 else Truth.UNKNOWN,
        reasons=("partial-date",),
        needs="record the day of birth (Patient.birthDate)",
        observed=f"born {person.birth_date.text}",
        normalised=" or ".join(map(str, ages)) + " years",
        threshold=f"{lower} the birthday of {criterion.min_years} years and before that of "
        f"{criterion.too_old}",
        evidence=(person.source,),
    )


def sex(criterion: Sex, case: Case) -> Judged:
    """The administrative gender is the one asked for."""
    person = case.history.person
    if person is None or person.gender not in ("female", "male"):
        return unknown("missing-observation", "record the gender (Patient.gender)")
    truth = Truth.of(person.gender == criterion.is_)
    return Judged(truth=truth, observed=person.gender, threshold=criterion.is_, evidence=(person.source,))


def childbearing_potential(criterion: ChildbearingPotential, case: Case) -> Judged:
    """As attested of a woman; where nothing is attested, every woman up to the age."""
    person = case.history.person
    if person is not None and person.gender == "male":
        return Judged(truth=Truth.NO, observed="male", evidence=(person.source,))
    stated = statement(case, criterion.attestation, Window(case.on))
    if stated.truth is not Truth.UNKNOWN:
        return stated
    if person is None or person.gender != "female":
        return unknown("missing-observation", "record the gender (Patient.gender)")
    ages = {age_on(born, case.on) for born in births(case)}
    young = {age <= criterion.max_age for age in ages}
    return Judged(
        truth=Truth.of(young.pop()) if len(young) == 1 else Truth.UNKNOWN,
        reasons=("attestation-missing",),
        needs=case.to_attest(criterion.attestation),
        observed=f"{person.gender}, {' or '.join(map(str, sorted(ages))) or 'unknown'} years",
        threshold=f"woman of at most {criterion.max_age} years, as nothing is stated",
        evidence=(person.source,),
    )


def other_enrolment(criterion: OtherEnrolment, case: Case) -> Judged:
    """Another study of this register has the patient on study on the day asked for."""
    mine = case.history.enrolment
    others = [
        other
        for other in case.history.other_enrolments
        if other.study != mine.study and other.status in criterion.statuses
    ]
    each = [(_covers(other, case.on), other) for other in others]
    truth = any_of(covers for covers, _ in each)
    if truth is Truth.NO and case.history.out_of_sight:
        return unknown(
            "out-of-sight", "somebody who may see the patient's other study says whether it goes on"
        )
    deciding = [other for covers, other in each if covers is truth]
    return Judged(
        truth=truth,
        reasons=("partial-date",),
        needs="record the exact period of the other enrolment",
        observed=", ".join(f"{other.study}: {other.status}" for other in deciding) or "no other study",
        threshold=" or ".join(criterion.statuses),
        evidence=tuple(other.source for other in deciding),
    )


def _is_between(criterion: AgeBetween, born: date, day: date) -> bool:
    youngest, too_old = anniversary(born, criterion.min_years), anniversary(born, criterion.too_old)
    old_enough = youngest < day or (criterion.min_inclusive and youngest == day)
    return old_enough and day < too_old


def _covers(enrolment: Enrolment, day: date) -> Truth:
    """Whether the enrolment's period covers a day; an end or start that is not given is open."""
    start, end = enrolment.period.start, enrolment.period.end
    begun, not_over = Truth.YES, Truth.YES
    if start is not None:
        begun = _ordered(start.first_day, start.last_day, day)
    if end is not None:
        not_over = ~_ordered(end.first_day, end.last_day, day, strictly=True)
    return all_of((begun, not_over))


def _ordered(first: date, last: date, day: date, *, strictly: bool = False) -> Truth:
    """Whether a date between two days is up to (or strictly before) a day."""
    verdicts = {one < day if strictly else one <= day for one in (first, last)}
    return Truth.of(verdicts.pop()) if len(verdicts) == 1 else Truth.UNKNOWN
