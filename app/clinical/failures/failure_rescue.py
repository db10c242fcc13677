"""Treatment failure by rescue: what was given after the infusion because lupus got worse (§1.10, TF4).

A drug is new unless it was taken in the days before the infusion that the baseline looks back on. Why
something was given is said by its reason codes, by the Condition it refers to, or by an attestation of the
days after it began; only a reason coded in a terminology that names lupus can say that it was another one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.clinical.calendar import shifted
from app.clinical.case import Judged, once, unknown
from app.clinical.coded import is_one_of
from app.clinical.criteria.latest import Window
from app.clinical.criteria.results import statement
from app.clinical.drugs.exposure import is_by
from app.clinical.failures.confirmation import Event
from app.clinical.failures.failure_criteria import Criterion, Observed
from app.clinical.failures.suppression import Before, newly_given
from app.clinical.records import Administration, Coding, Moment, Source
from app.clinical.timeline import GIVEN
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.failure import Rescue

ATTESTED_WITHIN = 30  # days from the beginning of a treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Something given, whether it is of a kind that may be a rescue, and the reasons recorded for it."""

    name: str
    source: Source
    when: Moment | None
    kind: Judged
    reasons: tuple[Coding, ...]


def rescue(criterion: Rescue, observed: Observed) -> Criterion:
    """Any treatment of these kinds that began after the day of the infusion, for worsening lupus."""
    by_name: defaultdict[str, list[tuple[Treatment, Judged]]] = defaultdict(list)
    for treatment in (*_drugs(criterion, observed), *_procedures(criterion, observed)):
        if (_in_time(observed, treatment.when) & treatment.kind.truth) is not Truth.NO:
            by_name[treatment.name].append((treatment, _judged(criterion, observed, treatment)))
    events = tuple(_event(observed, name, given) for name, given in sorted(by_name.items()))
    return Criterion(id=criterion.id, text=criterion.text, events=events, gaps=observed.still_open())


def _drugs(criterion: Rescue, observed: Observed) -> Iterator[Treatment]:
    protocol, history = observed.case.protocol, observed.case.history
    steroids = protocol.drugs_named(criterion.steroids)
    known: dict[str, Before] = {}
    for record in history.administrations:
        steroid = next((drug for drug in steroids if is_one_of(record.codings, drug.codes)), None)
        if record.status not in GIVEN:
            continue
        if steroid is not None:
            yield _treatment(observed, record, steroid.name, _by_vein(criterion, record))
        elif is_one_of(record.codings, criterion.immunoglobulins):
            yield _treatment(observed, record, "immunoglobulin", Judged(truth=Truth.YES))
        elif (drug := newly_given(criterion, observed, record, known=known)) is not None:
            yield _treatment(observed, record, *drug)


def _procedures(criterion: Rescue, observed: Observed) -> Iterator[Treatment]:
    for one in observed.case.history.procedures:
        if one.status in GIVEN and is_one_of(one.codings, criterion.plasmapheresis):
            reasons = (*one.reasons, *_referred(observed, one.reason_references))
            when, kind = one.period.start, Judged(truth=Truth.YES)
            yield Treatment(name="plasmapheresis", source=one.source, when=when, kind=kind, reasons=reasons)


def _treatment(observed: Observed, record: Administration, name: str, kind: Judged) -> Treatment:
    reasons = (*record.reasons, *_referred(observed, record.reason_references))
    return Treatment(name=name, source=record.source, when=record.period.start, kind=kind, reasons=reasons)


def _referred(observed: Observed, references: Sequence[str]) -> Iterator[Coding]:
    """The codes of the Conditions that are named as the reason."""
    for reference in references:
        kind, _, name = reference.partition("/_history/")[0].partition("/")
        if kind == "Condition" and name in observed.case.conditions:
            yield from observed.case.conditions[name].codings


def _by_vein(criterion: Rescue, record: Administration) -> Judged:
    order = f"record by which route {record.source} was given"
    return Judged(truth=is_by(record, criterion.routes), reasons=("missing-observation",), needs=order)


def _in_time(observed: Observed, when: Moment | None) -> Truth:
    """Whether it began after the day of the infusion, whose premedication is no rescue."""
    on_day_0 = when is not None and when.day == observed.t0.day
    return Truth.NO if on_day_0 else observed.holds(when)


def _judged(criterion: Rescue, observed: Observed, treatment: Treatment) -> Judged:
    """Whether it was in time, of that kind, and for worsening lupus."""
    dated = Judged(
        truth=_in_time(observed, treatment.when),
        reasons=("partial-date",),
        needs=f"record the exact date of {treatment.source}",
    )
    all_three = (dated, treatment.kind, _for_lupus(criterion, observed, treatment))
    open_ = [one for one in all_three if one.truth is Truth.UNKNOWN]
    return Judged(
        truth=all_of(one.truth for one in all_three),
        reasons=once(reason for one in open_ for reason in one.reasons),
        needs="; ".join(filter(None, (one.needs for one in open_))),
        evidence=once((treatment.source, *(source for one in all_three for source in one.evidence))),
        notes=once(note for one in all_three for note in one.notes),
    )


def _for_lupus(criterion: Rescue, observed: Observed, treatment: Treatment) -> Judged:
    """What is recorded and what is attested of the reason."""
    recorded, stated = _recorded(criterion, treatment), _stated(criterion, observed, treatment)
    said = {recorded.truth, stated.truth} - {Truth.UNKNOWN}
    if said == {Truth.YES, Truth.NO}:
        needs = f"find out why {treatment.source} was given: its reason and {criterion.attestation} disagree"
        return unknown("conflicting-values", needs, evidence=stated.evidence)
    if said:
        return recorded if recorded.truth is not Truth.UNKNOWN else stated
    if observed.case.protocol.parameters.tf4.assume_lupus and "conflicting-values" not in stated.reasons:
        note = f"{treatment.source}: no reason is recorded, taken to be lupus (tf4.assume_lupus)"
        return Judged(truth=Truth.YES, notes=(note,))
    needs = f"record why {treatment.source} was given (reasonCode), or {stated.needs}"
    return unknown("causality-missing", needs)


def _recorded(criterion: Rescue, treatment: Treatment) -> Judged:
    if is_one_of(treatment.reasons, criterion.reasons):
        return Judged(truth=Truth.YES)
    known = {code.system for code in criterion.reasons}
    others = [coding.code for coding in treatment.reasons if coding.system in known]
    if not others:
        return Judged(truth=Truth.UNKNOWN)
    note = f"{treatment.source} was given for another reason: {', '.join(others)}"
    return Judged(truth=Truth.NO, notes=(note,))


def _stated(criterion: Rescue, observed: Observed, treatment: Treatment) -> Judged:
    when = treatment.when
    if when is None:
        return unknown("attestation-missing", observed.case.to_attest(criterion.attestation))
    last = min(observed.today, shifted(when.last_day, ATTESTED_WITHIN))
    within = max((last - when.first_day).days, 0)
    return statement(observed.case, criterion.attestation, Window(last, within))


def _event(observed: Observed, name: str, given: Sequence[tuple[Treatment, Judged]]) -> Event:
    """All that was given of one drug, or done of one kind."""
    truth = any_of(judged.truth for _, judged in given)
    deciding = [(treatment, judged) for treatment, judged in given if judged.truth is truth]
    days = [treatment.when.day for treatment, _ in deciding if treatment.when is not None]
    known = sorted(day for day in days if day is not None)
    return Event(
        id=name,
        day=min(known, default=None),
        judged=Judged(
            truth=truth,
            reasons=once(reason for _, judged in deciding for reason in judged.reasons),
            needs="; ".join(once(judged.needs for _, judged in deciding if judged.needs)),
            observed=f"{name} on {_listed(observed, known)}",
            evidence=once(source for _, judged in deciding for source in judged.evidence),
            notes=once(note for _, judged in deciding for note in judged.notes),
        ),
    )


def _listed(observed: Observed, days: Sequence[date]) -> str:
    return "; ".join(map(observed.told, once(days))) or "a day not recorded"
