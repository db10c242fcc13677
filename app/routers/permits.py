"""What an asker may ask: every interaction and operation needs scopes, looked at before anything is done.

What a write comes to is looked at again where that is known (`store.rights`), entry by entry of a Bundle.
"""

from collections.abc import Mapping
from typing import Final

from app.fhir_mapping.access.role import ROLES
from app.fhir_mapping.operation import Level
from app.fhir_mapping.operations import named
from app.fhir_mapping.served import SERVED
from app.routers import bundle, histories, interactions, metadata, operations, recorded, tokens, writes
from app.routers.entrance import SMART_CONFIGURATION
from app.routers.requests import FhirRequest
from app.routers.routes import Handler
from app.routers.scopes import require, require_any, require_whole

PUBLIC: Final = ("/", "/metadata", SMART_CONFIGURATION)
"""What is said to whoever asks: what this server can do (https://hl7.org/fhir/R4/http.html#capabilities)."""

NEEDED: Final[Mapping[Handler, tuple[str, ...]]] = {
    interactions.read: ("r",),
    interactions.vread: ("r",),
    histories.of_resource: ("r",),
    histories.of_type: ("s",),
    interactions.search: ("s",),
    recorded.read: ("r",),
    interactions.search_of_patient: ("s",),
    writes.create: ("c",),
    writes.update: ("u",),
    writes.patch: ("u",),
    writes.delete: ("d",),
    writes.conditional_update: ("s", "u"),
    writes.conditional_patch: ("s", "u"),
    writes.conditional_delete: ("s", "d"),
}
"""By interaction with a type, every letter it needs."""

_BY_ITSELF: Final = frozenset({bundle.take, metadata.capabilities, metadata.read, tokens.smart_configuration})
"""What needs no scope of its own: its parts do, or it shows what the asker may see."""


def is_public(request: FhirRequest) -> bool:
    """Whether nobody has to sign in for this."""
    return request.method in ("GET", "HEAD") and (request.path or "/") in PUBLIC


def permit(request: FhirRequest, handler: Handler) -> None:
    """Refuse (403) what the scopes of the asker do not allow."""
    if request.asker.actor.scopes is None or handler in _BY_ITSELF:
        return
    if handler is operations.operation:
        _permit_operation(request)
    elif handler is histories.of_everything:
        require_any(request, "s")
    elif request.resource.name not in SERVED:
        for letter in NEEDED[handler]:
            require(request, request.resource.name, letter)


def _permit_operation(request: FhirRequest) -> None:
    """An operation on a resource reads it; its answer rests on more."""
    kind = None if request.type is None else request.type.name
    level: Level = "system" if kind is None else "instance" if request.id else "type"
    asked = named(kind, request.operation, level)
    if asked is None:
        return  # which the handler tells
    if kind is None:
        for told in asked.rests_on:
            require(request, told, "r", "s")
        return  # the handler leaves out what is not in sight
    if not asked.acts:
        require(request, kind, *("r" if request.id else "rsc"))
    elif kind in ROLES[request.actor.role].writes:
        require(request, kind, "u")  # a token that only reads does none of it either
    require_whole(request, asked.rests_on)
