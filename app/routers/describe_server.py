"""What the addresses beside the types take and answer, in the words of OpenAPI."""

from typing import Any

from app.fhir_mapping.served import SERVED, Served
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
    plain: Said = {"description": STATUS["200"], "content": {"application/json": {"schema": {"type": "object"}}}}
    return interaction(
        "smartConfiguration",
        "",
        "Where access tokens are given",
        "The token endpoint, what it takes, and the scopes there are (SMART App Launch); nobody signs in for it.",
        answers={"200": plain},
    )


def search_served(path: str) -> Said:
    """GET of a type that is only served."""
    served = _served(path)
    return interaction(
        "search",
        served.resource.name,
        f"Search {served.resource.name}",
        served.resource.about,
        tag=WHOLE,
        parameters=[
            query_parameter(parameter.name, parameter.about, {"type": "string"})
            for parameter in served.resource.search
        ],
        answers={"200": answer("Bundle", STATUS["200"])} | refusals("400"),
    )


def search_served_by_form(path: str) -> Said:
    """POST of a form to _search of such a type."""
    served = _served(path)
    said = interaction(
        "searchByPost",
        served.resource.name,
        f"Search {served.resource.name} by a form",
        served.resource.about,
        tag=WHOLE,
        answers={"200": answer("Bundle", STATUS["200"])} | refusals("400"),
    )
    properties = {
        parameter.name: {"type": "string", "description": parameter.about}
        for parameter in served.resource.search
    }
    form = {"schema": {"type": "object", "properties": properties}, "example": {"status": "active"}}
    said["requestBody"] = {"required": False, "content": {FORM: form}}
    return said


def read_served(path: str) -> Said:
    """GET of one resource of such a type."""
    served = _served(path)
    name = served.resource.name
    return interaction(
        "read",
        name,
        f"Read {named(name)}",
        served.resource.about,
        tag=WHOLE,
        parameters=[path_parameter("id", f"The id of the {name}.", next(iter(served.documents())))],
        answers={"200": answer(name, STATUS["200"])} | refusals("404"),
    )


def _served(path: str) -> Served:
    return SERVED[path.removeprefix(BASE).split("/")[1]]


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
