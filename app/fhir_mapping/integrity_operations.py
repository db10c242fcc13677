"""What keeps data as it was vouched for: signatures, locks, and the erasure of what must not be kept."""

from typing import Final

from app.fhir_mapping.operation import Operation, OperationParameter
from app.fhir_mapping.registry import MAPPED, RESOURCES
from app.fhir_mapping.signature import MEANINGS
from app.fhir_mapping.trial_parameters import VIEW

_SIGNED: Final = "The signature: what it means, of whom, when, of which version, with the version's SHA-256."
_LOCKED: Final = "The lock: what is locked, since when, by which client, and why."
_LOCKABLE: Final = ("ResearchSubject", "ResearchStudy")
_VISIT: Final = OperationParameter(
    name="visit",
    kind="code",
    about="Of a ResearchSubject only: one visit of the protocol (M3, M6, …), not all of the data.",
)


def _reason(about: str) -> OperationParameter:
    return OperationParameter(name="reason", kind="string", about=about, required=True)


SIGN: Final = Operation(
    name="$sign",
    resources=tuple(MAPPED),
    methods=("POST",),
    title="Sign a version",
    about="A person signs the version that stands, with what the signature means. The signature holds the"
    " SHA-256 of exactly that version's document; a new version breaks it. The client states that the person"
    " has just proved who they are (21 CFR 11.200): the server cannot see that.",
    parameters=(
        OperationParameter(
            name="meaning", kind="code", about="What it means.", values=tuple(MEANINGS), required=True
        ),
        OperationParameter(
            name="signer",
            kind="string",
            about="The person's printed name; may be left out where `practitioner` has one.",
        ),
        OperationParameter(
            name="practitioner", kind="string", about="The person as Practitioner/id, where stored as one."
        ),
        OperationParameter(
            name="version",
            kind="integer",
            about="The version the person saw; 409 where another one stands. The one that stands where none"
            " is said.",
        ),
        OperationParameter(
            name="reauthenticated",
            kind="boolean",
            about="true: the person proved who they are for this signature.",
            required=True,
        ),
        VIEW,
    ),
    answer=_SIGNED,
    example="meaning=review&signer=Dr. Example Investigator&reauthenticated=true",
    acts=True,
)
SIGNATURES: Final = Operation(
    name="$signatures",
    resources=tuple(MAPPED),
    title="Who signed it",
    about="Every signature of any version of this resource: what it means, of whom, when, of which version,"
    " and whether it is still valid. It is broken as soon as a newer version exists, and where what is stored"
    " is not what was signed.",
    parameters=(VIEW,),
    answer="One parameter `signature` each, the earliest first.",
)
LOCK: Final = Operation(
    name="$lock",
    resources=_LOCKABLE,
    methods=("POST",),
    title="Lock data",
    about="Nothing that belongs to what is locked is created, changed, moved or deleted any more (423): all"
    " data of a subject, those of one visit by their main date, or a whole study with its parts and whoever"
    " takes part in it. What a registered sender pushes meanwhile is parked, and stored by itself after"
    " $unlock. Locked already, it is answered by the lock there is.",
    parameters=(_VISIT, _reason("Why it is locked."), VIEW),
    answer=_LOCKED,
    example="reason=Data reviewed and complete",
    acts=True,
)
UNLOCK: Final = Operation(
    name="$unlock",
    resources=_LOCKABLE,
    methods=("POST",),
    title="Unlock data",
    about="Ends the lock of exactly this subject, visit or study; 409 where there is none. What was parked"
    " because of it is stored by itself from now on.",
    parameters=(_VISIT, _reason("Why it is unlocked."), VIEW),
    answer=_LOCKED + " `waiting` says how many messages were parked because of it.",
    example="reason=Correction requested by the monitor",
    acts=True,
)
LOCKS: Final = Operation(
    name="$locks",
    resources=_LOCKABLE,
    title="What is and was locked",
    about="Every lock of this subject and its visits and those of the studies it takes part in, or of this"
    " study and its subjects: past and present.",
    parameters=(VIEW,),
    answer="One parameter `lock` each, the earliest first.",
)
ERASE: Final = Operation(
    name="$erase",
    resources=tuple(RESOURCES),
    methods=("POST",),
    title="Erase for good",
    about="Takes the documents of one earlier version, or of all, out of the store for good, and leaves a"
    " tombstone: who erased it, when, why, and the SHA-256 of what was there. With `all` the resource is"
    " deleted first; 409 where something still refers to it. It cannot be taken back.",
    parameters=(
        _reason("Why it is erased."),
        OperationParameter(name="version", kind="integer", about="One earlier version."),
        OperationParameter(name="all", kind="boolean", about="true: every version."),
        OperationParameter(
            name="confirm",
            kind="string",
            about="What is to be erased, written again: Type/id.",
            required=True,
        ),
        VIEW,
    ),
    answer="One parameter `erased` for each version of this resource that was ever erased.",
    example="reason=Erasure requested by the person&version=1&confirm=Type/id",
    acts=True,
)
INTEGRITY_OPERATIONS: Final = (SIGN, SIGNATURES, LOCK, UNLOCK, LOCKS, ERASE)
