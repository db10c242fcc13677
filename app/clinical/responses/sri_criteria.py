"""The conditions of the SLE Responder Index, each answered with its evidence (clinical conventions §1.4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.clinical.answers import Finding
from app.clinical.responses.sides import Gap, Pair, Side
from app.clinical.schedule import Dated
from app.clinical.scores.bilag import Bilag, Grades, New, new_a, new_b
from app.clinical.scores.pga import Pga, worsened
from app.clinical.scores.sledai import RANGE, Sledai
from app.clinical.timeline import NotInfused
from app.clinical.truth import Truth
from app.protocol.definition import SriRule
from app.protocol.words import Sentence

D = TypeVar("D", bound=Dated)
T = TypeVar("T")
DROP, NO_NEW_A, LIMITED_B, NO_WORSENING = (
    "sledai-drop",
    "no-new-bilag-a",
    "new-bilag-b-limit",
    "no-pga-worsening",
)
NOT_WORSE = {">=": "<", ">": "<="}


def sledai_drop(rule: SriRule, pair: Pair[Sledai]) -> Finding:
    """Whether the SLEDAI fell by enough; a range is settled only where all of it agrees."""
    before, after = (RANGE if side.reading is None else side.reading.total for side in pair.sides)
    floor = pair.before.reading is not None and before.high < rule.sledai_drop
    note = f"not-applicable: a baseline of {before} leaves no room for a drop of {rule.sledai_drop}"
    drop = before - after
    notes = [note for side in pair.sides if side.reading is not None for note in side.reading.notes]
    return _finding(
        pair,
        gaps=_sledai_gaps(pair),
        id=DROP,
        verdict=drop.holds(">=", rule.sledai_drop),
        text=rule.text.sledai.by_language(),
        observed=", ".join(f"{side.label} {side.reading or 'none'}" for side in pair.sides),
        normalised=f"drop {drop}" if all(side.reading for side in pair.sides) else None,
        threshold=f">= {rule.sledai_drop}",
        reasons=("not-applicable",) if floor else (),
        notes=(note, *notes) if floor else notes,
    )


@dataclass(frozen=True, slots=True)
class Grading:
    """What became of the grades since baseline, which is the same for every rule; `queries` remark on it."""

    pair: Pair[Bilag]
    a: New
    b: New
    shown: str
    notes: tuple[str, ...]
    queries: tuple[str, ...]


def grading(pair: Pair[Bilag], systems: Sequence[str], queries: tuple[str, ...]) -> Grading:
    """What became of these systems."""
    before, after = (_grades(side) for side in pair.sides)
    return Grading(
        pair,
        a=new_a(after, before, systems),
        b=new_b(after, before, systems),
        shown=_changes(before, after, systems),
        notes=tuple(note for side in pair.sides if side.reading is not None for note in side.reading.notes),
        queries=queries,
    )


def no_new_a(rule: SriRule, found: Grading) -> Finding:
    """Whether no organ system became an A."""
    return _new_grades(NO_NEW_A, rule.text.bilag_a, found, new=found.a, allowed=rule.max_new_a)


def new_b_within_limit(rule: SriRule, found: Grading) -> Finding:
    """Whether no more organ systems than allowed became a B from C, D or E."""
    return _new_grades(LIMITED_B, rule.text.bilag_b, found, new=found.b, allowed=rule.max_new_b)


def no_pga_worsening(rule: SriRule, pair: Pair[Pga]) -> Finding:
    """Whether the physician's global assessment did not get worse; one that is missing leaves it open."""
    before, after = pair.before.reading, pair.after.reading
    verdict, normalised = Truth.UNKNOWN, None
    if before is not None and after is not None and before.valid and after.valid:
        verdict = ~worsened(rule, before.score, after.score)
        change = after.score - before.score
        normalised = f"{pair.before.label} {before.score}, {pair.after.label} {after.score}, change {change}"
    return _finding(
        pair,
        gaps=_pga_gaps(pair),
        id=NO_WORSENING,
        verdict=verdict,
        text=rule.text.pga.by_language(),
        observed=", ".join(
            f"{side.label} {side.reading.received if side.reading else 'none'}" for side in pair.sides
        ),
        normalised=normalised,
        threshold=f"change {NOT_WORSE[rule.pga_worsening_op]} {rule.pga_worsening_threshold:f}",
        notes=[note for side in pair.sides if side.reading is not None for note in side.reading.notes],
    )


def unanswered(rule: SriRule, why: NotInfused) -> tuple[Finding, ...]:
    """All four conditions, left open as long as there is no day 0."""
    text = rule.text
    sentences = {
        DROP: text.sledai,
        NO_NEW_A: text.bilag_a,
        LIMITED_B: text.bilag_b,
        NO_WORSENING: text.pga,
    }
    return tuple(
        Finding(
            id=name,
            verdict=Truth.UNKNOWN,
            text=sentence.by_language(),
            reasons=(why.reason,),
            needs=why.needs,
            evidence=why.evidence,
        )
        for name, sentence in sentences.items()
    )


def _sledai_gaps(pair: Pair[Sledai]) -> Iterator[Gap]:
    for side in pair.sides:
        reading = side.reading
        if reading is None:
            yield side.missing
        elif "conflicting-values" in reading.reasons:
            yield side.contradicted
        elif not reading.valid:
            yield Gap(reading.reasons, f"the {side.instrument} total or its items at {side.place}")
        elif reading.unknown:
            items = ", ".join(reading.unknown)
            yield Gap(reading.reasons, f"whether present or absent at {side.label}: {items}")
        elif reading.reasons:
            yield Gap(reading.reasons, f"the exact {side.instrument} total at {side.label}")


def _pga_gaps(pair: Pair[Pga]) -> Iterator[Gap]:
    for side in pair.sides:
        reading = side.reading
        if reading is None:
            yield side.missing
        elif "conflicting-values" in reading.reasons:
            yield side.contradicted
        elif reading.score.low < reading.score.high:
            reasons = reading.reasons or ("missing-observation",)
            yield Gap(reasons, f"the exact {side.instrument} with its scale at {side.place}")


def _grades(side: Side[Bilag]) -> Grades:
    return {} if side.reading is None else side.reading.grades


def _new_grades(name: str, text: Sentence, found: Grading, *, new: New, allowed: int) -> Finding:
    return _finding(
        found.pair,
        gaps=_bilag_gaps(found.pair, new),
        id=name,
        verdict=new.at_most(allowed),
        text=text.by_language(),
        observed=found.shown,
        normalised=f"{new} new" + (f": {', '.join(new.certain)}" if new.certain else ""),
        threshold=f"<= {allowed}",
        notes=found.notes,
        queries=found.queries,
    )


def _changes(before: Grades, after: Grades, of: Sequence[str]) -> str:
    """Each system's grade at baseline and at the visit; those never involved are left out."""
    both = {system: (before.get(system, "?"), after.get(system, "?")) for system in of}
    if set(both.values()) == {("?", "?")}:
        return "none"
    shown = [f"{system} {then} to {now}" for system, (then, now) in both.items() if (then, now) != ("E", "E")]
    return ", ".join(shown) or "every system E"


def _bilag_gaps(pair: Pair[Bilag], new: New) -> Iterator[Gap]:
    """What is missing of the systems that may be new."""
    for side in pair.sides:
        if side.reading is None:
            yield side.missing
            continue
        open_here = [system for system in new.perhaps if system not in side.reading.grades]
        if any(system in side.reading.contradicted for system in open_here):
            yield side.contradicted
        ungraded = [system for system in open_here if system not in side.reading.contradicted]
        if ungraded:
            yield Gap(("missing-observation",), f"the BILAG grade at {side.label} of {', '.join(ungraded)}")


def _finding(
    pair: Pair[D],
    *,
    gaps: Iterable[Gap],
    verdict: Truth,
    reasons: tuple[str, ...] = (),
    notes: Iterable[str] = (),
    queries: tuple[str, ...] = (),
    **said: Any,
) -> Finding:
    """What was found, with what it rests on and, while it is open, why and what would settle it."""
    open_gaps = list(gaps) if verdict is Truth.UNKNOWN else []
    return Finding(
        verdict=verdict,
        evidence=pair.used,
        notes=unique((*notes, *pair.remarks)) + queries,
        reasons=unique((*reasons, *(reason for gap in open_gaps for reason in gap.reasons))),
        needs="; ".join(unique(gap.needs for gap in open_gaps)) if verdict is Truth.UNKNOWN else None,
        **said,
    )


def unique(things: Iterable[T]) -> tuple[T, ...]:
    """Each once, in the order of its first appearance."""
    return tuple(dict.fromkeys(things))
