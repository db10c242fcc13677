"""An answer as compact plain JSON, for people who do not speak FHIR; it says what the Parameters say."""

from datetime import date
from typing import Any

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.interval import Interval
from app.clinical.records import Source
from app.fhir_mapping import codec
from app.fhir_mapping.parameters import INSTANT, Pieces, asked_about, chosen, cut

Content = dict[str, Any]


def plain(answer: Answer, *, language: str = "en") -> Pieces:
    """The answer as plain JSON but for its instant, its sentences in one language.

    What is empty is left out, but `results`.
    """
    asked = _said(
        question=answer.question,
        **{asked_about(answer): str(answer.subject)},
        protocol=answer.protocol,
        protocolVersion=answer.protocol_version,
        asOf=INSTANT,
        on=answer.on,
    )
    results = [_result(result, language) for result in answer.results]
    return cut(codec.write(asked | {"results": results} | _said(notes=answer.notes)), b'"asOf":"')


def _result(result: Result, language: str) -> Content:
    return _said(
        question=result.question,
        name=result.name,
        arm=result.arm,
        visit=result.visit,
        rule=result.rule,
        verdict=result.verdict,
        reasons=result.reasons,
        missing=result.missing,
        evidence=_evidence(result.evidence),
        notes=result.notes,
        figures=[*map(_figure, result.figures)],
        criteria=[_criterion(finding, language) for finding in result.findings],
    )


def _criterion(finding: Finding, language: str) -> Content:
    return _said(
        id=finding.id,
        verdict=wire(finding.verdict),
        text=chosen(finding.text, language),
        observed=finding.observed,
        normalised=finding.normalised,
        threshold=finding.threshold,
        evidence=_evidence(finding.evidence),
        reasons=finding.reasons,
        needs=finding.needs,
        notes=finding.notes,
        figures=[*map(_figure, finding.figures)],
        criteria=[_criterion(part, language) for part in finding.parts],
    )


def _figure(figure: Figure) -> Content:
    """The value stays where it is 0 or false, which say something."""
    value: Content = {}
    match figure.value:
        case None:
            pass
        case Interval(low, high) if low != high:
            value = {"low": low, "high": high}
        case Interval(low, _):
            value = {"value": low}
        case date():
            value = {"value": figure.value.isoformat()}
        case _:
            value = {"value": figure.value}
    named = {"name": figure.name} | value
    return named | _said(unit=figure.unit, reasons=figure.reasons, evidence=_evidence(figure.evidence))


def _evidence(sources: tuple[Source, ...]) -> list[str]:
    return [str(source) for source in sources]


def _said(**members: Any) -> Content:
    """The members that say something."""
    return {name: value for name, value in members.items() if value}
