"""What an AuditEvent of the trail says of itself: read back from the document, nothing else believed."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir_mapping.audit_event import DIGEST, HEAD, LIVES, NUMBER, PERSON, Head
from app.fhir_mapping.resource import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a kept event says of itself: the same that is kept beside it in columns.

    `changed` are the versions it says came to be, with the digest of what was stored (None: a deletion),
    `seen` those that were read; `heads` what it cites; `named` what else it is about, by system and value.
    """

    id: str
    study: str
    committer: str
    number: int
    recorded: str
    action: str
    interaction: str
    outcome: str
    client: str
    patients: frozenset[str]
    query: str
    changed: Mapping[tuple[str, str, int], bytes | None]
    seen: frozenset[tuple[str, str, int]]
    heads: Sequence[Head]
    named: Sequence[tuple[str, str]]

    @property
    def patient(self) -> str:
        """The one patient it is about; empty where it is about none or several."""
        return next(iter(self.patients)) if len(self.patients) == 1 else ""


def told(document: Document) -> Told:
    """What an AuditEvent of ours says. Raises LookupError, ValueError or TypeError where it is none."""
    place, *others = document["entity"]
    head = _head(place, b"")
    who = document["agent"][0]["who"]["identifier"]
    versions = [(one, _own(one)) for one in others if "lifecycle" in one]
    changed = {
        own: _bytes(_details(one).get(DIGEST))
        for one, own in versions
        if one["lifecycle"]["code"] != LIVES["R"]
    }
    return Told(
        id=document["id"],
        study=head.study,
        committer=head.committer,
        number=head.number,
        recorded=document["recorded"],
        action=document["action"],
        interaction=document["subtype"][-1]["code"],
        outcome=document["outcome"],
        client=who["value"] if "system" in who else "",
        patients=frozenset(_patients(others)),
        query=next((b64decode(one["query"]).decode() for one in others if "query" in one), ""),
        changed=changed,
        seen=frozenset(own for _, own in versions if own not in changed),
        heads=[_head(one, bytes.fromhex(_details(one)[HEAD])) for one in others if HEAD in _details(one)],
        named=[_identifier(one) for one in others if _is_named(one)],
    )


def _is_named(entity: Document) -> bool:
    return "system" in entity.get("what", {}).get("identifier", {}) and "detail" not in entity


def _identifier(entity: Document) -> tuple[str, str]:
    found = entity["what"]["identifier"]
    return found["system"], found["value"]


def _patients(entities: Sequence[Document]) -> set[str]:
    persons = (one["what"]["reference"] for one in entities if one["type"].get("code") == PERSON)
    return {reference.split("/")[1] for reference in persons}


def _head(entity: Document, own: bytes) -> Head:
    study, _, committer = entity["what"]["identifier"]["value"].rpartition("/")
    return Head(study=study, committer=committer, number=int(_details(entity)[NUMBER]), hash=own)


def _own(entity: Document) -> tuple[str, str, int]:
    kind, name, *version = entity["what"]["reference"].replace("/_history/", "/").split("/")
    return kind, name, int(version[0]) if version else 0


def _details(entity: Document) -> dict[str, Any]:
    return {one["type"]: one["valueString"] for one in entity.get("detail", ())}


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
