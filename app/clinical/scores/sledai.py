"""The SLE disease activity index: a total of 0 to 105 from 24 weighted items (conventions §1.1).

An item that is not known leaves the total between two numbers. Items and a recorded total must agree;
where they cannot, nothing is known but that they contradict each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from app.clinical.codes import SCORE, SLEDAI_ITEM
from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.scores.panels import panels
from app.protocol.definition import Protocol

INSTRUMENT = {"selena": "selena-sledai", "sledai_2k": "sledai-2k"}
WEIGHTS = {concept.code: concept.weight or 0 for concept in SLEDAI_ITEM.concepts}
RANGE = Interval.of(0, sum(WEIGHTS.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sledai:
    """One SLEDAI assessment: what the total can be, the items recorded, and those that leave it open."""

    source: Source
    when: Moment | None
    visit: str | None
    total: Interval
    items: Mapping[str, bool] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    valid: bool = True
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.total) if self.valid else "not usable"


def coding(protocol: Protocol) -> Coding:
    """The SLEDAI this protocol means."""
    return SCORE.coding(INSTRUMENT[protocol.parameters.sledai.variant])


def name(protocol: Protocol) -> str:
    """What it is called."""
    return SCORE.concept(coding(protocol).code).en


def assessments(
    protocol: Protocol, measurements: Iterable[Measurement], *, variant: str | None = None
) -> tuple[Sledai, ...]:
    """Every SLEDAI among these measurements, each from the Observation that records it.

    It is the one the protocol means, unless a `variant` is named.
    """
    panel = SCORE.coding(INSTRUMENT[variant or protocol.parameters.sledai.variant])
    absent_if_missing = protocol.parameters.sledai.missing_item == "absent"
    return tuple(
        _assessment(parts, panel, absent_if_missing=absent_if_missing)
        for parts in panels(panel, measurements)
    )


def merged(same_time: Sequence[Sledai]) -> Sledai | None:
    """What assessments of the same time say together; None where there is none."""
    if not same_time:
        return None
    return reduce(_both, same_time)


def score(present: Iterable[str], unknown: Iterable[str]) -> Interval:
    """The total of the items that are present, and what the unknown ones could add."""
    low = sum(WEIGHTS[item] for item in present)
    return Interval.of(low, low + sum(WEIGHTS[item] for item in unknown))


def _assessment(parts: list[Measurement], panel: Coding, *, absent_if_missing: bool) -> Sledai:
    whole = parts[0]
    by_total, notes = _total(next((part for part in parts if panel in part.codings), None))
    items = _items(parts)
    by_items, unknown, contradicted = _scored(items, absent_if_missing=absent_if_missing)
    both = by_total & by_items
    if both is None:
        notes += (f"{whole.source}: the items give {by_items}, the recorded total is {by_total}",)
    notes += tuple(f"{whole.source}: {item} is recorded both present and absent" for item in contradicted)
    total, conflict = both or RANGE, both is None or bool(contradicted)
    is_open = total.low < total.high
    return Sledai(
        source=whole.source,
        when=whole.when,
        visit=whole.visit,
        total=total,
        items={item: True in known for item, known in items.items() if len(known - {None}) == 1},
        unknown=unknown if is_open and items else (),
        valid=conflict or total != RANGE,
        reasons=_reasons(conflict=conflict, is_open=is_open),
        notes=notes,
    )


def _items(parts: Iterable[Measurement]) -> dict[str, set[bool | None]]:
    """What was recorded of each item: present, absent, or not known."""
    recorded: dict[str, set[bool | None]] = {}
    for part in parts:
        for code in part.codings:
            if code.system == SLEDAI_ITEM.url and code.code in WEIGHTS:
                recorded.setdefault(code.code, set()).add(part.truth)
    return recorded


def _scored(
    recorded: dict[str, set[bool | None]], *, absent_if_missing: bool
) -> tuple[Interval, tuple[str, ...], tuple[str, ...]]:
    """The total by the items, the items not known, and those recorded both ways."""
    contradicted = tuple(item for item in WEIGHTS if {True, False} <= recorded.get(item, set()))
    present = [item for item, known in recorded.items() if True in known and item not in contradicted]
    unmentioned = set() if absent_if_missing and recorded else set(WEIGHTS) - set(recorded)
    not_said = {item for item, known in recorded.items() if known == {None}}
    unknown = tuple(item for item in WEIGHTS if item in unmentioned | not_said | set(contradicted))
    return score(present, unknown), unknown, contradicted


def _total(recorded: Measurement | None) -> tuple[Interval, tuple[str, ...]]:
    """What the recorded total says; one that cannot be a SLEDAI says nothing."""
    if recorded is None or recorded.value is None:
        return RANGE, ()
    value = recorded.value
    whole = value == value.to_integral_value()
    narrowed = RANGE.narrowed(value, recorded.comparator) if whole else None
    if narrowed is None:
        return RANGE, (f"{recorded.source}: {value:f} is no total; it must be a whole number from 0 to 105",)
    return narrowed, ()


def _reasons(*, conflict: bool, is_open: bool) -> tuple[str, ...]:
    if conflict:
        return ("conflicting-values",)
    return ("missing-observation",) if is_open else ()


def _both(one: Sledai, other: Sledai) -> Sledai:
    """Two assessments of the same time hold together, or contradict each other."""
    agreed = one.total & other.total
    total = agreed or RANGE
    conflict = agreed is None or "conflicting-values" in one.reasons + other.reasons
    notes = one.notes + other.notes
    if agreed is None:
        notes += (f"{one.source} and {other.source} are of the same time and disagree: {one} and {other}",)
    is_open = total.low < total.high
    return Sledai(
        source=one.source,
        when=one.when,
        visit=one.visit,
        total=total,
        unknown=tuple(item for item in one.unknown if item in other.unknown) if is_open else (),
        valid=one.valid or other.valid,
        reasons=_reasons(conflict=conflict, is_open=is_open),
        notes=notes,
    )
