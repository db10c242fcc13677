"""HL7 v2: an ORU^R01 goes the way of every other transaction, and an ACK tells what became of it.

Over HTTP it is POSTed to /hl7v2 as ER7; over MLLP it comes in by `app.mllp`. Both come to `received`.
Source: HL7 Version 2.5.1, chapter 2; HL7 over HTTP of the HAPI project for the media types.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.fhir_mapping.change import Version
from app.fhir_mapping.hl7v2 import ack, oru, transaction
from app.fhir_mapping.hl7v2.ack import Fate
from app.fhir_mapping.hl7v2.header import Header
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.national_numbers import is_told
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.push import LATE, LONGEST_NUMBER, Message
from app.fhir_mapping.sender import Senders
from app.routers import admission, bundle, errors, refused_pushes, trail
from app.routers.bodies import Disconnected
from app.routers.hops import address_of
from app.routers.load import Share, beside
from app.routers.negotiation import media_type, merged
from app.routers.requests import FhirRequest, intake_of
from app.routers.service import Service
from app.store import by_number
from app.store.asker import NOBODY, Asker
from app.store.bindings import bound
from app.store.session import utc_now
from app.store.transact import transact

MEDIA_TYPES = ("application/hl7-v2", "application/hl7-v2+er7", "x-application/hl7-v2+er7", "text/plain")
PATH = "/hl7v2"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An ACK, whether the sender wants one, and what HTTP says beside it."""

    ack: bytes
    wanted: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A message on its way in: through which door, at which address, from whom, in which characters."""

    raw: bytes
    door: Literal["hl7v2", "mllp"]
    base: str
    asker: Asker
    charset: str | None = None


@router.post(PATH)
async def take(request: Request) -> Response:
    """One message in ER7; the ACK, with the status HTTP has for what became of it."""
    service: Service = request.app.state.service
    share = Share(service.load)
    began = perf_counter()
    try:
        answer = await _answered(request, service, share)
    except Disconnected:
        return Response(status_code=400)
    finally:
        share.leave()
    request.app.state.metrics.answered(
        interaction="hl7v2", kind="", status=answer.status, seconds=perf_counter() - began
    )
    sent, _ = _sent(request)
    headers = {
        "content-type": sent if sent in MEDIA_TYPES else MEDIA_TYPES[0],
        "cache-control": "no-store",
        **answer.headers,
    }
    return Response(answer.ack, answer.status, headers)


async def _answered(request: Request, service: Service, share: Share) -> Answer:
    sent, parameters = _sent(request)
    asker = NOBODY
    try:
        share.enter()
        asker = await admission.admitted(
            service,
            ", ".join(request.headers.getlist("authorization")) or None,
            address=address_of(request.scope),
            request=_number(),
        )
        if sent not in MEDIA_TYPES:
            text = f"send ER7 with Content-Type: {MEDIA_TYPES[0]}"
            raise refusal(415, "not-supported", text, "http.content-type")
        raw = await _whole(request, service, share).body()
    except Refusal as refused:
        await trail.note_message(service, asker, refused.status)
        return told(refused, _number())
    charset = parameters.get("charset")
    return await received(
        Arriving(raw=raw, door="hl7v2", base=_base(request, service), asker=asker, charset=charset), service
    )


async def received(arriving: Arriving, service: Service) -> Answer:
    """Store what a message says, and answer it: whatever is wrong with it, its sender is told."""
    number, header = _number(), None
    try:
        header = Header.of(arriving.raw)
        return _answer(await _stored(arriving, header, service), number, header)
    except Refusal as refused:
        wrong = refused
    except Exception as error:  # noqa: BLE001 whatever it is, the sender gets an ACK
        wrong = errors.failure(error, number)
    await trail.note_message(service, arriving.asker, wrong.status)
    return told(wrong, number, header)


def refused(raw: bytes, said: Refusal) -> Answer:
    """The ACK of a message that is refused before it is looked at."""
    try:
        return told(said, _number(), Header.of(raw))
    except Refusal:
        return told(said, _number())


def told(refused: Refusal, number: str, header: Header | None = None) -> Answer:
    """The ACK of what is not stored, or parked; the log gets the kinds of its reasons."""
    codes = [issue.code for issue in refused.issues]
    errors.log.info("refused", extra={"request": number, "status": refused.status, "issues": codes})
    return replace(
        _answer(Fate.of(refused), number, header), status=refused.status, headers=dict(refused.headers)
    )


def _answer(fate: Fate, number: str, header: Header | None) -> Answer:
    at = utc_now()
    if header is None:
        return Answer(ack=ack.headless(fate, at=at, number=number))
    return Answer(ack=ack.ack(header, fate, at=at, number=number), wanted=ack.is_wanted(header, fate))


async def _stored(arriving: Arriving, header: Header, service: Service) -> Fate:
    """Carry the message out as a transaction; a Refusal says its places in the message.

    Whose messages somebody may not push is answered as nobody who is registered.
    """
    desk = await service.store.desk.now()
    intake = replace(
        intake_of(service.settings),
        desk=desk,
        message=Message(door=arriving.door, number=_named(header)),
        base=arriving.base,
    )
    own = bound(arriving.asker.actor, desk.senders)
    sender = header.sender(own)
    try:
        if header.control_id and not intake.message.number and intake.identifying_data != "accept":
            raise refusal(422, "business-rule", "the message is numbered by a national number", "MSH[1]-10")
        said = await _said(arriving, service, own)
    except Refusal as refused:
        by = arriving.asker.actor
        await refused_pushes.note_whole(service.store, sender, intake.message, refused, by=by)
        raise
    if not said.places:
        return Fate.stored(said.warnings, text="nothing new")
    try:
        return _told_of(await _carried_out(said.raw, intake, service, arriving.asker), said)
    except Refusal as refused:
        raise ack.placed(refused, said.places) from None


def _named(header: Header) -> str:
    """What the inbox calls the message; never by a number that tells who somebody is."""
    number = header.control_id[:LONGEST_NUMBER]
    return "" if is_told(number) else number


async def _said(arriving: Arriving, service: Service, senders: Senders) -> transaction.Transaction:
    """What the message says, with what is stored of the results it only calls final."""
    message = await beside(oru.read, arriving.raw, senders, charset=arriving.charset)
    numbers = [(one.system, one.value) for one in transaction.promoted(message)]
    standing = await by_number.observations(service.store, arriving.asker.visibility, numbers)
    return await beside(lambda _raw: transaction.transaction(message, standing), arriving.raw)


async def _carried_out(raw: bytes, intake: Intake, service: Service, asker: Asker) -> Sequence[Version]:
    """The versions a Bundle becomes, on the way every transaction goes."""
    plan = await bundle.planned(service, intake, raw, by=asker.actor)
    writes = [write for _, write in plan.writes]
    return await transact(service.store, asker.writing, writes, whole=intake.kept(raw), by=asker.actor)


def _told_of(versions: Sequence[Version], said: transaction.Transaction) -> Fate:
    """That it is stored: how much of it is new, and what was noticed."""
    delivered = [version.delivered for version in versions if version.delivered is not None]
    counted = Counter("late" if one.reason == LATE else one.fate for one in delivered)
    notes: list[Issue] = [note for one in delivered for note in one.notes]
    text = ", ".join(f"{count} {fate}" for fate, count in sorted(counted.items(), reverse=True))
    return Fate.stored([*said.warnings, *ack.at_places(notes, said.places)], text=text or "stored")


def _sent(request: Request) -> tuple[str, dict[str, str]]:
    return media_type(request.headers.get("content-type", ""))


def _whole(request: Request, service: Service, share: Share) -> FhirRequest:
    """The request as one whose body is read within the same bounds as every other."""
    return FhirRequest(
        service=service,
        method="POST",
        path=PATH,
        query=b"",
        headers=merged(request.scope["headers"]),
        base="",
        request_id="",
        receive=request.receive,
        share=share,
    )


def _base(request: Request, service: Service) -> str:
    return f"{service.settings.base_url or str(request.base_url).rstrip('/')}/fhir"


def _number() -> str:
    """What an ACK is called: MSH-10 takes twenty characters."""
    return secrets.token_hex(10)
