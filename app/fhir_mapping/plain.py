"""An answer as compact plain JSON, for people who do not speak FHIR; it says what the Parameters say."""

from datetime import datetime
from typing import Any

from app.clinical.answers import Answer, Finding, Result, wire
from app.clinical.records import Source
from app.fhir_mapping import codec, links
from app.fhir_mapping.parameters import chosen

Content = dict[str, Any]


def plain(answer: Answer, *, as_of: datetime, language: str = "en") -> bytes:
    """The answer as plain JSON, its sentences in one language; what is empty is left out."""
    return codec.write(
        _said(
            question=answer.question,
            subject=str(answer.subject),
            protocol=answer.protocol,
            protocolVersion=answer.protocol_version,
            asOf=links.instant(as_of),
            on=answer.on,
            results=[_result(result, language) for result in answer.results],
            notes=answer.notes,
        )
    )


def _result(result: Result, language: str) -> Content:
    return _said(
        visit=result.visit,
        rule=result.rule,
        verdict=result.verdict,
        reasons=result.reasons,
        missing=result.missing,
        evidence=_evidence(result.evidence),
        notes=result.notes,
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
        criteria=[_criterion(part, language) for part in finding.parts],
    )


def _evidence(sources: tuple[Source, ...]) -> list[str]:
    return [str(source) for source in sources]


def _said(**members: Any) -> Content:
    """The members that say something."""
    return {name: value for name, value in members.items() if value}
