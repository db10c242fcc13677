"""Addresses: where a resource, a version, a page or a bundle entry stands under our FHIR base.

`base` is always the absolute address of the FHIR interface without a closing slash, such as
`http://127.0.0.1:8000/fhir`.
"""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import msgspec

from app.fhir_mapping.query import Place

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
"""A FHIR logical id (https://hl7.org/fhir/R4/datatypes.html#id)."""

_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ETAG = re.compile(r'\s*(?:W/)?"([A-Za-z0-9\-.]{1,64})"\s*', re.ASCII)
_PLACE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_LONGEST_PLACE = 2000
"""More than any place takes: its keys are few, and cut (query.SORT_KEY_LENGTH)."""
_SIGNED = 16
_place = msgspec.json.Decoder(Place)


def is_id(text: str) -> bool:
    """Whether the text can be a logical id."""
    return ID.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether the text can be the number of a version, spelled as an ETag spells it."""
    return _VERSION.fullmatch(text) is not None


def address(base: str, kind: str, name: str, version: int | None = None) -> str:
    """The absolute address of a resource of that type and id, or of one of its versions."""
    own = f"{base}/{kind}/{name}"
    return own if version is None else f"{own}/_history/{version}"


def with_parameters(address: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The address with these parameters, percent-encoded."""
    asked = urlencode(list(parameters), quote_via=quote, safe=":,/")
    return f"{address}?{asked}" if asked else address


def instant(at: datetime) -> str:
    """An instant as `meta.lastUpdated` spells it: UTC, microseconds."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def etag(version: int) -> str:
    """The weak ETag of a version."""
    return f'W/"{version}"'


def version_ids(if_match: str) -> tuple[str, ...] | None:
    """The version ids an If-Match lists (`W/"1", W/"2"`), None where it is malformed."""
    found = [_ETAG.fullmatch(part) for part in if_match.split(",")]
    ids = tuple(match[1] for match in found if match is not None)
    return ids if len(ids) == len(found) else None


def cursor(after: Place, *, key: bytes, question: bytes) -> str:
    """The place a page ended, as the opaque value of `_after`: signed, and good for this question alone."""
    said = msgspec.json.encode(after)
    return urlsafe_b64encode(_signature(said, key, question) + said).rstrip(b"=").decode()


def place(text: str, *, key: bytes, question: bytes) -> Place | None:
    """The place an `_after` value means, None where it is not one that was given out for this question."""
    if len(text) > _LONGEST_PLACE or _PLACE.fullmatch(text) is None:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        signature, said = raw[:_SIGNED], raw[_SIGNED:]
        genuine = hmac.compare_digest(signature, _signature(said, key, question))
        return (
            _place.decode(said) if genuine and urlsafe_b64encode(raw).rstrip(b"=").decode() == text else None
        )
    except (binascii.Error, msgspec.MsgspecError):
        return None


def _signature(said: bytes, key: bytes, question: bytes) -> bytes:
    return hmac.digest(key, b"%d:%b%b" % (len(question), question, said), "sha256")[:_SIGNED]
