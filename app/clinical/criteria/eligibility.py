"""Whether somebody may enter the trial: every criterion answered, and what is missing to answer it.

Eligible if every inclusion criterion is met and no exclusion criterion is present; ineligible as soon as
one inclusion criterion is not met or one exclusion criterion is present; otherwise it is not known yet.
A computed eligibility is decision support: it changes no status.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from app.clinical.answers import Answer, Finding, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.case import Case, once
from app.clinical.criteria import combining
from app.clinical.criteria.consent import consented
from app.clinical.criteria.diagnosis import diagnosed
from app.clinical.criteria.latest import Window
from app.clinical.criteria.persons import age_between, childbearing_potential, other_enrolment, sex
from app.clinical.criteria.renal import creatinine_clearance
from app.clinical.criteria.results import attested, measured, score_at_baseline, statement, tested
from app.clinical.criteria.series import changed, repeated
from app.clinical.criteria.stability import stable_treatment
from app.clinical.criteria.stopped import stopped_for
from app.clinical.criteria.treatment import daily_dose, dose_course, last_dose_within, monthly_dose
from app.clinical.history import History
from app.clinical.records import Source
from app.clinical.scores.scored import scored
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.care import Consented, Diagnosed, StoppedFor
from app.protocol.criteria import (
    AllOf,
    Allowed,
    AnyOf,
    Chosen,
    Criterion,
    FirstKnown,
    Not,
    OneFact,
    Provided,
    UnlessAttested,
    WhereApplicable,
    everything_in,
)
from app.protocol.definition import Protocol
from app.protocol.measured import Changed, Measured, Repeated, Scored
from app.protocol.questions import (
    AgeBetween,
    Attested,
    ChildbearingPotential,
    CreatinineClearance,
    DailyDose,
    DoseCourse,
    LastDoseWithin,
    MonthlyDose,
    OtherEnrolment,
    ScoreAtBaseline,
    Sex,
    StableTreatment,
    Tested,
)

QUESTION = "eligibility"
VERDICTS = {Truth.YES: "eligible", Truth.NO: "ineligible", Truth.UNKNOWN: "undetermined"}
NOT_STORED = "Nothing of what was sent is stored."
SUPPORT = "Decision support: the status of the ResearchSubject changes only by an authorised write."


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """As of the day asked for, else the day of screening where it is recorded, else today."""
    return assess(protocol, history, on=asked.on or default_day(history) or asked.today)


def assess(protocol: Protocol, history: History, *, on: date) -> Answer:
    """Every criterion on one day. An exclusion's verdict says whether it is present."""
    case = Case(protocol=protocol, history=history, on=on)
    rules = protocol.rules_for(history.enrolment.assigned_arm)
    population = [one.title.en.lower() for one in protocol.populations if one is rules]
    included = [finding(criterion, case) for criterion in rules.inclusion]
    excluded = [finding(criterion, case) for criterion in rules.exclusion]
    verdict = all_of(one.verdict for one in included) & ~any_of(one.verdict for one in excluded)
    findings = (*included, *excluded)
    result = Result(
        name=QUESTION,
        verdict=VERDICTS[verdict],
        findings=findings,
        reasons=once(reason for one in findings for reason in one.reasons)
        if verdict is Truth.UNKNOWN
        else (),
        missing=once(need for one in findings for need in combining.needs_of(one)),
    )
    return Answer(
        question=QUESTION,
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(result,),
        on=on.isoformat(),
        notes=(SUPPORT, *(f"judged by the criteria of {one}" for one in population), *history.remarks()),
    )


def of_candidates(study: Source, protocol: Protocol, judged: Sequence[tuple[str, Answer]]) -> Answer:
    """The answers about several people as one about the study, each result under the person's name."""
    days = {one.on for _, one in judged}
    return Answer(
        question="check-eligibility",
        subject=study,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(replace(result, name=name) for name, one in judged for result in one.results),
        on=days.pop() if len(days) == 1 else None,
        notes=once((NOT_STORED, *(note for _, one in judged for note in one.notes))),
    )


def refuse_unknown(protocol: Protocol, population: str | None) -> None:
    """Refuse to judge by the criteria of a population the protocol does not have."""
    known = [one.name for one in protocol.populations]
    if population is not None and population not in known:
        others = f"there are {', '.join(known)}" if known else "all are judged by the same criteria"
        said = f"{protocol.key} has no population {population!r}: {others}"
        raise CannotAnswer(said, parameter="population")


def default_day(history: History) -> date | None:
    """The day of screening: when the subject's part in the study began, if its day is recorded."""
    start = history.enrolment.period.start
    return None if start is None else start.day


def finding(criterion: Criterion, case: Case) -> Finding:
    """One criterion of the protocol, naming every open choice that any of its parts was written with."""
    found = holds(criterion, case)
    choices = (
        f"{name} = {value}" for part in everything_in(criterion) for name, value in part.choices.items()
    )
    notes = once((*found.notes, *choices))
    return found if notes == found.notes else replace(found, notes=notes)


def holds(criterion: Criterion, case: Case) -> Finding:  # noqa: C901, PLR0911, PLR0912 - one case per kind
    """Whether a criterion holds, with its parts."""
    match criterion:
        case AllOf():
            return combining.conjunction(criterion, [holds(part, case) for part in criterion.parts])
        case AnyOf():
            return combining.disjunction(criterion, [holds(part, case) for part in criterion.parts])
        case FirstKnown():
            return combining.first_known(criterion, [holds(part, case) for part in criterion.parts])
        case OneFact():
            return combining.one_fact(criterion, [holds(part, case) for part in criterion.parts])
        case Not():
            return combining.negation(criterion, holds(criterion.part, case))
        case Chosen():
            return combining.as_its_part(criterion, holds(criterion.part, case))
        case Allowed():
            return _allowed(criterion, case)
        case WhereApplicable():
            applies, part = holds(criterion.applies, case), holds(criterion.part, case)
            return combining.where_applicable(criterion, applies, part)
        case Provided():
            condition, part = holds(criterion.condition, case), holds(criterion.part, case)
            return combining.provided(criterion, condition, part)
        case UnlessAttested():
            return _unless_attested(criterion, case)
        case AgeBetween():
            return age_between(criterion, case).of(criterion)
        case Sex():
            return sex(criterion, case).of(criterion)
        case ChildbearingPotential():
            return childbearing_potential(criterion, case).of(criterion)
        case OtherEnrolment():
            return other_enrolment(criterion, case).of(criterion)
        case Attested():
            return attested(criterion, case).of(criterion)
        case Tested():
            return tested(criterion, case).of(criterion)
        case Measured():
            return measured(criterion, case).of(criterion)
        case Repeated():
            return repeated(criterion, case).of(criterion)
        case Changed():
            return changed(criterion, case).of(criterion)
        case Scored():
            return scored(criterion, case).of(criterion)
        case Diagnosed():
            return diagnosed(criterion, case).of(criterion)
        case Consented():
            return consented(case).of(criterion)
        case StoppedFor():
            return stopped_for(criterion, case).of(criterion)
        case ScoreAtBaseline():
            return score_at_baseline(criterion, case).of(criterion)
        case CreatinineClearance():
            return creatinine_clearance(criterion, case).of(criterion)
        case DailyDose():
            return daily_dose(criterion, case).of(criterion)
        case MonthlyDose():
            return monthly_dose(criterion, case).of(criterion)
        case DoseCourse():
            return dose_course(criterion, case).of(criterion)
        case StableTreatment():
            return stable_treatment(criterion, case).of(criterion)
        case LastDoseWithin():  # pragma: no branch - there is no other kind, mypy says
            return last_dose_within(criterion, case).of(criterion)


def _allowed(criterion: Allowed, case: Case) -> Finding:
    if not criterion.allowed:
        return combining.not_allowed(criterion)
    return combining.as_its_part(criterion, holds(criterion.part, case))


def _unless_attested(criterion: UnlessAttested, case: Case) -> Finding:
    part = holds(criterion.part, case)
    scope = criterion.in_force
    if scope is not None and scope.choice not in scope.among:
        return combining.as_its_part(criterion, part)
    code = criterion.attestation
    stated = statement(case, code, Window(case.on))
    words = case.protocol.attestations[code]
    return combining.unless_attested(criterion, part, stated.finding(f"{criterion.id}-attested", words))
