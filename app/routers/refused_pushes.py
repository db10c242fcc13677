"""What a registered sender sends and the check refuses is written down in the inbox, without its contents.

What somebody sends who may not push for that sender is not: the sender sent nothing. Whatever happens to the
note, whoever sent it gets the answer they would have got.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.bundle_shell import opened
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.national_numbers import is_told
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Identity, Message, Push
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender import Sender, Senders
from app.routers import errors, logs
from app.store.arrivals import row, said, write_rows
from app.store.bindings import may_push
from app.store.database import Row
from app.store.ids import new_id
from app.store.session import Store, utc_now

Sent = tuple[bytes, str | None, Refusal]
"""A resource as it was sent, its place in a Bundle, and why it was refused."""


async def note(store: Store, message: Message, sent: Sequence[Sent], *, by: Actor) -> None:
    """Write down that these were refused, as far as it can be told whose they are."""
    try:
        rows = list(_rows((await store.desk.now()).senders, message, sent, by))
        if rows:
            await write_rows(store, rows)
    except Exception as error:  # noqa: BLE001 what was refused is answered all the same
        _failed(error)


async def note_whole(
    store: Store, sender: Sender | None, message: Message, refused: Refusal, *, by: Actor
) -> None:
    """Write down that a message of this sender was refused before it could be told what is in it."""
    if sender is None:
        return
    push = Push(sender=sender.name, identity=Identity("", sender.systems[0], ""), message=message)
    try:
        told = row(push, utc_now(), said=said(refused, None), name=new_id(), client=by.client)
        await write_rows(store, [told])
    except Exception as error:  # noqa: BLE001 what was refused is answered all the same
        _failed(error)


def _failed(error: Exception) -> None:
    told = {"error": logs.lineage(error), "where": logs.where(error)}
    errors.log.warning("a refusal is not in the inbox", extra=told)


def _rows(senders: Senders, message: Message, sent: Sequence[Sent], by: Actor) -> Iterator[Row]:
    if not senders.registered:
        return
    at = utc_now()
    for raw, where, refused in sent:
        identity = _identity(senders, raw)
        if identity is not None and may_push(by, sender := senders.by_system[identity.system].name):
            push = Push(sender=sender, identity=identity, message=message)
            yield row(push, at, said=said(refused, where), name=new_id(), client=by.client)


def whole(raw: bytes, refused: Refusal, *, most: int) -> list[Sent]:
    """The resources of a Bundle that is refused as one, as far as it can be read and has not too many."""
    return [(resource, where, refused) for where, resource in _resources(raw, most)]


def each(raw: bytes, refused: Mapping[int, Refusal]) -> list[Sent]:
    """The entries of a batch that are refused, each for itself."""
    placed = {f"Bundle.entry[{index}]": of_entry for index, of_entry in refused.items()}
    return [(resource, where, placed[where]) for where, resource in _resources(raw, None) if where in placed]


def _resources(raw: bytes, most: int | None) -> list[tuple[str, bytes]]:
    """The resources of a Bundle, each with its place."""
    try:
        entries = opened(raw, most=most).entries
    except Refusal:
        return []
    found = ((f"Bundle.entry[{index}]", entry.resource) for index, entry in enumerate(entries))
    return [(where, resource) for where, resource in found if resource is not None]


def _identity(senders: Senders, raw: bytes) -> Identity | None:
    """Which result it was, as far as a refused document tells; no number that tells who somebody is."""
    try:
        document = codec.read(raw)
        own = senders.whose(document)
    except (Refusal, AttributeError, KeyError, TypeError):  # it was refused for being no sound resource
        return None
    if own is None:
        return None
    try:
        found = identity_of(senders, document)
    except (AttributeError, KeyError, TypeError):
        found = None
    kind = document.get("resourceType")
    kind = kind if isinstance(kind, str) and kind in RESOURCES else ""
    if found is None:
        return Identity(kind, own[1], "")
    return Identity(kind, own[1], _plain(found.value), _plain(found.code))


def _plain(said: object) -> str:
    """A text as it may be written down: as it should be, and telling nobody; else none."""
    return said if isinstance(said, str) and said.isprintable() and not is_told(said) else ""
