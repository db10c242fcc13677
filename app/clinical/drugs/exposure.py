"""What a patient took of some drugs, day by day, each drug-day counted once.

Where records overlap the dose of a day lies between that of the later one and that of all. Doses of different
drugs of a group add up in the drug they are measured in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from app.clinical.case import Case, once
from app.clinical.drugs.body import size
from app.clinical.drugs.dose import Amount
from app.clinical.drugs.drug_days import Taken, by_day
from app.clinical.drugs.given import Given, Question, ask, possible_days, read, records_of
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
class Exposure:
    """The dose of every day it is known on, the records it rests on, and what could not be counted.

    On a day that is `unclear` more may have been taken than its dose says. `doses` and `most` differ where
    records overlap: by the first the later record stands alone, by the other all were taken.
    """

    doses: dict[date, Fraction]
    most: dict[date, Fraction]
    sources: dict[date, tuple[Source, ...]]
    questions: tuple[Question, ...]
    overlaps: tuple[Question, ...]
    unclear: frozenset[date]

    @property
    def readings(self) -> tuple["Exposure", ...]:
        """The exposure with the least doses; where records overlap with the most, too."""
        return (self, replace(self, doses=self.most)) if self.overlaps else (self,)

    def open(self, met: Sequence[bool], *, any_way: bool) -> tuple[Question, ...]:
        """What leaves a criterion open that is met, or not, by each reading.

        Records that overlap do only where it matters whether all were taken; with `any_way` more of the drug
        never makes less of the criterion, so that the two readings say all.
        """
        matters = len(set(met)) > 1 or not any_way
        return (*self.questions, *self.overlaps) if matters else self.questions


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
    known: list[Dose] = []
    overlaps: list[Question] = []
    for name in sorted(by_drug):
        each, unread = _amounts(case, by_drug[name], unit)
        days, doubts = by_day(by_drug[name], until=until, spread=spread)
        questions += unread
        overlaps += doubts
        of_drug = list(_doses(days, each))
        unclear |= days.keys() - {dose.day for dose in of_drug}
        known += of_drug
    return _summed(known, questions, overlaps, unclear)


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


def _amounts(case: Case, given: Sequence[Given], unit: str) -> tuple[dict[Source, Fraction], list[Question]]:
    """What each record says of one day, in the unit asked for and as the drug its group is measured in."""
    known: dict[Source, Fraction] = {}
    questions: list[Question] = []
    for item in given:
        if item.amount is None:
            questions.append(ask(item.record, "missing-observation", _dose_needed(item.record)))
            continue
        scaled = _per_body(case, item, item.amount, unit)
        if scaled is None:
            questions.append(ask(item.record, "missing-observation", f"weight or height near {item.first}"))
            continue
        known[item.source] = scaled * Fraction(item.drug.equals_mg) / Fraction(item.drug.mg)
    return known, questions


def _dose_needed(record: Administration) -> str:
    """What would say how much was taken a day; of a drug taken as needed its dose does not."""
    if record.as_needed:
        return "when it was taken: every dose as a MedicationAdministration, as it was taken as needed"
    return "its dose, its unit and how often"


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


class Dose(NamedTuple):
    """The dose of a day, the least and the most it may have been."""

    day: date
    least: Fraction
    most: Fraction
    sources: tuple[Source, ...]


def _doses(days: dict[date, Taken], amounts: dict[Source, Fraction]) -> Iterator[Dose]:
    """The dose of every day on which all of it is known."""
    known: dict[int, tuple[Fraction, Fraction, tuple[Source, ...]] | None] = {}  # shared by a course's days
    for day, taken in days.items():
        if id(taken) not in known:
            known[id(taken)] = _dose(taken, amounts)
        if (dose := known[id(taken)]) is not None:
            yield Dose(day, *dose)


def _dose(
    taken: Taken, amounts: dict[Source, Fraction]
) -> tuple[Fraction, Fraction, tuple[Source, ...]] | None:
    """The least that may have been taken, all of it taken together, and the records of both."""
    sources = tuple(item.source for item in taken.given)
    if any(source not in amounts for source in sources):
        return None
    every = sum((amounts[source] for source in sources), Fraction()) * taken.share
    return min((amounts[item.source] for item in taken.alone), default=every), every, sources


def _summed(
    known: Iterable[Dose],
    questions: Iterable[Question],
    overlaps: Iterable[Question],
    unclear: Iterable[date],
) -> Exposure:
    doses: dict[date, Fraction] = {}
    most: dict[date, Fraction] = {}
    sources: dict[date, tuple[Source, ...]] = {}
    for day, least, highest, from_records in sorted(known, key=lambda one: one.day):
        doses[day] = doses[day] + least if day in doses else least
        most[day] = most[day] + highest if day in most else highest
        sources[day] = sources[day] + from_records if day in sources else from_records
    return Exposure(doses, most, sources, once(questions), once(overlaps), frozenset(unclear))


def is_by(record: Administration, routes: tuple[Route, ...]) -> Truth:
    """Whether it was given by one of these routes; any route will do where none is asked for."""
    if not routes:
        return Truth.YES
    known = [route for route, coding in ROUTES.items() if coding in record.routes]
    return Truth.of(not set(known).isdisjoint(routes)) if known else Truth.UNKNOWN
