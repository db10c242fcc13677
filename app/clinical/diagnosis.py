"""Criterion about a diagnosis: a Condition that is confirmed, and active where that is asked for."""

from app.clinical.care import Condition
from app.clinical.case import Case, Judged, once
from app.clinical.records import Coding
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.care import Diagnosed
from app.protocol.parts import SYSTEMS
from app.protocol.words import Code

ACTIVE = frozenset({"active", "recurrence", "relapse"})
OVER = frozenset({"inactive", "remission", "resolved"})
NEVER_COUNT = frozenset({"refuted", "entered-in-error"})


def diagnosed(criterion: Diagnosed, case: Case) -> Judged:
    """Present where a Condition says so; without one it is not known."""
    each = [
        (_holds(criterion, one, case), one)
        for one in case.history.conditions
        if _counts(criterion, one, case)
    ]
    truth = any_of(holds for holds, _ in each)
    deciding = [one for holds, one in each if holds is truth] if truth is not Truth.NO else []
    names = " or ".join(code.code for code in criterion.codes[:2])
    needs = f"record it as a confirmed Condition ({names}), if it is one"
    if deciding:
        which = ", ".join(str(one.source) for one in deciding)
        needs = f"say of {which} whether it is confirmed, active and precisely which disease"
    return Judged(
        truth=Truth.YES if truth is Truth.YES else Truth.UNKNOWN,
        reasons=("missing-observation",),
        needs=needs,
        observed="; ".join(_shown(one) for one in deciding) or "no such Condition recorded",
        threshold="confirmed, at any time" if criterion.ever else "confirmed and active",
        evidence=once(one.source for one in deciding),
    )


def _counts(criterion: Diagnosed, condition: Condition, case: Case) -> bool:
    """Whether a Condition is of the disease, not excepted, not refuted, and not of a later day."""
    began = condition.onset or condition.recorded
    return (
        condition.verification not in NEVER_COUNT
        and (began is None or began.first_day <= case.on)
        and is_of(condition.codings, criterion.codes)
        and not is_of(condition.codings, criterion.excepted)
    )


def _holds(criterion: Diagnosed, condition: Condition, case: Case) -> Truth:
    """Whether it is confirmed, active (unless any time will do), and certainly the disease meant."""
    confirmed = Truth.YES if condition.verification == "confirmed" else Truth.UNKNOWN
    clear = Truth.UNKNOWN if is_of(condition.codings, criterion.unclear) else Truth.YES
    active = Truth.YES if criterion.ever else _active(condition, case)
    return all_of((confirmed, clear, active))


def _active(condition: Condition, case: Case) -> Truth:
    ended = condition.abatement is not None and condition.abatement.last_day < case.on
    if ended or condition.clinical in OVER:
        return Truth.NO
    return Truth.YES if condition.clinical in ACTIVE else Truth.UNKNOWN


def is_of(codings: tuple[Coding, ...], codes: tuple[Code, ...]) -> bool:
    """Whether one of the codings is one of those codes."""
    return any(_is(coding, code) for coding in codings for code in codes)


def _is(coding: Coding, code: Code) -> bool:
    """Whether it is that code, or in ICD-10 one below it."""
    if coding.system != code.system:
        return False
    return coding.code == code.code or (code.system == SYSTEMS["icd10"] and coding.code.startswith(code.code))


def _shown(condition: Condition) -> str:
    name = condition.text or ", ".join(coding.code for coding in condition.codings)
    return f"{name} ({condition.clinical or 'status not said'}, {condition.verification or 'not verified'})"
