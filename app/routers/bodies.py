"""The body of a request, read within the bounds that protect this process and its other clients."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from starlette.types import Message, Receive

from app.fhir_mapping.outcome import Refusal, passing, refusal
from app.routers.load import FREE, Share
from app.settings import Settings


class Disconnected(Exception):
    """The client went away before its request was complete; nobody waits for an answer."""


async def body(receive: Receive, headers: Mapping[bytes, bytes], share: Share, settings: Settings) -> bytes:
    """The whole body: not too large (413), not compressed (415), within the time allowed (408)."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        text = "send the body uncompressed (no Content-Encoding)"
        raise refusal(415, "not-supported", text, "http.content-encoding")
    largest = settings.max_body_bytes
    said = headers.get(b"content-length", b"")
    declared = int(said) if said.isdigit() else 0
    if declared > largest:
        raise _too_large(largest)
    try:
        async with asyncio.timeout(settings.body_seconds) as limit:
            message = await receive()
            if not message.get("more_body", False) and len(_chunk(message)) <= min(largest, FREE):
                return _chunk(message)
            share.begin(limit, declared)
            whole = await _streamed(message, receive, share, largest)
    except TimeoutError:
        raise _late(share) from None
    await share.whole()
    return whole


async def _streamed(message: Message, receive: Receive, share: Share, largest: int) -> bytes:
    received = bytearray(_chunk(message))
    share.hold(len(received))
    while message.get("more_body", False) and len(received) <= largest:
        message = await receive()
        received += _chunk(message)
        share.hold(len(_chunk(message)))
    if len(received) > largest:
        raise _too_large(largest)
    return bytes(received)


def _late(share: Share) -> Refusal:
    """Why there is no more time for the body; the connection ends with the answer."""
    if share.gave_way:
        late = share.too_slow()
    else:
        late = passing(408, "timeout", "the body did not arrive in time", seconds=1)
    return replace(late, headers=late.headers | {"Connection": "close"})


def _too_large(largest: int) -> Refusal:
    """413: the body is larger than this server takes; the connection ends with the answer."""
    text = f"the body is larger than {largest} bytes; send it in several Bundles"
    return Refusal(413, refusal(413, "too-long", text).issues, {"Connection": "close"})


def _chunk(message: Message) -> bytes:
    if message["type"] != "http.request":
        raise Disconnected
    found: bytes = message.get("body", b"")
    return found
