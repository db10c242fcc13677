"""What a patient took of some drugs, day by day, each drug-day counted once.

What was given stands before what is stated to have been taken. Single doses of a day add up and stand before
a period that covers the same day; of two periods the one that began later stands. Doses of different drugs of
a group add up in the drug they are measured in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby, pairwise, zip_longest

from app.clinical.body import size
from app.clinical.calendar import shifted
from app.clinical.case import Case
from app.clinical.dose import Amount
from app.clinical.given import Given, Question, ask, possible_days, read, records_of
from app.clinical.records import Administration, Coding, Source
from app.clinical.truth import Truth
from app.protocol.eligibility import Drug
from app.protocol.parts import Route

SNOMED = "http://snomed.info/sct"
ROUTES: dict[Route, Coding] = {
    "oral": Coding(SNOMED, "26643006"),
    "intravenous": Coding(SNOMED, "47625008"),
    "subcutaneous": Coding(SNOMED, "34206005"),
    "intramuscular": Coding(SNOMED, "78421000"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of one drug on one day: these records, and which share of their dose is this day's."""

    given: tuple[Given, ...]
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Exposure:
    """The dose of every day it is known on, the records it rests on, and what could not be counted.

    On a day that is `unclear` more may have been taken than its dose says.
    """

    doses: dict[date, Fraction]
    sources: dict[date, tuple[Source, ...]]
    questions: tuple[Question, ...]
    unclear: frozenset[date]


def exposure(
    case: Case,
    drugs: Iterable[Drug],
    *,
    unit: str,
    until: date,
    routes: tuple[Route, ...] = (),
    spread: bool = False,
) -> Exposure:
    """The doses of these drugs up to a day, in `mg`, `mg/kg` or `mg/m2`.

    With `spread` a single dose counts in equal shares for all the days it covers.
    """
    by_drug, questions, unclear = _sorted_by_drug(case, drugs, routes, until)
    known: list[tuple[date, Fraction, tuple[Source, ...]]] = []
    for name in sorted(by_drug):
        each, unread = _amounts(case, by_drug[name], unit)
        days, contradictions = by_day(by_drug[name], until=until, spread=spread)
        questions += [*unread, *contradictions]
        of_drug = list(_doses(days, each))
        unclear |= days.keys() - {day for day, _, _ in of_drug}
        known += of_drug
    return _summed(known, questions, unclear)


def _sorted_by_drug(
    case: Case, drugs: Iterable[Drug], routes: tuple[Route, ...], until: date
) -> tuple[dict[str, list[Given]], list[Question], set[date]]:
    """What was given of each drug by these routes, what is not clear, and the days that concerns."""
    by_drug: defaultdict[str, list[Given]] = defaultdict(list)
    questions: list[Question] = []
    unclear: set[date] = set()
    for record, drug in records_of(case, drugs):
        right_way = is_by(record, routes)
        if right_way is Truth.NO:
            continue
        given, vague = read(record, drug, until=until)
        questions += vague
        if vague:
            unclear |= set(possible_days(record, until=until)).difference(given.days if given else ())
        if right_way is Truth.UNKNOWN:
            questions.append(ask(record, "missing-observation", "by which route it was given"))
            unclear |= set(possible_days(record, until=until))
        elif given is not None:
            by_drug[drug.name].append(given)
    return by_drug, questions, unclear


def by_day(
    given: Sequence[Given], *, until: date, spread: bool
) -> tuple[dict[date, Taken], tuple[Question, ...]]:
    """What was taken of one drug on every day; nothing is named where two records contradict each other.

    A statement says nothing of a day on which the drug is recorded as given.
    """
    ordered = sorted(given, key=lambda item: (item.first, str(item.source)))
    days: dict[date, Taken] = {}
    questions: list[Question] = []
    for stated in (False, True):
        found, doubts = _by_day([item for item in ordered if item.stated == stated], until, spread=spread)
        questions += [doubt for day, doubt in doubts if day not in days]
        days = found | days
    return days, tuple(dict.fromkeys(questions))


def _by_day(
    ordered: Sequence[Given], until: date, *, spread: bool
) -> tuple[dict[date, Taken], list[tuple[date, Question]]]:
    """The same of administrations or of statements alone."""
    days, doubts = _periods([item for item in ordered if not item.single])
    days.update(_single_doses([item for item in ordered if item.single], until=until, spread=spread))
    return days, doubts


def _periods(ordered: Sequence[Given]) -> tuple[dict[date, Taken], list[tuple[date, Question]]]:
    """Stretch by stretch: between the first and last days of the records the same ones cover every day."""
    days: dict[date, Taken] = {}
    doubts: list[tuple[date, Question]] = []
    bounds = sorted({bound for item in ordered for bound in (item.counted.start, item.counted.stop)})
    for start, stop in pairwise(bounds):
        covering = [item for item in ordered if start in item.counted]
        if not covering:
            continue
        standing = [item for item in covering if item.first == covering[-1].first]
        agree = len({item.amount for item in standing}) == 1
        stretch = [date.fromordinal(number) for number in range(start, stop)]
        days |= dict.fromkeys(stretch, Taken(tuple(standing[:1])) if agree else Taken(()))
        if not agree:
            what = f"which dose was taken: {standing[0].source} says another one"
            doubt = ask(standing[-1].record, "conflicting-values", what)
            doubts += [(day, doubt) for day in stretch]
    return days, doubts


def _single_doses(ordered: Sequence[Given], *, until: date, spread: bool) -> dict[date, Taken]:
    """Each day's doses, spread over the days they cover but not beyond the next dose."""
    dosed = {day: tuple(same) for day, same in groupby(ordered, key=lambda item: item.first)}
    days: dict[date, Taken] = {}
    for day, next_day in zip_longest(dosed, list(dosed)[1:]):
        covers = dosed[day][0].drug.covers_days if spread else 1
        lasting = min(covers, ((next_day or until) - day).days + (next_day is None))
        for n in range(lasting):
            days[shifted(day, n)] = Taken(dosed[day], Fraction(1, covers))
    return days


def _amounts(case: Case, given: Sequence[Given], unit: str) -> tuple[dict[Source, Fraction], list[Question]]:
    """What each record says of one day, in the unit asked for and as the drug its group is measured in."""
    known: dict[Source, Fraction] = {}
    questions: list[Question] = []
    for item in given:
        if item.amount is None:
            questions.append(ask(item.record, "missing-observation", "its dose, its unit and how often"))
            continue
        scaled = _per_body(case, item, item.amount, unit)
        if scaled is None:
            questions.append(ask(item.record, "missing-observation", f"weight or height near {item.first}"))
            continue
        known[item.source] = scaled * Fraction(item.drug.equals_mg) / Fraction(item.drug.mg)
    return known, questions


def _per_body(case: Case, item: Given, amount: Amount, unit: str) -> Fraction | None:
    """The dose of a day per kg or per m², or as a whole; None where the size of the body is not known."""
    _, _, per = unit.partition("/")
    dose = amount.daily
    if (amount.per or "") == per:
        return dose
    for sized, invert in ((amount.per, False), (per, True)):
        if not sized:
            continue
        body = size(case, sized, first=item.first, last=item.last)
        if body is None:
            return None
        dose = dose / body if invert else dose * body
    return dose


def _doses(
    days: dict[date, Taken], amounts: dict[Source, Fraction]
) -> Iterator[tuple[date, Fraction, tuple[Source, ...]]]:
    """The dose of every day on which all of it is known."""
    known: dict[int, tuple[Fraction, tuple[Source, ...]] | None] = {}  # the days of a course share theirs
    for day, taken in days.items():
        if id(taken) not in known:
            known[id(taken)] = _dose(taken, amounts)
        if (dose := known[id(taken)]) is not None:
            yield day, *dose


def _dose(taken: Taken, amounts: dict[Source, Fraction]) -> tuple[Fraction, tuple[Source, ...]] | None:
    sources = tuple(item.source for item in taken.given)
    if not sources or any(source not in amounts for source in sources):
        return None
    return sum((amounts[source] for source in sources), Fraction()) * taken.share, sources


def _summed(
    known: Iterable[tuple[date, Fraction, tuple[Source, ...]]],
    questions: Iterable[Question],
    unclear: Iterable[date],
) -> Exposure:
    doses: dict[date, Fraction] = {}
    sources: dict[date, tuple[Source, ...]] = {}
    for day, dose, from_records in sorted(known, key=lambda one: one[0]):
        doses[day] = doses[day] + dose if day in doses else dose
        sources[day] = sources[day] + from_records if day in sources else from_records
    return Exposure(doses, sources, tuple(dict.fromkeys(questions)), frozenset(unclear))


def is_by(record: Administration, routes: tuple[Route, ...]) -> Truth:
    """Whether it was given by one of these routes; any route will do where none is asked for."""
    if not routes:
        return Truth.YES
    known = [route for route, coding in ROUTES.items() if coding in record.routes]
    return Truth.of(not set(known).isdisjoint(routes)) if known else Truth.UNKNOWN
