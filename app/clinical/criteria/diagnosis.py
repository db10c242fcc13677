"""Criterion about a diagnosis: a Condition that is confirmed, and active where that is asked for."""

from app.clinical.care import Condition
from app.clinical.case import Case, Judged, once
from app.clinical.coded import is_one_of
from app.clinical.happened import stands
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.care import Diagnosed

ACTIVE = frozenset({"active", "recurrence", "relapse"})
OVER = frozenset({"inactive", "remission", "resolved"})


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
        stands(condition)
        and (began is None or began.first_day <= case.on)
        and is_one_of(condition.codings, criterion.codes)
        and not is_one_of(condition.codings, criterion.excepted)
    )


def _holds(criterion: Diagnosed, condition: Condition, case: Case) -> Truth:
    """Whether it is confirmed, active (unless any time will do), and certainly the disease meant."""
    confirmed = Truth.YES if condition.verification == "confirmed" else Truth.UNKNOWN
    clear = Truth.UNKNOWN if is_one_of(condition.codings, criterion.unclear) else Truth.YES
    active = Truth.YES if criterion.ever else _active(condition, case)
    return all_of((confirmed, clear, active))


def _active(condition: Condition, case: Case) -> Truth:
    ended = condition.abatement is not None and condition.abatement.last_day < case.on
    if ended or condition.clinical in OVER:
        return Truth.NO
    return Truth.YES if condition.clinical in ACTIVE else Truth.UNKNOWN


def _shown(condition: Condition) -> str:
    name = condition.text or ", ".join(coding.code for coding in condition.codings)
    return f"{name} ({condition.clinical or 'status not said'}, {condition.verification or 'not verified'})"
