"""What the writes whose target a search names, and the patches, take and answer, in the words of OpenAPI."""

from app.fhir_mapping.resource import Resource
from app.routers import examples
from app.routers.fragments import (
    WRITTEN,
    Said,
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

JSON_PATCH = "application/json-patch+json"
_STORED = ("ETag", "Last-Modified", "Location")


def patch(resource: Resource, _method: str) -> Said:
    """PATCH of an id."""
    name = resource.name
    return interaction(
        "patch",
        name,
        f"Change a part of {named(name)}",
        "By a JSON Patch (RFC 6902), or by a FHIRPath Patch: Parameters as `application/fhir+json`. The "
        "result is checked as any other body is; one that changes nothing makes no new version. If-Match "
        "lets nobody's change be lost.",
        parameters=[id_of(name), shared("If-Match"), shared("Prefer")],
        sends=_patch(name),
        answers={"200": stored(name, *_STORED)} | refusals(*WRITTEN, "404", "410", "412"),
    )


def conditional_update(resource: Resource, _method: str) -> Said:
    """PUT of a type, with criteria."""
    name = resource.name
    return interaction(
        "conditionalUpdate",
        name,
        f"Store {named(name)} where the one match stands",
        "None found: it is created. One: it is replaced. Several: 412, and nothing is stored.",
        parameters=[_criteria(name), shared("If-Match"), shared("Prefer")],
        sends=body(name, examples.BODIES[name]),
        answers={"200": stored(name, *_STORED), "201": stored(name, *_STORED)} | refusals(*WRITTEN, "412"),
    )


def conditional_patch(resource: Resource, _method: str) -> Said:
    """PATCH of a type, with criteria."""
    name = resource.name
    return interaction(
        "conditionalPatch",
        name,
        f"Change a part of the one {name} that matches",
        "None found: 404. Several: 412, and nothing is changed.",
        parameters=[_criteria(name, examples.STORED[name]), shared("If-Match"), shared("Prefer")],
        sends=_patch(name),
        answers={"200": stored(name, *_STORED)} | refusals(*WRITTEN, "404", "412"),
    )


def conditional_delete(resource: Resource, _method: str) -> Said:
    """DELETE of a type, with criteria."""
    name = resource.name
    return interaction(
        "conditionalDelete",
        name,
        f"Delete the one {name} that matches",
        "None found: it is done already. Several: 412, and nothing is deleted.",
        parameters=[_criteria(name), shared("If-Match"), shared("Prefer")],
        answers={"204": nothing("204")} | refusals("400", "409", "412"),
    )


def _criteria(name: str, example: str = "nobody") -> Said:
    about = f"Any search of {name} may name the target: `_id`, `identifier=system|value`, …"
    return query_parameter("_id", about, {"type": "string"}, example)


def _patch(name: str) -> Said:
    path, value = examples.PATCHED[name]
    operations = [
        {"op": "test", "path": path, "value": value},
        {"op": "replace", "path": path, "value": value},
    ]
    shown = {"example": {"summary": "Replace an element, if it is what you think it is", "value": operations}}
    items = {"type": "object", "required": ["op", "path"]}
    return {
        "required": True,
        "content": {JSON_PATCH: {"schema": {"type": "array", "items": items}, "examples": shown}},
    }
