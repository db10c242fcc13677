"""$diff over HTTP: what changed between two versions of a resource."""

import asyncio
from collections.abc import Sequence

from app.fhir_mapping import codec, question
from app.fhir_mapping.change import Version
from app.fhir_mapping.difference import changes
from app.fhir_mapping.difference_answer import Author, Difference, parameters, plain
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.question import Given
from app.routers.answers import FHIR_JSON, PLAIN_JSON, FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents

_GONE = 410


async def diff(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What changed; 404 for a version there never was, 410 for a deletion."""
    given = question.given(asked, request.parameters)
    later = await _later(request, given)
    earlier = await _earlier(request, given, later)
    request.saw(
        *(
            (one.type, one.id, one.version)
            for one in {earlier.version: earlier, later.version: later}.values()
        )
    )
    authors = [Author(version=later.version, recorded=later.last_updated)]
    is_plain = given.get("view") == ["plain"]
    body = await asyncio.to_thread(_told, earlier, later, authors, is_plain=is_plain)
    return FhirResponse(200, body, [PLAIN_JSON if is_plain else FHIR_JSON])


def _told(earlier: Version, later: Version, authors: Sequence[Author], *, is_plain: bool) -> bytes:
    """The documents read, compared, and the answer written: there may be much of them."""
    before, after = (codec.read(one.document or b"{}") for one in (earlier, later))
    found = Difference(from_=earlier, to=later, changes=changes(before, after), authors=authors)
    return plain(found) if is_plain else parameters(found)


async def _later(request: FhirRequest, given: Given) -> Version:
    """The version named, else the current one."""
    if "to" in given:
        return await _version(request, int(given["to"][0]))
    return await documents.read(request.service.store, request.visibility, request.resource.name, request.id)


async def _earlier(request: FhirRequest, given: Given, later: Version) -> Version:
    """The version named, else the one before the later: of one that came back, the one before it went.

    The first version has none before it, and is compared with itself.
    """
    if "from" in given:
        return await _version(request, int(given["from"][0]))
    if later.version == 1:
        return later
    try:
        return await _version(request, later.version - 1)
    except Refusal as refused:
        if refused.status != _GONE:
            raise
        return await _version(request, later.version - 2)


async def _version(request: FhirRequest, number: int) -> Version:
    store, kind = request.service.store, request.resource.name
    return await documents.vread(store, request.visibility, kind, request.id, number)
