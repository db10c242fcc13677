"""Which dose comes next: the toxicities at each dose and what the sequential Bayesian rule makes of them.

A subject counts once the first ten days are complete or an event has occurred. Those of whom it is not known
block the decision, unless it is the same whatever becomes of them (clinical conventions §1.13).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.case import once
from app.clinical.doses import dose_rule
from app.clinical.doses.dose_cohorts import TOXIC, Counted, Treated, row, when
from app.clinical.doses.dose_rule import COMMITTEE, Setting
from app.clinical.doses.posterior import Posterior
from app.clinical.interval import Interval
from app.clinical.records import Study
from app.clinical.safety.toxicity import asks
from app.clinical.summary import Summary
from app.clinical.truth import Truth
from app.protocol.definition import Protocol

QUESTION = "dose-escalation"
BLOCKED = "blocked"
SUPPORT = "Decision support: the steering committee decides which dose comes next."


def answer(protocol: Protocol, study: Study, rows: Sequence[Treated | None], _asked: Asked) -> Answer:
    """Each dose, then the next one, then how that depends on what the protocol leaves open."""
    asks(protocol)
    if not protocol.arms:
        raise CannotAnswer(f"{protocol.key} does not say a dose of cells")
    treated = sorted((one for one in rows if one is not None), key=when)
    doses = [Counted(arm.name, tuple(one for one in treated if one.arm == arm.name)) for arm in protocol.arms]
    placed = {arm.name for arm in protocol.arms}
    chosen = protocol.parameters.dose
    return Answer(
        question=QUESTION,
        subject=study.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            *(_dose(protocol, one) for one in doses),
            *([_next(protocol, doses)] if protocol.escalation is not None else []),
            *(one for dose in doses if dose.subjects for one in _sensitivity(protocol, dose)),
        ),
        notes=(
            SUPPORT,
            f"dose.prior = Beta({chosen.prior_a},{chosen.prior_b})",
            CREDIBLE,
            *(f"dose.{name} = {getattr(chosen, name)}" for name in SAID),
            *(
                f"{one.source} was infused without a known dose level"
                for one in treated
                if one.arm not in placed
            ),
            *([] if protocol.escalation else [f"{protocol.key} states no rule for the next dose"]),
        ),
    )


CREDIBLE = "p-toxicity-95 is a credible interval of the posterior distribution, not a confidence interval"
SAID = ("p_tox", "p_high", "p_low", "cohort_size", "stop_prob", "min_n_stop")


def _dose(protocol: Protocol, dose: Counted) -> Result:
    """One dose: how many, how many toxicities, and what is thought of it now."""
    n, x, u = len(dose.evaluable), dose.toxic, len(dose.unknown)
    chosen = protocol.parameters.dose
    now = Posterior(chosen.prior, x, n)
    low, high = now.credible()
    suspended = dose_rule.suspended(chosen, dose_rule.in_force(chosen), met=x, of=n)
    figures = (
        Figure(name="evaluable", value=n),
        Figure(name="toxicities", value=x),
        Figure(name="undetermined", value=u, evidence=tuple(one.source for one in dose.unknown)),
        Figure(name="p-excessive", value=now.excess(chosen.p_tox)),
        Figure(name="p-excessive-extremes", value=_extremes(dose, chosen.p_tox, protocol)),
        Figure(name="p-toxicity-mean", value=now.mean()),
        Figure(name="p-toxicity-95", value=Interval(low, high)),
        Figure(name="p-any-among-next-cohort", value=now.any_among(chosen.cohort_size)),
        Figure(name="suspended", value=suspended),
        *([] if protocol.escalation is None else [_decided(protocol, dose)]),
        *_sequence(protocol, dose),
    )
    return Result(
        name="dose",
        arm=dose.arm,
        evidence=tuple(one.source for one in dose.subjects),
        figures=figures,
        notes=(
            (f"no more subjects at {dose.arm}: the probability of excess is at least {chosen.stop_prob}",)
            if suspended
            else ()
        ),
    )


def _decided(protocol: Protocol, dose: Counted) -> Figure:
    found = _decisions(protocol, dose, dose_rule.in_force(protocol.parameters.dose))
    return Figure(name="decision", value=found[0] if len(found) == 1 else BLOCKED)


def _extremes(dose: Counted, limit: Decimal, protocol: Protocol) -> Interval:
    """The probability of excess if none, and if all, of those not known had a toxicity."""
    prior, u = protocol.parameters.dose.prior, len(dose.unknown)
    n = len(dose.evaluable) + u
    low, high = (Posterior(prior, x, n).excess(limit) for x in (dose.toxic, dose.toxic + u))
    return Interval(low, high)


def _sequence(protocol: Protocol, dose: Counted) -> Iterator[Figure]:
    """The probability of excess after each subject, in the order in which they were infused."""
    chosen, met = protocol.parameters.dose, 0
    for number, one in enumerate(dose.evaluable, 1):
        met += one.verdict == TOXIC
        excess = Posterior(chosen.prior, met, number).excess(chosen.p_tox)
        yield Figure(name=f"p-excessive-after-{number}", value=excess, evidence=(one.source,))


def _decisions(protocol: Protocol, dose: Counted, setting: Setting) -> list[str]:
    """What the rule says for every number of toxicities that may come out; one where it is settled."""
    u = len(dose.unknown)
    n = len(dose.evaluable) + u
    may_be = range(dose.toxic, dose.toxic + u + 1)
    chosen = protocol.parameters.dose
    return list(dict.fromkeys(dose_rule.decision(chosen, setting, met=x, of=n) for x in may_be))


def _next(protocol: Protocol, doses: Sequence[Counted]) -> Result:
    """What the rule says after the dose that was given last; the first dose where none was given yet."""
    given = [dose for dose in doses if dose.subjects]
    if not given or protocol.escalation is None:
        return Result(name="next-dose", figures=(Figure(name="arm", value=protocol.parameters.dose.start),))
    last = max(given, key=lambda dose: when(dose.subjects[-1]))
    found = _decisions(protocol, last, dose_rule.in_force(protocol.parameters.dose))
    settled = found[0] if len(found) == 1 else None
    blocking = last.unknown if settled is None else []
    reasons = once(reason for one in blocking for reason in one.reasons)
    finding = Finding(
        id="rule",
        verdict=Truth.UNKNOWN if settled in {None, COMMITTEE} else Truth.YES,
        text=protocol.escalation.text.by_language(),
        observed=f"{last.toxic} toxicities among {len(last.evaluable)} at {last.arm}, "
        f"{len(last.unknown)} not known",
        reasons=("ambiguous-protocol",) if settled == COMMITTEE else reasons,
        needs="the decision of the steering committee" if settled == COMMITTEE else None,
        evidence=tuple(one.source for one in last.subjects),
    )
    waiting = tuple(f"{one.source}: {needed}" for one in blocking for needed in one.missing)
    return Result(
        name="next-dose",
        arm=last.arm,
        verdict=wire(finding.verdict),
        findings=(finding,),
        reasons=finding.reasons,
        missing=waiting or (() if finding.needs is None else (finding.needs,)),
        evidence=finding.evidence,
        figures=(
            Figure(name="decision", value=settled or BLOCKED),
            Figure(
                name="arm",
                value=None if settled is None else dose_rule.arm_after(protocol, last.arm, settled),
            ),
            *(Figure(name="possible", value=one) for one in (found if settled is None else [])),
        ),
    )


def _sensitivity(protocol: Protocol, dose: Counted) -> Iterator[Result]:
    """What the rule would say of a dose with other priors, limits and cut-offs."""
    for setting in dose_rule.others(protocol.parameters.dose):
        found = _decisions(protocol, dose, setting)
        excess = Posterior(setting.prior, dose.toxic, len(dose.evaluable)).excess(setting.limit)
        figures = (
            Figure(name="p-excessive", value=excess),
            *(Figure(name="decision", value=one) for one in found),
        )
        yield Result(name="sensitivity", arm=dose.arm, rule=setting.name, figures=figures)


SUMMARY = Summary(row=row, answer=answer)
