"""The values of a search, read by the kind of their parameter: one `match`, one small reader each.

Source: https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal
from typing import get_args

from app.fhir_mapping import datatypes
from app.fhir_mapping.links import is_id, is_version
from app.fhir_mapping.query import (
    CompositeValue,
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
from app.fhir_mapping.search_units import ways
from app.fhir_mapping.units import UCUM

PREFIXES: dict[str, Prefix] = {prefix: prefix for prefix in get_args(Prefix)}

_SEPARATORS = {each: re.compile(rf"\\.|{re.escape(each)}", re.DOTALL) for each in ",|$"}
_ESCAPED = re.compile(r"\\([,|$\\])")
_NUMBER = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_EXACT = Context(prec=400)
_HALF = Decimal("0.5")
_TENTH = Decimal("0.1")
_CODE_PARTS = 2
_UNIT_PARTS = 2


class MalformedError(ValueError):
    """A value that cannot be read; the message says what is expected instead."""


def alternatives(text: str) -> list[str]:
    r"""The alternatives a comma separates (`\,` is a comma of the value); empty ones are left out."""
    return [part for part in _split(text, ",") if part]


def value(
    parameter: SearchParameter, text: str, *, base: str, components: Sequence[SearchParameter] = ()
) -> Value:
    """One alternative as the value it means; MalformedError where it means none.

    `components` are the parameters a composite is made of.
    """
    if parameter.kind is SearchKind.REFERENCE:
        return reference(text, base=base)
    if parameter.kind is SearchKind.COMPOSITE:
        return composite(text, components, base=base)
    return _READERS[parameter.kind](text)


def token(text: str) -> TokenValue:
    """`code`, `system|code`, `|code` (no system) or `system|` (any code of it)."""
    parts = _bars(text)
    if len(parts) == 1:
        return TokenValue(None, parts[0])
    if len(parts) != _CODE_PARTS or not any(parts):
        raise MalformedError("a code is written code, system|code, |code or system|")
    return TokenValue(parts[0], parts[1] or None)


def reference(text: str, *, base: str) -> ReferenceValue:
    """`id`, `Type/id`, or the absolute address of a resource of ours; the version of it stands beside.

    An address elsewhere is well-formed and is looked for as it is written.
    """
    written = _unescaped(text)
    own = datatypes.reference(written, base)
    if own is not None:
        return ReferenceValue(*own, _version(written))
    if is_id(written):
        return ReferenceValue(None, written)
    if ":" in written:
        return ReferenceValue("", written)
    raise MalformedError("a reference is written id, Type/id, or as an absolute address")


def reference_to(type_: str, text: str, *, base: str) -> ReferenceValue:
    """The value of `subject:Patient`: an id of that type, or a whole reference to it."""
    found = reference(text, base=base)
    if found.type not in (None, "", type_):
        raise MalformedError(f"with :{type_} it is written id or {type_}/id")
    return found if found.type == "" else ReferenceValue(type_, found.id, found.version)


def _version(written: str) -> int | None:
    """The version a reference names, where it names one that may be ours."""
    number = written.partition("/_history/")[2]
    return int(number) if is_version(number) else None


def uri(text: str) -> TokenValue:
    """A uri, whole and to the letter."""
    return TokenValue(None, _unescaped(text))


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


def number(text: str) -> QuantityValue:
    """A number without a unit, with its prefix."""
    prefix, digits = _prefixed(_unescaped(text))
    if _NUMBER.fullmatch(digits) is None:
        raise MalformedError("a number is written 5, 5.40 or 5.4e-3")
    return QuantityValue(prefix, (Measure(Decimal(digits), *_range(prefix, digits)),))


def quantity(text: str) -> QuantityValue:
    """`number`, `number|system|code` or `number||code`, with a prefix before the number.

    A unit that is UCUM, or may be, is looked for in every unit it can be put in.
    """
    first, *unit = _bars(text)
    prefix, digits = _prefixed(first)
    if _NUMBER.fullmatch(digits) is None or len(unit) not in (0, _UNIT_PARTS):
        raise MalformedError("a quantity is written 5.4, 5.4||mg or 5.4|http://unitsofmeasure.org|mg")
    system, code = unit or ("", "")
    asked = Measure(Decimal(digits), *_range(prefix, digits), system or None, code or None)
    others = _elsewhere(asked) if code and system in ("", UCUM) else ()
    return QuantityValue(prefix, tuple(dict.fromkeys((asked, *others))))


def _elsewhere(asked: Measure) -> list[Measure]:
    """The same in the other units it can be put in."""
    return [
        Measure(way(asked.value), way(asked.low), way(asked.high), UCUM, way.unit)
        for way in ways(asked.unit or "")
        if way.unit != asked.unit
    ]


def beginning(text: str) -> StringValue:
    """What a text begins with, whatever the case and the accents."""
    return StringValue(_folded(text))


def part(text: str) -> StringValue:
    """What a text contains, whatever the case and the accents (`:contains`)."""
    return StringValue(_folded(text), "contains")


def exact(text: str) -> StringValue:
    """A text to the letter (`:exact`)."""
    return StringValue(_unescaped(text), "exact")


def composite(text: str, components: Sequence[SearchParameter], *, base: str) -> CompositeValue:
    """One value for each component, with `$` between them."""
    parts = _split(text, "$")
    if len(parts) != len(components) or not all(parts):
        names = "$".join(component.name for component in components)
        raise MalformedError(f"it is written {names}, one value for each")
    pairs = zip(components, parts, strict=True)
    return CompositeValue(tuple(value(component, written, base=base) for component, written in pairs))


def implied(digits: str) -> tuple[Decimal, Decimal]:
    """The range a written number stands for: half a unit of its last digit to either side.

    `100` is [99.5, 100.5). A positive exponent is read as FHIR's own example has it: `1e2` is [95, 105).
    """
    number = Decimal(digits)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the pattern admits no NaN
    half = _HALF.scaleb(exponent - 1 if exponent > 0 else exponent)
    return _EXACT.subtract(number, half), _EXACT.add(number, half)


def _range(prefix: Prefix, digits: str) -> tuple[Decimal, Decimal]:
    """The range a written number is looked for in: a tenth to either side where `ap` stands before it."""
    if prefix != "ap":
        return implied(digits)
    tenth = _EXACT.multiply(Decimal(digits).copy_abs(), _TENTH)
    return _EXACT.subtract(Decimal(digits), tenth), _EXACT.add(Decimal(digits), tenth)


def _prefixed(text: str) -> tuple[Prefix, str]:
    """The prefix (`eq` where none is written) and what follows it."""
    if not text[:2].isalpha() or text[2:3].isalpha():
        return "eq", text
    prefix = PREFIXES.get(text[:2])
    if prefix is None:
        raise MalformedError(f"a prefix is one of {', '.join(PREFIXES)}")
    return prefix, text[2:]


def _split(text: str, separator: str) -> list[str]:
    """The pieces between separators that are not escaped, still escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts, start = list[str](), 0
    for found in _SEPARATORS[separator].finditer(text):
        if found[0] == separator:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _bars(text: str) -> list[str]:
    return [_unescaped(part) for part in _split(text, "|")]


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _folded(text: str) -> str:
    folded = datatypes.fold(_unescaped(text))
    if not folded:
        raise MalformedError("a text needs a letter or another character of its own")
    return folded


_READERS: Mapping[SearchKind, Callable[[str], Value]] = {
    SearchKind.TOKEN: token,
    SearchKind.DATE: date,
    SearchKind.QUANTITY: quantity,
    SearchKind.NUMBER: number,
    SearchKind.STRING: beginning,
    SearchKind.URI: uri,
}
