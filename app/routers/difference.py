"""$diff over HTTP: what changed between two versions of a resource."""

import asyncio
from collections.abc import Mapping

from app.fhir_mapping import codec, question
from app.fhir_mapping.change import Version
from app.fhir_mapping.difference import changes
from app.fhir_mapping.difference_answer import Difference, parameters, plain
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.provenance import Work
from app.fhir_mapping.question import Given
from app.routers.answers import FHIR_JSON, PLAIN_JSON, FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents, provenance_search
from app.store.tombstones import Erased

_GONE = 410


async def diff(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What changed; 404 for a version there never was, 410 for a deletion."""
    given = question.given(asked, request.parameters)
    later = await _later(request, given)
    earlier = await _earlier(request, given, later)
    request.saw(*dict.fromkeys((earlier.name, later.name)))
    authors = await _authors(request, earlier, later)
    is_plain = given.get("view") == ["plain"]
    body = await asyncio.to_thread(_told, earlier, later, authors, is_plain=is_plain)
    return FhirResponse(200, body, [PLAIN_JSON if is_plain else FHIR_JSON])


def _told(earlier: Version, later: Version, authors: Mapping[int, Work], *, is_plain: bool) -> bytes:
    """The documents read, compared, and the answer written: there may be much of them."""
    before, after = (codec.read(one.document or b"{}") for one in (earlier, later))
    found = Difference(from_=earlier, to=later, changes=changes(before, after), authors=authors)
    return plain(found) if is_plain else parameters(found)


async def _authors(request: FhirRequest, earlier: Version, later: Version) -> Mapping[int, Work]:
    """Who made the versions after the one, up to the other."""
    found = await provenance_search.made(request.service.store, request.asker, (later.type, later.id))
    first, last = sorted((earlier.version, later.version))
    return {number: work for number, work in found.items() if first < number <= last}


async def _later(request: FhirRequest, given: Given) -> Version:
    """The version named, else the current one."""
    if "to" in given:
        return await _version(request, int(given["to"][0]))
    return await documents.read(request.service.store, request.visibility, request.resource.name, request.id)


async def _earlier(request: FhirRequest, given: Given, later: Version) -> Version:
    """The version named, else the one before the later: of one that came back, the one before it went.

    The first version has none before it, and is compared with itself. Where the one before was erased, 410
    says so: what changed since cannot be told, and is not told of an older one instead.
    """
    if "from" in given:
        return await _version(request, int(given["from"][0]))
    if later.version == 1:
        return later
    try:
        return await _version(request, later.version - 1)
    except Refusal as refused:
        if refused.status != _GONE or isinstance(refused, Erased):
            raise
        return await _version(request, later.version - 2)


async def _version(request: FhirRequest, number: int) -> Version:
    store, kind = request.service.store, request.resource.name
    return await documents.vread(store, request.visibility, kind, request.id, number)
