"""Adverse events and infusions of cells, for tests of tolerance, of doses and of reporting.

Day 0 is 1 March 2021, 10:00 in Paris, as in `make`.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.clinical.history import History
from app.clinical.records import (
    Administration,
    AdverseEvent,
    Coding,
    GradeChange,
    Moment,
    Opinion,
    Span,
)
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from tests.clinical import make

MEDDRA = "http://terminology.hl7.org/CodeSystem/MDRAE"
LUPUS = load_all()["MSC-SLE"]
SCLEROSIS = load_all()["MSC-SSc"]
INFUSION = "infusion-1"
CELLS = f"MedicationAdministration/{INFUSION}"
WEIGHT = Coding("http://loinc.org", "29463-7")


def event(
    grade: int | None = None,
    *,
    on: str | int | None = None,
    cause: str | None = None,
    causes: tuple[str | None, ...] = (),
    suspect: str | None = CELLS,
    worsened: tuple[tuple[int, str | int | None], ...] = (),
    code: str | None = None,
    name: str | None = None,
    **said: Any,
) -> AdverseEvent:
    """An adverse event of a grade and a study day or date; `cause` is what an assessor said of the cells."""
    assessments = causes or ((cause,) if cause is not None else ())
    return replace(
        AdverseEvent(
            source=make.source("AdverseEvent", name),
            patient="p",
            study=None,
            actuality="actual",
            codings=() if code is None else (Coding(MEDDRA, code),),
            text=None,
            when=_when(on),
            recorded=None,
            grade=grade,
            severity=None,
            serious=None,
            outcome=None,
            opinions=tuple(Opinion(suspect=suspect, assessment=said) for said in assessments),
            identifiers=(),
            changes=tuple(GradeChange(later, _when(since)) for later, since in worsened),
        ),
        **said,
    )


def _when(on: str | int | None) -> Moment | None:
    return None if on is None else make.at(make.day(on) if isinstance(on, int) else on)


def like(grade: int | None = None, **said: Any) -> dict[str, Any]:
    """What is said of an event, for a table of examples; `event(**like(…))` makes it."""
    return {"grade": grade, **said}


def infused(
    on: str = "2021-03-01T10:00:00+01:00",
    *,
    until: str | None = None,
    cells: str | None = None,
    unit: str = "10*6",
    lot: str | None = None,
    name: str = INFUSION,
    **said: Any,
) -> Administration:
    """The cells given, with their amount and how long it took."""
    given = make.infusion(on, name=name)
    span = Span(given.period.start, None if until is None else make.at(until))
    amount = None if cells is None else Decimal(cells)
    return replace(given, period=span, has_period=True, dose=amount, dose_unit=unit, lot=lot, **said)


def treated(*events: AdverseEvent, at: Administration | None = None, **who: Any) -> History:
    """A subject who was infused, and what happened to them."""
    return replace(make.subject(at or infused(), **who), adverse_events=events)


def weight(kg: str, on: str, **said: Any) -> make.Measurements:
    """A body weight."""
    return make.observation(WEIGHT, on=on, **{"unit": "kg", **make.number(kg), **said})


def choosing(protocol: Protocol, group: str, **values: Any) -> Protocol:
    """The protocol with other values of the parameters of one group, read as from its file."""
    changed = getattr(protocol.parameters, group).model_copy(update=values)
    return protocol.model_copy(update={"parameters": protocol.parameters.model_copy(update={group: changed})})
