"""Whether the treatment of one subject failed: by any of the protocol's criteria (conventions §1.10).

The time looked at is from the infusion to the end of the window of the last visit, so that what is found at
that visit counts. A confirmation may come later.
"""

from collections.abc import Iterator
from datetime import date

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import Case, once
from app.clinical.choices import choices
from app.clinical.failures.failure_criteria import Criterion, Observed, first_event, whole
from app.clinical.failures.failure_nephritis import active_nephritis
from app.clinical.failures.failure_renal import doubled_creatinine, end_stage
from app.clinical.failures.failure_rescue import rescue
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.not_infused import without_day_0
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.failure import Failure
from app.protocol.parameters import Parameters

NAME = "treatment-failure"


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The failure as a whole, and each criterion with its events, as asked."""
    failure = protocol.failure
    if failure is None or not protocol.parameters.tf.enabled:
        raise CannotAnswer(f"{protocol.key} does not ask for treatment failures")
    parts = (failure.end_stage, failure.creatinine, failure.nephritis, failure.rescue)
    names = among((NAME, *(part.id for part in parts if part is not None)), asked.names, parameter="name")
    t0 = infusion(protocol, history)
    if isinstance(t0, NotInfused):
        results = tuple(without_day_0(t0, name=name) for name in names)
    else:
        case = Case(protocol=protocol, history=history, on=asked.today)
        until = t0.date_of(protocol.visit(failure.until).window[1])
        observed = Observed(case=case, failure=failure, t0=t0, until=until)
        criteria = tuple(_criteria(failure, observed))
        all_results = (_overall(failure, criteria), *map(_result, criteria))
        results = tuple(result for result in all_results if result.name in names)
    return Answer(
        question=NAME,
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=results,
        notes=(*_open_choices(protocol.parameters), *history.remarks()),
    )


def failed(protocol: Protocol, history: History, *, until: date, today: date, t0: Infusion) -> Finding:
    """Whether any criterion of a treatment failure came true up to a day, whatever came later."""
    failure = protocol.failure
    if failure is None:
        raise CannotAnswer(f"{protocol.key} does not define treatment failures")
    case = Case(protocol=protocol, history=history, on=today)
    observed = Observed(case=case, failure=failure, t0=t0, until=until)
    findings = tuple(_without_events(criterion) for criterion in _criteria(failure, observed))
    return whole(findings).finding(NAME, failure.text, findings)


def _criteria(failure: Failure, observed: Observed) -> Iterator[Criterion]:
    if failure.end_stage is not None:
        yield end_stage(failure.end_stage, observed)
    if failure.creatinine is not None:
        yield doubled_creatinine(failure.creatinine, observed)
    if failure.nephritis is not None:
        yield active_nephritis(failure.nephritis, observed)
    if failure.rescue is not None:
        yield rescue(failure.rescue, observed)


def _overall(failure: Failure, criteria: tuple[Criterion, ...]) -> Result:
    """Any criterion is a failure; how many are met is counted as well."""
    findings = tuple(_without_events(criterion) for criterion in criteria)
    verdicts = [finding.verdict for finding in findings]
    judged = whole(findings)
    failed_by_any = judged.finding(NAME, failure.text, findings)
    is_open = judged.truth is Truth.UNKNOWN
    met = verdicts.count(Truth.YES)
    first = min((day for criterion in criteria if (day := criterion.first_day) is not None), default=None)
    return Result(
        name=NAME,
        verdict=wire(judged.truth),
        findings=(failed_by_any,),
        reasons=judged.reasons if is_open else (),
        evidence=judged.evidence,
        missing=once(one.needs for one in findings if one.needs) if is_open else (),
        figures=(
            Figure(name="criteria-met", value=Interval.of(met, met + verdicts.count(Truth.UNKNOWN))),
            *first_event(first),
        ),
    )


def _without_events(criterion: Criterion) -> Finding:
    """The criterion by itself; its events are told in a result of their own."""
    found = criterion.finding()
    return Finding(
        id=found.id,
        verdict=found.verdict,
        text=found.text,
        observed=found.observed,
        evidence=found.evidence,
        reasons=found.reasons,
        needs=found.needs,
        notes=found.notes,
        figures=found.figures,
    )


def _result(criterion: Criterion) -> Result:
    found = criterion.finding()
    return Result(
        name=criterion.id,
        verdict=wire(found.verdict),
        findings=(found,),
        reasons=found.reasons,
        evidence=found.evidence,
        missing=() if found.needs is None else (found.needs,),
        figures=found.figures,
    )


def _open_choices(chosen: Parameters) -> tuple[str, ...]:
    return choices(tf1=chosen.tf1, tf2=chosen.tf2, tf3=chosen.tf3, tf4=chosen.tf4)
