"""Treatments, adverse events, laboratory results and care of a subject, for tests of what puts them together.

told(prednisone("10", 0, 30), results({"4485-9": "0.71"}, on=day(91)), fell_ill("fever", 2))
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.drugs.exposure import ROUTES
from app.clinical.history import History
from app.clinical.records import Administration, AdverseEvent, Coding, Measurement, Span
from tests.clinical.make import Measurements, at, day, infusion, number, observation, source, subject

LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"


def prednisone(
    rate: str, first: int, last: int | None, *, status: str = "completed", **changes: Any
) -> Administration:
    """So many mg a day from one study day to another, or from then on."""
    span = Span(at(day(first)), None if last is None else at(day(last)))
    taken = replace(
        infusion(status=status),
        codings=(Coding(ATC, "H02AB07"),),
        text="prednisone",
        period=span,
        has_period=True,
        rate=Decimal(rate),
        rate_unit="mg/d",
        routes=(ROUTES["oral"],),
    )
    return replace(taken, **changes)


def results(values: Mapping[str, str], *, on: str | None, **where: Any) -> tuple[Measurements, ...]:
    """Laboratory results of one day, each an Observation, by LOINC code."""
    return tuple(
        observation(Coding(LOINC, code), on=on, unit="g/L", **number(value), **where)
        for code, value in values.items()
    )


def fell_ill(what: str, on: int | None, **said: Any) -> AdverseEvent:
    """An adverse event of grade 1 that began on a study day."""
    event = AdverseEvent(
        source=source("AdverseEvent"),
        patient="p",
        study="msc-sle",
        actuality="actual",
        codings=(),
        text=what,
        when=None if on is None else at(day(on)),
        recorded=None,
        grade=1,
        severity=None,
        serious=False,
        outcome="resolved",
        opinions=(),
        identifiers=(),
    )
    return replace(event, **said)


def diagnosis(what: str, on: str, **said: Any) -> Condition:
    """A confirmed, active diagnosis."""
    condition = Condition(
        source=source("Condition"),
        patient="p",
        codings=(),
        text=what,
        clinical="active",
        verification="confirmed",
        onset=at(on),
        abatement=None,
        recorded=None,
    )
    return replace(condition, **said)


def done(what: str, on: str, *, status: str = "completed") -> Procedure:
    """Something done to the patient on a day."""
    return Procedure(
        source=source("Procedure"),
        patient="p",
        study=None,
        status=status,
        codings=(),
        text=what,
        period=Span(at(on), None),
        reasons=(),
        reason_references=(),
    )


def consented(on: str, *, status: str = "active") -> Consent:
    """A signed consent."""
    return Consent(
        source=source("Consent"),
        patient="p",
        study="msc-sle",
        status=status,
        scope=(),
        when=at(on),
        provision="permit",
        period=Span(None, None),
    )


def told(*records: Any, **person: Any) -> History:
    """All that is recorded of one subject, of whatever kind."""
    flat = [one for record in records for one in _single(record)]
    plain = [one for one in flat if isinstance(one, Administration | tuple)]
    return replace(
        subject(*plain, **person),
        adverse_events=tuple(one for one in flat if isinstance(one, AdverseEvent)),
        conditions=tuple(one for one in flat if isinstance(one, Condition)),
        procedures=tuple(one for one in flat if isinstance(one, Procedure)),
        consents=tuple(one for one in flat if isinstance(one, Consent)),
    )


def _single(record: Any) -> tuple[Any, ...]:
    """Several Observations one by one; anything else as it is."""
    several = isinstance(record, tuple) and record and not isinstance(record[0], Measurement)
    return record if several else (record,)
