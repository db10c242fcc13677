"""Whether a subject agrees to take part: one reading, for the state machine and for every question.

The Consents that count are those of the subject's part in the study. Where they settle nothing, the last
thing an investigator stated does: `consent-signed`. A Consent that was withdrawn stands before a statement.
"""

import re
from collections.abc import Iterable
from datetime import date

from app.clinical.care import Consent
from app.clinical.criteria.attestation import SYSTEM
from app.clinical.happened import ERROR
from app.clinical.records import Coding, Enrolment, Measurement, Source, Span
from app.clinical.timeline import order
from app.clinical.truth import Truth, all_of, any_of

SIGNED = Coding(SYSTEM, "consent-signed")
ENDED = frozenset({"inactive", "rejected"})
RESEARCH = "research"


def of_the_study(enrolment: Enrolment, consents: Iterable[Consent]) -> list[Consent]:
    """The Consent the subject names; where it names none, those for the study or for research at large.

    One entered in error or given for another study never counts.
    """
    mine = [
        one
        for one in consents
        if one.status != ERROR and one.patient == enrolment.patient and one.study in {None, enrolment.study}
    ]
    if enrolment.consent is not None:
        return [one for one in mine if _is_named(enrolment.consent, one.source)]
    return [one for one in mine if one.study is not None or RESEARCH in {code.code for code in one.scope}]


def _is_named(reference: str, source: Source) -> bool:
    return re.search(rf"(^|/){source.type}/{re.escape(source.id)}(/_history/\d+)?$", reference) is not None


def in_force(consent: Consent, *, on: date, by: date) -> Truth:
    """Whether it permits, is active, was given by one day, and holds on another."""
    if is_refusal(consent):
        return Truth.NO
    if consent.status != "active" or consent.when is None:
        return Truth.UNKNOWN
    given = Truth.NO if consent.when.first_day > by else Truth.UNKNOWN
    return all_of((Truth.YES if consent.when.last_day <= by else given, _holds(consent.period, on)))


def is_refusal(consent: Consent) -> bool:
    """Whether it says no: it was withdrawn, was never given, or denies."""
    return consent.status in ENDED or consent.provision == "deny"


def _holds(period: Span, on: date) -> Truth:
    """Whether a day lies in the time it was given for; without an end, or a beginning, it has none."""
    start, end = period.start, period.end
    if (start is not None and start.first_day > on) or (end is not None and end.last_day < on):
        return Truth.NO
    vague = (start is not None and start.last_day > on) or (end is not None and end.first_day < on)
    return Truth.UNKNOWN if vague else Truth.YES


def agrees(
    enrolment: Enrolment, *, consents: Iterable[Consent], results: Iterable[Measurement], on: date
) -> Truth:
    """Whether the subject agreed by a day and still does; `results` are those that count."""
    recorded = [in_force(one, on=on, by=on) for one in of_the_study(enrolment, consents)]
    said = any_of(recorded) if recorded else Truth.UNKNOWN
    return attested(enrolment.patient, results, on=on) if said is Truth.UNKNOWN else said


def attested(patient: str, results: Iterable[Measurement], *, on: date) -> Truth:
    """What an investigator stated last by a day; unknown where nothing, or both things at once."""
    stated = [
        one
        for one in results
        if one.patient == patient
        and SIGNED in one.codings
        and one.truth is not None
        and (one.when is None or one.when.first_day <= on)
    ]
    if not stated:
        return Truth.UNKNOWN
    last = max(order(one.when, one.source)[0] for one in stated)
    said = {one.truth for one in stated if order(one.when, one.source)[0] == last}
    return Truth.UNKNOWN if len(said) > 1 else Truth.of(said == {True})
