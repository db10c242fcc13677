"""What laboratory results say about the SLEDAI items that can be read from them (conventions §1.1).

The investigator's form always wins: a result that says otherwise, or that knows what the form does not,
is worth a question to the site and changes no score. Some items do not count where something else than lupus
explains them; a laboratory cannot know that, and the question says so.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Source
from app.clinical.schedule import is_of
from app.clinical.scores.sledai import Sledai
from app.clinical.timeline import Infusion, order
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.definition import Protocol, Visit

LOINC = "http://loinc.org"
ANYTHING = Interval(Decimal("-Infinity"), Decimal("Infinity"))


def _below_its_range(result: Measurement) -> Truth:
    if {"L", "LL"}.intersection(result.interpretations):
        return Truth.YES
    return _holds(result, "<", result.low)


def _above_its_range(result: Measurement) -> Truth:
    if {"H", "HH"}.intersection(result.interpretations):
        return Truth.YES
    return _holds(result, ">", result.high)


def _beyond(op: str, limit: str) -> Callable[[Measurement], Truth]:
    return lambda result: _holds(result, op, Decimal(limit))


def _holds(result: Measurement, op: str, limit: Decimal | None) -> Truth:
    """Whether a result lies beyond a limit; without a value or a limit nobody can say."""
    if result.value is None or limit is None:
        return Truth.UNKNOWN
    value = ANYTHING.narrowed(result.value, result.comparator)
    return Truth.UNKNOWN if value is None else value.holds(op, limit)


@dataclass(frozen=True, slots=True)
class LabRule:
    """An item that any one of these results makes present.

    It is absent only where every result says so and each of the `all_needed` was measured; where `deniable`
    is not set no result can say that it is absent. `unless` is what else may explain a result.
    """

    codes: frozenset[str]
    all_needed: tuple[frozenset[str], ...]
    present: Callable[[Measurement], Truth]
    deniable: bool = True
    unless: str = ""


C3, C4, CH50 = frozenset({"4485-9"}), frozenset({"4498-2"}), frozenset({"4532-8"})
PLATELETS = frozenset({"777-3", "26515-7"})
ANTI_DSDNA = frozenset({"5130-0", "32677-7"})
RED_CASTS, GRANULAR_CASTS = frozenset({"5807-3"}), frozenset({"5793-5"})
RED_CELLS, WHITE_CELLS = frozenset({"13945-1"}), frozenset({"5821-4"})
PROTEIN_A_DAY, PROTEIN_RATIO = frozenset({"2889-4"}), frozenset({"2890-2", "34366-5", "13801-6", "40486-3"})
TEMPERATURE = frozenset({"8310-5"})
LEUKOCYTES = frozenset({"6690-2", "26464-8"})
RULES = {
    "urinary-casts": LabRule(RED_CASTS | GRANULAR_CASTS, (RED_CASTS, GRANULAR_CASTS), _beyond(">", "0")),
    "haematuria": LabRule(
        RED_CELLS, (RED_CELLS,), _beyond(">", "5"), unless="a stone, an infection or another cause"
    ),
    "proteinuria": LabRule(PROTEIN_A_DAY | PROTEIN_RATIO, (), _beyond(">", "0.5")),  # g/24 h, or g/g
    "pyuria": LabRule(WHITE_CELLS, (WHITE_CELLS,), _beyond(">", "5"), unless="an infection"),
    "low-complement": LabRule(C3 | C4 | CH50, (C3, C4), _below_its_range),
    "dna-binding": LabRule(ANTI_DSDNA, (ANTI_DSDNA,), _above_its_range),
    "thrombocytopenia": LabRule(PLATELETS, (PLATELETS,), _beyond("<", "100")),
    "leukopenia": LabRule(LEUKOCYTES, (LEUKOCYTES,), _beyond("<", "3"), unless="a drug"),
    "fever": LabRule(TEMPERATURE, (), _beyond(">", "38"), deniable=False, unless="an infection"),
}

CODINGS = frozenset(Coding(LOINC, code) for rule in RULES.values() for code in rule.codes)


def relevant(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The results some item can be read from."""
    return tuple(one for one in measurements if not CODINGS.isdisjoint(one.codings))


def derived(
    item: str, results: Sequence[Measurement], *, previous: Sequence[Measurement] | None = None
) -> Truth:
    """Whether these results, all of the days the item looks back on, make it present or absent.

    `previous` are the results of the visit before, where proteinuria counts only if it is new or rose.
    """
    if item == "proteinuria":
        return _proteinuria(results, previous)
    rule = RULES[item]
    judged = [(result, rule.present(result)) for result in results if _codes(result) & rule.codes]
    present = any_of(truth for _, truth in judged)
    measured = [_codes(result) for result, _ in judged]
    complete = all(any(codes & needed for codes in measured) for needed in rule.all_needed)
    return present if complete and rule.deniable else present | Truth.UNKNOWN


def _proteinuria(results: Sequence[Measurement], previous: Sequence[Measurement] | None) -> Truth:
    """By the protein of 24 hours, else by the ratio to creatinine; both count above 0.5."""
    for codes in (PROTEIN_A_DAY, PROTEIN_RATIO):
        now = [result for result in results if _codes(result) & codes]
        if now:
            before = None if previous is None else [one for one in previous if _codes(one) & codes]
            return any_of(_new_or_risen(result, before) for result in now)
    return Truth.UNKNOWN


def _new_or_risen(result: Measurement, before: Sequence[Measurement] | None) -> Truth:
    """Above 0.5, and either nothing was at the visit before, or it rose by more than 0.5 since."""
    over = RULES["proteinuria"].present(result)
    if before is None:
        return over
    if not before:
        return over & Truth.UNKNOWN
    new = all_of(~RULES["proteinuria"].present(one) for one in before)
    last = max(before, key=lambda one: order(one.when, one.source))
    rise = _holds(result, ">", None if last.value is None else last.value + Decimal("0.5"))
    return over & (new | (rise if last.comparator is None else Truth.UNKNOWN))


def previous_results(
    protocol: Protocol, t0: Infusion, visit: Visit, results: Iterable[Measurement]
) -> tuple[Measurement, ...] | None:
    """The results of the visit before, where proteinuria is to be new or risen; None at the first visit."""
    earlier = [one for one in protocol.visits if "sledai" in one.assessed and one.day < visit.day]
    if not earlier or protocol.parameters.sledai.proteinuria_rule == "any_gt_0_5":
        return None
    last = max(earlier, key=lambda one: one.day)
    return tuple(one for one in results if _of(protocol, t0, last, one))


def _of(protocol: Protocol, t0: Infusion, visit: Visit, result: Measurement) -> bool:
    """Whether a urine protein is of that visit, by its label or by its date."""
    if not _codes(result) & RULES["proteinuria"].codes:
        return False
    if result.visit is not None:
        return result.visit == visit.label
    return is_of(protocol, visit, t0, result.when)


def queries(
    form: Sledai,
    results: Sequence[Measurement],
    *,
    lookback_days: int,
    previous: Sequence[Measurement] | None = None,
) -> Iterator[str]:
    """Data queries: where results of the days before an assessment know better than its form."""
    if form.when is None or form.when.day is None or not form.items:
        return
    recent = [result for result in results if _is_recent(result, form, lookback_days)]
    for item, rule in RULES.items():
        says = derived(item, recent, previous=previous)
        recorded = form.items.get(item)
        if says is Truth.UNKNOWN or (recorded is not None and says is Truth.of(recorded)):
            continue
        word = {None: "not known", True: "present", False: "absent"}[recorded]
        other = "present" if says is Truth.YES else "absent"
        sources = ", ".join(str(source) for source in _sources(recent, rule))
        unless = f", unless {rule.unless} explains it" if rule.unless and says is Truth.YES else ""
        yield f"{item} is {word} in {form.source}, but by the laboratory it is {other} ({sources}){unless}"


def _is_recent(result: Measurement, form: Sledai, lookback_days: int) -> bool:
    if result.when is None or result.when.day is None or form.when is None or form.when.day is None:
        return False
    return 0 <= (form.when.day - result.when.day).days <= lookback_days


def _codes(result: Measurement) -> set[str]:
    return {coding.code for coding in result.codings if coding.system == LOINC}


def _sources(results: Iterable[Measurement], rule: LabRule) -> list[Source]:
    return sorted({result.source for result in results if _codes(result) & rule.codes}, key=str)
