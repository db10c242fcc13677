"""The OpenAPI description, drawn from the routes, the types and the operations; nothing is said twice."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from app import __version__
from app.fhir_mapping import codec
from app.fhir_mapping.compartment import PATIENT
from app.fhir_mapping.operation import Level
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.served import SERVED
from app.routers import bundle as bundles
from app.routers import (
    describe,
    describe_access,
    describe_conditional,
    describe_histories,
    describe_hl7v2,
    describe_operations,
    describe_server,
    histories,
    interactions,
    metadata,
    operations,
    recorded,
    schemas,
    tokens,
    writes,
)
from app.routers.describe_access import SIGN_IN, scopes_of, scopes_of_operation, signed_in
from app.routers.describe_hl7v2 import HL7_V2
from app.routers.describe_operations import INBOX, QUESTIONS
from app.routers.describe_server import BASE, HEALTH
from app.routers.fragments import WHOLE, Said, components
from app.routers.permits import PUBLIC
from app.routers.routes import ONLY_READ, ROUTES, Handler, Route

ABOUT = """An open FHIR R4 service for the cell-therapy trials MSC-SLE and MSC-SSc.

Push resources in as FHIR; ask for answers with their reasons: `$sri-status`, `$eligibility`.
Every error is an OperationOutcome that says what to do. Bodies and answers are `application/fhir+json`.
"""
SANDBOX = """
**This is a sandbox**: open to whoever reaches it, for synthetic data only. Every example succeeds on the
demonstration trial (`make run`), so *Try it out* works as it stands.
"""

TYPED: dict[Handler, Callable[[Resource, str], Said]] = {
    writes.create: describe.create,
    interactions.read: describe.read,
    interactions.vread: describe.vread,
    writes.update: describe.update,
    writes.patch: describe_conditional.patch,
    writes.delete: describe.delete,
    writes.conditional_update: describe_conditional.conditional_update,
    writes.conditional_patch: describe_conditional.conditional_patch,
    writes.conditional_delete: describe_conditional.conditional_delete,
    histories.of_resource: describe_histories.of_resource,
    histories.of_type: describe_histories.of_type,
    interactions.search: describe.search,
    interactions.search_of_patient: describe_histories.compartment,
}
READ_ONLY: dict[tuple[Handler, str], Callable[[str], Said]] = {
    (interactions.search, "GET"): describe_server.search_served,
    (interactions.search, "POST"): describe_server.search_served_by_form,
    (metadata.read, "GET"): describe_server.read_served,
    (recorded.read, "GET"): describe_server.read_served,
}
"""What is said of the types that are only read."""
PLAIN: dict[Handler, Callable[[str], Said]] = {
    bundles.take: describe_server.take,
    metadata.capabilities: describe_server.capabilities,
    histories.of_everything: describe_histories.of_everything,
    tokens.smart_configuration: describe_server.smart_configuration,
}


@cache
def text() -> bytes:
    """The description as it is committed and served."""
    return msgspec.json.format(codec.write(document()), indent=1) + b"\n"


def document(*, sandbox: bool = True) -> dict[str, Any]:
    """The description of every address."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        for path, method, said in _described(route):
            paths.setdefault(path, {})[method.lower()] = said
    paths |= describe_hl7v2.paths() | describe_access.paths() | describe_server.probes()
    if sandbox:
        describe_access.opened(paths)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Trialbridge",
            "version": __version__,
            "description": ABOUT + (SANDBOX if sandbox else ""),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": _tags(),
        "paths": paths,
        "components": _components(paths),
    }


def _components(paths: dict[str, Any]) -> dict[str, Any]:
    shared = components()
    shared["responses"] |= describe_access.responses()
    shared["securitySchemes"] = describe_access.schemes(paths)
    for resource in RESOURCES.values():
        shared["parameters"] |= describe.search_parameters(resource)
    return shared | {"schemas": schemas.schemas(_types())}


def _described(route: Route) -> Iterator[tuple[str, str, Said]]:
    """Each concrete path of a route, with each method and what it does."""
    for method, handler in route.methods.items():
        if handler is operations.operation:
            yield from (_operations if "{type}" in route.segments else _of_server)(route, method)
        elif route.segments[0] in ONLY_READ:
            path = BASE + route.path
            name = route.segments[0]
            scopes = () if name in SERVED else scopes_of(handler, name)
            yield path, method, signed_in(READ_ONLY[handler, method](path), scopes)
        elif handler in TYPED:
            for resource in _served_at(route):
                path = BASE + route.path.replace("{compartment}", "Patient").replace("{type}", resource.name)
                said = TYPED[handler](resource, method)
                yield path, method, signed_in(said, scopes_of(handler, resource.name))
        else:
            path = BASE + route.path.removesuffix("/")
            said = PLAIN[handler](path)
            public = method == "GET" and route.path in PUBLIC
            yield path, method, said if public else signed_in(said, ())


def _operations(route: Route, method: str) -> Iterator[tuple[str, str, Said]]:
    """The operations asked at an address of that shape."""
    level: Level = "instance" if "{id}" in route.segments else "type"
    for operation in OPERATIONS:
        if level in operation.levels and method in operation.methods:
            for name in operation.resources:
                path = BASE + route.path.replace("{type}", name).replace("{operation}", operation.name)
                said = describe_operations.operation(operation, RESOURCES[name], level, method)
                yield path, method, signed_in(said, scopes_of_operation(operation, name))


def _of_server(route: Route, method: str) -> Iterator[tuple[str, str, Said]]:
    """The operations asked of the server as a whole."""
    for operation in OPERATIONS:
        if "system" in operation.levels and method in operation.methods:
            path = BASE + route.path.replace("{operation}", operation.name)
            said = describe_operations.of_server(operation, method)
            yield path, method, signed_in(said, scopes_of_operation(operation, None))


def _served_at(route: Route) -> list[Resource]:
    """The types an address is there for: within the data of a patient, those that are about one."""
    of_patient = "{compartment}" in route.segments
    return [one for one in RESOURCES.values() if one.name in PATIENT or not of_patient]


def _types() -> list[str]:
    return [*RESOURCES, *ONLY_READ, "Bundle", "CapabilityStatement", "OperationOutcome", "Parameters"]


def _tags() -> list[dict[str, str]]:
    questions = {"name": QUESTIONS, "description": "What the trial wants to know of a subject."}
    types = [{"name": resource.name, "description": resource.about} for resource in RESOURCES.values()]
    whole = {"name": WHOLE, "description": "Bundles, and what this server can do."}
    inbox = {"name": INBOX, "description": "What hospitals push, for those who run the server."}
    older = {"name": HL7_V2, "description": "Results as older systems send them: ORU^R01 in, ACK out."}
    entry = {"name": SIGN_IN, "description": "Access tokens, by SMART Backend Services."}
    health = {"name": HEALTH, "description": "For those who run it."}
    return [questions, *types, whole, inbox, older, entry, health]
