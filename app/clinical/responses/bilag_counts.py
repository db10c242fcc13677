"""How many organ systems are, or newly are, graded so, with the assessments it was counted from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.clinical.case import Judged, joined, once
from app.clinical.responses.course import Point
from app.clinical.responses.sides import Side
from app.clinical.scores.bilag import Bilag, New
from app.clinical.truth import Truth


@dataclass(frozen=True, slots=True)
class Count:
    """Systems graded or newly graded so, at one point or against another, and how many are allowed."""

    new: New
    allowed: int
    sides: tuple[Side[Bilag], ...]

    @property
    def verdict(self) -> Truth:
        """Whether there are no more than allowed."""
        return self.new.at_most(self.allowed)


def judged(
    truth: Truth, counts: Sequence[Count], *, observed: str | None, threshold: str | None = None
) -> Judged:
    """What the counts say, with their evidence; and while it is open, what would settle it."""
    sides = [side for count in counts for side in count.sides]
    gaps = [gap for count in counts if count.new.perhaps for gap in _gaps(count)]
    return Judged(
        truth=truth,
        observed=observed,
        threshold=threshold,
        reasons=once(reason for reasons, _needs in gaps for reason in reasons),
        needs=joined(needs for _reasons, needs in gaps),
        evidence=once(item.source for side in sides for item in (*side.choice.chosen, *side.choice.others)),
        notes=once(note for side in sides for note in _notes(side)),
    )


def _gaps(count: Count) -> Iterator[tuple[tuple[str, ...], str]]:
    for side in count.sides:
        if side.reading is None:
            yield side.missing.reasons, side.missing.needs
            continue
        lacking = [system for system in count.new.perhaps if system not in side.reading.grades]
        if any(system in side.reading.contradicted for system in lacking):
            yield side.contradicted.reasons, side.contradicted.needs
        ungraded = [system for system in lacking if system not in side.reading.contradicted]
        if ungraded:
            yield ("missing-observation",), f"the BILAG grade at {side.label} of {', '.join(ungraded)}"


def _notes(side: Side[Bilag]) -> tuple[str, ...]:
    return (*side.choice.notes, *(() if side.reading is None else side.reading.notes))


def grades_of(point: Point) -> str:
    """The grades at one point; systems never involved are left out."""
    if not point.grades:
        return f"{point.side.label} none"
    shown = [f"{system} {grade}" for system, grade in point.grades.items() if grade != "E"]
    return f"{point.side.label} {', '.join(shown) or 'every system E'}"


def changes(counts: Sequence[Count]) -> str:
    """Which systems became so, and when."""
    return "; ".join(once(_change(count) for count in counts if count.new.certain)) or "none"


def _change(count: Count) -> str:
    before, after = (side.reading.grades if side.reading else {} for side in count.sides)
    systems = (f"{name} {before.get(name, '?')} to {after[name]}" for name in count.new.certain)
    return f"{count.sides[-1].label}: {', '.join(systems)}"
