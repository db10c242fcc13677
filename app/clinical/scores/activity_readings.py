"""SLEDAI, BILAG and PGA as the readings of one assessment: total, items or grades, and what is missing."""

from collections.abc import Iterable

from app.clinical.answers import Figure
from app.clinical.interval import Interval
from app.clinical.scores import bilag, sledai
from app.clinical.scores.bilag import Bilag
from app.clinical.scores.pga import Pga
from app.clinical.scores.reading import Reading, why_open
from app.clinical.scores.sledai import Sledai
from app.protocol.definition import Protocol
from app.protocol.parameters import WEIGHTS, BilagVariant

CONTRADICTORY = ("conflicting-values",)


def sledai_reading(protocol: Protocol, assessed: Sledai, queries: Iterable[str]) -> Reading:
    """The total with its 24 items; `queries` are where laboratory results say otherwise."""
    torn = assessed.reasons == CONTRADICTORY
    known = assessed.valid and not torn
    figure = Figure(name="total", value=assessed.total if known else None, reasons=assessed.reasons)
    reasons, missing = why_open(figure, assessed.unknown)
    return Reading(
        scores=(figure,),
        items=_items(assessed),
        reasons=reasons,
        missing=missing,
        notes=(
            *assessed.notes,
            *queries,
            f"sledai.missing_item = {protocol.parameters.sledai.missing_item}",
        ),
    )


def _items(assessed: Sledai) -> tuple[Figure, ...]:
    """Each item, where any was recorded; one that was not says so."""
    if not assessed.items and not assessed.unknown:
        return ()
    return tuple(
        Figure(name=item, value=assessed.items.get(item), reasons=_gap(item in assessed.items))
        for item in sledai.WEIGHTS
    )


def bilag_reading(
    protocol: Protocol, variant: BilagVariant, assessed: Bilag, earlier: Iterable[Bilag]
) -> Reading:
    """The numeric total with the grade of each system; `earlier` are the assessments before this one."""
    systems = bilag.SYSTEMS[variant]
    own = protocol.parameters.bilag
    weights = own.counted if variant == own.variant else WEIGHTS[variant]
    total = bilag.total(assessed.grades, systems, weights)
    torn = bool(assessed.contradicted)
    ungraded = tuple(one for one in systems if one not in assessed.grades)
    reasons = CONTRADICTORY if torn else _gap(not ungraded)
    figure = Figure(name="total", value=total if assessed.valid else None, reasons=reasons)
    why, missing = why_open(figure, ungraded)
    queries = [
        text for text in bilag.inconsistencies((*earlier, assessed), systems) if _about(assessed, text)
    ]
    return Reading(
        scores=(figure,),
        items=_grades(assessed, systems),
        reasons=why,
        missing=missing,
        notes=(*assessed.notes, *queries, f"bilag.weights = A {weights.A}, B {weights.B}, C {weights.C}"),
    )


def _grades(assessed: Bilag, systems: Iterable[str]) -> tuple[Figure, ...]:
    """The grade of each system; one graded in two ways has none."""
    return tuple(
        Figure(
            name=one,
            value=assessed.grades.get(one),
            reasons=CONTRADICTORY if one in assessed.contradicted else _gap(one in assessed.grades),
        )
        for one in systems
    )


def _about(assessed: Bilag, query: str) -> bool:
    return f" is E in {assessed.source} " in query


def pga_reading(assessed: Pga) -> Reading:
    """The assessment on the scale 0 to 3, and as received."""
    exact = assessed.valid and assessed.reasons != CONTRADICTORY
    figure = Figure(
        name="total",
        value=assessed.score if exact else None,
        reasons=assessed.reasons or _gap(assessed.score.low == assessed.score.high),
    )
    reasons, missing = why_open(figure, ())
    return Reading(
        scores=(figure,),
        items=(Figure(name="received", value=assessed.received),),
        reasons=reasons,
        missing=missing,
        notes=assessed.notes,
    )


def change(now: Figure, before: Figure | None) -> Figure:
    """How much a score changed since baseline; not known where either is not."""
    name = "change-from-baseline" if now.name == "total" else f"{now.name}-change-from-baseline"
    if before is None:
        return Figure(name=name, value=None, reasons=now.reasons or ("baseline-missing",))
    if isinstance(now.value, Interval) and isinstance(before.value, Interval):
        both = (*now.reasons, *(reason for reason in before.reasons if reason not in now.reasons))
        return Figure(name=name, value=now.value - before.value, unit=now.unit, reasons=both)
    return Figure(name=name, value=None, reasons=now.reasons or before.reasons or ("missing-observation",))


def _gap(known: bool) -> tuple[str, ...]:
    return () if known else ("missing-observation",)
