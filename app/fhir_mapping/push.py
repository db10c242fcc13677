"""What is known of a resource that a registered sender pushed, beside the resource itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.fhir_mapping.outcome import Issue

Door = Literal["fhir", "hl7v2", "mllp", "replay"]
"""The way it came in: FHIR over HTTP, HL7 v2 over HTTP or MLLP, or again from where it was parked."""

LONGEST_NUMBER = 200
"""Characters of what a sender calls its message that are kept."""

Fate = Literal["stored", "replayed", "parked", "refused"]
"""What became of it. Late history is stored, too."""

UNKNOWN_SUBJECT = "unknown-subject"
UNKNOWN_REFERENCE = "unknown-reference"
CONSENT_WITHDRAWN = "consent-withdrawn"
UNMAPPED_CODE = "unmapped-code"
UNMAPPED_UNIT = "unmapped-unit"
LATE = "late"
LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a result the same one when it arrives again.

    The sender's identifier and, of an Observation, its code: one filler number may stand for a whole panel.
    `code` is `system|code` of the coding the sender chose, "" for other types.
    """

    type: str
    system: str
    value: str
    code: str = ""

    @property
    def name(self) -> str:
        """It as one text."""
        return f"{self.type}|{self.system}|{self.value}|{self.code}"


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a result waits for: a map of a local code (`code`) or unit (`unit`), under its system."""

    kind: Literal["code", "unit"]
    system: str
    text: str

    @property
    def reason(self) -> str:
        """Why the result is not used meanwhile."""
        return UNMAPPED_CODE if self.kind == "code" else UNMAPPED_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a pushed resource came in: through which door, under which number, and why it was changed.

    `number` is MSH-10, the sender's X-Correlation-Id, or the id of the HTTP request. `change_reason` is the
    reason the sender gave for a correction (header `X-Change-Reason`).
    `letter` is the row of the inbox it comes again from, where it was parked.
    """

    door: Door = "fhir"
    number: str = ""
    change_reason: str | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A resource of a registered sender, as it is about to be stored.

    `awaited` is what it waits for before computed answers may use it, `doubts` what its translation had to
    say; `desk` tells the desk it was translated at from a later one. `translated_again` says that nothing
    arrived: what is stored was translated anew, because a map changed or a person amended it. `companion`
    says that it only comes with a sender's results, and is created where it is not here yet; `registers` that
    a person has just given the resource this identity, by a patch.
    """

    sender: str
    identity: Identity
    message: Message
    awaited: Sequence[Awaited] = ()
    doubts: tuple[Issue, ...] = ()
    desk: object = None
    translated_again: bool = False
    companion: bool = False
    registers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a pushed resource that is stored: `reason` is `late` where it went to the history.

    `corrects` is the version that stood before, where this one changed it: the answers may differ since.
    """

    sender: str
    letter: str
    fate: Fate
    reason: str = ""
    notes: Sequence[Issue] = ()
    corrects: int | None = None
