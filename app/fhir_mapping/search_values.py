"""The values of a search, read by the kind of their parameter: one `match`, one small reader each.

Source: https://hl7.org/fhir/R4/search.html
"""

import re
from datetime import datetime
from decimal import Context, Decimal
from typing import get_args

from app.fhir_mapping import datatypes
from app.fhir_mapping.links import is_id
from app.fhir_mapping.query import (
    DateValue,
    Measure,
    Prefix,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import SearchKind, SearchParameter

PREFIXES: dict[str, Prefix] = {prefix: prefix for prefix in get_args(Prefix)}

_PIECE = re.compile(r"\\.?|[^\\]", re.DOTALL)
_ESCAPED = re.compile(r"\\([,|$\\])")
_NUMBER = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})", re.ASCII)
_EXACT = Context(prec=400)
_HALF = Decimal("0.5")
_CODE_PARTS = 2
_QUANTITY_PARTS = 3


class MalformedError(ValueError):
    """A value that cannot be read; the message says what is expected instead."""


def alternatives(text: str) -> list[str]:
    r"""The alternatives a comma separates (`\,` is a comma of the value); empty ones are left out."""
    return [part for part in _split(text, ",") if part]


def value(parameter: SearchParameter, text: str, *, base: str) -> Value:
    """One alternative as the value it means; MalformedError where it means none."""
    match parameter.kind:
        case SearchKind.TOKEN:
            return token(text)
        case SearchKind.REFERENCE:
            return reference(text, base=base)
        case SearchKind.DATE:
            return date(text)
        case SearchKind.QUANTITY:
            return quantity(text)
        case SearchKind.STRING:
            return StringValue(datatypes.fold(_unescaped(text)))


def token(text: str) -> TokenValue:
    """`code`, `system|code`, `|code` (no system) or `system|` (any code of it)."""
    parts = _bars(text)
    if len(parts) == 1:
        return TokenValue(None, parts[0])
    if len(parts) != _CODE_PARTS or not any(parts):
        raise MalformedError("a code is written code, system|code, |code or system|")
    return TokenValue(parts[0], parts[1] or None)


def reference(text: str, *, base: str) -> ReferenceValue:
    """`id`, `Type/id`, or the absolute address of a resource of ours.

    An address elsewhere is well-formed and finds nothing: it is given whole as an id no resource has.
    """
    written = _unescaped(text)
    local = written.removeprefix(f"{base}/")
    literal = _LITERAL.fullmatch(local)
    if literal is not None:
        return ReferenceValue(literal[1], literal[2])
    if is_id(local) or ":" in local:
        return ReferenceValue(None, local)
    raise MalformedError("a reference is written id, Type/id, or as an absolute address")


def date(text: str) -> DateValue:
    """A date with its prefix, as the instants its digits leave open (Europe/Paris where no offset)."""
    prefix, written = _prefixed(text)
    low, high = span(written)
    return DateValue(prefix, low, high)


def span(text: str) -> tuple[datetime, datetime]:
    """The first instant a date may mean, and the end, exclusive, of the last."""
    moment = datatypes.moment(text)
    if moment is not None:
        return moment.start, moment.end
    if " " in text and datatypes.moment(text.replace(" ", "+")) is not None:
        raise MalformedError("in an address the + of an offset is written %2B")
    raise MalformedError(
        "a date is written 2024, 2024-03, 2024-03-05, 2024-03-05T10:20 or 2024-03-05T10:20:30+02:00"
    )


def quantity(text: str) -> QuantityValue:
    """`number`, `number|system|code` or `number||code`, with a prefix before the number."""
    number, *unit = _bars(text)
    prefix, digits = _prefixed(number)
    if _NUMBER.fullmatch(digits) is None or len(unit) not in (0, _QUANTITY_PARTS - 1):
        raise MalformedError("a quantity is written 5.4, 5.4||mg or 5.4|http://unitsofmeasure.org|mg")
    low, high = implied(digits)
    system, code = unit or ("", "")
    return QuantityValue(prefix, (Measure(Decimal(digits), low, high, system or None, code or None),))


def implied(digits: str) -> tuple[Decimal, Decimal]:
    """The range a written number stands for: half a unit of its last digit to either side.

    `100` is [99.5, 100.5). A positive exponent is read as FHIR's own example has it: `1e2` is [95, 105).
    """
    number = Decimal(digits)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the pattern admits no NaN
    half = _HALF.scaleb(exponent - 1 if exponent > 0 else exponent)
    return _EXACT.subtract(number, half), _EXACT.add(number, half)


def _prefixed(text: str) -> tuple[Prefix, str]:
    """The prefix (`eq` where none is written) and what follows it."""
    if not text[:2].isalpha():
        return "eq", text
    prefix = PREFIXES.get(text[:2])
    if prefix is None:
        raise MalformedError(f"a prefix is one of {', '.join(PREFIXES)}")
    return prefix, text[2:]


def _split(text: str, separator: str) -> list[str]:
    """The pieces between separators that are not escaped, still escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _bars(text: str) -> list[str]:
    return [_unescaped(part) for part in _split(text, "|")]


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
