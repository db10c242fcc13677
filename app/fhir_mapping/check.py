"""The one door for bodies: bytes in, a valid R4 document out, or a Refusal with every reason.

The compiled gate says yes to a good body in microseconds; only what it refuses is walked through to list all
problems at once. Should the walk find none, the R4B models of fhir.resources are asked as a third opinion.
"""

import re
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.gate import accepts
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.walk import MOST_ISSUES, walk

MOST_VALUES = 100_000
"""Commas of one resource looked at; those of trials have fewer than a thousand."""


def checked(type_name: str, raw: bytes, where: str | None = None) -> dict[str, Any]:
    """The document these bytes are, if it is a valid R4 resource of that type; else Refusal 400.

    `where` is the FHIRPath expressions begin with, `Bundle.entry[3].resource` for example.
    """
    try:
        codec.refuse_many(raw, MOST_VALUES)
        document = codec.read(raw)
    except Refusal as unreadable:
        raise unreadable.at(where or type_name) from None
    if accepts(type_name, document, raw):
        return document
    raise Refusal(400, problems(type_name, document, where)[:MOST_ISSUES])


def problems(type_name: str, document: dict[str, Any], where: str | None = None) -> tuple[Issue, ...]:
    """The problems of a document the gate refuses; empty for one it accepts."""
    found = walk(type_name, document, where)
    if found or accepts(type_name, document, codec.write(document)):
        return found
    return third_opinion(type_name, document, where or type_name)


def third_opinion(type_name: str, document: dict[str, Any], where: str) -> tuple[Issue, ...]:
    """What fhir.resources says, imported only now: it is large, and rarely asked."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    unsaid = Issue(
        "invalid", f"this is not a valid R4 {type_name}, though no rule here says which part", where
    )
    try:
        get_fhir_model_class(type_name).model_validate(document)
    except ValidationError as problem:
        return tuple(_mended(error["loc"], error["msg"], where) for error in problem.errors()) or (unsaid,)
    except (KeyError, ValueError, TypeError, ArithmeticError, RecursionError):
        return (unsaid,)
    return (unsaid,)


def _mended(place: tuple[str | int, ...], said: str, where: str) -> Issue:
    """An error of pydantic's in FHIR's words: the path with indexes, and the first line of what it says."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    text = re.sub(r"\s+", " ", said)[:200]
    return Issue("structure", text, where + path)
