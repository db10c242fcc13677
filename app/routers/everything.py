"""Patient and ResearchSubject $everything: all that is stored about a patient, page by page."""

from dataclasses import replace

from app.fhir_mapping import bundle, codec, datatypes, links, question
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search_controls import DEFAULT_COUNT, LARGEST_COUNT
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents
from app.store.everything import Found, Wanted, about_patient


async def everything(request: FhirRequest, asked: Operation) -> FhirResponse:
    """One page; the link `next` leads to the one after it."""
    given = question.given(asked, request.parameters)
    service = request.service
    wanted = replace(_wanted(given), patient=await _patient(request))
    wanted = replace(wanted, after=_after(request, given))
    found = await about_patient(service.store, request.visibility, wanted)
    request.showed(*found.versions)
    return answers.resource(
        bundle.gathered(
            found.versions, base=request.base, relations=_relations(request, given, found), total=found.total
        )
    )


async def _patient(request: FhirRequest) -> str:
    """The patient of the address, or of the subject of the address; 404 and 410 as a read answers."""
    service, kind = request.service, request.resource.name
    version = await documents.read(service.store, request.visibility, kind, request.id)
    if kind == "Patient":
        return request.id
    individual = codec.read(version.document or b"{}").get("individual")
    target = datatypes.reference(individual, service.settings.fhir_base)
    return target[1] if target is not None else ""


def _wanted(given: Given) -> Wanted:
    """What is asked for, whose it is left open."""

    def only(name: str) -> str:
        return given.get(name, [""])[0]

    start, end = datatypes.moment(only("start")), datatypes.moment(only("end"))
    since = datatypes.moment(only("_since"))
    unknown = [name for name in given.get("_type", ()) if name not in RESOURCES]
    if unknown:
        text = f"_type names what is not served here; there are {', '.join(RESOURCES)}"
        raise refusal(400, "not-supported", text, "http._type")
    return Wanted(
        patient="",
        types=tuple(given.get("_type", ())),
        low=start.start if start is not None else None,
        high=end.end if end is not None else None,
        since=since.start if since is not None else None,
        count=min(int(only("_count") or DEFAULT_COUNT), LARGEST_COUNT),
    )


def _after(request: FhirRequest, given: Given) -> tuple[str, str] | None:
    if "_after" not in given:
        return None
    asked = _question(request, given)
    place = links.place(given["_after"][0], key=request.service.store.link_key, question=asked)
    if place is None:
        text = "_after cannot be read: take it unchanged from a next link, with the parameters beside it"
        raise refusal(400, "value", text, "http._after")
    return place[0][0] or "", place[1]


def _relations(request: FhirRequest, given: Given, found: Found) -> list[tuple[str, str]]:
    address = f"{request.base}/{request.path.strip('/')}"
    kept = _kept(given)
    here = kept if "_after" not in given else [*kept, ("_after", given["_after"][0])]
    relations = [("self", links.with_parameters(address, here))]
    if found.after is not None:
        kind, name = found.after
        asked = _question(request, given)
        token = links.cursor(((kind,), name), key=request.service.store.link_key, question=asked)
        relations.append(("next", links.with_parameters(address, [*kept, ("_after", token)])))
    return relations


def _question(request: FhirRequest, given: Given) -> bytes:
    """What a place in the pages belongs to: whom was asked about, and by which parameters."""
    asked = sorted(pair for pair in _kept(given) if pair[0] != "_count")
    return repr((request.path.strip("/"), asked)).encode()


def _kept(given: Given) -> list[tuple[str, str]]:
    """The parameters as the links to all pages have them."""
    return [(name, ",".join(texts)) for name, texts in given.items() if name != "_after"]
