"""What the addresses beside the types take and answer, in the words of OpenAPI."""

from typing import Any

from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.served import SERVED
from app.routers import examples
from app.routers.fragments import (
    FHIR_JSON,
    STATUS,
    WHOLE,
    WRITTEN,
    Said,
    answer,
    body,
    interaction,
    named,
    path_parameter,
    query_parameter,
    refusal,
    refusals,
    shared,
)
from app.routers.requests import FORM

BASE = "/fhir"
HEALTH = "Health"


def take(_path: str) -> Said:
    """POST of a Bundle."""
    said = interaction(
        "transaction",
        "",
        "Send a transaction or a batch",
        "A transaction is carried out as a whole or not at all; in a batch each entry stands alone. "
        "Entries of a transaction name each other by `urn:uuid:`.",
        parameters=[*map(shared, ("Prefer", "X-Change-Reason", "X-Correlation-Id"))],
        sends=body("Bundle", examples.TRANSACTION),
        answers={"200": answer("Bundle", "One answer for each entry, in their order.")}
        | refusals(*WRITTEN, "412"),
    )
    content = said["requestBody"]["content"][FHIR_JSON]
    content["examples"]["batch"] = {"summary": "Two questions in one request", "value": examples.BATCH}
    return said


def capabilities(path: str) -> Said:
    """GET of the base or of /metadata."""
    return interaction(
        "capabilities" if path.endswith("/metadata") else "base",
        "",
        "What this server can do",
        "The CapabilityStatement: types, interactions, search parameters and operations.",
        answers={"200": answer("CapabilityStatement", STATUS["200"])},
    )


def smart_configuration(_path: str) -> Said:
    """GET of where tokens are."""
    content = {"application/json": {"schema": {"type": "object"}}}
    return interaction(
        "smartConfiguration",
        "",
        "Where access tokens are given",
        "The token endpoint, what it takes, and the scopes there are. Nobody signs in for it.",
        answers={"200": {"description": STATUS["200"], "content": content}},
    )


def search_served(path: str) -> Said:
    """GET of a type that is only read."""
    resource = _resource(path)
    filled = examples.SEARCHED.get(resource.name, {})
    return interaction(
        "search",
        resource.name,
        f"Search {resource.name}",
        resource.about,
        tag=WHOLE,
        parameters=[
            query_parameter(parameter.name, parameter.about, {"type": "string"}, filled.get(parameter.name))
            for parameter in resource.search
        ],
        answers={"200": answer("Bundle", STATUS["200"])} | refusals("400"),
    )


def search_served_by_form(path: str) -> Said:
    """POST of a form to _search of such a type."""
    resource = _resource(path)
    said = interaction(
        "searchByPost",
        resource.name,
        f"Search {resource.name} by a form",
        resource.about,
        tag=WHOLE,
        answers={"200": answer("Bundle", STATUS["200"])} | refusals("400"),
    )
    properties = {
        parameter.name: {"type": "string", "description": parameter.about} for parameter in resource.search
    }
    example = examples.SEARCHED.get(resource.name, {"status": "active"})
    form = {"schema": {"type": "object", "properties": properties}, "example": example}
    said["requestBody"] = {"required": False, "content": {FORM: form}}
    return said


def read_served(path: str) -> Said:
    """GET of one resource of such a type."""
    resource = _resource(path)
    name = resource.name
    one = examples.STORED.get(name) if name in RECORDED else next(iter(SERVED[name].documents()))
    return interaction(
        "read",
        name,
        f"Read {named(name)}",
        resource.about,
        tag=WHOLE,
        parameters=[path_parameter("id", f"The id of the {name}.", one)],
        answers={"200": answer(name, STATUS["200"])} | refusals("404"),
    )


def _resource(path: str) -> Resource:
    name = path.removeprefix(BASE).split("/")[1]
    return RECORDED[name] if name in RECORDED else SERVED[name].resource


def probes() -> dict[str, Any]:
    """The addresses outside FHIR."""

    def probe(name: str, summary: str, kind: str, *, down: bool = False) -> Said:
        answers: Said = {"200": {"description": STATUS["200"], "content": {kind: {"schema": {}}}}}
        if down:
            answers["503"] = refusal("The database is not reachable or not migrated.")
        return {
            "get": {"operationId": name, "summary": summary, "tags": [HEALTH], "responses": answers},
        }

    return {
        "/healthz": probe("healthz", "The process is alive", "application/json"),
        "/readyz": probe("readyz", "The database is reachable and migrated", "application/json", down=True),
        "/metrics": probe("metrics", "Counters for Prometheus", "text/plain"),
    }
