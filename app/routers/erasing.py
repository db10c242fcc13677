"""$erase over HTTP."""

from collections.abc import Mapping
from typing import Final

from app.fhir_mapping import question
from app.fhir_mapping.integrity_operations import ERASE
from app.fhir_mapping.listing import Each, Reference, Row
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.routers.answers import FhirResponse
from app.routers.inbox_operations import Handler
from app.routers.listings import only, text_of, told
from app.routers.requests import FhirRequest
from app.routers.scopes import require_act
from app.routers.trial_answers import now
from app.store.erasing import Erasing
from app.store.erasing import erase as erased
from app.store.tombstones import Tombstone


async def erase(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Erase one earlier version, or the resource with all of them."""
    require_act(request, "erase")
    given = question.given(asked, request.parameters)
    key, reason = (request.resource.name, request.id), text_of(given, "reason")
    if not reason:
        raise refusal(400, "required", "say why, in `reason`: the tombstone keeps it", "http.reason")
    if only(given, "confirm") != "/".join(key):
        text = f"write again what is to be erased for good: confirm={'/'.join(key)}"
        raise refusal(422, "business-rule", text, "http.confirm")
    erasing = Erasing(key=key, version=_version(given), by=request.actor, reason=reason)
    found = await erased(request.service.store, erasing, writing=request.writing, at=now())
    request.service.memory.forget()
    request.saw(*((*key, one.version) for one in found))
    return told(given, (("erased", Each("erased", [_row(one) for one in found])),))


def _version(given: Given) -> int | None:
    """The version to erase; None is all of them."""
    every = only(given, "all") == "true"
    if every is ("version" in given):
        raise refusal(400, "value", "say which: one `version`, or `all` as true", "http.version")
    return None if every else int(only(given, "version"))


def _row(one: Tombstone) -> Row:
    return (
        ("version", Reference(f"{one.type}/{one.id}/_history/{one.version}")),
        ("erased", one.erased),
        ("client", one.client),
        ("reason", one.reason),
        ("sha256", one.digest.hex()),
    )


HANDLERS: Final[Mapping[str, Handler]] = {ERASE.name: erase}
"""By operation, what answers it."""
