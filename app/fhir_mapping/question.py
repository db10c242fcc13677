"""An operation as asked: its parameters read, or refused with every problem of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.fhir_mapping import datatypes
from app.fhir_mapping.operation import Operation, OperationParameter
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Document
from app.fhir_mapping.search import near
from app.fhir_mapping.trial_parameters import LANGUAGES
from app.fhir_mapping.wording import is_code_like, shown

Pair = tuple[str, str]

FORM = ("_format", "_pretty")
"""Parameters about how the answer is written, which any request may have."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
"""No trial is asked about days outside these; far beyond them there is no arithmetic of days either."""

_COMPLEX = "send a simple value, such as a valueString written as it would stand in the address"
_INSTANT = timedelta(microseconds=1)
_NATURAL = re.compile(r"\d{1,6}", re.ASCII)
_HOURS = re.compile(r"\d{1,7}(?:\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An operation as asked; None where the asker left a parameter open.

    `as_of`: answer from what was recorded up to and including this instant. `on`: the clinical day.
    `all_sites`: count those of every site, whoever asks.
    """

    operation: Operation
    visits: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    as_of: datetime | None = None
    on: date | None = None
    all_sites: bool = False
    plain: bool = False
    language: str = "en"


Given = Mapping[str, Sequence[str]]
"""The values of each parameter an operation was asked with."""


def parse(operation: Operation, parameters: Iterable[Pair]) -> Question:
    """The question these parameters ask; Refusal 400 with every problem of them."""
    return _question(operation, given(operation, parameters))


def given(operation: Operation, parameters: Iterable[Pair]) -> Given:
    """The values an operation is asked with, each one readable; Refusal 400 with every problem of them.

    What an operation that searches does not know itself is left to the search.
    """
    issues: list[Issue] = []
    found: dict[str, list[str]] = {}
    for name, text in parameters:
        parameter = _parameter(operation, name)
        if parameter is None and name not in FORM and not operation.searches:
            issues.append(_unknown(operation, name))
        elif parameter is not None and text:
            found.setdefault(name, []).extend(text.split(",") if parameter.repeats else [text])
    for name, texts in found.items():
        issues += _problems(operation, name, texts)
    if issues:
        raise Refusal(400, tuple(issues))
    return found


def from_parameters(document: Document) -> list[Pair]:
    """The parameters of a posted Parameters resource; Refusal 400 where one has no simple value."""
    parts = document.get("parameter", ())
    found = [(part["name"], _simple(part)) for part in parts]
    issues = [
        Issue("value", _COMPLEX, f"Parameters.parameter[{number}]")
        for number, (_, text) in enumerate(found)
        if text is None
    ]
    if issues:
        raise Refusal(400, tuple(issues))
    return [(name, text) for name, text in found if text is not None]


def _simple(part: Document) -> str | None:
    """The value of a part as an address would have it; None where it has none, or one of several members."""
    value = next((value for name, value in part.items() if name.startswith("value")), None)
    if isinstance(value, dict):
        value = value.get("reference")
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _parameter(operation: Operation, name: str) -> OperationParameter | None:
    """The parameter of that name; a resource is sent in the body, never as text."""
    simple = (parameter for parameter in operation.parameters if parameter.kind != "Resource")
    return next((parameter for parameter in simple if parameter.name == name), None)


def _unknown(operation: Operation, name: str) -> Issue:
    known = [parameter.name for parameter in operation.parameters if parameter.kind != "Resource"]
    said = f"{shown(name, 'this')} is not a parameter of {operation.name}{near(name, known)}"
    text = f"{said}; there are {', '.join(known)}" if known else f"{said}: it takes none"
    return Issue("not-supported", text, f"http.{name}" if is_code_like(name) else "http.url")


def _problems(operation: Operation, name: str, texts: list[str]) -> list[Issue]:
    """What is wrong with the values of one parameter."""
    parameter = next(one for one in operation.parameters if one.name == name)
    if len(texts) > 1 and not parameter.repeats:
        return [Issue("value", f"{name} is given more than once", f"http.{name}")]
    read = _READERS[parameter.kind]
    expected = [said for said in (read(parameter, text) for text in texts) if said is not None]
    return [Issue("value", f"{name} {said}", f"http.{name}") for said in expected[:1]]


def _code_problem(parameter: OperationParameter, text: str) -> str | None:
    if parameter.values and text not in parameter.values:
        return f"must be one of {', '.join(parameter.values)}{near(text, parameter.values)}"
    return None if text.isprintable() and text.strip() == text and text else "must be a word"


def _day_problem(_parameter: OperationParameter, text: str) -> str | None:
    asked = day(text)
    return unasked(asked) if asked is not None else "must be a day, such as 2024-05-03"


def unasked(asked: date) -> str | None:
    """What is said of a day no trial is asked about."""
    return None if FIRST_DAY <= asked <= LAST_DAY else f"must lie between {FIRST_DAY} and {LAST_DAY}"


def _instant_problem(_parameter: OperationParameter, text: str) -> str | None:
    meant = _meant_day(text)
    if meant is not None:
        return unasked(meant)
    said = "must be an instant, such as 2024-05-03T10:20:30+02:00, or a day"
    return f"{said}; in an address the + of an offset is written %2B" if " " in text else said


def _natural_problem(_parameter: OperationParameter, text: str) -> str | None:
    return None if _NATURAL.fullmatch(text) else "must be a whole number, such as 3"


def _hours_problem(_parameter: OperationParameter, text: str) -> str | None:
    return None if _HOURS.fullmatch(text) else "must be a number, such as 24 or 0.5"


def _truth_problem(_parameter: OperationParameter, text: str) -> str | None:
    return None if text in {"true", "false"} else "must be true or false"


def _unread(_parameter: OperationParameter, _text: str) -> str | None:
    return None


_READERS: Mapping[str, Callable[[OperationParameter, str], str | None]] = {
    "boolean": _truth_problem,
    "code": _code_problem,
    "decimal": _hours_problem,
    "integer": _natural_problem,
    "string": _unread,
    "uri": _unread,
    "date": _day_problem,
    "dateTime": _instant_problem,
}


def day(text: str) -> date | None:
    """The day a text says; None where it says none, or an instant."""
    moment = datatypes.moment(text)
    return moment.day if moment is not None and not moment.has_time else None


def _meant_day(text: str) -> date | None:
    """The day of an instant or a day, as written."""
    moment = datatypes.moment(text)
    return moment.day if moment is not None else None


def instant(text: str) -> datetime | None:
    """The instant meant: as written, or the last one of a day; None where it says no day."""
    moment = datatypes.moment(text)
    if moment is None or moment.day is None:
        return None
    return moment.start if moment.has_time else moment.end - _INSTANT


def _question(operation: Operation, found: Given) -> Question:
    def only(name: str) -> Any:
        return found[name][0] if name in found else None

    def every(name: str) -> tuple[str, ...] | None:
        return tuple(dict.fromkeys(found[name])) if name in found else None

    return Question(
        operation=operation,
        visits=every("visit"),
        rules=every("rule"),
        names=every("name"),
        as_of=instant(only("asOf") or ""),
        on=day(only("on") or ""),
        all_sites=only("sites") == "all",
        plain=only("view") == "plain",
        language=only("lang") or LANGUAGES[0],
    )
