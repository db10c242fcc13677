"""The types of the trail over HTTP: what was done here, read and searched."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from app.fhir_mapping.change import Version
from app.fhir_mapping.provenance import named
from app.fhir_mapping.query import Query
from app.routers import answers, rendering
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.store import provenance_search, trail_search
from app.store.asker import Asker
from app.store.search import Page
from app.store.session import Store

_FINDING: Final[Mapping[str, Callable[[Store, Asker, Query], Awaitable[Page]]]] = {
    "AuditEvent": trail_search.find,
    "Provenance": provenance_search.find,
}
_READING: Final[Mapping[str, Callable[[Store, Asker, str], Awaitable[Version]]]] = {
    "AuditEvent": trail_search.read,
    "Provenance": provenance_search.read,
}


async def read(request: FhirRequest) -> FhirResponse:
    """One of them, as much of it as the asker may see; 404 where that is nothing."""
    shape = rendering.asked(request)
    rendering.refuse_unknown(request)
    found = await _READING[request.resource.name](request.service.store, request.asker, request.id)
    _saw(request, found)
    return answers.stored(request, found, shape=shape)


async def find(request: FhirRequest, query: Query) -> Page:
    """Those that meet a query, a page of them."""
    page = await _FINDING[query.resource.name](request.service.store, request.asker, query)
    _saw(request, *page.versions)
    return page


def _saw(request: FhirRequest, *versions: Version) -> None:
    """Remember what was seen; who sees whose work a version is sees something of that version."""
    request.saw(*(named(one.id) or one.name for one in versions))
