"""The types of the trail: served from what was done here, read and searched, and never written by anybody."""

from collections.abc import Mapping
from typing import Final

from app.fhir_mapping.access.role import AUDIT
from app.fhir_mapping.resource import READ_ONLY, Resource
from app.fhir_mapping.standard import standard

_ABOUT: Final[Mapping[str, str]] = {
    "AuditEvent": "Who did what, when, from where, why and with what outcome: one event for each request that"
    " read and for each change. A site sees who saw its own patients; of an event that names others, too, it"
    " is shown its own part. Newest first.",
    "Provenance": "Whose work each version is: who stored it, when and why, what it revises, and who signed"
    " it. There is one for every version the asker may see. Newest first.",
}
_SEARCHED: Final[Mapping[str, Mapping[str, str]]] = {
    "AuditEvent": {
        "_id": "The id of the event.",
        "action": "C created, R read, U changed, D deleted, E an operation, or several of these.",
        "agent": "Who did it: agent:identifier=https://trialbridge.example/fhir/sid/client|name.",
        "altid": "The name of the client that did it.",
        "date": "When it was done.",
        "entity": "What was read or changed: Observation/x, or one version: Observation/x/_history/2.",
        "outcome": "0 done, 4 refused, 8 failed.",
        "patient": "Whom it was about.",
        "subtype": "The interaction (read, search-type, create, …) or the operation ($sri-status).",
    },
    "Provenance": {
        "_id": "The id of the Provenance: Type.version.id of what it is about.",
        "recorded": "When the version was stored.",
        "target": "The resource, all versions of it, or one version: Observation/x/_history/2.",
    },
}


def _recorded(name: str) -> Resource:
    words = _SEARCHED[name]
    return Resource(
        name=name,
        about=_ABOUT[name],
        to_records=lambda _document, _source: (),
        search=tuple(one for one in standard(name, about=words) if one.name in words),
        interactions=READ_ONLY,
    )


RECORDED: Final[dict[str, Resource]] = {name: _recorded(name) for name in AUDIT}
"""The types of the trail by name."""
