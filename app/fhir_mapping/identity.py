"""Which result this is: what makes a document of a registered sender the same one when it arrives again."""

from hashlib import sha256
from typing import Final

from app.fhir_mapping.content import as_sent
from app.fhir_mapping.push import Identity
from app.fhir_mapping.resource import Document
from app.fhir_mapping.sender import Sender, Senders

LONGEST: Final = 250
"""The longest text that is a key by itself; of a longer one its digest is: a database key has an end."""


def identity_of(senders: Senders, document: Document) -> Identity | None:
    """The identity of a document that is a registered sender's own; None of all others."""
    own = senders.whose(document)
    if own is None:
        return None
    sender, system, value = own
    kind = document["resourceType"]
    code = _chosen(sender, as_sent(document).get("code", {})) if kind == "Observation" else ""
    return Identity(type=kind, system=system, value=key(value), code=key(code))


def _chosen(sender: Sender, concept: Document) -> str:
    """The code the sender chose, as `system|code`; its words where it sent no code.

    What was added here beside it does not count: a map that grows must not make another result of it.
    """
    sent = [one for one in concept.get("coding", ()) if one.get("code")]
    chosen = (
        *(one for one in sent if one.get("userSelected") is True),
        *(one for one in sent if one.get("system") in sender.code_systems),
        *sent,
    )
    if chosen:
        return f"{chosen[0].get('system', '')}|{chosen[0]['code']}"
    return str(concept.get("text", ""))


def key(text: str) -> str:
    """A text as part of a database key."""
    return text if len(text) <= LONGEST else f"sha256:{sha256(text.encode()).hexdigest()}"
