"""Every operation of this service; routes, Swagger and the CapabilityStatement are drawn from here."""

from typing import Final

from app.fhir_mapping.export_operation import EXPORT
from app.fhir_mapping.inbox_operations import INBOX_OPERATIONS
from app.fhir_mapping.integrity_operations import INTEGRITY_OPERATIONS
from app.fhir_mapping.operation import Level, Operation
from app.fhir_mapping.standard_operations import STANDARD_OPERATIONS
from app.fhir_mapping.trial_operations import TRIAL_OPERATIONS

OPERATIONS: Final = (
    *TRIAL_OPERATIONS,
    EXPORT,
    *INBOX_OPERATIONS,
    *INTEGRITY_OPERATIONS,
    *STANDARD_OPERATIONS,
)
"""Every operation, in the order the Swagger page shows them."""


def named(resource: str | None, name: str, level: Level = "instance") -> Operation | None:
    """The operation of that name (`$sri-status`) on that type, or on the server; None where there is none."""
    return next((one for one in served(resource, level) if one.name == name), None)


def served(resource: str | None, level: Level | None = None) -> tuple[Operation, ...]:
    """The operations on that type, or on the server as a whole."""
    return tuple(
        one
        for one in OPERATIONS
        if (resource in one.resources if resource is not None else "system" in one.levels)
        and (level is None or level in one.levels)
    )
