"""A filled-in form: one Observation with a component for each item, and perhaps a recorded total.

An answer may be exact, or only known to lie between two numbers (`<2`, or "present" for an item that
counts one or two points). Answers that contradict each other leave the item unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce

from app.clinical.code_system import CodeSystem
from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.scores.panels import panels
from app.clinical.visits import Instrument, Results

Answers = Mapping[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form as filled in: the answers by item, the items contradicted, the total written on it."""

    source: Source
    when: Moment | None
    visit: str | None
    answers: Answers = field(default_factory=dict)
    contradicted: tuple[str, ...] = ()
    total: Interval | None = None
    total_contradicted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it says anything."""
        return bool(self.answers or self.contradicted or self.total or self.total_contradicted)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a form may hold: the code of the Observation, what its items and its total can be."""

    panel: Coding
    spans: Mapping[Coding, Interval]
    total: Interval | None = None


def laid_out(panel: Coding, items: CodeSystem, total: Interval | None = None) -> Layout:
    """The form with these items; one without whole-number answers is a scale of 0 to 100."""
    spans = {items.coding(one.code): Interval.of(*(one.span or (0, 100))) for one in items.concepts}
    return Layout(panel, spans, total)


def instrument(results: Results, name: str, *layouts: Layout) -> Instrument[Form]:
    """Every form of one kind; its items may be of several code systems, one layout for each."""
    return results.instrument(name, (layouts[0].panel,), partial(forms, layouts), merged)


def forms(layouts: Sequence[Layout], measurements: Iterable[Measurement]) -> tuple[Form, ...]:
    """Every form among these measurements, each from the Observation that records it."""
    return tuple(_form(parts, layouts) for parts in panels(layouts[0].panel, measurements))


def merged(same_time: Sequence[Form]) -> Form | None:
    """What forms of the same time say together; None where there is none."""
    return reduce(_both, same_time) if same_time else None


def _form(parts: Sequence[Measurement], layouts: Sequence[Layout]) -> Form:
    whole = parts[0]
    empty = Form(source=whole.source, when=whole.when, visit=whole.visit)
    said = [_part(part, layouts, empty) for part in parts]
    return reduce(_both, said, empty)


def _part(part: Measurement, layouts: Sequence[Layout], empty: Form) -> Form:
    """What one component says, or the Observation's own value."""
    for layout in layouts:
        if layout.total is not None and layout.panel in part.codings:
            total, notes = _number(part, layout.total, "total")
            return replace(empty, total=total, notes=notes)
        for code in part.codings:
            span = layout.spans.get(code)
            if span is not None:
                answer, notes = _number(part, span, code.code)
                return replace(empty, answers={} if answer is None else {code.code: answer}, notes=notes)
    return empty


def _number(part: Measurement, span: Interval, what: str) -> tuple[Interval | None, tuple[str, ...]]:
    """The answer as a number of its span; "present" is at least one point."""
    if part.truth is not None:
        return (span.narrowed(span.low + 1, ">=") if part.truth else Interval(span.low, span.low)), ()
    if part.value is None:
        return None, ()
    narrowed = span.narrowed(part.value, part.comparator)
    if narrowed is None:
        return None, (f"{part.source}: {part.value:f} is no answer to {what}: it lies between {span}",)
    return narrowed, ()


def _both(one: Form, other: Form) -> Form:
    """Two forms of the same time, or two parts of one: they complete or contradict each other."""
    answers, torn = _agreed(one, other)
    apart = one.total is not None and other.total is not None and one.total & other.total is None
    total_contradicted = one.total_contradicted or other.total_contradicted or apart
    notes = tuple(dict.fromkeys((*one.notes, *other.notes)))
    sources = " and ".join(dict.fromkeys((str(one.source), str(other.source))))
    notes += tuple(f"{sources}: {item} is answered in two ways" for item in torn)
    if apart:
        notes += (f"{sources}: the totals {one.total} and {other.total} contradict each other",)
    contradicted = sorted({*one.contradicted, *other.contradicted, *torn})
    return Form(
        source=one.source,
        when=one.when,
        visit=one.visit,
        answers={item: answer for item, answer in answers.items() if item not in contradicted},
        contradicted=tuple(contradicted),
        total=None if total_contradicted else _narrower(one.total, other.total),
        total_contradicted=total_contradicted,
        notes=notes,
    )


def _agreed(one: Form, other: Form) -> tuple[dict[str, Interval], list[str]]:
    """The answers of both, and the items whose two answers exclude each other."""
    answers = {**other.answers, **one.answers}
    torn: list[str] = []
    for item in one.answers.keys() & other.answers.keys():
        both = one.answers[item] & other.answers[item]
        if both is None:
            torn.append(item)
        else:
            answers[item] = both
    return answers, sorted(torn)


def _narrower(one: Interval | None, other: Interval | None) -> Interval | None:
    if one is None or other is None:
        return one or other
    return one & other
