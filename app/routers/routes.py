"""Every address of the FHIR API and what may be done there: one table, read by the door and by Swagger."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from app.fhir_mapping import links
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.served import SERVED
from app.fhir_mapping.wording import did_you_mean, shown
from app.routers import bundle, histories, interactions, metadata, operations, recorded, tokens, writes
from app.routers.answers import FhirResponse
from app.routers.entrance import SMART_CONFIGURATION
from app.routers.requests import FhirRequest

Handler = Callable[[FhirRequest], Awaitable[FhirResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One shape of address below the FHIR base; `{type}` is one of RESOURCES, `{compartment}` is Patient."""

    path: str
    methods: Mapping[str, Handler]
    segments: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", _segments(self.path))

    @property
    def allow(self) -> str:
        """The methods for an Allow header."""
        return ", ".join(sorted({*self.methods, *(["HEAD"] if "GET" in self.methods else [])}))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


ONLY_READ = {name: served.resource for name, served in SERVED.items()} | RECORDED
"""The types nobody writes, by name."""

ROUTES = (
    Route(path="/", methods={"GET": metadata.capabilities, "POST": bundle.take}),
    Route(path="/metadata", methods={"GET": metadata.capabilities}),
    Route(path=SMART_CONFIGURATION, methods={"GET": tokens.smart_configuration}),
    Route(path="/_history", methods={"GET": histories.of_everything}),
    Route(path="/{operation}", methods={"GET": operations.operation, "POST": operations.operation}),
    *(Route(path=f"/{name}", methods={"GET": interactions.search}) for name in ONLY_READ),
    *(Route(path=f"/{name}/_search", methods={"POST": interactions.search}) for name in ONLY_READ),
    *(Route(path=f"/{name}/{{id}}", methods={"GET": metadata.read}) for name in SERVED),
    *(Route(path=f"/{name}/{{id}}", methods={"GET": recorded.read}) for name in RECORDED),
    Route(
        path="/{type}",
        methods={
            "GET": interactions.search,
            "POST": writes.create,
            "PUT": writes.conditional_update,
            "PATCH": writes.conditional_patch,
            "DELETE": writes.conditional_delete,
        },
    ),
    Route(path="/{type}/_search", methods={"POST": interactions.search}),
    Route(
        path="/{type}/{id}",
        methods={
            "GET": interactions.read,
            "PUT": writes.update,
            "PATCH": writes.patch,
            "DELETE": writes.delete,
        },
    ),
    Route(path="/{type}/{operation}", methods={"GET": operations.operation, "POST": operations.operation}),
    Route(path="/{type}/_history", methods={"GET": histories.of_type}),
    Route(path="/{type}/{id}/_history", methods={"GET": histories.of_resource}),
    Route(
        path="/{type}/{id}/{operation}", methods={"GET": operations.operation, "POST": operations.operation}
    ),
    Route(path="/{type}/{id}/_history/{version}", methods={"GET": interactions.vread}),
    Route(path="/{compartment}/{patient}/{type}", methods={"GET": interactions.search_of_patient}),
    Route(path="/{compartment}/{patient}/{type}/_search", methods={"POST": interactions.search_of_patient}),
)
_FIXED = {segment for route in ROUTES for segment in route.segments if not segment.startswith("{")}


def _mark(segment: str) -> str | None:
    """What tells a segment from others: the word it is, that it names an operation, or nothing."""
    if segment in _FIXED:
        return segment
    return "$" if segment.startswith(("$", "{operation}")) else None


_BY_SHAPE = {tuple(map(_mark, route.segments)): route for route in ROUTES}


def find(request: FhirRequest) -> Handler:
    """What answers this request; its names are put into it. Refusal 404 or 405 where nothing does."""
    segments = _segments(request.path)
    route = _BY_SHAPE.get(tuple(map(_mark, segments))) or next(
        (one for one in ROUTES if _may_be(one.segments, segments)), None
    )
    if route is None:
        raise nothing_here()
    _name(request, route, segments)
    return _method(request, route)


def _may_be(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether an address has this shape; an id may be a word that is fixed elsewhere, such as `metadata`."""
    return len(wanted) == len(found) and all(
        want == have or (want.startswith("{") and have.startswith("$") is (want == "{operation}"))
        for want, have in zip(wanted, found, strict=True)
    )


def _name(request: FhirRequest, route: Route, segments: tuple[str, ...]) -> None:
    """Put what the address names into the request."""
    for want, found in zip(route.segments, segments, strict=True):
        match want:
            case "{type}":
                request.type = RESOURCES.get(found)
                if request.type is None:
                    raise _only_read(found) if found in ONLY_READ else unknown_type(found)
            case "{id}":
                request.id = _checked_id(found)
            case "{compartment}" if found != "Patient":
                raise nothing_here()
            case "{patient}":
                request.compartment = _checked_id(found)
            case "{version}":
                request.version = found
            case "{operation}":
                request.operation = found
            case _:
                request.type = ONLY_READ.get(want, request.type)


def _only_read(name: str) -> Refusal:
    """404 for what only the types that are stored have."""
    source = "what was done here" if name in RECORDED else "the program"
    text = f"{name} is drawn from {source} and only read and searched: it has no history and no operations"
    return refusal(404, "not-supported", text, "http.url")


def _method(request: FhirRequest, route: Route) -> Handler:
    handler = route.methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None and request.operation:
        return operations.operation  # which knows how each of them is asked
    if handler is None:
        text = f"{request.method} is not served here, only {route.allow}"
        raise Refusal(405, (Issue("not-supported", text, "http.url"),), {"Allow": route.allow})
    return handler


def nothing_here() -> Refusal:
    """404 for an address of no shape we know."""
    return refusal(
        404, "not-found", "there is nothing at this address; GET /fhir/metadata says what there is"
    )


def unknown_type(name: str) -> Refusal:
    """404 that names the types there are."""
    text = f"{shown(name, 'this')} is not a resource type served here{did_you_mean(name, RESOURCES)}"
    return refusal(404, "not-supported", f"{text}; there are {', '.join(RESOURCES)}", "http.url")


def _checked_id(text: str) -> str:
    if text.startswith(("_", "$")):
        text = "this interaction is not served on a whole type; see /fhir/metadata"
        raise refusal(404, "not-supported", text, "http.url")
    if not links.is_id(text):
        raise refusal(400, "value", "an id is 1 to 64 letters, digits, '-' and '.'", "http.url")
    return text
