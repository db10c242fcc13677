"""What a client reads, sends and prefers, from its Accept, Content-Type, `_format` and Prefer.

Rules: https://hl7.org/fhir/R4/http.html#mime-type (and RFC 9110 §12, RFC 7240).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

JSON_TYPES = ("application/fhir+json", "application/json", "text/json")
FORMATS = {"json", *JSON_TYPES, "application/fhir json"}  # an unencoded + arrives as a space
FHIR_VERSIONS = {"4.0", "4.0.1"}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer header asks for (https://hl7.org/fhir/R4/http.html#ops)."""

    body: Literal["representation", "minimal", "OperationOutcome"] | None = None
    strict: bool = False


DEFAULTS = Preferences()
_RETURNS: dict[str, Literal["representation", "minimal", "OperationOutcome"]] = {
    "representation": "representation",
    "minimal": "minimal",
    "operationoutcome": "OperationOutcome",
}


@lru_cache(maxsize=256)
def preferences(prefer: bytes) -> Preferences:
    """The preferences of a Prefer header; unknown ones are ignored, as RFC 7240 wants."""
    said = {re.sub('[" ]', "", part).strip().lower() for part in re.split("[,;]", prefer.decode("latin-1"))}
    body = next((body for word, body in _RETURNS.items() if f"return={word}" in said), None)
    return Preferences(body, strict="handling=strict" in said)


@lru_cache(maxsize=256)
def acceptable(accept: bytes) -> bool:
    """Whether a client with this Accept header can read FHIR JSON (RFC 9110 §12.5.1)."""
    ranges = [media_type(part) for part in accept.decode("latin-1").split(",")]
    return any(_quality(kind, ranges) > 0 for kind in JSON_TYPES)


@lru_cache(maxsize=256)
def is_fhir_json(content_type: bytes) -> bool:
    """Whether a body of this Content-Type is FHIR R4 JSON in UTF-8."""
    kind, parameters = media_type(content_type.decode("latin-1"))
    charset = parameters.get("charset", "utf-8").strip('"').lower()
    return kind in JSON_TYPES and _is_r4(parameters) and charset in {"utf-8", "utf8", "us-ascii"}


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """`application/fhir+json; fhirVersion=4.0` as its type and parameters."""
    kind, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return kind.strip().lower(), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _is_r4(parameters: Mapping[str, str]) -> bool:
    return parameters.get("fhirversion", "4.0").strip('"') in FHIR_VERSIONS


def _quality(kind: str, ranges: list[tuple[str, dict[str, str]]]) -> float:
    """How welcome a type is: the most specific range that covers it decides."""
    for wanted in (kind, kind.split("/", maxsplit=1)[0] + "/*", "*/*"):
        named = [parameters for name, parameters in ranges if name == wanted and _is_r4(parameters)]
        if named:
            return max(_number(parameters.get("q", "1")) for parameters in named)
    return 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0


def readable(format_: str) -> bool:
    """Whether a `_format` asks for JSON."""
    kind, parameters = media_type(format_)
    return kind in FORMATS and _is_r4(parameters)


def merged(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Headers by name, several of the same name joined by commas (RFC 9110 §5.3)."""
    pairs = list(headers)
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = dict.fromkeys(name for name, _ in pairs)
    return {name: b", ".join(value for other, value in pairs if other == name) for name in names}
