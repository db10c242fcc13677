"""Criteria made of parts: what the parts together say, by the rules of three-valued logic.

The finding of a whole rests on the parts that decide it: one that fails a conjunction, one that holds in
a disjunction, the open ones where it stays open.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.clinical.answers import Finding
from app.clinical.case import Judged, once, unknown
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.criteria import (
    AllOf,
    Allowed,
    AnyOf,
    Chosen,
    FirstKnown,
    Not,
    OneFact,
    Provided,
    UnlessAttested,
    WhereApplicable,
)


def conjunction(criterion: AllOf, parts: Sequence[Finding]) -> Finding:
    """Every part holds."""
    return _whole(all_of(part.verdict for part in parts), parts).of(criterion, tuple(parts))


def disjunction(criterion: AnyOf, parts: Sequence[Finding]) -> Finding:
    """At least one part holds; the answer names those that do."""
    truth = any_of(part.verdict for part in parts)
    holding = tuple(f"{part.id} holds" for part in parts if part.verdict is Truth.YES)
    return _whole(truth, parts, notes=holding).of(criterion, tuple(parts))


def negation(criterion: Not, part: Finding) -> Finding:
    """The part does not hold."""
    return _rests_on(~part.verdict, (part,)).of(criterion, (part,))


def first_known(criterion: FirstKnown, parts: Sequence[Finding]) -> Finding:
    """The first part that is decided."""
    for part in parts:
        if part.verdict is not Truth.UNKNOWN:
            return _rests_on(part.verdict, (part,), notes=(f"decided by {part.id}",)).of(
                criterion, tuple(parts)
            )
    return _rests_on(Truth.UNKNOWN, parts).of(criterion, tuple(parts))


def one_fact(criterion: OneFact, parts: Sequence[Finding]) -> Finding:
    """What the sources that say anything agree on."""
    known = [part for part in parts if part.verdict is not Truth.UNKNOWN]
    truths = {part.verdict for part in known}
    if len(truths) <= 1:
        return _rests_on(known[0].verdict if known else Truth.UNKNOWN, known or parts).of(
            criterion, tuple(parts)
        )
    sources = once(source for part in known for source in part.evidence)
    needs = f"find out which of {', '.join(map(str, sources))} is right: they contradict each other"
    return unknown("conflicting-values", needs, evidence=sources).of(criterion, tuple(parts))


def where_applicable(criterion: WhereApplicable, applies: Finding, part: Finding) -> Finding:
    """The part, or that it does not apply."""
    truth = ~applies.verdict | part.verdict
    if applies.verdict is Truth.NO:
        notes = ("not-applicable: it is asked only where the first part holds",)
        return _rests_on(truth, (applies,), notes=notes).of(criterion, (applies, part))
    deciding = (applies, part) if applies.verdict is truth is Truth.UNKNOWN else (part,)
    return _rests_on(truth, deciding).of(criterion, (applies, part))


def provided(criterion: Provided, condition: Finding, part: Finding) -> Finding:
    """The part, if its condition holds; otherwise it is not known."""
    if condition.verdict is Truth.YES:
        return _rests_on(part.verdict, (condition, part)).of(criterion, (condition, part))
    judged = _rests_on(Truth.UNKNOWN, (condition,))
    if condition.verdict is Truth.NO:
        needs = f"order a result for which this holds: {criterion.condition.text.en}"
        judged = Judged(
            truth=Truth.UNKNOWN, reasons=("missing-observation",), needs=needs, evidence=condition.evidence
        )
    return judged.of(criterion, (condition, part))


def as_its_part(criterion: Chosen | Allowed | UnlessAttested, part: Finding) -> Finding:
    """The reading in force, or a clause that is not: the part decides."""
    return _rests_on(part.verdict, (part,)).of(criterion, (part,))


def not_allowed(criterion: Allowed) -> Finding:
    """A part the protocol does not count."""
    return Judged(truth=Truth.NO, notes=("not-applicable: the protocol does not count it",)).of(criterion)


def unless_attested(criterion: UnlessAttested, part: Finding, stated: Finding) -> Finding:
    """The part, unless an investigator's statement takes it out."""
    truth = part.verdict & ~stated.verdict
    if part.verdict is Truth.NO:
        return _rests_on(truth, (part,)).of(criterion, (part,))
    judged = replace(
        _rests_on(truth, (part if part.verdict is truth else stated,)),
        observed=part.observed,
        normalised=part.normalised,
        threshold=part.threshold,
        evidence=(*part.evidence, *stated.evidence),
    )
    return judged.of(criterion, (part, stated))


def needs_of(finding: Finding) -> tuple[str, ...]:
    """What would settle an open finding, from the innermost parts that are open."""
    if finding.verdict is not Truth.UNKNOWN:
        return ()
    inner = once(need for part in finding.parts for need in needs_of(part))
    own = () if finding.needs is None else (finding.needs,)
    return own or inner


def _whole(truth: Truth, parts: Sequence[Finding], *, notes: tuple[str, ...] = ()) -> Judged:
    """The whole, resting on the parts whose verdict is its own."""
    deciding = tuple(part for part in parts if part.verdict is truth)
    return _rests_on(truth, deciding or tuple(parts), notes=notes)


def _rests_on(truth: Truth, deciding: Sequence[Finding], *, notes: tuple[str, ...] = ()) -> Judged:
    """The whole by the parts that decide it; what a single one saw is what the whole saw."""
    [only] = deciding if len(deciding) == 1 else [None]
    return Judged(
        truth=truth,
        reasons=once(reason for part in deciding for reason in part.reasons),
        needs="; ".join(once(need for part in deciding for need in needs_of(part))) or None,
        observed=None if only is None else only.observed,
        normalised=None if only is None else only.normalised,
        threshold=None if only is None else only.threshold,
        figures=() if only is None else only.figures,
        evidence=once(source for part in deciding for source in part.evidence),
        notes=notes,
    )
