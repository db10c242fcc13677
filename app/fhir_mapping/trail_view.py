"""What somebody may see of an event that names what is not theirs to see."""

from collections.abc import Set as AbstractSet
from typing import Any, Final

from app.fhir_mapping import codec
from app.fhir_mapping.audit_evidence import is_evidence
from app.fhir_mapping.resource import Document

REDACTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
    "display": "redacted",
}
"""Says that parts are left out of what is shown: the hash in the trail is that of the whole."""


_OF_TRAIL: Final = "AuditEvent/"
"""Names of events say nothing of what they are about."""


def own_part(document: bytes, seen: AbstractSet[str], *, query: bool) -> bytes:
    """The event as it is shown to who may see these references; `query`, and how it was searched.

    Where that is all of it, it is the very bytes that are kept. Else what is left says neither which other
    resources there were nor where in the trail it stands, which would tell of them.
    """
    event = codec.read(document)
    shown = [one for one in event["entity"] if _is_seen(one, seen, query=query)]
    if len(shown) == len(event["entity"]):
        return document
    left: Document = event | {
        "meta": event["meta"] | {"security": [REDACTED]},
        "source": {name: value for name, value in event["source"].items() if name != "site"},
        "entity": [one for one in shown if not (_is_place(one) or _is_row(one))],
    }
    return codec.write({name: value for name, value in left.items() if value != []})


def _is_seen(entity: Document, seen: AbstractSet[str], *, query: bool) -> bool:
    if "query" in entity:
        return query
    reference = _what(entity).get("reference")
    return reference is None or reference in seen or reference.startswith(_OF_TRAIL)


def _is_place(entity: Document) -> bool:
    """Whether it says where in the trail this event, or another chain, stands."""
    return "detail" in entity and "identifier" in _what(entity)


def _is_row(entity: Document) -> bool:
    """Whether it is the evidence of a row, which names whose it is."""
    return is_evidence(_what(entity).get("identifier", {}).get("system"))


def _what(entity: Document) -> dict[str, Any]:
    what: dict[str, Any] = entity.get("what", {})
    return what
