"""What laboratory results say about the SLEDAI items that can be read from them (conventions §1.1).

The investigator's form always wins: a result that says otherwise, or that knows what the form does not,
is worth a question to the site and changes no score.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.clinical.interval import Interval
from app.clinical.records import Measurement, Source
from app.clinical.sledai import Sledai
from app.clinical.truth import Truth, any_of

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


def _below_100(result: Measurement) -> Truth:
    return _holds(result, "<", Decimal(100))


def _holds(result: Measurement, op: str, limit: Decimal | None) -> Truth:
    """Whether a result lies beyond a limit; without a value or a limit nobody can say."""
    if result.value is None or limit is None:
        return Truth.UNKNOWN
    value = ANYTHING.narrowed(result.value, result.comparator)
    return Truth.UNKNOWN if value is None else value.holds(op, limit)


@dataclass(frozen=True, slots=True)
class LabRule:
    """An item that any one of these results makes present.

    It is absent only where every result says so and each of the `all_needed` was measured.
    """

    codes: frozenset[str]
    all_needed: tuple[frozenset[str], ...]
    present: Callable[[Measurement], Truth]


C3, C4, CH50 = frozenset({"4485-9"}), frozenset({"4498-2"}), frozenset({"4532-8"})
PLATELETS = frozenset({"777-3", "26515-7"})
ANTI_DSDNA = frozenset({"5130-0", "32677-7"})
RULES = {
    "low-complement": LabRule(C3 | C4 | CH50, (C3, C4), _below_its_range),
    "dna-binding": LabRule(ANTI_DSDNA, (ANTI_DSDNA,), _above_its_range),
    "thrombocytopenia": LabRule(PLATELETS, (PLATELETS,), _below_100),
}


def derived(item: str, results: Iterable[Measurement]) -> Truth:
    """Whether these results, all of the days the item looks back on, make it present or absent."""
    rule = RULES[item]
    judged = [(result, rule.present(result)) for result in results if _codes(result) & rule.codes]
    present = any_of(truth for _, truth in judged)
    measured = [_codes(result) for result, _ in judged]
    complete = all(any(codes & needed for codes in measured) for needed in rule.all_needed)
    return present if complete else present | Truth.UNKNOWN


def queries(form: Sledai, results: Sequence[Measurement], *, lookback_days: int) -> Iterator[str]:
    """Data queries: where results of the days before an assessment know better than its form."""
    if form.when is None or form.when.day is None or not form.items:
        return
    recent = [result for result in results if _is_recent(result, form, lookback_days)]
    for item, rule in RULES.items():
        says = derived(item, recent)
        recorded = form.items.get(item)
        if says is Truth.UNKNOWN or (recorded is not None and says is Truth.of(recorded)):
            continue
        word = {None: "not known", True: "present", False: "absent"}[recorded]
        other = "present" if says is Truth.YES else "absent"
        sources = ", ".join(str(source) for source in _sources(recent, rule))
        yield f"{item} is {word} in {form.source}, but by the laboratory it is {other} ({sources})"


def _is_recent(result: Measurement, form: Sledai, lookback_days: int) -> bool:
    if result.when is None or result.when.day is None or form.when is None or form.when.day is None:
        return False
    return 0 <= (form.when.day - result.when.day).days <= lookback_days


def _codes(result: Measurement) -> set[str]:
    return {coding.code for coding in result.codings if coding.system == LOINC}


def _sources(results: Iterable[Measurement], rule: LabRule) -> list[Source]:
    return sorted({result.source for result in results if _codes(result) & rule.codes}, key=str)
