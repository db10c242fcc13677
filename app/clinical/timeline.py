"""The trial's clock: day 0, study days, and what counts (clinical conventions §0.4).

Days are calendar days in Europe/Paris, as `Moment` gives them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from app.clinical.calendar import shifted
from app.clinical.history import History
from app.clinical.records import Administration, Coding, Enrolment, Measurement, Moment, Source, Span
from app.clinical.remembered import remembered
from app.protocol.definition import Protocol

GIVEN = frozenset({"completed", "in-progress", "active", "stopped"})
STATEMENT = "MedicationStatement"
FINAL = frozenset({"final", "amended", "corrected"})
NO_TIME = datetime.min.replace(tzinfo=UTC)  # sorts what was never dated before all else


@dataclass(frozen=True, slots=True)
class Infusion:
    """The infusion whose start is day 0."""

    when: Moment
    day: date
    source: Source

    def study_day(self, moment: Moment | None) -> int | None:
        """Calendar days since the infusion; None where the day is not recorded exactly."""
        if moment is None or moment.day is None:
            return None
        return (moment.day - self.day).days

    def hours_until(self, at: datetime) -> int | None:
        """The whole hours since the infusion; None where only its day is known."""
        return int((at - self.when.start).total_seconds() // 3600) if self.when.has_time else None

    def date_of(self, study_day: int) -> date:
        """The calendar date of a study day."""
        return shifted(self.day, study_day)

    def precedes(self, moment: Moment) -> bool:
        """Whether the infusion began before an assessment of an exact day was made.

        On day 0 only times of day can tell; where one of the two is missing, the assessment is taken
        to be from before, as visits are planned.
        """
        if moment.has_time and self.when.has_time:
            return moment.start > self.when.start
        return moment.last_day > self.day


@dataclass(frozen=True, slots=True)
class NotInfused:
    """There is no day 0: no infusion is recorded, or its day is not known.

    `needs` says what would give a day 0; None where nothing can, and then `notes` say why. `given` says that
    an infusion is recorded.
    """

    reason: str
    needs: str | None
    evidence: tuple[Source, ...] = ()
    given: bool = False
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What is to be sent, as a result lists it."""
        return () if self.needs is None else (self.needs,)

    def remark(self, what: str) -> str:
        """That something cannot be said without day 0, and why."""
        return f"{self.reason}: {'; '.join(self.notes) if self.needs is None else f'{what} {self.needs}'}"


def counted(protocol: Protocol, measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements that count; entered in error, cancelled and unknown ones never do."""
    statuses = FINAL | {"preliminary"} if protocol.parameters.obs.accept_preliminary else FINAL
    return tuple(measurement for measurement in measurements if measurement.status in statuses)


@remembered
def infusion(protocol: Protocol, history: History) -> Infusion | NotInfused:
    """The start of the earliest counted infusion of the study's product, which is day 0."""
    untreated = protocol.population(history.enrolment.assigned_arm)
    if untreated is not None:
        return NotInfused("not-applicable", None, notes=(f"{untreated.title.en.lower()} are not infused",))
    given = infusions(protocol, history)
    if not given:
        return _never_infused(protocol, history)
    first = min(given, key=lambda item: order(item.period.start, item.source))
    start = first.period.start
    if start is None or start.day is None:
        needs = f"the exact day on which the infusion {first.source} began"
        return NotInfused("partial-date", needs, (first.source,), given=True)
    return Infusion(start, start.day, first.source)


def _never_infused(protocol: Protocol, history: History) -> NotInfused:
    """That no infusion counts; one that is recorded is named with why it does not count."""
    names = ", ".join(code.code for code in protocol.study.products)
    needs = f"a MedicationAdministration of the study's product ({names})"
    products = {Coding(code.system, code.code) for code in protocol.study.products}
    beside = [item for item in history.administrations if _is_given(item, products)]
    if not beside:
        return NotInfused("not-infused", needs)
    why = "; ".join(f"{item.source} is not counted: {_why_not(item, history.enrolment)}" for item in beside)
    return NotInfused("not-infused", f"{needs}; {why}", tuple(item.source for item in beside))


def _why_not(item: Administration, enrolment: Enrolment) -> str:
    """Why a product that was given is no infusion of this subject, and what to correct."""
    if not _is_of_study(item, enrolment):
        return f"it was given for another study than {enrolment.study}"
    start, end = (
        "not said" if one is None else one.text for one in (enrolment.period.start, enrolment.period.end)
    )
    when = "" if item.period.start is None else f" of {item.period.start.text}"
    return (
        f"its date{when} lies outside ResearchSubject.period (from {start}, to {end}): correct the one that "
        "is wrong"
    )


def as_if_infused(history: History, on: date) -> Infusion:
    """A day in the place of the infusion that has not been given yet: what would then be the baseline."""
    start, end = (datetime.combine(day, time(), UTC) for day in (on, shifted(on, 1)))
    return Infusion(Moment(on.isoformat(), start, end, on, on, has_time=False), on, history.enrolment.source)


def infusions(protocol: Protocol, history: History) -> tuple[Administration, ...]:
    """Every counted infusion of the study's product."""
    products = {Coding(code.system, code.code) for code in protocol.study.products}
    return tuple(item for item in history.administrations if _is_infusion(item, products, history.enrolment))


def order(moment: Moment | None, source: Source) -> tuple[datetime, str]:
    """Sorts by time, what was never dated first; the source decides among equals."""
    return (NO_TIME if moment is None else moment.start, str(source))


def _is_infusion(item: Administration, products: set[Coding], enrolment: Enrolment) -> bool:
    """Whether it is the product, given, and in this study; it need not say for which study it was given."""
    in_study = _is_of_study(item, enrolment) and _may_lie_in(enrolment.period, item.period.start)
    return _is_given(item, products) and in_study


def _is_given(item: Administration, products: set[Coding]) -> bool:
    """Whether it is the product, and was given.

    A statement that it was given tells of the infusion and is not its record.
    """
    is_product = not products.isdisjoint(item.codings)
    return item.source.type != STATEMENT and item.status in GIVEN and is_product


def _is_of_study(item: Administration, enrolment: Enrolment) -> bool:
    return item.study is None or item.study == enrolment.study


def _may_lie_in(period: Span, moment: Moment | None) -> bool:
    if moment is None:
        return True
    too_early = period.start is not None and moment.end <= period.start.start
    too_late = period.end is not None and moment.start >= period.end.end
    return not too_early and not too_late
