"""What was done, by whom, to which versions: as an AuditEvent, in which the trail keeps and shows it.

`audit_drawing` draws it, `audit_told` reads it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from app.fhir_mapping.access.actor import Actor

INTERACTION: Final = "https://trialbridge.example/fhir/CodeSystem/audit-interaction"
"""Interactions R4 has no code for: the operations by their names, and `link`."""
ROLE: Final = "https://trialbridge.example/fhir/CodeSystem/client-role"
CLIENT: Final = "https://trialbridge.example/fhir/sid/client"
"""Names of registered clients."""
CHAIN: Final = "https://trialbridge.example/fhir/sid/audit-chain"
LINK: Final = "link"
"""The interaction by which who writes the trail cites where all its chains stand."""

LOGIN: Final = "login"
"""A client was given an access token, or its assertion was refused."""
LOGOUT: Final = "logout"
"""A client gave its access token back."""
TOKEN: Final = "https://trialbridge.example/fhir/sid/access-token"
"""The first digits of the SHA-256 of a token's id: they tell tokens apart, and let nobody in."""
SENDER: Final = "https://trialbridge.example/fhir/sid/sender"
"""Names of registered senders."""
LETTER: Final = "https://trialbridge.example/fhir/sid/letter"
"""What is parked, by the name `$inbox` and `$replay` know it by."""
SIGNING_KEY: Final = "https://trialbridge.example/fhir/sid/signing-key"
"""Names (`kid`) of the keys access tokens are signed with."""

PERSON: Final = "1"
LIVES: Final = {"C": "1", "U": "3", "D": "14", "R": "6", "E": "6"}
DIGEST, WHY, NUMBER, HEAD = "sha256", "reason", "number", "hash"
_SUCCESS, _REFUSED, _FAILED = "0", "4", "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A version that was read or came to be; `version` 0 where the event is about the resource as such.

    `digest` is the SHA-256 of the document a change stored. `action` is what was done to it (C R U D E).
    """

    type: str
    id: str
    version: int = 0
    patient: str = ""
    digest: bytes | None = None
    action: str = "R"

    @property
    def whose(self) -> str:
        """The patient it is about."""
        return self.id if self.type == "Patient" else self.patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain stands: the number and the hash of its last event."""

    study: str
    committer: str
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened.

    - `action`: C, R, U, D or E (of several kinds, or an operation).
    - `interaction`: `read`, `search-type`, `create`, …, the name of an operation (`$sri-status`) or of
      a command (`client-add`), `login`, `logout`, or `link`.
    - `status`: what HTTP answered, or would have.
    - `study`: the one it is about; empty where it is about none or several.
    - `query`: how it was searched, as it was sent.
    - `named`: what else it is about, by system and value, such as the client that was registered.
    """

    recorded: datetime
    action: str
    interaction: str
    status: int
    actor: Actor
    study: str = ""
    entities: Sequence[Entity] = ()
    query: str = ""
    named: Sequence[tuple[str, str]] = ()

    @property
    def outcome(self) -> str:
        """0 done, 4 refused, 8 failed."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return _SUCCESS
        return _REFUSED if self.status < HTTPStatus.INTERNAL_SERVER_ERROR else _FAILED

    @property
    def patient(self) -> str:
        """The one patient it is about; empty where it is about none or several."""
        patients = {one.whose for one in self.entities if one.whose}
        return patients.pop() if len(patients) == 1 else ""
