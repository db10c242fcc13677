"""The SLE Responder Index of one subject: at each visit, by each named rule (clinical conventions §1.4).

A response is a drop in SLEDAI, no new BILAG A, no more new BILAG B than the rule allows, and no worsening
of the physician's global assessment, all against the values before the infusion. Whoever died before the
visit did not respond; whoever had a treatment failure before it did not either, where `sri.intercurrent`
says so.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from app.clinical.answers import Answer, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.calendar import shifted
from app.clinical.failures import failure
from app.clinical.history import History
from app.clinical.records import Source
from app.clinical.responses.sri_criteria import (
    Grading,
    grading,
    new_b_within_limit,
    no_new_a,
    no_pga_worsening,
    sledai_drop,
    unanswered,
    unique,
)
from app.clinical.responses.survival import alive_at_visit
from app.clinical.scores import bilag
from app.clinical.scores.assessments import Assessed, chart
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth, all_of
from app.protocol.definition import Protocol, Sri, SriRule

NAME = "sri"
NOT_FAILED = "no-treatment-failure"
WITHOUT_FAILURE = (
    ("en", "No treatment failure before the visit"),
    ("fr", "Pas d'échec thérapeutique avant la visite"),
)


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The SLE Responder Index as asked."""
    return status(protocol, history, visits=asked.visits, rules=asked.rules, today=asked.today)


def status(
    protocol: Protocol,
    history: History,
    *,
    visits: Collection[str] | None = None,
    rules: Collection[str] | None = None,
    today: date | None = None,
) -> Answer:
    """Whether the subject responded: one result for each visit and rule, all of them unless named.

    `today` lets the answer tell a visit whose window is still open from one that was missed.
    Raises CannotAnswer where a visit or a rule is named that the protocol does not have.
    """
    sri = protocol.sri
    if sri is None:
        raise CannotAnswer(f"{protocol.key} does not ask for the SLE Responder Index")
    labels = among(sri.visits, visits, parameter="visit")
    names = among([rule.name for rule in sri.rules], rules, parameter="rule")
    asked = [rule for rule in sri.rules if rule.name in names]
    return Answer(
        question="sri-status",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=_results(
            protocol, sri, history, [(label, rule) for label in labels for rule in asked], today
        ),
        notes=(*_choices(protocol, sri), *history.remarks()),
    )


def _results(
    protocol: Protocol,
    sri: Sri,
    history: History,
    questions: Sequence[tuple[str, SriRule]],
    today: date | None,
) -> tuple[Result, ...]:
    t0 = infusion(protocol, history)
    if isinstance(t0, NotInfused):
        return tuple(_without_day_0(label, rule, t0) for label, rule in questions)
    recorded = chart(protocol, history, t0, today=today)
    reference = protocol.visit(sri.reference)
    labels = unique(label for label, _rule in questions)
    found = {label: recorded.at(protocol.visit(label), reference) for label in labels}
    events = {
        label: _events(protocol, sri, history, t0=t0, at=label, seen=found[label].seen, today=today)
        for label in labels
    }
    systems = bilag.systems(protocol)
    graded = {label: grading(one.bilag, systems, one.queries) for label, one in found.items()}
    results = []
    for label, rule in questions:
        findings = _conditions(rule, found[label], graded[label])
        results.append(_result(label, rule, findings + events[label], (t0.source,)))
    return tuple(results)


def _without_day_0(label: str, rule: SriRule, why: NotInfused) -> Result:
    """Every condition left open."""
    open_ = _result(label, rule, unanswered(rule, why), why.evidence)
    return replace(open_, notes=(*open_.notes, *why.notes))


def _events(
    protocol: Protocol,
    sri: Sri,
    history: History,
    *,
    t0: Infusion,
    at: str,
    seen: date | None,
    today: date | None,
) -> tuple[Finding, ...]:
    """What happened before the visit and settles it whatever was assessed: a death, a failure."""
    ends = t0.date_of(protocol.visit(at).window[1])
    alive = alive_at_visit(history.person, seen=seen, window_ends=ends)
    if sri.intercurrent == "ignore":
        return alive
    last = ends if seen is None else shifted(seen, -1)
    asked = today or shifted(ends, 1)  # without a day, the visit is looked back upon
    found = failure.failed(protocol, history, until=last, today=asked, t0=t0)
    return (*alive, _not_failed(found, last))


def _not_failed(found: Finding, last: date) -> Finding:
    """That treatment had not failed up to the day before the visit."""
    return replace(
        found,
        id=NOT_FAILED,
        verdict=~found.verdict,
        text=WITHOUT_FAILURE,
        threshold=f"none up to {last.isoformat()}",
    )


def _conditions(rule: SriRule, found: Assessed, graded: Grading) -> tuple[Finding, ...]:
    return (
        sledai_drop(rule, found.sledai),
        no_new_a(rule, graded),
        new_b_within_limit(rule, graded),
        no_pga_worsening(rule, found.pga),
    )


def _result(label: str, rule: SriRule, findings: tuple[Finding, ...], infused: tuple[Source, ...]) -> Result:
    """The conjunction of the conditions; what is missing matters only while it is open."""
    verdict = all_of(finding.verdict for finding in findings)
    is_open = [finding for finding in findings if finding.verdict is Truth.UNKNOWN]
    still = is_open if verdict is Truth.UNKNOWN else []
    return Result(
        name=NAME,
        verdict=wire(verdict),
        findings=findings,
        visit=label,
        rule=rule.name,
        reasons=unique(reason for finding in still for reason in finding.reasons),
        evidence=unique((*infused, *(source for finding in findings for source in finding.evidence))),
        missing=unique(finding.needs for finding in still if finding.needs is not None),
        notes=tuple(remark.en for remark in rule.remarks),
    )


def _choices(protocol: Protocol, sri: Sri) -> tuple[str, ...]:
    """Where the sources leave a choice open, what was chosen, by the parameter's name."""
    chosen = protocol.parameters
    return (
        f"visit.baseline_lookback_days = {chosen.visit.baseline_lookback_days}",
        f"obs.accept_preliminary = {str(chosen.obs.accept_preliminary).lower()}",
        f"sledai.variant = {chosen.sledai.variant}",
        f"sledai.missing_item = {chosen.sledai.missing_item}",
        f"bilag.variant = {chosen.bilag.variant}",
        f"sri.week_24 = {sri.week_24}",
        f"sri.intercurrent = {sri.intercurrent}",
    )
