"""The SLICC/ACR damage index: irreversible damage since diagnosis, which never decreases (§1.6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from app.clinical.answers import Figure
from app.clinical.codes import SCORE
from app.clinical.interval import Interval
from app.clinical.scores.damage_codes import DOMAINS, SLICC_ITEM
from app.clinical.scores.forms import Answers, Form, laid_out
from app.clinical.scores.reading import Reading, given, totalled, why_open
from app.protocol.definition import Protocol

NAME = "slicc-damage"
ESRD = "esrd"
RENAL_CAP = Decimal(3)
LAYOUT = laid_out(SCORE.coding(NAME), SLICC_ITEM, Interval.of(0, 48))
SPANS = {code.code: span for code, span in LAYOUT.spans.items()}
ADDED: Mapping[int, frozenset[str]] = {
    39: frozenset(),
    41: frozenset({"pulmonary-resection", "pancreatic-insufficiency"}),
    42: frozenset({"pulmonary-resection", "pancreatic-insufficiency", "tendon-rupture"}),
}
"""The items each version of the index has beyond the list of 39."""


def items(protocol: Protocol) -> tuple[str, ...]:
    """The items of the index this protocol means, in the order of the form."""
    left_out = ADDED[42] - ADDED[protocol.parameters.slicc.items]
    return tuple(item for item in SLICC_ITEM.codes if item not in left_out)


def whole(protocol: Protocol) -> Interval:
    """What the index can be: 0 to 47, 45 or 48."""
    return total({}, items(protocol))


def total(answers: Answers, of: Sequence[str]) -> Interval:
    """The sum over the domains; an item not answered adds anything from nothing to all its points."""
    return _sum(domain(name, answers, of) for name in DOMAINS)


def domain(name: str, answers: Answers, of: Sequence[str]) -> Interval:
    """The points of one domain; end-stage renal disease is three, whatever else the kidney has."""
    points = {
        item.code: answers.get(item.code, SPANS[item.code]) for item in DOMAINS[name] if item.code in of
    }
    failed = points.pop(ESRD, None)
    rest = _sum(points.values())
    if failed is None:
        return rest
    capped = Interval(min(rest.low, RENAL_CAP), min(rest.high, RENAL_CAP))
    low = RENAL_CAP if failed.low > 0 else capped.low
    return Interval.of(low, RENAL_CAP if failed.high > 0 else capped.high)


def reading(protocol: Protocol, form: Form, earlier: Iterable[Form]) -> Reading:
    """The index, its domains, and whether there is any damage; a fall since an earlier form is no fall."""
    of = items(protocol)
    figure, notes = _figure(protocol, form)
    higher = _higher(protocol, figure, earlier)
    if higher is not None:
        before, points = higher
        notes += (f"{form.source} gives {figure.value} after {points} in {before}: damage never decreases",)
        figure = replace(figure, value=None, reasons=("conflicting-values",))
    unanswered = tuple(item for item in of if item not in form.answers) if form.answers else ()
    reasons, missing = why_open(figure, unanswered)
    return Reading(
        scores=(figure,),
        items=(_present(figure), *_domains(form, of), *given(form, of)),
        notes=(*form.notes, *notes, f"slicc.items = {protocol.parameters.slicc.items}"),
        reasons=reasons,
        missing=missing,
    )


def _figure(protocol: Protocol, form: Form) -> tuple[Figure, tuple[str, ...]]:
    return totalled(form, total(form.answers, items(protocol)), whole(protocol))


def _higher(protocol: Protocol, now: Figure, earlier: Iterable[Form]) -> tuple[str, Interval] | None:
    """An earlier form with certainly more damage, if there is one."""
    if not isinstance(now.value, Interval):
        return None
    for form in earlier:
        before, _ = _figure(protocol, form)
        if isinstance(before.value, Interval) and before.value.low > now.value.high:
            return str(form.source), before.value
    return None


def _present(figure: Figure) -> Figure:
    """Whether there is any damage at all: the registry's presence of comorbidities."""
    name = "comorbidity-present"
    if not isinstance(figure.value, Interval):
        return Figure(name=name, value=None, reasons=figure.reasons)
    if figure.value.low >= 1 or figure.value.high < 1:
        return Figure(name=name, value=figure.value.low >= 1)
    return Figure(name=name, value=None, reasons=figure.reasons)


def _domains(form: Form, of: Sequence[str]) -> tuple[Figure, ...]:
    """The points of each domain, where the form has its items."""
    if not form.answers:
        return ()
    return tuple(Figure(name=f"domain-{name}", value=domain(name, form.answers, of)) for name in DOMAINS)


def _sum(parts: Iterable[Interval]) -> Interval:
    found = list(parts)
    return Interval.of(sum(part.low for part in found), sum(part.high for part in found))
