"""Immunosuppressants begun, or raised, after the infusion (clinical conventions §1.10, TF4)."""

from dataclasses import dataclass
from datetime import date

from app.clinical.calendar import shifted
from app.clinical.case import Judged
from app.clinical.coded import is_one_of
from app.clinical.drugs.dose import Amount
from app.clinical.drugs.given import ONGOING, read, records_of
from app.clinical.failures.failure_criteria import Observed
from app.clinical.records import Administration, Source
from app.clinical.truth import Truth
from app.protocol.eligibility import Drug
from app.protocol.failure import Rescue
from app.protocol.words import Code


@dataclass(frozen=True, slots=True)
class Before:
    """The records of one drug that was taken, or may have been, in the days the baseline looks back on."""

    certain: frozenset[Source]
    perhaps: frozenset[Source]
    records: tuple[Administration, ...]

    def beside(self, record: Administration) -> Truth:
        """Whether some other record than this says that it was taken then."""
        if self.certain - {record.source}:
            return Truth.YES
        return Truth.UNKNOWN if self.perhaps - {record.source} else Truth.NO


def newly_given(
    criterion: Rescue, observed: Observed, record: Administration, *, known: dict[str, Before]
) -> tuple[str, Judged] | None:
    """The immunosuppressant by its name, and whether it is new; None where it is none.

    `known` keeps what is known of each drug before the infusion, so that it is looked for once.
    """
    drug = _drug(criterion, observed, record)
    if drug is None:
        return None
    if drug.name not in known:
        known[drug.name] = _before(observed, drug)
    before = known[drug.name]
    known_before = before.beside(record)
    new = Judged(
        truth=~known_before,
        reasons=("partial-date",),
        needs=f"record the first and last day of every treatment with {drug.name} before the infusion",
    )
    if known_before is Truth.NO or not observed.case.protocol.parameters.tf4.count_dose_increase:
        return drug.name, new
    earlier = [one for one in before.records if one.source != record.source]
    raised = _raised(observed, drug, record, earlier)
    return drug.name, Judged(
        truth=new.truth | raised,
        reasons=("missing-observation",),
        needs=f"record the dose of {drug.name}, before the infusion and since",
    )


def _drug(criterion: Rescue, observed: Observed, record: Administration) -> Drug | None:
    """The drug it is, one of the protocol or any other below the codes of the class."""
    for drug in observed.case.protocol.drugs_named(criterion.immunosuppressants):
        if is_one_of(record.codings, drug.codes):
            return drug
    for coding in record.codings:
        if is_one_of([coding], criterion.others):
            codes = (Code(system=coding.system, code=coding.code),)
            return Drug(name=coding.code, group="other", codes=codes)
    return None


def _before(observed: Observed, drug: Drug) -> Before:
    each = [(one, _at_baseline(observed, one)) for one, _ in records_of(observed.case, [drug])]
    return Before(
        frozenset(one.source for one, truth in each if truth is Truth.YES),
        frozenset(one.source for one, truth in each if truth is Truth.UNKNOWN),
        tuple(one for one, truth in each if truth is not Truth.NO),
    )


def _at_baseline(observed: Observed, record: Administration) -> Truth:
    """Whether it was taken in the days the baseline looks back on."""
    lookback = observed.case.protocol.parameters.visit.baseline_lookback_days
    day_0, since = observed.t0.day, shifted(observed.t0.day, -lookback)
    start, end = record.period.start, record.period.end if record.has_period else record.period.start
    if start is None:
        return Truth.UNKNOWN
    if start.first_day > day_0 or (end is not None and end.last_day < since):
        return Truth.NO
    begun = start.last_day <= day_0
    lasted = record.status in ONGOING if end is None else end.first_day >= since
    return Truth.YES if begun and lasted else Truth.UNKNOWN


def _raised(observed: Observed, drug: Drug, record: Administration, before: list[Administration]) -> Truth:
    """Whether the dose is above every dose before the infusion."""
    now = _amount(drug, record, observed.until)
    earlier = [_amount(drug, one, observed.t0.day) for one in before]
    if now is None or any(one is None or (one.per, one.days is None) != _kind(now) for one in earlier):
        return Truth.UNKNOWN
    return Truth.of(all(now.daily > one.daily for one in earlier if one is not None))


def _kind(amount: Amount) -> tuple[str | None, bool]:
    return amount.per, amount.days is None


def _amount(drug: Drug, record: Administration, until: date) -> Amount | None:
    given, _ = read(record, drug, until=until)
    return None if given is None else given.amount
