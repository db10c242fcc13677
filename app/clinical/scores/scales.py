"""The instruments a protocol's visits may plan, and how each is read (conventions §1.1 to §1.8, §1.15)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from app.clinical.answers import Figure
from app.clinical.codes import SCORE
from app.clinical.criteria.presence import SNOMED
from app.clinical.records import Coding
from app.clinical.schedule import Choice, Dated
from app.clinical.scores import bilag, eq5d, lung, mrss, pga, quantities, sf36, sledai, sledai_labs, slicc
from app.clinical.scores.activity_readings import bilag_reading, change, pga_reading, sledai_reading
from app.clinical.scores.assessments import Chart
from app.clinical.scores.bilag import Bilag
from app.clinical.scores.forms import instrument
from app.clinical.scores.reading import Reading
from app.clinical.scores.sledai import Sledai
from app.clinical.visits import Instrument, Results
from app.protocol.definition import Protocol, Visit
from app.protocol.parameters import BilagVariant

D = TypeVar("D", bound=Dated)

EQ5D_INDEX = frozenset({SCORE.coding("eq5d-index"), Coding(SNOMED, "736534008")})
EQ5D_VAS = frozenset({SCORE.coding("eq5d-vas"), Coding(SNOMED, "736535009")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Generic[D]):
    """What stands for a visit: the assessment, and those made before it."""

    visit: Visit
    choice: Choice[D]
    assessed: D
    earlier: tuple[D, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Generic[D]):
    """One instrument: `word` is what a visit's plan calls it.

    One that is not `due` is told where it was recorded, and not missed where it was not.
    """

    name: str
    word: str
    instrument: Instrument[D]
    read: Callable[[Placed[D]], Reading]
    change: Callable[[Figure, Figure | None], Figure] = change
    due: bool = True


def scales(chart: Chart, results: Results) -> tuple[Scale[Any], ...]:
    """Every instrument some visit of the protocol plans."""
    protocol = chart.protocol
    planned = {word for visit in protocol.visits for word in visit.assessed}
    every: Iterable[Scale[Any]] = (
        *_sledai(chart, results),
        *_bilag(chart, results),
        _pga(chart),
        *_forms(protocol, results),
        *_eq5d(protocol, results),
        *_lung(protocol, results),
    )
    return tuple(scale for scale in every if scale.word in planned)


def _sledai(chart: Chart, results: Results) -> Iterator[Scale[Sledai]]:
    """The SLEDAI the protocol means, and the other one where it was recorded."""
    protocol = chart.protocol
    own = protocol.parameters.sledai.variant
    for variant, name in sorted(sledai.INSTRUMENT.items(), key=lambda pair: pair[0] != own):
        yield Scale(
            name=name,
            word="sledai",
            instrument=chart.sledai
            if variant == own
            else results.instrument(
                name,
                (SCORE.coding(name),),
                partial(sledai.assessments, protocol, variant=variant),
                sledai.merged,
            ),
            read=partial(_read_sledai, chart, variant),
            due=variant == own,
        )


def _read_sledai(chart: Chart, variant: str, placed: Placed[Sledai]) -> Reading:
    return sledai_reading(chart.protocol, placed.assessed, _queries(chart, variant, placed))


def _queries(chart: Chart, variant: str, placed: Placed[Sledai]) -> Iterator[str]:
    """Where laboratory results say otherwise; for SLEDAI-2K any proteinuria above 0.5 counts."""
    forms = [form for form in placed.choice.chosen if form.items]
    previous = None
    protocol, laboratory = chart.protocol, chart.laboratory
    if forms and variant == "selena":
        previous = sledai_labs.previous_results(protocol, chart.clock.t0, placed.visit, laboratory)
    lookback = protocol.parameters.sledai.lookback_days
    for form in forms:
        yield from sledai_labs.queries(form, laboratory, lookback_days=lookback, previous=previous)


def _bilag(chart: Chart, results: Results) -> Iterator[Scale[Bilag]]:
    """The BILAG the protocol means, and the other one where it was recorded."""
    protocol = chart.protocol
    own = protocol.parameters.bilag.variant
    variants: tuple[BilagVariant, ...] = ("classic", "bilag2004")
    for variant in sorted(variants, key=lambda one: one != own):
        name = bilag.INSTRUMENT[variant]
        yield Scale(
            name=name,
            word="bilag",
            instrument=chart.bilag
            if variant == own
            else results.instrument(
                name,
                (SCORE.coding(name),),
                partial(bilag.assessments, protocol, variant=variant),
                bilag.merged,
            ),
            read=partial(_read_bilag, protocol, variant),
            due=variant == own,
        )


def _read_bilag(protocol: Protocol, variant: BilagVariant, placed: Placed[Bilag]) -> Reading:
    return bilag_reading(protocol, variant, placed.assessed, placed.earlier)


def _pga(chart: Chart) -> Scale[pga.Pga]:
    return Scale(
        name="pga",
        word="pga",
        instrument=chart.pga,
        read=lambda placed: pga_reading(placed.assessed),
    )


def _forms(protocol: Protocol, results: Results) -> Iterator[Scale[Any]]:
    """Damage, quality of life and skin: forms with items."""
    yield Scale(
        name=slicc.NAME,
        word="slicc",
        instrument=instrument(results, slicc.NAME, slicc.LAYOUT),
        read=lambda placed: slicc.reading(protocol, placed.assessed, placed.earlier),
    )
    yield Scale(
        name=sf36.NAME,
        word="sf36v2",
        instrument=instrument(results, sf36.NAME, *sf36.LAYOUTS),
        read=lambda placed: sf36.reading(protocol, placed.assessed),
    )
    yield Scale(
        name=mrss.NAME,
        word="mrss",
        instrument=instrument(results, mrss.NAME, mrss.LAYOUT),
        read=lambda placed: mrss.reading(placed.assessed),
    )


def _eq5d(protocol: Protocol, results: Results) -> Iterator[Scale[Any]]:
    """The EQ-5D by its dimensions; its rating scale and an index computed elsewhere where recorded."""
    yield Scale(
        name=eq5d.NAME,
        word="eq5d-5l",
        instrument=instrument(results, eq5d.NAME, eq5d.LAYOUT),
        read=lambda placed: eq5d.reading(protocol, placed.assessed),
    )
    for name, codes in (("eq5d-vas", EQ5D_VAS), ("eq5d-index", EQ5D_INDEX)):
        yield Scale(
            name=name,
            word="eq5d-5l",
            instrument=quantities.instrument(results, name, codes, unit=None),
            read=lambda placed: quantities.reading(placed.assessed),
            due=False,
        )


def _lung(protocol: Protocol, results: Results) -> Iterator[Scale[quantities.Quantity]]:
    """Lung function: each of its quantities on its own."""
    for name, volume in lung.VOLUMES.items():
        yield Scale(
            name=name,
            word="lung-function",
            instrument=quantities.instrument(results, name, volume.codes, unit=volume.unit),
            read=lambda placed: quantities.reading(placed.assessed),
            change=partial(lung.change, protocol),
            due=name in lung.PLANNED,
        )
