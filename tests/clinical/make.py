"""Subjects and their records in the words of the trial, for tests of what is decided about them.

    subject(
        infusion(),
        sledai(12, on=day(-3)),
        sledai(present=["arthritis"], unknown=["fever"], on=day(91)),
        bilag({"renal": "C"}, on=day(-3)),
        pga("2.0", on=day(-3)),
    )

Day 0 is 1 March 2021. A builder without `name` gives its record a new id; two of the same
`name` are of one resource.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from app.clinical import codes
from app.clinical.history import History
from app.clinical.records import Administration, Coding, Enrolment, Measurement, Moment, Person, Source, Span
from app.fhir_mapping.datatypes import moment

DAY_0 = date(2021, 3, 1)
SEEN = {"M0": 0, "M3": 91, "M6": 183, "M9": 274, "M12": 365}
_NUMBER = count(1)

Measurements = tuple[Measurement, ...]


def day(number: int) -> str:
    """The date of a study day, as FHIR writes it."""
    return (DAY_0 + timedelta(days=number)).isoformat()


def at(text: str) -> Moment:
    """A FHIR date or time."""
    read = moment(text)
    assert read is not None, text
    return read


def source(kind: str, name: str | None = None) -> Source:
    """The first version of a resource, a new one unless it is named."""
    return Source(kind, name or f"{kind.lower()}-{next(_NUMBER)}", 1)


def observation(
    code: Coding,
    *components: Mapping[str, Any],
    on: str | None = None,
    visit: str | None = None,
    status: str = "final",
    name: str | None = None,
    **said: Any,
) -> Measurements:
    """One Observation: its own value, then its components."""
    whole = Measurement(
        source=source("Observation", name),
        part=0,
        patient="p",
        status=status,
        codings=(code,),
        when=None if on is None else at(on),
        visit=visit,
    )
    parts = (
        replace(whole, part=number, panel=(code,), **component)
        for number, component in enumerate(components, 1)
    )
    return (replace(whole, **said), *parts)


def number(value: str | int | Decimal | None) -> dict[str, Any]:
    """A value as received; `<0.3` keeps its comparator."""
    if value is None:
        return {}
    text = str(value)
    digits = text.lstrip("<>=")
    comparator = text.removesuffix(digits) or None
    return {"value": Decimal(digits), "received": digits, "comparator": comparator}


def sledai(
    total: str | int | None = None,
    *,
    present: Iterable[str] = (),
    absent: Iterable[str] = (),
    unknown: Iterable[str] = (),
    rest: str | None = None,
    instrument: str = "selena-sledai",
    **where: Any,
) -> Measurements:
    """A SLEDAI by its total, by its items, or both; `rest="absent"` fills the form in."""
    items = dict.fromkeys(unknown) | dict.fromkeys(absent, False) | dict.fromkeys(present, True)
    if rest == "absent":
        items = {item: items.get(item, False) for item in codes.SLEDAI_ITEM.codes}
    components = (
        {"codings": (codes.SLEDAI_ITEM.coding(item),), "truth": truth}
        | ({"absent": "unknown"} if truth is None else {})
        for item, truth in items.items()
    )
    return observation(codes.SCORE.coding(instrument), *components, **number(total), **where)


def bilag(
    grades: Mapping[str, str | None],
    *,
    rest: str | None = "E",
    instrument: str = "bilag-classic",
    **where: Any,
) -> Measurements:
    """A BILAG by the grades of its systems; the others are E, or not graded with `rest=None`."""
    systems = codes.CLASSIC_SYSTEMS if instrument == "bilag-classic" else codes.BILAG_2004_SYSTEMS
    filled: dict[str, str | None] = {**dict.fromkeys(systems, rest), **grades}
    components = (
        {"codings": (codes.BILAG_SYSTEM.coding(system),), "answers": (codes.BILAG_GRADE.coding(grade),)}
        for system, grade in filled.items()
        if grade is not None
    )
    return observation(codes.SCORE.coding(instrument), *components, **where)


def pga(value: str | Decimal | None, *, of: str | Decimal | None = None, **where: Any) -> Measurements:
    """A physician global assessment, on 0 to 3 unless the end of its scale is given."""
    scale = [] if of is None else [{"codings": (codes.SCORE.coding("scale-max"),), **number(of)}]
    return observation(codes.SCORE.coding("pga"), *scale, **{**number(value), **where})


def infusion(
    on: str | None = "2021-03-01T10:00:00+01:00",
    *,
    product: str = "uc-msc",
    status: str = "completed",
    study: str | None = None,
    name: str | None = None,
) -> Administration:
    """The cells being given; without a time of day where `on` is a date."""
    return Administration(
        source=source("MedicationAdministration", name),
        patient="p",
        study=study,
        status=status,
        codings=(codes.PRODUCT.coding(product),),
        text=None,
        period=Span(None if on is None else at(on), None),
        has_period=False,
        dose=None,
        dose_unit=None,
        rate=None,
        rate_unit=None,
        routes=(),
        reasons=(),
    )


def person(*, died: str | bool | None = None) -> Person:
    """The patient; `died` is the date, or True where it is not known."""
    return Person(
        source=Source("Patient", "p", 1),
        birth_date=None,
        gender=None,
        deceased=None if died is None else bool(died),
        deceased_at=at(died) if isinstance(died, str) else None,
    )


def enrolment(*, since: str | None = None, until: str | None = None) -> Enrolment:
    """The patient's part in the study, with its period where that is given."""
    period = Span(None if since is None else at(since), None if until is None else at(until))
    return Enrolment(
        source=Source("ResearchSubject", "s", 1),
        patient="p",
        study="msc-sle",
        status="on-study",
        period=period,
        identifiers=(),
        assigned_arm=None,
        actual_arm=None,
        consent=None,
    )


def subject(
    *records: Administration | Measurements,
    died: str | bool | None = None,
    since: str | None = None,
    until: str | None = None,
) -> History:
    """All that is recorded of one subject."""
    return History(
        enrolment=enrolment(since=since, until=until),
        person=person(died=died),
        study=None,
        measurements=tuple(one for record in records if isinstance(record, tuple) for one in record),
        administrations=tuple(record for record in records if isinstance(record, Administration)),
    )
