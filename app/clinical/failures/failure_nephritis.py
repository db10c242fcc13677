"""Treatment failure by active lupus nephritis: proteinuria, or a nephritic flare (conventions §1.10, TF3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.clinical.case import Judged, once
from app.clinical.comparison import plain
from app.clinical.criteria.latest import Window
from app.clinical.criteria.results import readings, statement
from app.clinical.failures.confirmation import Event, Spacing
from app.clinical.failures.failure_criteria import Criterion, Observed
from app.clinical.failures.failure_renal import CREATININE
from app.clinical.failures.failure_series import Series, series
from app.clinical.failures.levels import Level, dated, levels, reference, unmeasured
from app.clinical.failures.proteinuria import doubled, risen
from app.clinical.interval import Interval
from app.clinical.records import Measurement, Moment, Source
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.failure import ActiveNephritis, Tf3Parameters
from app.protocol.questions import Assay

PROTEINURIA = "g/(24.h)"
RATIO = "g/g"
NUMBER = "creatinine as an exact number"
PROTEIN = "proteinuria of 24 hours (or a protein/creatinine ratio)"
AS_PROTEINURIA = "a protein/creatinine ratio in g/g stands for g/24 h (tf3.accept_upcr)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Urine:
    """What was measured of the kidneys, with the values before the infusion."""

    protein: tuple[Level, ...]
    creatinine: tuple[Level, ...]
    protein_before: Level
    creatinine_before: Level


def active_nephritis(criterion: ActiveNephritis, observed: Observed) -> Criterion:
    """Either of the two, attributed to lupus."""
    chosen = observed.case.protocol.parameters.tf3
    first, last = (chosen.interval_days + sign * chosen.tolerance_days for sign in (-1, 1))
    spacing = Spacing(chosen.confirmations, first, last)
    urine = _urine(criterion, observed, chosen)

    def by_protein(level: Level) -> Judged:
        return risen(criterion, chosen, urine.protein_before, level)

    def by_flare(level: Level) -> Judged:
        return _nephritic(criterion, observed, urine, level)

    i, ii = f"{criterion.id}-i", f"{criterion.id}-ii"
    asked = chosen.nephritic_logic != "all" or not _ruled_out(criterion, observed, urine)
    alone = series(observed, urine.protein, by_protein, name=i, what=PROTEIN, spacing=spacing)
    flare = series(
        observed, urine.creatinine, by_flare, name=ii, what="creatinine", spacing=spacing, asked=asked
    )
    parts = (
        _part(i, criterion, observed, alone),
        replace(_part(ii, criterion, observed, flare), text=criterion.nephritic),
    )
    return Criterion(id=criterion.id, text=criterion.text, parts=parts)


def _ruled_out(criterion: ActiveNephritis, observed: Observed, urine: Urine) -> bool:
    """Whether every proteinuria since the infusion says that there was no flare, whatever creatinine was."""
    by_day, vague = dated(urine.protein, observed.t0)
    since = [level for day, same in by_day.items() if day <= observed.until for level in same]
    p0 = urine.protein_before.value
    each = {_nephrotic(criterion, p0, level) for level in (*since, *vague)}
    return bool(since) and each == {Truth.NO}


def _nephrotic(criterion: ActiveNephritis, p0: Interval, level: Level) -> Truth:
    """Whether it doubled and is as high as a nephritic flare asks for."""
    return doubled(p0, level.value) & level.value.holds(">=", criterion.nephritic_from)


def _part(name: str, criterion: ActiveNephritis, observed: Observed, read: Series) -> Criterion:
    return Criterion(
        id=name,
        text=criterion.proteinuric,
        events=tuple(_attributed(criterion, observed, event) for event in read.events),
        gaps=read.gaps,
        looked_at=read.looked_at,
    )


def _attributed(criterion: ActiveNephritis, observed: Observed, event: Event) -> Event:
    """The event, unless an investigator says that it is not of lupus."""
    since = 0 if event.day is None else max((observed.today - event.day).days, 0)
    stated = statement(observed.case, criterion.attestation, Window(observed.today, since))
    judged = event.judged
    if stated.truth is not Truth.UNKNOWN:
        truth, notes = (
            judged.truth & stated.truth,
            (*judged.notes, f"{criterion.attestation}: {stated.observed}"),
        )
        both = replace(judged, truth=truth, notes=notes, evidence=(*judged.evidence, *stated.evidence))
        return replace(event, judged=both)
    if observed.case.protocol.parameters.tf3.assume_sle and "conflicting-values" not in stated.reasons:
        assumed = f"taken to be of lupus: {criterion.attestation} is not attested (tf3.assume_sle)"
        return replace(event, judged=replace(judged, notes=(*judged.notes, assumed)))
    open_ = replace(
        judged,
        truth=judged.truth & Truth.UNKNOWN,
        reasons=once((*stated.reasons, *(judged.reasons if judged.truth is Truth.UNKNOWN else ()))),
        needs="; ".join(filter(None, (stated.needs, judged.needs))),
    )
    return replace(event, judged=open_)


def _urine(criterion: ActiveNephritis, observed: Observed, chosen: Tf3Parameters) -> Urine:
    case, t0, label = observed.case, observed.t0, observed.failure.reference
    collected = levels(case, criterion.proteinuria, PROTEINURIA)
    ratios = levels(case, criterion.ratio, RATIO, note=AS_PROTEINURIA) if chosen.accept_upcr else ()
    days = {level.when.day for level in collected if level.when is not None}
    protein = (*collected, *(one for one in ratios if one.when is None or one.when.day not in days))
    creatinine = levels(case, criterion.creatinine, CREATININE)
    by_collection = reference(case, t0, collected, label=label)
    return Urine(
        protein=protein,
        creatinine=creatinine,
        protein_before=by_collection or reference(case, t0, protein, label=label) or unmeasured(t0),
        creatinine_before=reference(case, t0, creatinine, label=label) or unmeasured(t0),
    )


def _nephritic(criterion: ActiveNephritis, observed: Observed, urine: Urine, level: Level) -> Judged:
    """A raised creatinine, and at about that time what makes it a nephritic flare."""
    chosen = observed.case.protocol.parameters.tf3
    before = urine.creatinine_before
    raised = level.value.against(">=", before.value.times(chosen.creatinine_factor))
    day = None if level.when is None else level.when.day
    beside = _beside(criterion, observed, urine, day)
    together = all_of if chosen.nephritic_logic == "all" else any_of
    truth = raised & together(one.truth for one in beside)
    open_ = [one for one in beside if one.truth is Truth.UNKNOWN]
    return Judged(
        truth=truth,
        reasons=once(
            (
                *(before.reasons if raised is Truth.UNKNOWN else ()),
                *(level.reasons if raised is Truth.UNKNOWN else ()),
                *(one for judged in open_ for one in judged.reasons),
            )
        )
        or ("missing-observation",),
        needs="; ".join(filter(None, (judged.needs for judged in open_))) or _creatinine_needed(before),
        threshold=f">= {plain(chosen.creatinine_factor)} x {before.shown}, with "
        f"{'all' if chosen.nephritic_logic == 'all' else 'any'} of proteinuria, haematuria, casts",
        evidence=once((before.source, *(source for one in beside for source in one.evidence))),
    )


def _creatinine_needed(before: Level) -> str:
    return "a creatinine before the infusion" if "baseline-missing" in before.reasons else NUMBER


def _beside(
    criterion: ActiveNephritis, observed: Observed, urine: Urine, day: date | None
) -> tuple[Judged, ...]:
    """Proteinuria, haematuria and casts at about the time of the creatinine."""
    case, days = observed.case, observed.case.protocol.parameters.tf3.simultaneous_days

    def near(assays: Sequence[Assay]) -> list[tuple[Truth, Measurement]]:
        found = [(assay, item) for assay in assays for item in case.coded([assay.code])]
        return [(_said(assay, item), item) for assay, item in found if _is_near(item.when, day, days)]

    p0, strips = urine.protein_before.value, criterion.strips
    protein = [level for level in urine.protein if _is_near(level.when, day, days)]
    truths = [_nephrotic(criterion, p0, level) for level in protein]
    return (
        _seen(PROTEIN, truths, [level.source for level in protein], at_least=1),
        _of("urine dipsticks for blood", near(criterion.haematuria), at_least=strips),
        _of("urine sediment for cellular casts", near(criterion.casts), at_least=1),
    )


def _is_near(when: Moment | None, day: date | None, days: int) -> bool:
    """Whether both are on days that are known, and near enough to be of the same time."""
    seen = None if when is None else when.day
    return day is not None and seen is not None and abs((seen - day).days) <= days


def _said(assay: Assay, item: Measurement) -> Truth:
    """Positive or negative, where the result says one of the two."""
    said = readings(assay, item)
    return next(iter(said)) if len(said) == 1 else Truth.UNKNOWN


def _of(what: str, found: Sequence[tuple[Truth, Measurement]], *, at_least: int) -> Judged:
    sources = [item.source for _, item in found]
    return _seen(what, [truth for truth, _ in found], sources, at_least=at_least)


def _seen(what: str, truths: Sequence[Truth], sources: Iterable[Source], *, at_least: int) -> Judged:
    """Whether so many of these are positive; too few results say nothing unless one is negative."""
    positive, perhaps = truths.count(Truth.YES), truths.count(Truth.UNKNOWN)
    truth = Truth.of(positive >= at_least)
    if positive < at_least <= positive + perhaps or (truth is Truth.NO and Truth.NO not in truths):
        truth = Truth.UNKNOWN
    return Judged(
        truth=truth,
        reasons=("missing-observation",),
        needs=f"{what} at the time of the raised creatinine",
        evidence=tuple(sources),
    )
