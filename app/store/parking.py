"""What a registered sender pushes about somebody unknown, or who withdrew, is parked: nothing is lost."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from app.clinical.care import Consent
from app.clinical.criteria import consent_gate
from app.clinical.records import Enrolment
from app.clinical.truth import Truth
from app.fhir_mapping.change import Put, changed
from app.fhir_mapping.dates import PARIS
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.push import CONSENT_WITHDRAWN, UNKNOWN_REFERENCE, UNKNOWN_SUBJECT, Push
from app.store.database import Connection, Database
from app.store.ids import new_id
from app.store.piece import Indexes, Parked, Piece, standing
from app.store.states import records_of

_AGREED = """SELECT r.type, r.id, r.version, r.patient_id, r.study_id, r.document FROM resource r
 WHERE r.type IN ('Consent', 'ResearchSubject') AND {patient} AND NOT r.deleted"""
_SAYS = {
    UNKNOWN_SUBJECT: "the subject is not known here yet",
    UNKNOWN_REFERENCE: "it refers to something that is not known here yet",
    CONSENT_WITHDRAWN: "the subject's consent is withdrawn",
}


def pushes(piece: Piece) -> list[tuple[int, Put, Push]]:
    """What a piece brings from registered senders, as it was sent."""
    puts = ((place, changed(write)) for place, write in enumerate(piece.writes))
    return [(place, put, put.push) for place, put in puts if isinstance(put, Put) and put.push is not None]


def park_unknown(pieces: Sequence[Piece]) -> None:
    """Park what was refused only because what it refers to is not known here yet."""
    for piece in pieces:
        refused = piece.refused
        if piece.parked or refused is None or len(piece.missing) != len(refused.issues) or not pushes(piece):
            continue
        subject = next((one for one in piece.missing if one.startswith("Patient")), None)
        _parked(piece, UNKNOWN_SUBJECT if subject else UNKNOWN_REFERENCE, subject or piece.missing[0])


async def park_withdrawn(
    database: Database, connection: Connection, pieces: Sequence[Piece], indexes: Indexes, *, at: datetime
) -> None:
    """Park new data of subjects who withdrew their consent; what is stored already stays."""
    about = {
        id(piece): {
            indexes[id(put)].patient or ""
            for put in piece.puts()
            if put.push and not put.push.translated_again
        }
        - {""}
        for piece in standing(pieces)
    }
    gone = await withdrawn(database, connection, set().union(*about.values()), at=at)
    for piece in standing(pieces):
        theirs = sorted(about[id(piece)] & gone)
        if theirs:
            _parked(piece, CONSENT_WITHDRAWN, f"Patient/{theirs[0]}")


async def withdrawn(
    database: Database, connection: Connection, patients: AbstractSet[str], *, at: datetime
) -> set[str]:
    """Those of these patients who withdrew their consent."""
    if not patients:
        return set()
    sql = _AGREED.format(patient=database.member("r.patient_id", 1))
    rows = await connection.fetch(sql, database.members(sorted(patients)))
    if not any(row[0] == "Consent" for row in rows):
        return set()
    known = [record for row in rows for record in records_of(row)]
    return {patient for patient in patients if _withdrew(patient, known, at)}


def _withdrew(patient: str, known: Sequence[object], at: datetime) -> bool:
    """Whether a consent was taken back, in every study the patient is part of, and none is in force."""
    consents = [one for one in known if isinstance(one, Consent) and one.patient == patient]
    parts = [one for one in known if isinstance(one, Enrolment) and one.patient == patient]
    groups = [consent_gate.of_the_study(part, consents) for part in parts] or [consents]
    day = at.astimezone(PARIS).date()
    return all(
        any(map(consent_gate.is_refusal, group))
        and not any(consent_gate.in_force(one, on=day, by=day) is Truth.YES for one in group)
        for group in groups
    )


def _parked(piece: Piece, reason: str, awaits: str) -> None:
    letter = next((one.message.letter for _, _, one in pushes(piece) if one.message.letter), None)
    park(piece, Parked(reason, awaits, letter or new_id()))


def park(piece: Piece, parked: Parked) -> None:
    """Park a piece: its sender is told under which letter it lies."""
    text = (
        f"parked as {parked.letter}: {_SAYS[parked.reason]}. Nothing is lost and nothing is to be sent again:"
        f" it is stored by itself as soon as that changes; $inbox?letter={parked.letter} says when"
    )
    issue = Issue("informational", text, severity="warning")
    piece.parked = parked
    piece.refused = Refusal(202, (issue,), {"X-Inbox-Id": parked.letter, "X-Fate": "parked"})
