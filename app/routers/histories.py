"""The history of a resource, of a type, or of everything (https://hl7.org/fhir/R4/http.html#history)."""

from dataclasses import replace

from app.fhir_mapping import bundle, past
from app.fhir_mapping.access.scope import mentions
from app.fhir_mapping.past import Past
from app.fhir_mapping.registry import RESOURCES
from app.routers import answers, rendering
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents
from app.store.visibility import Visibility


async def of_resource(request: FhirRequest) -> FhirResponse:
    """All versions of one resource, newest first, deletions among them."""
    return await _told(request, request.resource.name, request.id)


async def of_type(request: FhirRequest) -> FhirResponse:
    """All versions of all resources of a type, newest first."""
    return await _told(request, request.resource.name, None)


async def of_everything(request: FhirRequest) -> FhirResponse:
    """All versions of all resources, newest first; oldest first it is the feed of what changes.

    Of each type it needs the letter that a history of the type needs; types without are left out.
    """
    return await _told(request, None, None)


def asked(request: FhirRequest) -> Past:
    """The history a GET asks for; Refusal 400 where it cannot be read."""
    return past.parse(
        request.parameters,
        address=f"{request.base}/{request.path.strip('/')}",
        key=request.service.store.link_key,
        strict=request.prefer.strict,
    )


def _searched(request: FhirRequest) -> Visibility:
    """What the asker may see of the types it may search."""
    held, seen = request.actor.scopes, request.visibility
    if held is None:
        return seen
    kinds = RESOURCES if seen.kinds is None else seen.kinds
    return replace(seen, kinds=frozenset(kind for kind in kinds if mentions(held, kind, "s")))


async def _told(request: FhirRequest, kind: str | None, name: str | None) -> FhirResponse:
    wanted, shape = asked(request), rendering.asked(request)
    service = request.service
    page = await documents.history(
        service.store,
        request.visibility if kind else _searched(request),
        kind,
        name,
        count=wanted.count,
        since=wanted.since,
        at=wanted.at,
        after=wanted.after,
        ascending=wanted.ascending,
    )
    request.showed(*page.versions)
    told = bundle.history(page, wanted, base=request.base, key=service.store.link_key, shape=shape)
    return answers.resource(told)
