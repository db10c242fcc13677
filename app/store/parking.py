"""What a registered sender pushes about somebody unknown, or who withdrew, is parked: nothing is lost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from app.clinical.care import Consent
from app.clinical.criteria import consent_gate
from app.clinical.records import Enrolment
from app.clinical.truth import Truth
from app.fhir_mapping.change import Conditional, Put, Write, changed
from app.fhir_mapping.dates import PARIS
from app.fhir_mapping.identity import LONGEST
from app.fhir_mapping.kept import KEPT
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.push import CONSENT_WITHDRAWN, LOCKED, UNKNOWN_REFERENCE, UNKNOWN_SUBJECT, Push
from app.store.database import Connection, Database, Row
from app.store.ids import new_id
from app.store.piece import Awaits, Indexes, Parked, Piece, standing
from app.store.states import records_of

_AGREED = """SELECT r.type, r.id, r.version, r.patient_id, r.study_id, r.document FROM resource r
 WHERE r.type IN ('Consent', 'ResearchSubject') AND {patient} AND NOT r.deleted"""
LOCK = "data-lock"
"""What a letter waits for, beside types of resources: that a lock ends."""
_AGREEING = ("Consent", "ResearchSubject")
_NEVER_HELD_BACK = frozenset(
    ("AdverseEvent", "Consent", "MedicationAdministration", "Patient", "ResearchSubject")
)
"""What is told of somebody who withdrew, too: what they agree to, what they were given, what befell them."""
_KEPT = frozenset(resource.name for resource in KEPT)
_APART = (
    "what is asked for beside the results may not be done later, over what is stored meanwhile: send the"
    " results apart, and they are parked until they can be stored"
)
_SAYS = {
    UNKNOWN_SUBJECT: "the subject is not known here yet",
    UNKNOWN_REFERENCE: "it refers to something that is not known here yet",
    CONSENT_WITHDRAWN: "the subject's consent is withdrawn",
    LOCKED: "the data it belongs to are locked",
}


def pushes(piece: Piece) -> list[tuple[int, Put, Push]]:
    """What a piece brings from registered senders, as it was sent."""
    puts = ((place, changed(write)) for place, write in enumerate(piece.writes))
    return [(place, put, put.push) for place, put in puts if isinstance(put, Put) and put.push is not None]


class OpenedAlready(Refusal):
    """What comes from where it was parked is there no longer: another was quicker, and stored it."""


def park_unknown(pieces: Sequence[Piece]) -> None:
    """Park what was refused only because what it refers to is not known here yet."""
    for piece in pieces:
        refused = piece.refused
        if piece.parked or refused is None or len(piece.missing) != len(refused.issues) or not pushes(piece):
            continue
        subject = next((one for one in piece.missing if one[0] == "Patient"), None)
        awaits = subject or piece.missing[0]
        if not all(map(_may_wait, piece.writes)):
            apart = Issue("informational", _APART, refused.issues[0].expression, severity="information")
            piece.refused = Refusal(refused.status, (*refused.issues, apart))
        elif max(map(len, awaits)) <= LONGEST:
            _parked(piece, UNKNOWN_SUBJECT if subject else UNKNOWN_REFERENCE, awaits)


def _may_wait(write: Write) -> bool:
    """Whether a write may be carried out later: a result, which has its order, or what only adds."""
    change = changed(write)
    if not isinstance(change, Put):
        return False
    creates = write.creates if isinstance(write, Conditional) else change.fresh
    return change.push is not None or (creates and change.resource.name in _KEPT)


async def park_withdrawn(
    database: Database, connection: Connection, pieces: Sequence[Piece], indexes: Indexes, *, at: datetime
) -> None:
    """Park new data of subjects who withdrew their consent; what is stored already stays.

    A consent that comes in the same piece counts.
    """
    about = {id(piece): _newly_about(piece, indexes) for piece in standing(pieces)}
    patients = set().union(*about.values())
    if not patients:
        return
    stored = await _agreed(database, connection, patients)
    for piece in standing(pieces):
        own = [row for row in stored if row[3] in about[id(piece)]]
        theirs = sorted(_withdrew(about[id(piece)], _with_brought(own, piece, indexes), at))
        if not theirs:
            continue
        if any(changed(one).resource.name in _NEVER_HELD_BACK or not _may_wait(one) for one in piece.writes):
            text = f"Patient/{theirs[0]}: {_SAYS[CONSENT_WITHDRAWN]}; {_APART}"
            piece.refused = refusal(422, "business-rule", text, pushes(piece)[0][1].where)
        else:
            _parked(piece, CONSENT_WITHDRAWN, ("Patient", "", theirs[0]))


def park_locked(piece: Piece, lock: str) -> bool:
    """Park what a registered sender brings about locked data until the lock ends, where it may wait.

    What the server itself or a person makes of a result may not: nothing arrived.
    """
    arrived = [push for _, _, push in pushes(piece) if not push.translated_again]
    may_wait = bool(arrived) and all(map(_may_wait, piece.writes))
    if may_wait:
        _parked(piece, LOCKED, (LOCK, "", lock))
    return may_wait


def _newly_about(piece: Piece, indexes: Indexes) -> set[str]:
    """The patients of whom a piece brings new data from a registered sender."""
    return {
        patient
        for put in piece.documents()
        if put.push and not put.push.translated_again and put.resource.name not in _NEVER_HELD_BACK
        if put.document.get("status") != "entered-in-error"  # a wrong result must not go on counting
        if (patient := indexes[id(put)].patient)
    }


def _with_brought(stored: Sequence[Row], piece: Piece, indexes: Indexes) -> list[Row]:
    """What these agreed to once a piece is stored."""
    own = set(piece.keys())
    brought = [
        (put.resource.name, put.id, 0, indexes[id(put)].patient, indexes[id(put)].study, put.raw)
        for put in piece.puts()
        if put.resource.name in _AGREEING
    ]
    return [*(row for row in stored if (row[0], row[1]) not in own), *brought]


async def withdrawn(
    database: Database, connection: Connection, patients: AbstractSet[str], *, at: datetime
) -> set[str]:
    """Those of these patients who withdrew their consent."""
    return _withdrew(patients, await _agreed(database, connection, patients), at) if patients else set()


async def _agreed(database: Database, connection: Connection, patients: AbstractSet[str]) -> list[Row]:
    sql = _AGREED.format(patient=database.member("r.patient_id", 1))
    return await connection.fetch(sql, database.members(sorted(patients)))


def _withdrew(patients: Iterable[str], agreed: Sequence[Row], at: datetime) -> set[str]:
    if not any(row[0] == "Consent" for row in agreed):
        return set()
    known: Mapping[str, list[Consent | Enrolment]] = defaultdict(list)
    for row in agreed:
        for record in records_of(row):
            if isinstance(record, Consent | Enrolment):
                known[record.patient].append(record)
    return {patient for patient in patients if _took_back(known[patient], at)}


def _took_back(known: Sequence[Consent | Enrolment], at: datetime) -> bool:
    """Whether a consent was taken back, in every study the patient is part of, and none is in force."""
    consents = [one for one in known if isinstance(one, Consent)]
    parts = [one for one in known if isinstance(one, Enrolment)]
    groups = [consent_gate.of_the_study(part, consents) for part in parts] or [consents]
    day = at.astimezone(PARIS).date()
    return all(
        any(map(consent_gate.is_refusal, group))
        and not any(consent_gate.in_force(one, on=day, by=day) is Truth.YES for one in group)
        for group in groups
    )


def _parked(piece: Piece, reason: str, awaits: Awaits) -> None:
    park(piece, Parked(reason, awaits, piece.letter or new_id()))


def park(piece: Piece, parked: Parked) -> None:
    """Park a piece: its sender is told under which letter it lies."""
    text = (
        f"parked as {parked.letter}: {_SAYS[parked.reason]}. Nothing is lost and nothing is to be sent again:"
        f" it is stored by itself as soon as that changes; $inbox?id={parked.letter} says when"
    )
    issue = Issue("informational", text, severity="warning")
    piece.parked = parked
    piece.refused = Refusal(202, (issue,), {"X-Inbox-Id": parked.letter, "X-Fate": "parked"})
