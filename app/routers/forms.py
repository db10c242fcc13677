"""The forms that clients sign in and out with."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from app.fhir_mapping.access.jose import Denied
from app.routers.negotiation import media_type
from app.routers.requests import FORM

_LARGEST: Final = 64 * 1024

Form = Mapping[str, str]


async def form_of(request: Request, seconds: float) -> Form:
    """The parameters of a form, each at most once (RFC 6749 §3.2)."""
    kind, _ = media_type(request.headers.get("content-type", ""))
    if kind != FORM:
        raise Denied("invalid_request", f"send the parameters as Content-Type: {FORM}")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > _LARGEST:
                    raise Denied("invalid_request", f"the form is larger than {_LARGEST} bytes")
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=20)
    except (ValueError, TimeoutError):
        raise Denied("invalid_request", "the form is no percent-encoded UTF-8, or came too slowly") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Denied("invalid_request", "name each parameter once")
    return found
