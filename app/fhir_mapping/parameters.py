"""An answer as FHIR Parameters: every verdict with its criteria, its evidence and its reasons (decision 19).

Source: https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from app.clinical.answers import Answer, Figure, Finding, Result, Value, wire
from app.clinical.interval import Interval
from app.clinical.records import Source
from app.fhir_mapping import codec

Part = dict[str, Any]

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
"""HL7's extension for the same text in another language."""

UCUM = "http://unitsofmeasure.org"


Pieces = tuple[bytes, bytes]
"""An answer up to where the instant stands that it is given at, and from there on."""

INSTANT = "?"
"""Stands for the instant until it is known."""


def parameters(answer: Answer, *, language: str = "en") -> Pieces:
    """The answer as Parameters, but for the instant up to which records were looked at (`asOf`).

    The protocol's sentences stand in `language`, with their other languages as translations.
    """
    parts = [
        _reference(asked_about(answer), answer.subject),
        *_texts("protocol", [answer.protocol]),
        *_texts("protocolVersion", [answer.protocol_version]),
        {"name": "asOf", "valueInstant": INSTANT},
        *([{"name": "on", "valueDate": answer.on}] if answer.on else []),
        *(_result(result, language) for result in answer.results),
        *_texts("note", answer.notes),
    ]
    body = codec.write({"resourceType": "Parameters", "parameter": parts})
    return cut(body, b'"name":"asOf","valueInstant":"')


def cut(body: bytes, member: bytes) -> Pieces:
    """An answer cut where the instant is to stand; in a text before it, quotes would be escaped."""
    before, _, after = body.partition(member + INSTANT.encode())
    return before + member, after


def asked_about(answer: Answer) -> str:
    """What the answer is about: a subject, or the study as a whole."""
    return "study" if answer.subject.type == "ResearchStudy" else "subject"


def _result(result: Result, language: str) -> Part:
    parts = [
        *_codes("question", [result.question]),
        *_codes("name", [result.name]),
        *_codes("arm", [result.arm]),
        *_codes("visit", [result.visit]),
        *_codes("rule", [result.rule]),
        *_codes("verdict", [result.verdict]),
        *_codes("reason", result.reasons),
        *_texts("missing", result.missing),
        *(_reference("evidence", source) for source in result.evidence),
        *_texts("note", result.notes),
        *map(_figure, result.figures),
        *(_criterion(finding, language) for finding in result.findings),
    ]
    return {"name": "result", "part": parts}


def _criterion(finding: Finding, language: str) -> Part:
    parts = [
        *_texts("id", [finding.id]),
        *_codes("verdict", [wire(finding.verdict)]),
        *_sentence(finding, language),
        *_texts("observed", [finding.observed]),
        *_texts("normalised", [finding.normalised]),
        *_texts("threshold", [finding.threshold]),
        *(_reference("evidence", source) for source in finding.evidence),
        *_codes("reason", finding.reasons),
        *_texts("needs", [finding.needs]),
        *_texts("note", finding.notes),
        *map(_figure, finding.figures),
        *(_criterion(part, language) for part in finding.parts),
    ]
    return {"name": "criterion", "part": parts}


def _figure(figure: Figure) -> Part:
    parts = [
        *_codes("name", [figure.name]),
        *_values(figure),
        *_codes("reason", figure.reasons),
        *(_reference("evidence", source) for source in figure.evidence),
    ]
    return {"name": "figure", "part": parts}


def _values(figure: Figure) -> Iterator[Part]:
    """The value, or the two bounds it lies between."""
    if isinstance(figure.value, Interval):
        if figure.value.low != figure.value.high:
            yield _value("low", figure.value.low, figure.unit)
            yield _value("high", figure.value.high, figure.unit)
            return
        yield _value("value", figure.value.low, figure.unit)
    elif figure.value is not None and figure.value != "":
        yield _value("value", figure.value, figure.unit)


def _value(name: str, value: Value, unit: str | None) -> Part:
    match value:
        case bool():
            return {"name": name, "valueBoolean": value}
        case Decimal() | int() if unit is not None:
            number = {"value": value, "unit": unit, "system": UCUM, "code": unit}
            return {"name": name, "valueQuantity": number}
        case Decimal():
            return {"name": name, "valueDecimal": value}
        case int():
            return {"name": name, "valueInteger": value}
        case date():
            return {"name": name, "valueDate": value.isoformat()}
        case _:
            return {"name": name, "valueString": str(value)}


def chosen(text: Iterable[tuple[str, str]], language: str) -> str | None:
    """The sentence in that language, or in the first there is."""
    sentences = dict(text)
    return sentences.get(language) or next(iter(sentences.values()), None)


def _sentence(finding: Finding, language: str) -> Iterator[Part]:
    """The protocol's own sentence, translations beside it."""
    own = chosen(finding.text, language)
    for part in _texts("text", [own]):
        others = [_translation(code, text) for code, text in finding.text if text and text != own]
        yield part | ({"_valueString": {"extension": others}} if others else {})


def _translation(language: str, text: str) -> dict[str, Any]:
    return {
        "url": TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": language},
            {"url": "content", "valueString": text},
        ],
    }


def _texts(name: str, values: Iterable[str | None]) -> list[Part]:
    """One part for each text there is; FHIR knows no empty value."""
    return [{"name": name, "valueString": text} for text in values if text and not text.isspace()]


def _codes(name: str, values: Iterable[str | None]) -> list[Part]:
    return [{"name": name, "valueCode": code} for code in values if code]


def _reference(name: str, source: Source) -> Part:
    return {"name": name, "valueReference": {"reference": str(source)}}
