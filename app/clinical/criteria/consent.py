"""Criterion about the consent: in force on the day asked for, and given before the study began to act."""

from datetime import date

from app.clinical.care import Consent
from app.clinical.case import Case, Judged, unknown
from app.clinical.criteria.consent_gate import in_force, of_the_study
from app.clinical.criteria.latest import Window, aged
from app.clinical.timeline import GIVEN
from app.clinical.truth import any_of


def consented(case: Case) -> Judged:
    """By the Consent the subject names, else by those for the study."""
    consents = of_the_study(case.history.enrolment, case.history.consents)
    if not consents:
        return unknown("missing-observation", "record the signed Consent (ResearchSubject.consent)")
    first = _first_procedure(case)
    by = case.on if first is None else min(case.on, first)
    each = [(in_force(one, on=case.on, by=by), one) for one in consents]
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


def _shown(consent: Consent) -> str:
    when = "undated" if consent.when is None else consent.when.text
    return f"{consent.status}, {consent.provision or 'permit'}, {when}"
