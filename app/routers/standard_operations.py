"""R4's own operations over HTTP: $validate, $everything, $meta; those on Observation stand beside."""

from collections.abc import Mapping
from dataclasses import replace

from app.fhir_mapping import codec, question, validation
from app.fhir_mapping.change import Change, Delete, Put
from app.fhir_mapping.intake import Intake, updating
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome, refusal
from app.fhir_mapping.resource import Document
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.routers.told import refuse_told_in
from app.store import documents
from app.store.database import Key
from app.store.everything import tags_in_use
from app.store.ids import new_id
from app.store.transact import rehearse


async def validate(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What a write would say, with nothing written; always 200 where the question itself can be read."""
    body = validation.ToValidate(None, [])
    if not request.has_no_body:
        body = validation.opened(await request.resource_body())
    refuse_told_in(request, body.parameters)
    given = question.given(asked, [*request.parameters, *body.parameters])
    mode = given.get("mode", ["update" if request.id else "create"])[0]
    issues = [*await _said(request, mode, body.raw)]
    unknown = (validation.unknown_profile(request.resource.name, one) for one in given.get("profile", ()))
    issues += [issue for issue in unknown if issue is not None]
    if all(one.severity == "information" for one in issues):
        done = f"{'an' if mode == 'update' else 'a'} {mode} of this would be carried out"
        issues.insert(0, Issue("informational", done, severity="information"))
        issues += validation.remarks(request.resource.name, body.raw)
    placed = Refusal(200, tuple(issues)).at(request.resource.name)
    return answers.document(operation_outcome(placed.issues))


async def _said(request: FhirRequest, mode: str, raw: bytes | None) -> tuple[Issue, ...]:
    """Everything that stands against it, as a write would say it; else what a write would say beside."""
    if mode == "delete" and not request.id:
        raise refusal(400, "required", "a delete is validated at the address of one resource", "http.mode")
    if mode != "delete" and raw is None:
        raise refusal(400, "required", "send the resource to validate", request.resource.name)
    try:
        change = _write(request, await request.pushing(), mode=mode, raw=raw)
        await rehearse(request.service.store, request.writing, [change], by=request.actor)
    except Refusal as refused:
        return refused.issues
    return change.remarks if isinstance(change, Put) else ()


def _write(request: FhirRequest, intake: Intake, *, mode: str, raw: bytes | None) -> Change:
    """What would be carried out."""
    if raw is None or mode == "delete":
        return Delete(resource=request.resource, id=request.id)
    if mode == "create":
        return replace(intake.put(request.resource, raw, id=new_id()), fresh=True)
    put = intake.put(request.resource, raw, id=request.id)
    return updating(put if request.id else replace(put, id=put.document.get("id", "")))


async def meta(request: FhirRequest, asked: Operation) -> FhirResponse:
    """The meta of one resource, or the profiles, labels and tags in use on a type."""
    question.given(asked, request.parameters)
    service, kind = request.service, request.resource.name
    if request.id:
        version = await documents.read(service.store, request.visibility, kind, request.id)
        request.showed(version)
        found = codec.members(version.document or b"{}")["meta"]
    else:
        found = codec.write(_in_use(await tags_in_use(service.store, request.visibility, kind)))
    part = b',"parameter":[{"name":"return","valueMeta":%b}]' % found if found != b"{}" else b""
    return answers.resource(b'{"resourceType":"Parameters"%b}' % part)


def _in_use(found: Mapping[str, list[Key]]) -> Document:
    """Tags in use as a Meta."""
    codings = {
        name: [
            {"system": system, "code": code} if system else {"code": code}
            for system, code in found[f"_{name}"]
        ]
        for name in ("security", "tag")
    }
    profiles = [code for _, code in found["_profile"]]
    return {name: value for name, value in ({"profile": profiles} | codings).items() if value}
