"""Anything that may be recorded of a subject, drawn by Hypothesis, for laws that hold of every question.

`records` is a list of records of every kind; `vaguer` says the same with one thing less known of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.clinical import codes
from app.clinical.care import Condition, Consent, Procedure
from app.clinical.records import Administration, AdverseEvent, Measurement, Span
from tests.clinical.make import SEEN, Measurements, at, bilag, day, pga, sledai
from tests.clinical.make_course import consented
from tests.clinical.make_forms import eq5d, measured, sf36, slicc
from tests.clinical.make_kidneys import DIALYSIS, ESRD, PLASMAPHERESIS, diagnosis, done, strips
from tests.clinical.make_safety import CELLS, event, infused, weight
from tests.clinical.make_treated import ASTHMA, SLE, attested, complete, dose, taking, without

ERROR = "entered-in-error"
One = Measurement | Administration | AdverseEvent | Condition | Procedure | Consent
Record = Measurements | Administration | AdverseEvent | Condition | Procedure | Consent

FACTS = ("nephritis-due-to-sle", "rescue-for-sle", "sle-acr-fulfilled", "poor-compliance", "legal-protection")
LABORATORY = {  # the codes that some question reads, with their unit and a range in which it decides
    "14682-9": ("umol/L", 60, 200),
    "2889-4": ("g/(24.h)", 0, 5),
    "2890-2": ("g/g", 0, 5),
    "777-3": ("10*9/L", 20, 200),
    "718-7": ("g/dL", 6, 14),
    "4485-9": ("g/L", 0, 2),
    "4498-2": ("g/L", 0, 1),
    "1920-8": ("U/L", 20, 120),
    "5807-3": ("/[LPF]", 0, 3),
}

near_visits = st.one_of(
    st.sampled_from(list(SEEN.values())),
    st.builds(lambda on, off: on + off, st.sampled_from(list(SEEN.values())), st.integers(-20, 20)),
    st.integers(-40, 400),
)
statuses = st.sampled_from(["final"] * 6 + ["amended", "preliminary"])
some_items = st.sets(st.sampled_from(codes.SLEDAI_ITEM.codes), max_size=4)
grades = st.dictionaries(
    st.sampled_from(codes.CLASSIC_SYSTEMS[:3]), st.sampled_from(["A", "B", "C", "D", "E", None])
)
tenths = st.builds(lambda tenth: str(Decimal(tenth) / 10), st.integers(0, 30))


def _placed(build: Callable[..., Measurements], *values: Any, **named: Any) -> st.SearchStrategy[Any]:
    when = st.builds(
        lambda on, hour: day(on) if hour is None else f"{day(on)}T{hour:02}:00:00+01:00",
        near_visits,
        st.sampled_from([None, None, 9, 11]),
    )
    visit = st.sampled_from([None] * 8 + ["M3", "M6"])
    return st.builds(build, *values, on=when, visit=visit, status=statuses, **named)


assessments = st.one_of(
    _placed(sledai, st.integers(0, 24)),
    _placed(
        lambda present, unknown, **where: sledai(present=present, unknown=unknown, rest="absent", **where),
        some_items,
        some_items,
    ),
    _placed(bilag, grades),
    _placed(pga, tenths),
    _placed(lambda total, **where: slicc(total=total, **where), st.integers(0, 6)),
    _placed(slicc, st.just({"cataract": 1})),
    _placed(eq5d, st.text("12345", min_size=5, max_size=5)),
    _placed(
        sf36, st.dictionaries(st.sampled_from([f"3{letter}" for letter in "abcdefghij"]), st.integers(1, 3))
    ),
)


@st.composite
def results(draw: Callable[..., Any]) -> Measurements:
    """A laboratory result, perhaps with a comparator or a reference range."""
    code = draw(st.sampled_from(sorted(LABORATORY)))
    unit, low, high = LABORATORY[code]
    value = Decimal(draw(st.integers(low * 10, high * 10))) / 10
    limits: dict[str, Any] = (
        {"low": Decimal(low + high) / 3, "high": Decimal(low + high) / 2} if draw(st.booleans()) else {}
    )
    comparator = draw(st.sampled_from(["", "", "", "<", ">"]))
    return measured(
        code, f"{comparator}{value}", unit, on=day(draw(near_visits)), status=draw(statuses), **limits
    )


lengths = st.sampled_from([None, 0, 6, 27, 90, 400])
reasons = st.sampled_from([None, SLE, ASTHMA])


def _until(first: int, length: int | None) -> int | None:
    return None if length is None else first + length


treatments = st.one_of(
    st.builds(
        lambda drug, amount, first, length, reason: taking(
            drug, amount, first, _until(first, length), reason=reason
        ),
        st.sampled_from(["prednisone", "prednisone", "mycophenolate mofetil", "belimumab"]),
        st.sampled_from(["5", "7.5", "10", "20", "1000", None]),
        st.integers(-60, 380),
        lengths,
        reasons,
    ),
    st.builds(
        lambda drug, amount, on, reason: dose(drug, amount, on, reason=reason),
        st.sampled_from(["methylprednisolone", "cyclophosphamide", "rituximab"]),
        st.sampled_from(["500", "1000", None]),
        st.integers(-60, 380),
        reasons,
    ),
    st.builds(lambda first, length: without(first, _until(first, length)), st.integers(-60, 380), lengths),
)
statements = st.one_of(
    st.builds(complete, st.integers(0, 400)),
    st.builds(attested, st.sampled_from(FACTS), st.booleans(), st.integers(-20, 400)),
)
events = st.builds(
    lambda grade, on, worse, **said: event(
        grade, on=on, worsened=() if worse is None else ((worse[0], on + worse[1]),), **said
    ),
    st.sampled_from([None, 1, 2, 3, 4]),
    st.integers(-3, 390),
    st.one_of(st.none(), st.tuples(st.sampled_from([2, 3, 4]), st.integers(0, 40))),
    cause=st.sampled_from([None, "certain", "possible", "unlikely", "unassessable"]),
    suspect=st.sampled_from([CELLS, CELLS, None, "MedicationAdministration/other"]),
    code=st.sampled_from([None, "10028813", "10061229"]),
)
care = st.one_of(
    st.builds(done, st.sampled_from([DIALYSIS, PLASMAPHERESIS]), st.integers(-5, 380), until=st.none()),
    st.builds(diagnosis, st.just(ESRD), st.integers(-50, 380)),
    st.builds(lambda on: strips([on]), st.integers(80, 120)),
    st.builds(weight, st.sampled_from(["48", "60", "70"]), st.builds(day, st.integers(-12, 1))),
    st.builds(consented, st.builds(day, st.integers(-40, 5))),
)
cells = st.builds(
    infused,
    until=st.sampled_from([None, "2021-03-01T10:20:00+01:00", "2021-03-01T10:45:00+01:00"]),
    cells=st.sampled_from([None, "120", "126", "280"]),
)
KINDS = (
    assessments,
    results(),
    treatments,
    st.one_of(treatments, statements),
    events,
    st.one_of(results(), care),
)
anything = st.one_of(*KINDS, statements, care)
records = st.one_of(  # much of one kind, so that records contradict and confirm each other, or some of each
    st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind, min_size=2, max_size=9)),
    st.lists(anything, max_size=9),
)
whole = st.builds(lambda infusion, others: (infusion, *others), cells, records)


def erroneous(record: Record) -> Any:
    """The same, entered in error."""
    if isinstance(record, tuple):
        return tuple(replace(one, status=ERROR) for one in record)
    if isinstance(record, Condition):
        return replace(record, verification=ERROR)
    return replace(record, status=ERROR)


def in_other_units(record: Record) -> Record:
    """The same amount of a drug or of cells, in other units."""
    if not isinstance(record, Administration):
        return record
    unit, dose, rate = record.dose_unit, record.dose, record.rate
    thousand = {"mg": "g", "10*6": "10*9"}.get(unit or "")
    if thousand is not None and dose is not None:
        record = replace(record, dose=dose / 1000, dose_unit=thousand)
    if record.rate_unit == "mg/d" and rate is not None:
        record = replace(record, rate=rate * 7, rate_unit="mg/wk")
    return record


def vaguer(record: Record) -> Iterator[tuple[str, Any]]:
    """The same record with one thing less known of it, by what that is."""
    if isinstance(record, tuple):
        yield from _vaguer_measurements(record)
    elif isinstance(record, AdverseEvent):
        yield from _vaguer_event(record)
    elif isinstance(record, Administration):
        yield from _vaguer_treatment(record)


def _vaguer_measurements(record: Measurements) -> Iterator[tuple[str, Measurements]]:
    whole = record[0]
    if whole.when is not None:
        for name, when in (
            ("month", at(whole.when.text[:7])),
            ("year", at(whole.when.text[:4])),
            ("no date", None),
        ):
            yield name, tuple(replace(one, when=when) for one in record)
    for place, one in enumerate(record):
        if one.truth is not None and one.panel:
            yield (
                "no item",
                (*record[:place], replace(one, truth=None, absent="unknown"), *record[place + 1 :]),
            )
        elif one.answers and one.panel:
            yield "no grade of a system", (*record[:place], *record[place + 1 :])
        elif one.value is not None and not one.panel:
            yield from _vaguer_number(record, place)


def _vaguer_number(record: Measurements, place: int) -> Iterator[tuple[str, Measurements]]:
    one = record[place]
    lost = replace(one, value=None, comparator=None, problem="unit-not-convertible", received_unit="{x}")
    yield "unit", (*record[:place], lost, *record[place + 1 :])
    if one.comparator is None and one.value is not None:
        below = replace(one, comparator="<", value=one.value + 1, received=str(one.value + 1))
        yield "comparator", (*record[:place], below, *record[place + 1 :])


def _vaguer_event(record: AdverseEvent) -> Iterator[tuple[str, AdverseEvent]]:
    yield "no date", replace(record, when=None)
    if record.when is not None:
        yield "month", replace(record, when=at(record.when.text[:7]))
    yield "no causality", replace(record, opinions=())
    if record.grade is not None:
        yield "no grade", replace(record, grade=None)


def _vaguer_treatment(record: Administration) -> Iterator[tuple[str, Administration]]:
    yield "no amount", replace(record, dose=None, rate=None)
    yield "unit", replace(record, dose_unit="{x}", rate_unit="{x}")
    yield "no reason", replace(record, reasons=())
    yield "no route", replace(record, routes=())
    start, end = record.period.start, record.period.end
    if start is not None:
        month = at(start.text[:7])
        yield "month", replace(record, period=Span(month, end if record.has_period else month))
