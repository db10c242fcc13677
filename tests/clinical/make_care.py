"""Diagnoses, consents and procedures of the candidate, for tests of what is decided from them.

Days are counted from the day asked for, as in make_candidate.
"""

from dataclasses import replace
from typing import Any

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.history import History
from app.clinical.records import Coding, Span
from app.protocol.parts import written_short
from tests.clinical.make import at, source
from tests.clinical.make_candidate import on


def condition(code: str, *, clinical: str | None = "active", **other: Any) -> Condition:
    """A confirmed diagnosis by its short code, such as `icd10:C50`; `codes` gives it several."""
    made = Condition(
        source=source("Condition"),
        patient="p",
        codings=tuple(Coding(**written_short(one)) for one in code.split()),
        text=None,
        clinical=clinical,
        verification="confirmed",
        onset=None,
        abatement=None,
        recorded=None,
    )
    return replace(made, **other)


def consent(day: int | None = -3, *, status: str = "active", **other: Any) -> Consent:
    """A consent to the study of the candidate."""
    made = Consent(
        source=source("Consent"),
        patient="p",
        study="msc-sle",
        status=status,
        scope=(),
        when=None if day is None else at(on(day)),
        provision="permit",
        period=Span(None, None),
    )
    return replace(made, **other)


def procedure(day: int, **other: Any) -> Procedure:
    """Something the study did to the candidate."""
    made = Procedure(
        source=source("Procedure"),
        patient="p",
        study="msc-sle",
        status="completed",
        codings=(),
        text=None,
        period=Span(at(on(day)), at(on(day))),
        reasons=(),
        reason_references=(),
    )
    return replace(made, **other)


def having(history: History, *records: Condition | Consent | Procedure) -> History:
    """The same person with these records."""
    return replace(
        history,
        conditions=tuple(one for one in records if isinstance(one, Condition)),
        consents=tuple(one for one in records if isinstance(one, Consent)),
        procedures=tuple(one for one in records if isinstance(one, Procedure)),
    )
