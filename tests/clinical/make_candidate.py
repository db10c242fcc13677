"""A candidate who is eligible, and small changes to her.

    candidate()                                             the one of the protocol file
    candidate(results={"loinc:777-3": count(25)})           with another platelet count
    candidate(attested={"consent-signed": None})            without a statement
    candidate(treatments={"belimumab": [dose(600, -45)]})   with another treatment

Days are counted from the day asked for.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from app.clinical.answers import Answer, Finding
from app.clinical.codes import SCORE
from app.clinical.criteria.attestation import SYSTEM as ATTESTATION
from app.clinical.criteria.eligibility import assess
from app.clinical.drugs.exposure import ROUTES
from app.clinical.history import History
from app.clinical.records import Administration, Coding, Enrolment, Measurement, Person, Source, Span
from app.protocol.candidates import Candidate, Recorded, Treated
from app.protocol.definition import Protocol
from app.protocol.loader import LIBRARY, read
from app.protocol.parts import Route, written_short
from tests.clinical.make import at, enrolment, sledai, source

ANSWERS = {
    "positive": Coding("http://snomed.info/sct", "10828004"),
    "negative": Coding("http://snomed.info/sct", "260385009"),
}


@cache
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads((LIBRARY / name).read_text(encoding="utf-8"), parse_float=Decimal)


def chosen(choices: Mapping[str, Any], name: str = "msc-sle.toml") -> Protocol:
    """A protocol of the library with some of its choices and parameters made otherwise, by their names."""
    return _chosen(tuple(sorted(choices.items())), name)


@cache
def _chosen(choices: tuple[tuple[str, Any], ...], name: str) -> Protocol:
    file, otherwise = dict(_file(name)), dict(choices)
    known = {choice["name"] for choice in file["choices"]}
    made = [choice | {"value": otherwise.pop(choice["name"], choice["value"])} for choice in file["choices"]]
    parameters = {group: dict(said) for group, said in file["parameters"].items()}
    for parameter, value in otherwise.items():
        group, _, own = parameter.partition(".")
        assert own in parameters.get(group, {}), (parameter, known)
        parameters[group][own] = value
    return read(file | {"choices": made, "parameters": parameters}, name=name)


MSC_SLE = chosen({})
MSC_SSC = chosen({}, "msc-ssc.toml")
ON = MSC_SLE.candidate.on or date.max


def on(days: int) -> str:
    """The date so many days from the day asked for."""
    return (ON + timedelta(days=days)).isoformat()


def number(value: str | int, *, day: int = -5, **more: Any) -> Recorded:
    """A number as received, `<30` with its comparator."""
    text = str(value)
    digits = text.lstrip("<>=")
    more["comparator"] = text.removesuffix(digits) or None
    return Recorded(value=Decimal(digits), day=day, **more)


def positive(day: int = -5) -> Recorded:
    """A positive test."""
    return Recorded(answer="positive", day=day)


def negative(day: int = -5) -> Recorded:
    """A negative test."""
    return Recorded(answer="negative", day=day)


def period(
    amount: str | int | None,
    unit: str | None,
    since: int,
    until: int | None = None,
    route: Route | None = "oral",
) -> Treated:
    """A treatment over a period, going on where no end is given."""
    size = None if amount is None else Decimal(amount)
    return Treated(amount=size, unit=unit, since=since, until=until, route=route)


def dose(amount: str | int, day: int, *, unit: str = "mg", route: Route | None = "intravenous") -> Treated:
    """A single dose on one day."""
    return Treated(amount=Decimal(amount), unit=unit, since=day, route=route, single=True)


def candidate(
    *,
    results: Mapping[str, Recorded | None] | None = None,
    attested: Mapping[str, bool | None] | None = None,
    treatments: Mapping[str, list[Treated]] | None = None,
    score: int | None = 10,
    birth_date: str | None = "1989-03-14",
    gender: str | None = "female",
    extra: tuple[Measurement | Administration | Enrolment, ...] = (),
) -> History:
    """The candidate of the protocol file with these changes; None takes something away."""
    file = MSC_SLE.candidate
    tests: dict[str, Any] = {**file.results, **(results or {})}
    stated: dict[str, Any] = {**file.attested, **(attested or {})}
    drugs: dict[str, Any] = {**file.treatments, **(treatments or {})}
    measurements = [
        *(result(code, one) for code, one in tests.items() if one),
        *(statement(code, truth) for code, truth in stated.items() if truth is not None),
        *(() if score is None else sledai(score, on=on(-3))),
        *(one for one in extra if isinstance(one, Measurement)),
    ]
    return History(
        enrolment=enrolment(since=ON.isoformat()),
        person=Person(
            source=Source("Patient", "p", 1),
            birth_date=None if birth_date is None else at(birth_date),
            gender=gender,
            deceased=None,
            deceased_at=None,
        ),
        study=None,
        other_enrolments=tuple(one for one in extra if isinstance(one, Enrolment)),
        measurements=tuple(measurements),
        administrations=(
            *(treatment(drug, one) for drug, all_of_it in drugs.items() if all_of_it for one in all_of_it),
            *(one for one in extra if isinstance(one, Administration)),
        ),
    )


def of_protocol(
    protocol: Protocol,
    *,
    arm: str | None = None,
    results: Mapping[str, Recorded | None] | None = None,
    attested: Mapping[str, bool | None] | None = None,
    treatments: Mapping[str, list[Treated]] | None = None,
    birth_date: str | None = None,
    gender: str | None = None,
    extra: tuple[Measurement | Administration, ...] = (),
) -> History:
    """The candidate of any protocol, or of one of its populations, with these changes."""
    file = protocol.rules_for(arm).candidate
    tests: dict[str, Any] = {**file.results, **(results or {})}
    stated: dict[str, Any] = {**file.attested, **(attested or {})}
    drugs: dict[str, Any] = {**file.treatments, **(treatments or {})}
    made = candidate(birth_date=birth_date or file.birth_date, gender=gender or file.gender, score=None)
    return replace(
        made,
        enrolment=replace(made.enrolment, assigned_arm=arm),
        measurements=(
            *(result(code, one) for code, one in tests.items() if one),
            *(statement(code, truth) for code, truth in stated.items() if truth is not None),
            *(() if file.sledai is None else sledai(file.sledai, on=on(-3))),
            *(one for one in extra if isinstance(one, Measurement)),
        ),
        administrations=(
            *(treatment(drug, one, by=protocol) for drug, each in drugs.items() if each for one in each),
            *(one for one in extra if isinstance(one, Administration)),
        ),
    )


def of_example(protocol: Protocol, change: Candidate, arm: str | None = None) -> History:
    """The candidate of any protocol with the changes of a worked example."""
    changed_score = () if not change.sledai else sledai(change.sledai, on=on(-3))
    history = of_protocol(
        protocol,
        arm=arm,
        results={code: one or None for code, one in change.results.items()},
        attested=change.attested,
        treatments={drug: list(one or ()) for drug, one in change.treatments.items()},
        birth_date=change.birth_date,
        gender=change.gender,
    )
    if change.sledai is None:
        return history
    others = (one for one in history.measurements if SCORE.coding("selena-sledai") not in one.codings)
    return replace(history, measurements=(*others, *changed_score))


def result(code: str, said: Recorded, **other: Any) -> Measurement:
    """One Observation."""
    answers = (ANSWERS[said.answer],) if said.answer else ()
    if said.coded is not None:
        answers = (Coding(said.coded.system, said.coded.code),)
    made = Measurement(
        source=source("Observation"),
        part=0,
        patient="p",
        status="final",
        codings=(Coding(**written_short(code)),),
        when=at(on(said.day)),
        value=said.value,
        unit=said.unit,
        comparator=said.comparator,
        received=None if said.value is None else str(said.value),
        received_unit=said.unit,
        answers=answers,
        low=said.low,
        high=said.high,
    )
    return replace(made, **other)


def statement(code: str, truth: bool, *, day: int = -1, **other: Any) -> Measurement:
    """One fact an investigator attests."""
    made = result("loinc:0", Recorded(day=day))
    return replace(made, **{"codings": (Coding(ATTESTATION, code),), "truth": truth, **other})


def treatment(drug: str, said: Treated, *, by: Protocol = MSC_SLE, **other: Any) -> Administration:
    """One MedicationAdministration, coded with the drug's first code."""
    code = next(one for one in by.drugs if one.name == drug).codes[0]
    start, end = at(on(said.since)), None if said.until is None else at(on(said.until))
    made = Administration(
        source=source("MedicationAdministration"),
        patient="p",
        study=None,
        status="in-progress" if end is None and not said.single else "completed",
        codings=(Coding(code.system, code.code),),
        text=drug,
        period=Span(start, start) if said.single else Span(start, end),
        has_period=not said.single,
        dose=said.amount if said.single else None,
        dose_unit=said.unit if said.single else None,
        rate=None if said.single else said.amount,
        rate_unit=None if said.single else said.unit,
        routes=() if said.route is None else (ROUTES[said.route],),
        reasons=(),
    )
    return replace(made, **other)


def answer(history: History, *, by: Protocol = MSC_SLE, day: date = ON) -> Answer:
    """The answer to whether she may enter."""
    return assess(by, history, on=day)


def verdict(history: History, **how: Any) -> str:
    """eligible, ineligible or undetermined."""
    return str(answer(history, **how).results[0].verdict)


def findings(history: History, **how: Any) -> dict[str, Finding]:
    """Every finding with its parts, by id."""
    found: dict[str, Finding] = {}
    to_read = list(answer(history, **how).results[0].findings)
    while to_read:
        one = to_read.pop()
        found[one.id] = one
        to_read += one.parts
    return found
