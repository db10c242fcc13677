"""What each interaction on a type takes and answers, in the words of OpenAPI; drawn from a Resource."""

from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter
from app.routers import examples
from app.routers.fragments import (
    CONTROLS,
    PUSHED,
    VERSION,
    WRITTEN,
    Said,
    answer,
    body,
    id_of,
    interaction,
    named,
    nothing,
    query_parameter,
    refusals,
    shared,
    stored,
)
from app.routers.requests import FORM

_KIND_HINTS = {
    SearchKind.TOKEN: "`code`, `system|code`, `system|`, `|code`; a comma means or.",
    SearchKind.REFERENCE: "`Type/id` or `id`; a comma means or.",
    SearchKind.DATE: "`2024`, `2024-05`, `2024-05-03`; `ge`, `gt`, `le`, `lt`, `ne` may stand before it.",
    SearchKind.QUANTITY: "`5.4`, `ge5.4` or `5.4|http://unitsofmeasure.org|g/L`.",
    SearchKind.STRING: "The beginning, whatever its case and accents.",
    SearchKind.NUMBER: "`5.4` or `ge5.4`.",
    SearchKind.URI: "The whole address.",
    SearchKind.COMPOSITE: "The values of its parts with `$` between them.",
}


def create(resource: Resource, _method: str) -> Said:
    """POST of a type."""
    name = resource.name
    return interaction(
        "create",
        name,
        f"Create {named(name)}",
        f"Stores a new {name} under an id this server chooses; an id in the body is ignored. With"
        " If-None-Exist it is stored once, however often it is sent.",
        parameters=[*map(shared, ("If-None-Exist", "Prefer", "X-Change-Reason", "X-Correlation-Id"))],
        sends=body(name, examples.BODIES[name]),
        answers={
            "200": stored(name, *VERSION, *PUSHED),
            "201": stored(name, *VERSION, *PUSHED),
        }
        | refusals(*WRITTEN, "412"),
    )


def update(resource: Resource, _method: str) -> Said:
    """PUT of an id."""
    name = resource.name
    return interaction(
        "update",
        name,
        f"Store {named(name)} under this id",
        "A new version of what is there, or the first one. The body must carry the id of the address. "
        "If-Match lets nobody's change be lost.",
        parameters=[
            id_of(name, examples.own_id(name)),
            *map(shared, ("If-Match", "Prefer", "X-Change-Reason", "X-Correlation-Id")),
        ],
        sends=body(name, examples.to_update(name)),
        answers={
            "200": stored(name, *VERSION, *PUSHED),
            "201": stored(name, *VERSION, *PUSHED),
        }
        | refusals(*WRITTEN, "412"),
    )


def read(resource: Resource, _method: str) -> Said:
    """GET of an id."""
    name = resource.name
    return interaction(
        "read",
        name,
        f"Read {named(name)}",
        "The current version, digit by digit as it was sent.",
        parameters=[id_of(name), shared("If-None-Match")],
        answers={"200": stored(name, "ETag", "Last-Modified"), "304": nothing("304")}
        | refusals("404", "410"),
    )


def vread(resource: Resource, _method: str) -> Said:
    """GET of a version."""
    name = resource.name
    number = {
        "name": "version",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "description": "The number of the version, as in its ETag.",
        "example": 1,
    }
    return interaction(
        "vread",
        name,
        f"Read one version of {named(name)}",
        "Every version is kept, also that of a resource deleted since.",
        parameters=[id_of(name), number],
        answers={"200": stored(name, "ETag", "Last-Modified")} | refusals("404", "410"),
    )


def delete(resource: Resource, _method: str) -> Said:
    """DELETE of an id."""
    name = resource.name
    return interaction(
        "delete",
        name,
        f"Delete {named(name)}",
        "Its versions stay readable. Deleting what is gone, or never was, is done already: 204.",
        parameters=[id_of(name, examples.own_id(name)), shared("If-Match")],
        answers={"204": nothing("204")} | refusals("400", "409", "412"),
    )


def search(resource: Resource, method: str) -> Said:
    """GET of a type, or POST of a form to _search."""
    name = resource.name
    posted = method == "POST"
    said = interaction(
        "searchByPost" if posted else "search",
        name,
        f"Search {name}" + (" by a form" if posted else ""),
        "Parameters are joined by and; an unknown one is ignored, named in the answer and missing from its "
        "link `self` (with `Prefer: handling=strict` it is refused). Follow the link `next` for more.",
        parameters=[shared("Prefer")] if posted else [*searched(resource), shared("Prefer")],
        answers={"200": answer("Bundle", "A Bundle of type searchset.")} | refusals("400"),
    )
    if posted:
        said["requestBody"] = {"required": False, "content": {FORM: _form(resource)}}
    return said


def searched(resource: Resource) -> list[Said]:
    """The search parameters of a type, and those that shape the answer."""
    return narrowed(resource) + [shared(name) for name in CONTROLS]


def narrowed(resource: Resource) -> list[Said]:
    """The search parameters of a type alone."""
    return [shared(f"{resource.name}.{parameter.name}") for parameter in resource.search]


def search_parameters(resource: Resource) -> dict[str, Said]:
    """The search parameters of a type as they are mentioned, those of the example filled in."""
    filled = examples.SEARCHED[resource.name]
    return {
        f"{resource.name}.{parameter.name}": query_parameter(
            parameter.name, _about(parameter), {"type": "string"}, filled.get(parameter.name)
        )
        for parameter in resource.search
    }


def _form(resource: Resource) -> Said:
    """The search parameters as fields; Swagger UI fills each in with its own example, or with `string`."""
    filled = examples.SEARCHED[resource.name]
    properties = {
        parameter.name: {
            "type": "string",
            "description": parameter.about,
            "example": filled.get(parameter.name, ""),
        }
        for parameter in resource.search
    }
    return {"schema": {"type": "object", "properties": properties}, "example": filled}


def _about(parameter: SearchParameter) -> str:
    return f"{parameter.about} {_KIND_HINTS[parameter.kind]}"
