"""The FHIR interactions that change something, written once for every type (https://hl7.org/fhir/R4/http.html)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.fhir_mapping import criteria, patches
from app.fhir_mapping.change import Conditional, Criteria, Delete, Put, Version, Write
from app.fhir_mapping.intake import updating
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.patches import JSON_PATCH, Amend
from app.fhir_mapping.question import FORM
from app.fhir_mapping.search_names import HAS
from app.fhir_mapping.search_problems import known_names, where
from app.routers import answers, consequences, refused_pushes
from app.routers.answers import FhirResponse
from app.routers.negotiation import is_fhir_json, media_type
from app.routers.requests import FhirRequest
from app.store.ids import new_id
from app.store.transact import transact

PATCHES = f"{JSON_PATCH}, application/fhir+json"
"""The forms a patch may have, as an Accept-Patch header lists them."""


async def create(request: FhirRequest) -> FhirResponse:
    """Store a new resource under an id the server chooses; with If-None-Exist only where none matches."""
    _refuse_search(request)
    raw = await request.resource_body()
    put = replace(await _taken(request, raw, new_id()), fresh=True)
    sought = request.header(b"if-none-exist")
    if sought is None:
        return await _written(request, await _carried_out(request, put))
    found = criteria.criteria(request.resource, sought, base=request.base, where="http.if-none-exist")
    conditional = Conditional(change=put, criteria=found, creates=True)
    return await _written(request, await _carried_out(request, conditional))


async def update(request: FhirRequest) -> FhirResponse:
    """Store a new version under the id of the address: 200, or 201 where nothing was there."""
    _refuse_criteria(request)
    if_match, only_new = request.if_match, _only_new(request)
    put = await _taken(request, await request.resource_body(), request.id)
    put = replace(updating(put), if_match=if_match, only_new=only_new)
    return await _written(request, await _carried_out(request, put))


async def conditional_update(request: FhirRequest) -> FhirResponse:
    """Store it where the one match of the address's search stands, or as a new resource where none does."""
    found, if_match = _criteria(request), request.if_match
    if b"if-none-match" in request.headers:
        text = "to store it only where none matches, POST it with If-None-Exist"
        raise refusal(400, "not-supported", text, "http.if-none-match")
    raw = await request.resource_body()
    put = await _taken(request, raw, "")
    own = put.document.get("id")
    put = replace(put, id=own or new_id(), fresh=own is None, if_match=if_match)
    conditional = Conditional(change=put, criteria=found, own_id=own)
    return await _written(request, await _carried_out(request, conditional))


async def patch(request: FhirRequest) -> FhirResponse:
    """Change the resource under this id by a JSON Patch or a FHIRPath Patch."""
    _refuse_criteria(request)
    if_match = _guard(request)
    intake = await request.pushing()
    change = intake.amended(request.resource, await _amendment(request), id=request.id)
    return await _written(request, await _carried_out(request, replace(change, if_match=if_match)))


async def conditional_patch(request: FhirRequest) -> FhirResponse:
    """Change the one match of the address's search; 404 where there is none."""
    found, if_match = _criteria(request), _guard(request)
    intake = await request.pushing()
    change = intake.amended(request.resource, await _amendment(request), id="")
    conditional = Conditional(change=replace(change, if_match=if_match), criteria=found)
    return await _written(request, await _carried_out(request, conditional))


async def delete(request: FhirRequest) -> FhirResponse:
    """Delete it; its versions stay. 204 also where it is gone already."""
    _refuse_criteria(request)
    change = Delete(resource=request.resource, id=request.id, if_match=_guard(request))
    return answers.deleted(request, await _carried_out(request, change))


async def conditional_delete(request: FhirRequest) -> FhirResponse:
    """Delete the one match of the address's search; 204 also where there is none."""
    change = Delete(resource=request.resource, id="", if_match=_guard(request))
    conditional = Conditional(change=change, criteria=_criteria(request))
    return answers.deleted(request, await _carried_out(request, conditional))


async def _written(request: FhirRequest, version: Version) -> FhirResponse:
    """The answer to a create, an update or a patch; with what a correction changes where words are wanted."""
    if consequences.corrected(version) is not None and request.prefer.body == "OperationOutcome":
        [version] = await consequences.told(request, [version])
    return answers.written(request, version)


async def _taken(request: FhirRequest, raw: bytes, name: str) -> Put:
    """What stores a body under this id; a refusal of what a sender pushes is noted."""
    intake = await request.pushing()
    try:
        return intake.put(request.resource, raw, id=name)
    except Refusal as refused:
        sent = [(raw, None, refused)]
        await refused_pushes.note(request.service.store, intake.message, sent, by=request.actor)
        raise


async def _carried_out(request: FhirRequest, write: Write) -> Version:
    [version] = await transact(request.service.store, request.writing, [write], by=request.actor)
    return version


def _only_new(request: FhirRequest) -> bool:
    """Whether it is to be stored only where nothing stands (If-None-Match: *)."""
    said = request.header(b"if-none-match")
    if said is not None and said.strip() != "*":
        text = "If-None-Match on an update is * (only where nothing stands); for a version there is If-Match"
        raise refusal(400, "value", text, "http.if-none-match")
    return said is not None


def _guard(request: FhirRequest) -> tuple[str, ...] | None:
    """The versions one of which must be current; If-None-Match guards no change of what is there."""
    if b"if-none-match" in request.headers:
        text = f"If-None-Match says nothing to a {request.method}: to change a version you saw, send If-Match"
        raise refusal(400, "not-supported", text, "http.if-none-match")
    return request.if_match


def _refuse_criteria(request: FhirRequest) -> None:
    """Refuse a condition beside an id: whoever sends one would think it was heeded."""
    name = request.resource.name
    text = (
        f"with an id there are no criteria: {request.method} {name}/id alone, or {name}?criteria without it"
    )
    _refuse_parameters([one for one, _ in request.parameters if one not in FORM], text)


def _refuse_search(request: FhirRequest) -> None:
    """Refuse a search sent with a create; what is not known is passed over unless handling is strict."""
    known = known_names(request.resource)
    asked = [one for one, _ in request.parameters if one not in FORM]
    minded = [one for one in asked if request.prefer.strict or re.split("[:.]", one)[0] in {*known, HAS}]
    text = "a create takes no search: to create it only where none matches, send the search as If-None-Exist"
    _refuse_parameters(minded, text)


def _refuse_parameters(names: Sequence[str], text: str) -> None:
    issues = tuple(Issue("not-supported", text, where(name)) for name in dict.fromkeys(names))
    if issues:
        raise Refusal(400, issues)


def _criteria(request: FhirRequest) -> Criteria:
    """The search the address names its target by."""
    sought = request.query_without_controls
    if not sought:
        name = request.resource.name
        text = f"{request.method} needs the id, {name}/id, or a search for it, {name}?identifier=system|value"
        raise refusal(400, "required", text, "http.url")
    return criteria.criteria(request.resource, sought, base=request.base, where="http.url")


async def _amendment(request: FhirRequest) -> Amend:
    """What the body changes; 415 where it is no patch of a form this server takes."""
    sent = request.headers.get(b"content-type", b"")
    kind, _ = media_type(sent.decode("latin-1"))
    if kind == JSON_PATCH:
        return patches.by_json(await request.body())
    if is_fhir_json(sent):
        return patches.by_parameters(await request.body())
    text = f"send a patch as Content-Type: {JSON_PATCH}, or as Parameters in application/fhir+json"
    issue = Issue("not-supported", text, "http.content-type")
    raise Refusal(415, (issue,), {"Accept-Patch": PATCHES})
