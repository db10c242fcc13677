"""What a commit did, as the events of the trail: one for each piece that was carried out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from app.fhir_mapping.audit_event import LETTER, SENDER, Entity, Event
from app.fhir_mapping.change import Delete, Patch, Put, Version, changed
from app.store.parking import pushes
from app.store.piece import Indexes, Parked, Piece, standing
from app.store.visibility import Visibility
from app.store.writing import Plan

MIXED = "E"
"""The action of an event that did several kinds of things, or none."""


def events(
    pieces: Sequence[Piece], plans: Sequence[Plan], indexes: Indexes, *, at: datetime
) -> Iterator[Event]:
    """Each piece that was carried out, with every version that came to be by it, and each that was parked."""
    by_change = {id(plan.change): plan for plan in plans}
    for piece in standing(pieces):
        own = [by_change[id(one)] for one in piece.targets if id(one) in by_change]
        entities = [one for plan in own if plan.writes for one in _stored(plan, indexes)]
        entities += (_found(version) for version in piece.versions if version.matched and version.id)
        studies = [study for plan in own if plan.writes for study in _studies(plan, indexes)]
        yield Event(
            recorded=at,
            action=_action(entities),
            interaction=_interaction(piece),
            status=_status(piece),
            actor=piece.by,
            study=study_of(studies, piece.visibility),
            entities=entities,
        )
    for piece in pieces:
        if piece.parked is not None and piece.letter is None:  # what stays parked is no news
            yield _parked(piece, piece.parked, at)


def _parked(piece: Piece, parked: Parked, at: datetime) -> Event:
    """What was kept to be carried out later: no version yet, but content that is stored."""
    patients = {index.patient for index in piece.indexes.values() if index.patient}
    return Event(
        recorded=at,
        action=MIXED,
        interaction=_interaction(piece),
        status=HTTPStatus.ACCEPTED,
        actor=piece.by,
        study=study_of((index.study for index in piece.indexes.values()), piece.visibility),
        entities=[Entity(type="Patient", id=patient) for patient in sorted(patients)],
        named=((LETTER, parked.letter), (SENDER, pushes(piece)[0][2].sender)),
    )


def study_of(studies: Iterable[str | None], visibility: Visibility) -> str:
    """The one study it is about, else the only one who asks may see; empty where it is none or several."""
    named = {study for study in studies if study}
    if not named and visibility.studies is not None:
        named = set(visibility.studies)
    return named.pop() if len(named) == 1 else ""


def digest(document: bytes | None) -> bytes | None:
    """The SHA-256 of a stored document; a deletion has none."""
    return None if document is None else sha256(document).digest()


def _stored(plan: Plan, indexes: Indexes) -> Iterator[Entity]:
    """What a plan came to: what went to the history beneath, and what stands on top."""
    for put, version in plan.beneath:
        yield _entity(version, indexes[id(put)].patient, "U")
    if isinstance(plan.change, Delete):
        yield _entity(plan.version, plan.found.patient, "D")
    else:
        patient = indexes[id(plan.change)].patient
        yield _entity(plan.version, patient, "C" if plan.version.created else "U")


def _studies(plan: Plan, indexes: Indexes) -> Iterator[str | None]:
    for put, _ in plan.beneath:
        yield indexes[id(put)].study
    yield plan.found.study if isinstance(plan.change, Delete) else indexes[id(plan.change)].study


def _entity(version: Version, patient: str | None, action: str) -> Entity:
    return Entity(
        type=version.type,
        id=version.id,
        version=version.version,
        patient=patient or "",
        digest=digest(version.document),
        action=action,
    )


def _found(version: Version) -> Entity:
    """What was there already."""
    return Entity(type=version.type, id=version.id, version=version.version)


def _action(entities: Sequence[Entity]) -> str:
    """What was done, where it is one thing; what was only found does not count beside it."""
    done = {one.action for one in entities}
    done = done - {"R"} or done
    return done.pop() if len(done) == 1 else MIXED


_INTERACTIONS: Mapping[type, str] = {Put: "update", Patch: "patch", Delete: "delete"}


def _interaction(piece: Piece) -> str:
    if piece.whole is not None or len(piece.writes) != 1:
        return "transaction"
    change = changed(piece.writes[0])
    return "create" if isinstance(change, Put) and change.fresh else _INTERACTIONS[type(change)]


def _status(piece: Piece) -> int:
    """What HTTP answers to it."""
    created = len(piece.writes) == 1 and piece.versions and piece.versions[0].created
    return HTTPStatus.CREATED if created else HTTPStatus.OK
