"""Damage, quality-of-life, skin and lung assessments in the words of the trial, for tests."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.clinical.answers import Figure, Result
from app.clinical.asked import Asked
from app.clinical.code_system import CodeSystem
from app.clinical.codes import SCORE
from app.clinical.interval import Interval
from app.clinical.records import Coding
from app.clinical.scores import disease_activity
from app.clinical.scores.damage_codes import SLICC_ITEM
from app.clinical.scores.form_codes import EQ5D_DIMENSION, MRSS_SITE, SF36_ITEM, SF36_SCALE
from app.clinical.scores.forms import Form, Layout, forms
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parameters import Parameters
from tests.clinical.make import Measurements, number, observation, subject

PROTOCOLS = load_all()
SLE, SSC = PROTOCOLS["MSC-SLE"], PROTOCOLS["MSC-SSc"]
LATE = date(2030, 1, 1)

Answers = Mapping[str, str | int | bool | None]


def with_parameter(protocol: Protocol, group: str, **chosen: Any) -> Protocol:
    """The protocol with some of its open choices made otherwise."""
    parameters = protocol.parameters.model_dump()
    parameters[group] |= chosen
    return protocol.model_copy(update={"parameters": Parameters.model_validate(parameters)})


def form(
    instrument: str, *parts: tuple[CodeSystem, Answers], total: str | int | None = None, **where: Any
) -> Measurements:
    """A form with its items, and perhaps the total written on it."""
    components = (
        {"codings": (system.coding(item),)} | said(answer)
        for system, answers in parts
        for item, answer in answers.items()
    )
    return observation(SCORE.coding(instrument), *components, **number(total), **where)


def said(answer: str | int | bool | None) -> dict[str, Any]:
    """Yes or no, a number as received, or that it is not known."""
    if answer is None:
        return {"absent": "unknown"}
    return {"truth": answer} if isinstance(answer, bool) else number(answer)


def slicc(answers: Answers | None = None, *, rest: int | None = 0, **where: Any) -> Measurements:
    """A damage index; the items not named are absent, or not recorded with `rest=None`."""
    if answers is None:
        return form("slicc-damage", **where)
    others = {} if rest is None else dict.fromkeys(SLICC_ITEM.codes, rest)
    return form("slicc-damage", (SLICC_ITEM, {**others, **answers}), **where)


def sf36(answers: Answers, scales: Answers | None = None, **where: Any) -> Measurements:
    """An SF-36 by its questions, or by its scales."""
    return form("sf36v2", (SF36_ITEM, answers), (SF36_SCALE, scales or {}), **where)


def eq5d(state: str, **where: Any) -> Measurements:
    """An EQ-5D by its state, such as 21232; a dot is a dimension left out."""
    levels = {
        item: int(level) for item, level in zip(EQ5D_DIMENSION.codes, state, strict=True) if level != "."
    }
    return form("eq5d-5l", (EQ5D_DIMENSION, levels), **where)


def mrss(answers: Answers | None = None, *, rest: int | None = 0, **where: Any) -> Measurements:
    """A skin score; the sites not named are 0, or not examined with `rest=None`."""
    if answers is None:
        return form("mrss", **where)
    others = {} if rest is None else dict.fromkeys(MRSS_SITE.codes, rest)
    return form("mrss", (MRSS_SITE, {**others, **answers}), **where)


def measured(
    code: str, value: str, unit: str, /, *, system: str = "http://loinc.org", **where: Any
) -> Measurements:
    """One quantity."""
    return observation(Coding(system, code), **({"unit": unit} | number(value) | where))


def read(layout: Layout, recorded: Measurements, *more: Layout) -> Form:
    """The one form among these measurements."""
    [found] = forms((layout, *more), recorded)
    return found


def activity(
    *records: Any, protocol: Protocol = SLE, today: date = LATE, **asked: Any
) -> dict[tuple[str | None, str | None], Result]:
    """What is answered of a subject, by name and visit."""
    answer = disease_activity.answer(protocol, subject(*records), Asked(today=today, **asked))
    return {(result.name, result.visit): result for result in answer.results}


def figure(result: Result, name: str) -> Figure:
    """The figure of that name."""
    [found] = [one for one in result.figures if one.name == name]
    return found


def shown(result: Result, name: str = "total") -> str:
    """The figure's value as read, or its reasons."""
    found = figure(result, name)
    return str(found.value) if found.value is not None else ", ".join(found.reasons)


def between(low: int, high: int | None = None) -> Interval:
    """A total."""
    return Interval.of(low, high)
