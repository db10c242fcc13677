"""Bytes to documents and back: every digit, every member and their order are kept, or the body is refused.

A document is what msgspec decodes: numbers with a point or an exponent are Decimals with the digits
sent, the others integers. What is stored is never such a document but the slices of bytes received.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NoReturn

import msgspec
import orjson

from app.fhir_mapping import twice
from app.fhir_mapping.outcome import Refusal, refusal

Document = dict[str, Any]

DEEPEST = 64
"""Levels of nesting read; a FHIR document of our types rarely needs more than a dozen."""
MOST_VALUES = 1_000_000
"""Commas of a body read, and so about as many values: each takes many times its bytes once it is read."""
MOST_DIGITS = 64
"""Digits of one number read, and the greatest exponent."""

_SIGN_POINT_EXPONENT = 8
_FLAT = bytes.maketrans(b"123456789[", b"000000000{")
"""Makes one kind of digit and one kind of bracket, so that a glance tells whether a closer look is needed."""
_LONG_NUMBER = b"0" * (MOST_DIGITS + 1)
_SET_BY_SERVER = frozenset(("resourceType", "id", "meta"))
_SET_BY_SERVER_IN_META = frozenset(("versionId", "_versionId", "lastUpdated", "_lastUpdated"))


def read(raw: bytes) -> Document:
    """The document these bytes are, exactly; Refusal 400 where they are not one sound JSON object."""
    document, again = _decoded(raw)
    # A member that stands twice is dropped by the decoder, and with it its quotation marks.
    if again.count(b'"') != raw.count(b'"') or (b"\\" in raw and b"\\u0022" in raw):
        _refuse_duplicates(raw)
    flat = raw.translate(_FLAT)
    if flat.count(b"{") > DEEPEST:
        _refuse_depth(document)
    if _LONG_NUMBER in flat:
        _refuse_long_integers(document)
    return document


def write(document: Any) -> bytes:
    """The document as JSON, Decimals as the numbers they are (`1.50` stays `1.50`)."""
    return _document_encoder.encode(document)


def members(raw: bytes) -> dict[str, bytes]:
    """The top-level members in order, each value as the bytes received; none may stand twice."""
    refuse_many(raw, MOST_VALUES)
    try:
        slices = _slices.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        _refuse_text(raw, problem)
    found = {name: bytes(value) for name, value in slices.items()}
    if raw.count(b'"') != 2 * len(found) + sum(value.count(b'"') for value in found.values()):
        _refuse_duplicates(raw)
    return found


def refuse_many(raw: bytes, most: int) -> None:
    """413 for a body of more values than are read at once, known before any of them is."""
    if len(raw) > most and raw.count(b",") > most:
        raise refusal(413, "too-costly", f"the body holds over {most} values: send it in parts")


def slices(raw: bytes, where: str) -> list[bytes]:
    """The items of a list, each as the bytes received."""
    try:
        return [bytes(item) for item in _list_of_slices.decode(raw)]
    except msgspec.MsgspecError:
        raise refusal(400, "structure", f"{where} must be a list", where) from None


def joined(members: dict[str, bytes]) -> bytes:
    """Members as one object."""
    return b"{%b}" % b",".join(_name(name) + value for name, value in members.items())


def splice(raw: bytes, *, type: str, id: str, version: int, last_updated: str) -> bytes:  # noqa: A002 - FHIR's names
    """The text to store: the client's own bytes, with the server's id, version and instant put in.

    The client's `id`, `meta.versionId` and `meta.lastUpdated` give way; everything else stays as sent.
    """
    top = _slices.decode(raw)
    meta = _slices.decode(top["meta"]) if "meta" in top else {}
    parts: list[bytes | msgspec.Raw] = [f'{{"resourceType":"{type}","id":"{id}","meta":{{'.encode()]
    for name, value in meta.items():
        if name not in _SET_BY_SERVER_IN_META:
            parts += (_name(name), value, b",")
    parts.append(f'"versionId":"{version}","lastUpdated":"{last_updated}"}}'.encode())
    for name, value in top.items():
        if name not in _SET_BY_SERVER:
            parts += (b",", _name(name), value)
    parts.append(b"}")
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _name(name: str) -> bytes:
    return _document_encoder.encode(name) + b":"


def _exact(text: str) -> Decimal:
    """The number with the digits sent."""
    if len(text) <= MOST_DIGITS + _SIGN_POINT_EXPONENT:
        number = Decimal(text)
        if -MOST_DIGITS <= number.adjusted() <= MOST_DIGITS:
            return number
    raise _absurd()


def _absurd() -> Refusal:
    return refusal(400, "value", f"a number has over {MOST_DIGITS} digits, or as great an exponent")


_document_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=_exact)
_document_encoder = msgspec.json.Encoder(decimal_format="number")
_slices = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_of_slices = msgspec.json.Decoder(list[msgspec.Raw])


def _decoded(raw: bytes) -> tuple[Document, bytes]:
    """The document, and what it reads as when written again."""
    refuse_many(raw, MOST_VALUES)
    try:
        document = _document_decoder.decode(raw)
        return document, _document_encoder.encode(document)
    except RecursionError:
        raise _too_deep() from None
    except ArithmeticError:
        raise _absurd() from None
    except (msgspec.MsgspecError, ValueError) as problem:
        _refuse_text(raw, problem)


def _refuse_text(raw: bytes, problem: Exception) -> NoReturn:
    """Say where the text stops being JSON; orjson names line and column."""
    if isinstance(problem, msgspec.ValidationError) and "Expected" in str(problem):
        raise refusal(400, "structure", "the body must be one JSON object, a FHIR resource") from None
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as said:
        if "infinity" in str(said):
            raise _absurd() from None
        raise refusal(400, "structure", f"the body is not JSON: {said}") from None
    raise refusal(400, "structure", "the body is not JSON this server can read") from None


def _too_deep() -> Refusal:
    return refusal(400, "structure", f"the body is nested deeper than {DEEPEST} levels")


def _refuse_depth(document: Document) -> None:
    if len(list(islice(_levels(document), DEEPEST + 1))) > DEEPEST:
        raise _too_deep()


def _refuse_long_integers(document: Document) -> None:
    for level in _levels(document):
        for outer in level:
            inner = outer.values() if isinstance(outer, dict) else outer
            if any(isinstance(one, int) and abs(one) >= 10**MOST_DIGITS for one in inner):
                raise _absurd()


def _levels(document: Document) -> Iterator[list[Any]]:
    """The objects and lists of a document, level by level, so that no depth can exhaust the stack."""
    level: list[Any] = [document]
    while level:
        yield level
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]


def _refuse_duplicates(raw: bytes) -> None:
    """Read once more, slowly, pair by pair; a body with an escaped quotation mark may come through."""
    try:
        issues = twice.problems(raw)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as problem:
        _refuse_text(raw, problem)
    if issues:
        raise Refusal(400, issues)
