"""Criterion about the consent: in force on the day asked for, and given before the study began to act."""

from datetime import date

from app.clinical.care import Consent
from app.clinical.case import Case, Judged, unknown
from app.clinical.latest import Window, aged
from app.clinical.timeline import GIVEN
from app.clinical.truth import Truth, any_of

NEVER_COUNT = frozenset({"entered-in-error"})
ENDED = frozenset({"inactive", "rejected"})
RESEARCH = "research"


def consented(case: Case) -> Judged:
    """By the Consent the subject names, else by those for the study."""
    consents = _of_the_study(case)
    if not consents:
        return unknown("missing-observation", "record the signed Consent (ResearchSubject.consent)")
    first = _first_procedure(case)
    each = [(_in_force(one, case, first), one) for one in consents]
    truth = any_of(holds for holds, _ in each)
    deciding = [one for holds, one in each if holds is truth]
    dates = [one.when for one in deciding if one.when is not None]
    return Judged(
        truth=truth,
        reasons=("partial-date" if dates else "missing-observation",),
        needs=f"record the day and the status of {', '.join(str(one.source) for one in deciding)}",
        observed="; ".join(_shown(one) for one in deciding),
        threshold="active, not after " + (f"the first procedure on {first}" if first else str(case.on)),
        evidence=tuple(one.source for one in deciding),
        figures=aged(dates, Window(case.on)),
    )


def _of_the_study(case: Case) -> list[Consent]:
    """The Consent the subject names; where it names none, those for the study or for research at large."""
    named = case.history.enrolment.consent
    all_that_count = [one for one in case.history.consents if one.status not in NEVER_COUNT]
    if named is not None:
        return [one for one in all_that_count if named.endswith(f"{one.source.type}/{one.source.id}")]
    mine = case.history.enrolment.study
    return [
        one
        for one in all_that_count
        if one.study == mine or (one.study is None and any(code.code == RESEARCH for code in one.scope))
    ]


def _first_procedure(case: Case) -> date | None:
    """The first day on which the study did anything to the subject, as far as that is recorded."""
    mine = case.history.enrolment.study
    done = [
        one.period.start.first_day
        for one in case.history.procedures
        if one.study == mine and one.status in GIVEN and one.period.start is not None
    ]
    infused = [] if case.infusion is None else [case.infusion.day]
    return min((*done, *infused), default=None)


def _in_force(consent: Consent, case: Case, first: date | None) -> Truth:
    """Whether it permits, is active, and is of a day not after the first procedure and the day asked for."""
    if consent.status in ENDED or consent.provision == "deny":
        return Truth.NO
    if consent.status != "active" or consent.when is None:
        return Truth.UNKNOWN
    last = case.on if first is None else min(case.on, first)
    if consent.when.last_day <= last:
        return Truth.YES
    return Truth.NO if consent.when.first_day > last else Truth.UNKNOWN


def _shown(consent: Consent) -> str:
    when = "undated" if consent.when is None else consent.when.text
    return f"{consent.status}, {consent.provision or 'permit'}, {when}"
