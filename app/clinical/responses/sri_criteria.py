"""The conditions of the SLE Responder Index, each answered with its evidence (clinical conventions §1.4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from app.clinical.answers import Finding
from app.clinical.schedule import Choice, Dated
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Generic[D]):
    """What one instrument says at one visit; `place` names the visit with its dates."""

    instrument: str
    label: str
    place: str
    reading: D | None
    choice: Choice[D]

    @property
    def missing(self) -> "Gap":
        """That there is no assessment; one that may be it is to be dated."""
        return Gap(self.choice.reasons, self.choice.needs(f"the {self.instrument} at {self.place}"))

    @property
    def contradicted(self) -> "Gap":
        """That what was assessed contradicts itself."""
        sources = " or ".join(str(item.source) for item in self.choice.chosen)
        return Gap(("conflicting-values",), f"a correction of what is contradictory in {sources}")


@dataclass(frozen=True, slots=True)
class Pair(Generic[D]):
    """One instrument at baseline and at the visit."""

    before: Side[D]
    after: Side[D]

    @property
    def sides(self) -> tuple[Side[D], Side[D]]:
        """Both, the baseline first."""
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class Gap:
    """Something not known: why, and what would settle it."""

    reasons: tuple[str, ...]
    needs: str


def sledai_drop(rule: SriRule, pair: Pair[Sledai]) -> Finding:
    """Whether the SLEDAI fell by enough; a range is settled only where all of it agrees."""
    before, after = (RANGE if side.reading is None else side.reading.total for side in pair.sides)
    floor = pair.before.reading is not None and before.high < rule.sledai_drop
    note = f"not-applicable: a baseline of {before} leaves no room for a drop of {rule.sledai_drop}"
    finding = Finding(
        id=DROP,
        verdict=(before - after).holds(">=", rule.sledai_drop),
        text=rule.text.sledai.by_language(),
        observed=", ".join(f"{side.label} {side.reading or 'none'}" for side in pair.sides),
        normalised=f"drop {before - after}" if all(side.reading for side in pair.sides) else None,
        threshold=f">= {rule.sledai_drop}",
        reasons=("not-applicable",) if floor else (),
        notes=(note,) if floor else (),
    )
    notes = [note for side in pair.sides if side.reading is not None for note in side.reading.notes]
    return _with_evidence(finding, pair, gaps=_sledai_gaps(pair), notes=notes)


def no_new_a(rule: SriRule, pair: Pair[Bilag], systems: Sequence[str]) -> Finding:
    """Whether no organ system became an A."""
    new = new_a(_grades(pair.after), _grades(pair.before), systems)
    return _new_grades(NO_NEW_A, rule.text.bilag_a, pair, new=new, allowed=rule.max_new_a, of=systems)


def new_b_within_limit(rule: SriRule, pair: Pair[Bilag], systems: Sequence[str]) -> Finding:
    """Whether no more organ systems than allowed became a B from C, D or E."""
    new = new_b(_grades(pair.after), _grades(pair.before), systems)
    return _new_grades(LIMITED_B, rule.text.bilag_b, pair, new=new, allowed=rule.max_new_b, of=systems)


def no_pga_worsening(rule: SriRule, pair: Pair[Pga]) -> Finding:
    """Whether the physician's global assessment did not get worse; one that is missing leaves it open."""
    before, after = pair.before.reading, pair.after.reading
    verdict, normalised = Truth.UNKNOWN, None
    if before is not None and after is not None and before.valid and after.valid:
        verdict = ~worsened(rule, before.score, after.score)
        change = after.score - before.score
        normalised = f"{pair.before.label} {before.score}, {pair.after.label} {after.score}, change {change}"
    finding = Finding(
        id=NO_WORSENING,
        verdict=verdict,
        text=rule.text.pga.by_language(),
        observed=", ".join(
            f"{side.label} {side.reading.received if side.reading else 'none'}" for side in pair.sides
        ),
        normalised=normalised,
        threshold=f"change {NOT_WORSE[rule.pga_worsening_op]} {rule.pga_worsening_threshold:f}",
    )
    notes = [note for side in pair.sides if side.reading is not None for note in side.reading.notes]
    return _with_evidence(finding, pair, gaps=_pga_gaps(pair), notes=notes)


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


def _new_grades(
    name: str, text: Sentence, pair: Pair[Bilag], *, new: New, allowed: int, of: Sequence[str]
) -> Finding:
    finding = Finding(
        id=name,
        verdict=new.at_most(allowed),
        text=text.by_language(),
        observed=_changes(pair, of),
        normalised=f"{new} new" + (f": {', '.join(new.certain)}" if new.certain else ""),
        threshold=f"<= {allowed}",
    )
    notes = [note for side in pair.sides if side.reading is not None for note in side.reading.notes]
    return _with_evidence(finding, pair, gaps=_bilag_gaps(pair, new), notes=notes)


def _changes(pair: Pair[Bilag], of: Sequence[str]) -> str:
    """Each system's grade at baseline and at the visit; those never involved are left out."""
    before, after = (_grades(side) for side in pair.sides)
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


def _with_evidence(finding: Finding, pair: Pair[D], *, gaps: Iterable[Gap], notes: Iterable[str]) -> Finding:
    """The finding with what it rests on and, while it is open, why and what would settle it."""
    used = tuple(item.source for side in pair.sides for item in (*side.choice.chosen, *side.choice.others))
    remarks = [note for side in pair.sides for note in side.choice.notes]
    finding = replace(finding, evidence=used, notes=unique((*finding.notes, *notes, *remarks)))
    if finding.verdict is not Truth.UNKNOWN:
        return finding
    open_gaps = list(gaps)
    reasons = unique((*finding.reasons, *(reason for gap in open_gaps for reason in gap.reasons)))
    return replace(finding, reasons=reasons, needs="; ".join(unique(gap.needs for gap in open_gaps)))


def unique(things: Iterable[T]) -> tuple[T, ...]:
    """Each once, in the order of its first appearance."""
    return tuple(dict.fromkeys(things))
