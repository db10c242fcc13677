"""Which assessment stands for which visit, the baseline among them (clinical conventions §0.4, §0.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from typing import Protocol as Shape

from app.clinical.records import Moment, Source
from app.clinical.timeline import Infusion, order
from app.protocol.definition import Protocol, Visit

FAR = 10**6  # days: no trial lasts as long


class Dated(Shape):
    """What can be placed on the timeline: an assessment, perhaps recorded under a visit's label."""

    @property
    def source(self) -> Source:
        """The version of the resource it was read from."""

    @property
    def when(self) -> Moment | None:
        """When it was assessed, if that was recorded."""

    @property
    def visit(self) -> str | None:
        """The label of the visit it was explicitly recorded for."""

    @property
    def valid(self) -> bool:
        """Whether it says anything that can be used."""


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Choice(Generic[D]):
    """The assessment that stands for a visit, and why it is that one.

    `chosen` holds several only where they are of the same time, so that none can be preferred.
    `others` belong to the same visit and are not used. `reasons` say why nothing was chosen, `outside` which
    ones would have been nearest but lie outside its days, `vague` which may be it but bear no exact date.
    """

    chosen: tuple[D, ...] = ()
    others: tuple[D, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outside: tuple[D, ...] = ()
    vague: tuple[D, ...] = ()

    def needs(self, what: str) -> str:
        """What would give an assessment: the exact day of one that may be it, else the assessment."""
        if not self.vague:
            return what
        return (
            f"the exact day of {' and '.join(str(item.source) for item in self.vague)}, which may be {what}"
        )


def baseline(protocol: Protocol, t0: Infusion, assessments: Sequence[D], *, label: str = "M0") -> Choice[D]:
    """The last assessment before the infusion, not further back than the look-back.

    One dated day 0 without a time counts. One recorded for the baseline visit is preferred, however
    far back, but never one from a day after the infusion.
    """
    tagged = [item for item in assessments if item.visit == label]
    late = [item for item in tagged if _study_days(t0, item)[0] > 0]
    notes = tuple(
        f"{item.source} is recorded for {label} but was made after the day of the infusion: it is no baseline"
        for item in late
    )
    candidates, vague = [item for item in tagged if item not in late], []
    if not candidates:
        before = [item for item in _undecided(protocol, assessments) if _may_precede(t0, item)]
        lookback = protocol.parameters.visit.baseline_lookback_days
        recent = [item for item in before if _study_days(t0, item)[1] >= -lookback]
        candidates = [item for item in recent if _is_exact(t0, item)]
        vague = [item for item in recent if item not in candidates]
        if not candidates:
            outside = (*late, *(item for item in before if item not in recent))
            reasons = _reasons("baseline-missing", partial=bool(recent), outside=bool(outside))
            return Choice(reasons=reasons, notes=notes, outside=outside, vague=tuple(recent))
    usable = _valid(candidates)
    last = max(usable, key=lambda item: order(item.when, item.source))
    same = _of_the_same_time(last, usable)
    rivals = [item for item in vague if _may_follow(item, last)]
    found = Choice(chosen=same, notes=notes)
    return _left_open(found, rivals, label=label, reason="baseline-missing") if rivals else found


def at_visit(protocol: Protocol, visit: Visit, t0: Infusion, assessments: Sequence[D]) -> Choice[D]:
    """The assessment that stands for a visit after the infusion.

    One recorded for the visit wins; else the one nearest the planned day inside the window, the
    earlier of two that are equally near.
    """
    if not assessments:
        return Choice(reasons=("missing-observation",))
    candidates = [item for item in assessments if item.visit == visit.label]
    notes = tuple(_stray_notes(visit, t0, candidates))
    vague = [item for item in candidates if not _is_exact(t0, item)]
    if not candidates:
        undecided = _undecided(protocol, assessments)
        candidates = [item for item in undecided if is_of(protocol, visit, t0, item.when)]
        vague = [item for item in undecided if _may_lie_within(visit, t0, item)]
        if not candidates:
            partial = bool(vague)
            outside = tuple(item for item in undecided if _strays_from(protocol, visit, t0, item))
            reasons = _reasons("missing-observation", partial=partial, outside=bool(outside))
            return Choice(reasons=reasons, outside=outside, vague=tuple(vague))
    usable = _valid(candidates)
    best = min(usable, key=lambda item: (_distance(visit, t0, item), *order(item.when, item.source)))
    same = _of_the_same_time(best, usable)
    others = tuple(item for item in candidates if item not in same)
    unused = tuple(f"{item.source} also belongs to {visit.label} and is not used" for item in others)
    rivals = [item for item in vague if item not in same and _may_be_nearer(visit, t0, item, best)]
    found = Choice(chosen=same, others=others, notes=notes + unused)
    return _left_open(found, rivals, label=visit.label, reason="missing-observation") if rivals else found


def _left_open(found: Choice[D], rivals: Iterable[D], *, label: str, reason: str) -> Choice[D]:
    """No choice yet: one that bears no exact date may turn out to be the one that counts."""
    vague = {item.source: item for item in rivals}
    others = {item.source: item for item in (*found.chosen, *found.others)} | vague
    notes = tuple(f"{source} bears no exact date and may be the one of {label}" for source in vague)
    return Choice(
        others=tuple(others.values()),
        reasons=_reasons(reason, partial=True, outside=False),
        notes=found.notes + notes,
        vague=tuple(vague.values()),
    )


def is_of(protocol: Protocol, visit: Visit, t0: Infusion, moment: Moment | None) -> bool:
    """Whether a day belongs to a planned visit by its date alone."""
    day = t0.study_day(moment)
    if day is None or not visit.window[0] <= day <= visit.window[1]:
        return False
    nearest = visit_of(protocol, t0, moment)
    return nearest is not None and nearest.label == visit.label  # labels are unique, and quick to compare


def visit_of(protocol: Protocol, t0: Infusion, moment: Moment | None) -> Visit | None:
    """The planned visit a day belongs to by its date alone: the nearest whose window holds it."""
    day = t0.study_day(moment)
    if day is None:
        return None
    holding = [visit for visit in protocol.visits if visit.window[0] <= day <= visit.window[1]]
    return min(holding, key=lambda visit: (abs(visit.day - day), visit.day), default=None)


def _undecided(protocol: Protocol, assessments: Sequence[D]) -> list[D]:
    """Those recorded for no visit of this protocol: their date decides."""
    labels = {visit.label for visit in protocol.visits}
    return [item for item in assessments if item.visit not in labels]


def _study_days(t0: Infusion, item: Dated) -> tuple[int, int]:
    """The first and the last study day its date may mean."""
    if item.when is None:
        return -FAR, FAR
    return (item.when.first_day - t0.day).days, (item.when.last_day - t0.day).days


def _is_exact(t0: Infusion, item: Dated) -> bool:
    return t0.study_day(item.when) is not None


def _may_precede(t0: Infusion, item: Dated) -> bool:
    if item.when is None or item.when.day is None:
        return _study_days(t0, item)[0] <= 0
    return not t0.precedes(item.when)


def _may_lie_within(visit: Visit, t0: Infusion, item: Dated) -> bool:
    """Whether its date is too vague to place it, and this visit is one of the places."""
    first, last = _study_days(t0, item)
    return first < last and first <= visit.window[1] and last >= visit.window[0]


def _may_follow(item: Dated, last: Dated) -> bool:
    """Whether what is dated vaguely may have been made after this one."""
    return item.valid and (item.when is None or last.when is None or item.when.end > last.when.start)


def _may_be_nearer(visit: Visit, t0: Infusion, item: Dated, best: Dated) -> bool:
    """Whether what is dated vaguely may have been made nearer to the planned day than this one."""
    first, last = _study_days(t0, item)
    least = max(first - visit.day, visit.day - last, 0)
    return item.valid and least <= _distance(visit, t0, best)


def _strays_from(protocol: Protocol, visit: Visit, t0: Infusion, item: Dated) -> bool:
    """Whether it lies in no window at all, and nearer to this visit than to any other."""
    day = t0.study_day(item.when)
    if day is None or visit_of(protocol, t0, item.when) is not None:
        return False
    return visit.label == min(protocol.visits, key=lambda one: (abs(one.day - day), one.day)).label


def _distance(visit: Visit, t0: Infusion, item: Dated) -> int:
    day = t0.study_day(item.when)
    return FAR if day is None else abs(day - visit.day)


def _valid(candidates: list[D]) -> list[D]:
    """Those that say something; all of them where none does, so that the answer can tell why."""
    return [item for item in candidates if item.valid] or candidates


def _of_the_same_time(best: D, candidates: Iterable[D]) -> tuple[D, ...]:
    """The assessment, with those whose time cannot be told from its own."""
    same = (item for item in candidates if item == best or of_the_same_time(item.when, best.when))
    return tuple(sorted(same, key=lambda item: str(item.source)))


def of_the_same_time(one: Moment | None, other: Moment | None) -> bool:
    """Whether it cannot be told which of the two came first."""
    if one is None or other is None:
        return one is other
    return one.start == other.start or (one.start < other.end and other.start < one.end)


def _stray_notes(visit: Visit, t0: Infusion, tagged: Iterable[Dated]) -> Iterable[str]:
    first, last = visit.window
    for item in tagged:
        day = t0.study_day(item.when)
        if day is not None and not first <= day <= last:
            place = f"lies on day {day}, outside {first} to {last}"
            yield f"{item.source} is recorded for {visit.label} but {place}"


def _reasons(missing: str, *, partial: bool, outside: bool) -> tuple[str, ...]:
    extra = {"partial-date": partial, "outside-window": outside}
    return (missing, *(reason for reason, applies in extra.items() if applies))
