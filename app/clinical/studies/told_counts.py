"""Which figures of each study question may be told to who sees only some of its subjects.

What is not named here is not told. A figure that rests on counts (a rate, a mean) is told where all counts
of its result are; least and greatest values and quartiles, which may be one subject's, never are. Arms,
months and states are told where all of them can be. How many events there are is told where enough subjects
had them; of those of a grade or an organ it is not known how many subjects had them, so only that there are
none is told, and events are not told by arm.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.clinical.safety.safety_rows import EARLY, LATE, PERIODS, RELATIONS, WHOLE
from app.clinical.studies.suppression import NONE, Count, Counts, Sums, is_safe, tellable


class Frame(NamedTuple):
    """Which result of an answer."""

    name: str | None
    arm: str | None = None
    visit: str | None = None
    rule: str | None = None


Told = Iterator[tuple[Frame, Collection[str]]]
"""By result, the names of the figures that may be told."""

PERHAPS: Final = "?"
"""Ends the name of those that may or may not be counted, where a count lies between two bounds."""


@dataclass(frozen=True, slots=True)
class Table:
    """The counts of every result whose arm is known, of all subjects and of those the asker does not see."""

    counts: Mapping[Frame, Counts]

    def of(self, frame: Frame) -> Counts:
        """The counts of one result; none where there is no such result."""
        return self.counts.get(frame, {})

    def in_arms(self, whole: Frame, name: str | None = None) -> dict[Frame, Counts]:
        """The same result by arm."""
        found = {one: whole._replace(name=name or whole.name, arm=one.arm) for one in self.counts if one.arm}
        return {frame: self.counts[frame] for frame, wanted in found.items() if frame == wanted}


def _arms_safe(whole: Counts, arms: Mapping[Frame, Counts], sums: Sums) -> bool:
    """Whether every arm may be told, and those who are in none of them would be."""
    shared = {name for found in arms.values() for name in found}
    left = {name: count for name, count in whole.items() if name in shared}
    for found in arms.values():
        left = {name: count.less(found.get(name, NONE)) for name, count in left.items()}
    return shared <= whole.keys() and all(_safe(one, sums) for one in (*arms.values(), left))


def _safe(counts: Counts, sums: Sums) -> bool:
    """Whether all counts may be told, and the reasons among them."""
    return is_safe(counts, sums) and _reasons_safe(counts)


def _reasons(counts: Counts) -> list[str]:
    return [name for name in counts if name.startswith("reason-")]


def _reasons_safe(counts: Counts) -> bool:
    """Whether every reason, and every absence of it among those who are open, is of enough subjects."""
    open_ = counts.get("undetermined", counts.get("unknown", NONE))
    return not any(counts[one].is_small or open_.less(counts[one]).is_small for one in _reasons(counts))


# enrolment


def enrolment(table: Table) -> Told:
    """The study as a whole; arms, states and months only beside a whole of which everything is told."""
    study = table.of(Frame("study"))
    sums: Sums = {
        "subjects": ("candidates", "screened"),
        "screened": ("screen-failures", "infused"),
        "infused": tuple(name for name in study if name.startswith("infused-")),
    }
    yield Frame("study"), tellable(study, sums, elsewhere=("infused",))  # by the other questions
    if not is_safe(study, sums):
        return
    arms = table.in_arms(Frame("study"), "arm")
    if _arms_safe(study, arms, sums):
        yield from arms.items()
    if _states_safe(study, table.of(Frame("status"))):
        yield Frame("status"), table.of(Frame("status")).keys()
    months = {
        frame: found for frame, found in table.counts.items() if (frame.name or "").startswith("month-")
    }
    if all(_months_safe(study, months, *pair) for pair in (("subjects", "entered"), ("infused", "infused"))):
        yield from months.items()


def _states_safe(study: Counts, states: Counts) -> bool:
    waiting = [states.get(name, NONE) for name in ("candidate", "potential-candidate")]
    pairs = (
        (Count(sum(one.every for one in waiting), sum(one.others for one in waiting)), "candidates"),
        (states.get("ineligible", NONE), "screen-failures"),
    )
    return _parts_safe(study["subjects"], states) and not any(
        whole.less(study[part]).is_small for whole, part in pairs
    )


def _months_safe(study: Counts, months: Mapping[Frame, Counts], total: str, name: str) -> bool:
    return _parts_safe(study[total], {str(frame.name): found[name] for frame, found in months.items()})


def _parts_safe(total: Count, parts: Counts) -> bool:
    return is_safe({"": total, **parts}, {"": tuple(parts)})


# endpoints

_OUTCOME: Final[Sums] = {"treated": ("n", "not-applicable"), "n": ("met", "not-met", "undetermined")}
_NUMBER: Final[Sums] = {"treated": ("n", "unknown")}
_RATES: Final = (
    "rate-observed",
    "rate-observed-95",
    "rate-nri",
    "rate-nri-95",
    "rate-range",
    "mean",
    "median",
)


def endpoints(table: Table) -> Told:
    """Every endpoint by itself; its arms where all of them can be told."""
    treated = {frame.arm: found["n"] for frame, found in table.counts.items() if frame.name == "treated"}
    base = Frame("treated")
    yield base, tellable(table.of(base), {})
    if _arms_safe(table.of(base), table.in_arms(base), {}):
        yield from table.in_arms(base).items()
    for frame in table.counts:
        if frame.arm is None and frame.name != "treated":
            yield from _endpoint(table, frame, treated)


def _endpoint(table: Table, frame: Frame, treated: Mapping[str | None, Count]) -> Told:
    def of(one: Frame) -> Counts:
        return {"treated": treated.get(one.arm, NONE), **table.of(one)}

    counts = of(frame)
    sums = _OUTCOME if "met" in counts else _NUMBER
    plain = {name: count for name, count in counts.items() if name not in _reasons(counts)}
    told = tellable(plain, sums)
    rates = _RATES if is_safe(plain, sums) else ()
    reasons = _reasons(counts) if rates and _reasons_safe(counts) else ()
    yield frame, {*told, *rates, *reasons}
    arms = {one: of(one) for one in table.in_arms(frame)}
    if rates and _arms_safe(counts, arms, sums):
        yield from ((one, {*found, *_RATES}) for one, found in arms.items())


# safety

_TOLD_WHOLE: Final = ("subjects", "of", "infused", "undetermined", "share", "share-95", "events")
_NESTED: Final = ("subjects", "subjects?", "events", "events?")


def safety(table: Table) -> Told:
    """The primary endpoint, in all and by arm; the events in all, by period and relation where all can be."""
    yield from _not_tolerated(table)
    yield from _events(table)
    for frame, counts in table.counts.items():
        if (frame.name or "").startswith(("organ-", "class-")) and frame.arm is None:
            yield frame, _absent(counts)


def _not_tolerated(table: Table) -> Told:
    told: list[Counts] = []
    for frame, counts in table.counts.items():
        if frame.name != "not-tolerated" or frame.arm is not None:
            continue
        is_whole = _row_safe(counts) and not any(_near(counts, one) for one in told)
        yield frame, _TOLD_WHOLE if is_whole else _base(counts)
        told += [counts] if is_whole else []
        arms = table.in_arms(frame)
        if is_whole and len(told) == 1 and _arms_safe(counts, arms, _row(counts)):
            yield from ((one, _TOLD_WHOLE) for one in arms)


def _events(table: Table) -> Told:
    rows = {
        (period, relation): table.of(Frame(f"events-{period}", rule=relation))
        for period in PERIODS
        for relation in RELATIONS
    }
    every = (WHOLE, "any")
    pairs = [((period, one), (period, "any")) for period in PERIODS for one in RELATIONS[:-1]]
    pairs += [((period, one), (WHOLE, one)) for period in (EARLY, LATE) for one in RELATIONS]
    may_all = all(map(_row_safe, rows.values())) and not any(_near(rows[a], rows[b]) for a, b in pairs)
    for (period, relation), counts in rows.items():
        is_whole = may_all or ((period, relation) == every and _row_safe(counts))
        told = {*_TOLD_WHOLE, *_absent(counts)} if is_whole else _base(counts)
        yield Frame(f"events-{period}", rule=relation), told


def _row(counts: Counts) -> Sums:
    """Those of whom it is known, and of whom it is not, are of those infused."""
    return {total: ("subjects", "subjects?") for total in ("of", "infused") if total in counts}


def _row_safe(counts: Counts) -> bool:
    """Whether the subjects may be told, and the events are not those of others than these."""
    few = {name: count for name, count in counts.items() if name.rstrip(PERHAPS) in _TOLD_WHOLE}
    return is_safe(few, _row(few)) and not any(
        events and not subjects
        for more in ("", PERHAPS)
        for events, subjects in zip(
            counts.get(f"events{more}", NONE), counts.get(f"subjects{more}", NONE), strict=True
        )
    )


def _base(counts: Counts) -> Collection[str]:
    return [name for name in ("of", "infused") if name in counts and not counts[name].is_small]


def _near(one: Counts, other: Counts) -> bool:
    """Whether two results that may lie in each other are so near that few are in one of them only."""
    return any(one.get(name, NONE).is_near(other.get(name, NONE)) for name in _NESTED)


def _absent(counts: Counts) -> Collection[str]:
    """What there is none of; where there is no event at all, no grade either."""
    none = {name for name, count in counts.items() if NONE == count == counts.get(name + PERHAPS, NONE)}
    return {*none, "max-grade"} if "events" in none else none


TELLING: Final[Mapping[str, Callable[[Table], Told]]] = {
    "enrolment": enrolment,
    "endpoint-summary": endpoints,
    "safety-summary": safety,
}
"""By the question; no other is asked about subjects the asker does not see."""
