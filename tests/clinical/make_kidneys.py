"""Results of the kidneys, diagnoses and procedures of a subject, by study day.

creatinine({-20: 70, -1: 80, 91: 150})         µmol/L by study day
protein({-1: "0.3", 91: "1.2"})                g/24 h
done(DIALYSIS, 100, until=250)                 a procedure
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.clinical.care import Condition, Procedure
from app.clinical.criteria.presence import LOINC, NEGATIVE, POSITIVE
from app.clinical.records import Coding, Measurement, Span
from app.fhir_mapping.datatypes import moment
from tests.clinical.make import Measurements, at, day, number, observation, source

SNOMED = "http://snomed.info/sct"
DIALYSIS = Coding(SNOMED, "265764009")
TRANSPLANTATION = Coding(SNOMED, "70536003")
PLASMAPHERESIS = Coding(SNOMED, "20720000")
ESRD = Coding(SNOMED, "46177005")
CREATININE, PROTEIN, RATIO = "14682-9", "2889-4", "2890-2"
STRIP, CASTS = "5794-3", "5807-3"

Values = Mapping[int, Any]


def results(code: str, unit: str | None, values: Values, **said: Any) -> tuple[Measurement, ...]:
    """One result for each study day."""
    return tuple(
        one
        for when, value in values.items()
        for one in observation(Coding(LOINC, code), on=day(when), unit=unit, **number(value), **said)
    )


def creatinine(values: Values, **said: Any) -> Measurements:
    """Creatinine in µmol/L."""
    return results(CREATININE, "umol/L", values, **said)


def protein(values: Values, **said: Any) -> Measurements:
    """Proteinuria in g/24 h."""
    return results(PROTEIN, "g/(24.h)", values, **said)


def ratio(values: Values) -> Measurements:
    """Protein/creatinine ratio in g/g."""
    return results(RATIO, "g/g", values)


def casts(values: Values) -> Measurements:
    """Red cell casts in the sediment."""
    return results(CASTS, "/[LPF]", values)


def strips(positive: Iterable[int], negative: Iterable[int] = ()) -> Measurements:
    """Urine dipsticks for blood."""
    each = [*((on, POSITIVE) for on in positive), *((on, NEGATIVE) for on in negative)]
    return tuple(
        one
        for on, answers in each
        for one in observation(Coding(LOINC, STRIP), on=day(on), answers=(next(iter(answers)),))
    )


def unreadable(on: int, code: str = CREATININE) -> Measurements:
    """A result in a unit that cannot be converted."""
    return observation(
        Coding(LOINC, code), on=day(on), received="3", received_unit="{x}", problem="unit-not-convertible"
    )


def done(
    code: Coding,
    on: int | str,
    *,
    until: int | None = None,
    status: str = "completed",
    reasons: tuple[Coding, ...] = (),
    references: tuple[str, ...] = (),
) -> Procedure:
    """A procedure from one study day to another, or on a date as FHIR writes it."""
    start = at(on if isinstance(on, str) else day(on))
    return Procedure(
        source=source("Procedure"),
        patient="p",
        study=None,
        status=status,
        codings=(code,),
        text=None,
        period=Span(start, start if until is None else at(day(until))),
        reasons=reasons,
        reason_references=references,
    )


def diagnosis(
    code: Coding, onset: int | str | None, *, verification: str | None = "confirmed", name: str | None = None
) -> Condition:
    """A diagnosis since a study day, or a date as FHIR writes it."""
    return Condition(
        source=source("Condition", name),
        patient="p",
        codings=(code,),
        text=None,
        clinical="active",
        verification=verification,
        onset=moment(day(onset) if isinstance(onset, int) else onset),
        abatement=None,
        recorded=None,
    )
