"""What this server can do, drawn from the declarations it runs by, so that it cannot say otherwise.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.fhir_mapping import links
from app.fhir_mapping.definitional import canonical
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.resource import Document, Resource, SearchParameter
from app.fhir_mapping.search_includes import includable, reverse_includable

FORMATS = ("json", "application/fhir+json")
PATCH_FORMATS = ("application/json-patch+json", "application/fhir+json")
SYSTEM_INTERACTIONS = ("transaction", "batch", "history-system")

SANDBOX = (
    "OPEN SANDBOX: no authentication; anyone who can reach this server can read and change everything."
    " Synthetic data only."
)
CLOSED = "This server is meant to stand behind authentication; identifying data of patients is not accepted."

LIMITS = (
    "R4 JSON only. Structure, cardinality, required codes, invariants and reference targets of R4 are"
    " checked; profiles and extensible bindings are not. Search modifiers: missing, not, exact, contains,"
    " identifier and [type]; chains, _has, _include, _revinclude and :iterate are served."
)


def statement(
    resources: Iterable[Resource],
    operations: Iterable[Operation],
    *,
    served: Iterable[Resource] = (),
    base: str,
    software_version: str,
    date: datetime,
    open_sandbox: bool,
) -> Document:
    """The CapabilityStatement of this server.

    `served` are the types it only serves. `date` is when it last changed, usually when it started.
    """
    offered = tuple(operations)
    of_server = [_operation(operation) for operation in offered if "system" in operation.levels]
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
        "patchFormat": list(PATCH_FORMATS),
        "rest": [
            {
                "mode": "server",
                "documentation": "Transactions and batches are sent to the base address.",
                "security": {"description": SANDBOX if open_sandbox else CLOSED},
                "resource": [
                    *(_stored(resource, offered) for resource in resources),
                    *(_described(resource) for resource in served),
                ],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                **({"operation": of_server} if of_server else {}),
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
            }
        ],
    }


def _stored(resource: Resource, operations: tuple[Operation, ...]) -> dict[str, Any]:
    """What is offered on a type that is stored."""
    own = [operation for operation in operations if resource.name in operation.resources]
    said = _described(resource) | {
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "enforced"],
        "searchInclude": [*includable(resource)],
        "searchRevInclude": [*reverse_includable(resource)],
    }
    if own:
        said["operation"] = [_operation(operation) for operation in own]
    return {name: value for name, value in said.items() if value != []}


def _described(resource: Resource) -> dict[str, Any]:
    """What is offered on any type."""
    return {
        "type": resource.name,
        "documentation": resource.about.strip(),
        "interaction": [{"code": code} for code in resource.interactions],
        "versioning": "no-version",
        "searchParam": [_search_parameter(resource, parameter) for parameter in resource.search],
    }


def _search_parameter(resource: Resource, parameter: SearchParameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "definition": canonical(resource, parameter),
        "type": parameter.kind.value,
        "documentation": parameter.about,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.code,
        "definition": operation.canonical,
        "documentation": operation.about,
    }
