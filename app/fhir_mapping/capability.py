"""What this server can do, drawn from the declarations it runs by, so that it cannot say otherwise.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.fhir_mapping import links
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.resource import Document, Resource, SearchParameter

OURS = "https://trialbridge.example/fhir/SearchParameter/"
"""Where the search parameters are named that are not HL7's."""

FORMATS = ("json", "application/fhir+json")

INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")
SYSTEM_INTERACTIONS = ("transaction", "batch")

SANDBOX = (
    "OPEN SANDBOX: no authentication; anyone who can reach this server can read and change everything."
    " Synthetic data only."
)
CLOSED = "This server is meant to stand behind authentication; identifying data of patients is not accepted."

LIMITS = (
    "R4 JSON only. Structure, cardinality, required codes, invariants and reference targets of R4 are"
    " checked; profiles and extensible bindings are not. Search: no modifiers, chains or includes yet."
)


def statement(
    resources: Iterable[Resource],
    operations: Iterable[Operation],
    *,
    base: str,
    software_version: str,
    date: datetime,
    open_sandbox: bool,
) -> Document:
    """The CapabilityStatement of this server; `date` is when it last changed, usually when it started."""
    offered = tuple(operations)
    return {
        "resourceType": "CapabilityStatement",
        "name": "Trialbridge",
        "title": "Trialbridge, an open FHIR service for cell-therapy trials",
        "status": "active",
        "date": links.instant(date),
        "description": LIMITS,
        "kind": "instance",
        "software": {"name": "Trialbridge", "version": software_version},
        "implementation": {"description": "Trialbridge FHIR interface", "url": base},
        "fhirVersion": "4.0.1",
        "format": list(FORMATS),
        "rest": [
            {
                "mode": "server",
                "documentation": "Transactions and batches are sent to the base address.",
                "security": {"description": SANDBOX if open_sandbox else CLOSED},
                "resource": [_resource(resource, offered) for resource in resources],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
            }
        ],
    }


def _resource(resource: Resource, operations: tuple[Operation, ...]) -> dict[str, Any]:
    own = [operation for operation in operations if operation.resource == resource.name]
    said: dict[str, Any] = {
        "type": resource.name,
        "documentation": resource.about.strip(),
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": False,
        "conditionalRead": "full-support",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "enforced"],
        "searchParam": [_search_parameter(resource, parameter) for parameter in resource.search],
    }
    if own:
        said["operation"] = [_operation(operation) for operation in own]
    return said


def _search_parameter(resource: Resource, parameter: SearchParameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "definition": parameter.url or f"{OURS}{resource.name}-{parameter.name.removeprefix('_')}",
        "type": parameter.kind.value,
        "documentation": parameter.about,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.code,
        "definition": operation.canonical,
        "documentation": operation.about,
    }
