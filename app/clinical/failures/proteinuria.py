"""Whether proteinuria doubled and passed the limit that its baseline has (conventions §1.10, TF3 i).

Where the baseline is not known, a proteinuria that is low under every reading is still no rise.
"""

from collections.abc import Callable
from decimal import Decimal

from app.clinical.case import Judged, once
from app.clinical.criteria.latest import to_resend
from app.clinical.failures.levels import Level
from app.clinical.interval import Interval
from app.clinical.truth import Truth
from app.protocol.failure import ActiveNephritis, Tf3Parameters

DOUBLE = Decimal(2)
UNIT = "g/(24.h), or g/g for a ratio"


def risen(criterion: ActiveNephritis, chosen: Tf3Parameters, before: Level, level: Level) -> Judged:
    """Whether proteinuria doubled and passed the limit for its baseline."""
    p0, p = before.value, level.value
    limits = (limit for applies, limit in _LIMITS if applies(criterion, p0) is not Truth.NO)
    truths = {limit(criterion, chosen, p0, p) for limit in limits}
    gap = _in_gap(criterion, p0) is Truth.YES and chosen.gap_rule == "undetermined"
    reasons = ("ambiguous-protocol",) if gap else once((*before.reasons, *level.reasons))
    return Judged(
        truth=truths.pop() if len(truths) == 1 else Truth.UNKNOWN,
        reasons=reasons or ("missing-observation",),
        needs=_needed(before, level),
        threshold=f"doubled and above the limit for a baseline of {before.shown}",
        evidence=(before.source,),
        notes=before.notes,
    )


def _needed(before: Level, level: Level) -> str:
    """What is not known: the proteinuria before the infusion, or a number for one of the two."""
    if "baseline-missing" in before.reasons:
        return "proteinuria of 24 hours (or a protein/creatinine ratio) before the infusion"
    resent = once(to_resend(one.source, one.shown, UNIT) for one in (before, level) if one.unread)
    return "; ".join(resent) or "proteinuria as exact numbers in g/24 h, before the infusion and since"


def _in_gap(criterion: ActiveNephritis, p0: Interval) -> Truth:
    """Whether the baseline is one the protocol gives no limit for."""
    return p0.holds(">=", criterion.normal_below) & p0.holds("<=", criterion.raised_above)


def doubled(p0: Interval, p: Interval) -> Truth:
    """Whether it is at least twice what it was."""
    return p.against(">=", p0.times(DOUBLE))


def _if_required(chosen: Tf3Parameters, p0: Interval, p: Interval) -> Truth:
    return doubled(p0, p) if chosen.require_doubling else Truth.YES


def _from_normal(criterion: ActiveNephritis, chosen: Tf3Parameters, p0: Interval, p: Interval) -> Truth:
    return p.holds(">", criterion.above_normal) & _if_required(chosen, p0, p)


def _from_raised(criterion: ActiveNephritis, chosen: Tf3Parameters, p0: Interval, p: Interval) -> Truth:
    return p.holds(">", criterion.above_raised) & _if_required(chosen, p0, p)


def _from_gap(criterion: ActiveNephritis, chosen: Tf3Parameters, p0: Interval, p: Interval) -> Truth:
    match chosen.gap_rule:
        case "double_and_gt1":
            return p.holds(">", criterion.above_normal) & doubled(p0, p)
        case "gt2":
            return _from_raised(criterion, chosen, p0, p)
        case _:
            return p.holds(">", criterion.above_normal) & Truth.UNKNOWN


Limit = Callable[[ActiveNephritis, Tf3Parameters, Interval, Interval], Truth]
_LIMITS: tuple[tuple[Callable[[ActiveNephritis, Interval], Truth], Limit], ...] = (
    (lambda criterion, p0: p0.holds("<", criterion.normal_below), _from_normal),
    (_in_gap, _from_gap),
    (lambda criterion, p0: p0.holds(">", criterion.raised_above), _from_raised),
)
"""For each range a baseline may lie in, the limit of that range."""
