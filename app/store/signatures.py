"""Signatures: a person vouches for exactly one version of a resource, and for no other."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.audit_event import Event
from app.fhir_mapping.audit_evidence import SIGNATURE, evidence
from app.fhir_mapping.outcome import Refusal, gone, not_found, refusal
from app.fhir_mapping.signature import printed_name
from app.store import models
from app.store.acts import act, carry_out
from app.store.database import Connection, Database, Key, Row
from app.store.ids import new_id
from app.store.session import Store
from app.store.visibility import Visibility, visible

Break = Literal["newer-version", "erased", "document-differs"]
"""Why a signature counts no more."""

_STANDING = """SELECT r.version, r.document, r.patient_id, r.study_id FROM resource r
 WHERE r.type = $1 AND r.id = $2 AND {visible} {locking}"""
_SIGNATURES = """SELECT s.version, s.digest, s.meaning, s.signer, s.practitioner, s.signed, s.client,
 r.version, CASE WHEN r.version = s.version THEN r.document ELSE v.document END, v.superseded
 FROM signature s JOIN resource r ON r.type = s.type AND r.id = s.resource_id
 LEFT JOIN version v ON v.type = s.type AND v.id = s.resource_id AND v.version = s.version
 WHERE s.type = $1 AND s.resource_id = $2 ORDER BY s.signed, s.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed which version, when, through which client, and what it means.

    `digest` is the SHA-256 of the version's document. `broken` says why it counts no more; `newer` and
    `since` which version came after it, and when.
    """

    version: int
    digest: str
    meaning: str
    signer: str
    practitioner: str | None
    signed: datetime
    client: str
    broken: Break | None = None
    newer: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What is to be signed, by whom and what for; the version that stands where none is named."""

    key: Key
    version: int | None
    meaning: str
    signer: str
    practitioner: str | None
    by: Actor


async def sign(store: Store, visibility: Visibility, asked: Signing, *, at: datetime) -> Signature:
    """Sign the version that stands; it stands until the signature is stored.

    Raises Refusal 404 and 410 where nothing stands there, 409 where another version does, 422 where the
    person is not known by name.
    """

    async def work(connection: Connection) -> tuple[Signature, Event]:
        [number, document, patient, study] = await _standing(
            store.database, connection, visibility, asked.key
        )
        if asked.version not in (None, number):
            raise _another(asked, number)
        signer = asked.signer
        if asked.practitioner is not None:
            name = await _person(store.database, connection, visibility, asked.practitioner)
            signer = signer or name
        if not signer:
            raise refusal(422, "required", "say who signs: the Practitioner has no name", "http.signer")
        digest = sha256(document).digest()
        who = (signer, asked.practitioner, at, asked.by.client, patient or "")
        row = (new_id(), *asked.key, number, digest, asked.meaning, *who)
        await connection.insert(models.signature, [row])
        made = Signature(
            version=number,
            digest=digest.hex(),
            meaning=asked.meaning,
            signer=signer,
            practitioner=asked.practitioner,
            signed=at,
            client=asked.by.client,
        )
        versions = (number,)
        event = act("$sign", asked.key, versions=versions, by=asked.by, at=at, patient=patient, study=study)
        return made, replace(event, named=[evidence(SIGNATURE, row)])

    return await carry_out(store, work)


async def _standing(database: Database, connection: Connection, visibility: Visibility, key: Key) -> Row:
    """What stands there; nobody changes it until the transaction ends."""
    values: list[Any] = [*key]
    sql = _STANDING.format(visible=visible(database, visibility, "r", values), locking=database.locking)
    rows = await connection.fetch(sql, *values)
    if not rows:
        raise not_found("/".join(key))
    number, document, patient, study = rows[0]
    if document is None:
        raise gone("/".join(key))
    return number, bytes(document), patient, study


def _another(asked: Signing, number: int) -> Refusal:
    text = (
        f"{'/'.join(asked.key)} stands at version {number}, and only what stands can be signed: show that"
        " to the person, and sign it"
    )
    return refusal(409, "conflict", text, "http.version")


async def _person(
    database: Database, connection: Connection, visibility: Visibility, practitioner: str
) -> str:
    """The printed name of a stored Practitioner, which may be empty; Refusal 422 where none is known here."""
    try:
        [_, document, _, _] = await _standing(
            database, connection, visibility, ("Practitioner", practitioner)
        )
    except Refusal:
        text = (
            f"Practitioner/{practitioner} is not known here: store it first, or name the person in `signer`"
        )
        raise refusal(422, "not-found", text, "http.practitioner") from None
    return printed_name(codec.read(document))


async def signatures(store: Store, visibility: Visibility, key: Key) -> list[Signature]:
    """Every signature of a resource, the earliest first; Refusal 404 where there is none to be seen."""
    values: list[Any] = [*key]
    condition = visible(store.database, visibility, "r", values)
    seen = f"SELECT r.id FROM resource r WHERE r.type = $1 AND r.id = $2 AND {condition}"

    async def work(connection: Connection) -> list[Row]:
        if not await connection.fetch(seen, *values):
            raise not_found("/".join(key))
        return await connection.fetch(_SIGNATURES, *key)

    return [_read(row) for row in await store.database.read(work)]


def _read(row: Row) -> Signature:
    version, digest, meaning, signer, practitioner, signed, client, current, document, superseded = row
    broken: Break | None = "newer-version" if current != version else None
    if document is None:
        broken = "erased"
    elif sha256(document).digest() != bytes(digest):
        broken = "document-differs"
    return Signature(
        version=version,
        digest=bytes(digest).hex(),
        meaning=meaning,
        signer=signer,
        practitioner=practitioner,
        signed=signed,
        client=client,
        broken=broken,
        newer=version + 1 if current != version else None,
        since=superseded,
    )
