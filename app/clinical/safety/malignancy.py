"""Whether a cancer arose after the cells were given, where the protocol counts that as not tolerated (S3)."""

from collections.abc import Iterable, Iterator

from app.clinical.answers import Finding
from app.clinical.care import Condition
from app.clinical.case import Judged
from app.clinical.coded import is_one_of
from app.clinical.happened import stands
from app.clinical.history import History
from app.clinical.records import Source
from app.clinical.safety.adverse import Days, Reported
from app.clinical.safety.toxicity import asks
from app.clinical.timeline import Infusion
from app.clinical.truth import Truth, any_of
from app.protocol.definition import Protocol

NEOPLASMS = "10029104"  # MedDRA: neoplasms benign, malignant and unspecified


def no_malignancy(
    protocol: Protocol, history: History, found: Iterable[Reported], *, days: Days, t0: Infusion, visit: str
) -> tuple[Finding, ...]:
    """That none arose up to a later visit; nothing where the protocol does not ask for it."""
    safety = asks(protocol)
    if safety.no_malignancy is None or visit == safety.primary:
        return ()
    each = [*_diagnoses(protocol, history, days, t0), *_events(protocol, found, days, t0)]
    counted = [(truth, source) for truth, source in each if truth is not Truth.NO]
    sources = tuple(source for _, source in counted)
    judged = Judged(
        truth=~any_of(truth for truth, _ in counted),
        reasons=("missing-observation",),
        needs=f"of {', '.join(map(str, sources))}: whether it is malignant, confirmed, and of which day",
        observed=f"{len(counted)} recorded",
        evidence=sources,
    )
    return (judged.finding("no-malignancy", safety.no_malignancy),)


def _diagnoses(
    protocol: Protocol, history: History, days: Days, t0: Infusion
) -> Iterator[tuple[Truth, Source]]:
    """Diagnoses of a cancer that is not refuted, by the day it began."""
    for one in history.conditions:
        if stands(one) and is_one_of(one.codings, asks(protocol).malignancies):
            sure = Truth.YES if one.verification == "confirmed" else Truth.UNKNOWN
            yield sure & _began(one, days, t0), one.source


def _began(one: Condition, days: Days, t0: Infusion) -> Truth:
    """Whether it began in those days; recorded before, it did not, and recorded later, it may have."""
    if one.onset is None and one.recorded is not None and one.recorded.last_day < t0.day:
        return Truth.NO
    return days.hold(t0, one.onset)


def _events(
    protocol: Protocol, found: Iterable[Reported], days: Days, t0: Infusion
) -> Iterator[tuple[Truth, Source]]:
    """Adverse events that are one, or a neoplasm of which it is not said whether it is malignant."""
    for one in found:
        is_one = Truth.of(is_one_of(one.event.codings, asks(protocol).malignancies))
        if is_one is Truth.NO and one.place.system_code == NEOPLASMS:
            is_one = Truth.UNKNOWN
        yield is_one & one.began(days, t0), one.event.source
