"""Survival and follow-up of one subject: alive or not, until when that is known, for how long (§1.16)."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from app.clinical.answers import Answer, Figure, Finding, Result, Value, wire
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import Judged, once
from app.clinical.history import History
from app.clinical.subjects.life import DEAD, Life, life
from app.clinical.timeline import Infusion, infusion
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.follow_up import Horizon, Survival

MONTH = Decimal("30.4375")  # days
STATUS, AT = NAMES = ("vital-status", "survival")


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """Whether the subject is alive, since when that is known, and at each day the protocol asks for."""
    survival = protocol.survival
    if survival is None:
        raise CannotAnswer(f"{protocol.key} does not ask for survival")
    names = among(NAMES, asked.names, parameter="name")
    results = [one for one in _results(protocol, survival, history, asked.today) if one.name in names]
    return Answer(
        question="survival",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(results),
        on=asked.on.isoformat() if asked.on is not None else None,
        notes=history.remarks(),
    )


def months(days: int) -> Decimal:
    """Days as months of 30.4375 days, to one decimal."""
    return (Decimal(days) / MONTH).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)


def _results(protocol: Protocol, survival: Survival, history: History, today: date) -> Iterator[Result]:
    t0 = infusion(protocol, history)
    known = life(protocol, history, today=today)
    yield _status(known, t0 if isinstance(t0, Infusion) else None)
    for horizon in survival.horizons:
        if isinstance(t0, Infusion):
            yield _at(horizon, _alive(known, horizon, t0, today))
        else:
            yield _at(horizon, Judged(truth=Truth.UNKNOWN, reasons=(t0.reason,), needs=t0.needs))


def _status(known: Life, t0: Infusion | None) -> Result:
    contact, until = known.contact, known.known_until
    days = (until - t0.day).days if until is not None and t0 is not None else None
    why = "not-infused" if t0 is None else ("partial-date" if known.status == DEAD else "missing-observation")
    lasting = [
        _figure("follow-up-days", days, why, unit="d"),
        _figure("follow-up-months", None if days is None else months(days), why, unit="mo"),
    ]
    death = [_figure("death", known.died_on, "partial-date")] if known.status == DEAD else []
    return Result(
        name=STATUS,
        figures=(
            Figure(name="status", value=known.status, evidence=known.evidence),
            Figure(
                name="last-contact",
                value=None if contact is None else contact.day,
                evidence=() if contact is None else (contact.source,),
                reasons=("missing-observation",) if contact is None else (),
            ),
            *death,
            *lasting,
        ),
        evidence=once((*known.evidence, *([contact.source] if contact else ()))),
        notes=known.notes,
    )


def _figure(name: str, value: Value | None, why: str, *, unit: str | None = None) -> Figure:
    return Figure(name=name, value=value, unit=unit, reasons=(why,) if value is None else ())


def _alive(known: Life, horizon: Horizon, t0: Infusion, today: date) -> Judged:
    """Whether the subject was alive on a day: seen on it or later, or dead only after it."""
    day = t0.date_of(horizon.day)
    seen = known.contact is not None and known.contact.day >= day
    died_later = known.earliest is not None and known.earliest > day
    died_before = known.latest is not None and known.latest <= day
    settled = seen or died_later or died_before
    reasons, needs = _open(known, day, today)
    return Judged(
        truth=Truth.of(not died_before) if settled else Truth.UNKNOWN,
        reasons=reasons,
        needs=needs,
        observed=_observed(known),
        threshold=f"alive on {day.isoformat()}",
        evidence=once((*known.evidence, *([known.contact.source] if known.contact else ()))),
        notes=known.notes,
    )


def _open(known: Life, day: date, today: date) -> tuple[tuple[str, ...], str]:
    """Why it is not known whether the subject was alive on a day, and what would tell."""
    if known.status == DEAD:
        return ("partial-date",), "the exact day of death"
    if known.notes:
        return ("conflicting-values",), "a correction of the Patient or of the adverse event"
    reason = "window-open" if today < day else "missing-observation"
    return (reason,), f"something recorded of {day.isoformat()} or later, or the day of death"


def _observed(known: Life) -> str:
    if known.status == DEAD:
        bounds = {bound.isoformat() for bound in (known.earliest, known.latest) if bound is not None}
        return f"died {' to '.join(sorted(bounds)) or 'on a day not recorded'}"
    return "never seen" if known.contact is None else f"last seen {known.contact.day.isoformat()}"


def _at(horizon: Horizon, judged: Judged) -> Result:
    finding: Finding = judged.finding("alive", horizon.text)
    return Result(
        name=AT,
        visit=horizon.label,
        verdict=wire(finding.verdict),
        findings=(finding,),
        reasons=finding.reasons,
        missing=() if finding.needs is None else (finding.needs,),
        evidence=finding.evidence,
    )
