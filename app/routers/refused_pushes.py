"""What a registered sender sends and the check refuses is written down in the inbox, without its contents."""

from collections.abc import Iterable, Sequence

from app.fhir_mapping import codec
from app.fhir_mapping.bundle_shell import opened
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.national_numbers import is_told
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Identity, Message, Push
from app.fhir_mapping.sender import Sender, Senders
from app.store.ids import new_id
from app.store.letters import row, write_rows
from app.store.session import Store, utc_now


async def note(store: Store, message: Message, sent: Iterable[bytes], refused: Refusal) -> None:
    """Write down that these were refused, as far as it can be told whose they are."""
    senders = (await store.desk.now()).senders
    if not senders.registered:
        return
    found = (_identity(senders, raw) for raw in sent)
    pushes = [
        Push(sender=senders.by_system[one.system].name, identity=one, message=message)
        for one in found
        if one is not None
    ]
    if pushes:
        await _write(store, pushes, refused)


async def note_whole(store: Store, sender: Sender | None, message: Message, refused: Refusal) -> None:
    """Write down that a message of this sender was refused before it could be told what is in it."""
    if sender is not None:
        nothing = Identity("", sender.systems[0], "")
        await _write(store, [Push(sender=sender.name, identity=nothing, message=message)], refused)


async def _write(store: Store, pushes: Sequence[Push], refused: Refusal) -> None:
    at, detail = utc_now(), "; ".join(issue.text for issue in refused.issues)
    said = ("refused", refused.issues[0].code, detail, refused.status)
    await write_rows(store, [row(push, at, said=said, name=new_id()) for push in pushes])


def resources_of(raw: bytes) -> list[bytes]:
    """The resources of a Bundle, as far as it can be read."""
    try:
        return [entry.resource for entry in opened(raw).entries if entry.resource is not None]
    except Refusal:
        return []


def _identity(senders: Senders, raw: bytes) -> Identity | None:
    """Which result it was, as far as a refused document tells; no number that tells who somebody is."""
    try:
        identity = identity_of(senders, codec.read(raw))
    except (Refusal, AttributeError, KeyError, TypeError):  # it was refused for being no sound resource
        return None
    if identity is not None and (is_told(identity.value) or is_told(identity.code)):
        return Identity(identity.type, identity.system, "")
    return identity
