"""How an answer is to be written: a summary, some elements, or set out for reading."""

from collections.abc import Iterable
from functools import partial
from typing import get_args

from app.fhir_mapping.bundle import Shape
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.search_problems import near, spoken, where
from app.fhir_mapping.shape import Summary, shaped
from app.routers.requests import FhirRequest

READ_WITH = ("_summary", "_elements", "_format", "_pretty")
"""The parameters of a read."""


def shape(summary: Summary | None, elements: tuple[str, ...] | None) -> Shape | None:
    """What makes of a stored resource the part that is asked for; None where the whole is."""
    if elements is None and summary in {None, "false", "count"}:
        return None
    return partial(shaped, summary=summary, elements=elements)


def asked(request: FhirRequest) -> Shape | None:
    """The part of a resource that a read or a history asks for; Refusal 400 where it cannot be read."""
    if not request.query:
        return None
    given = dict(request.parameters)
    names = tuple(name.strip() for name in given.get("_elements", "").split(",") if name.strip())
    return shape(_summary(given.get("_summary", "")), names or None)


def refuse_unknown(request: FhirRequest, known: Iterable[str] = READ_WITH) -> None:
    """Refuse parameters that are not known, where the asker wants strict handling."""
    if not request.query or not request.prefer.strict:
        return
    listed = tuple(known)
    issues = [
        Issue(
            "not-supported",
            f"{spoken(name, 'a parameter')} is not served{near(name, listed)}; there are {', '.join(listed)}",
            where(name),
        )
        for name, _ in request.parameters
        if name not in listed
    ]
    if issues:
        raise Refusal(400, tuple(issues))


def _summary(text: str) -> Summary | None:
    for summary in get_args(Summary):
        if summary == text and text != "count":
            found: Summary = summary
            return found
    if text:
        raise refusal(400, "value", "_summary is true, text, data or false here", "http._summary")
    return None
