"""$lock, $unlock and $locks over HTTP."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.clinical.timeline import NotInfused, infusion
from app.fhir_mapping import question
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.integrity_operations import LOCK, LOCKS, UNLOCK
from app.fhir_mapping.listing import Code, Each, Reference, Row
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.routers.answers import FhirResponse
from app.routers.inbox_operations import Handler
from app.routers.listings import only, text_of, told
from app.routers.requests import FhirRequest
from app.routers.scopes import require_act
from app.routers.trial_answers import now, protocol_of
from app.store import locking
from app.store.locking import Locking
from app.store.locks import Lock
from app.store.records import recorded


async def lock(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Lock a subject, one of its visits, or a study."""
    require_act(request, "lock")
    given = question.given(asked, request.parameters)
    wanted = _asked(request, given)
    if wanted.visit:
        wanted = replace(wanted, span=await _span(request, wanted.visit))
    found = await locking.lock(request.service.store, request.visibility, wanted, at=now())
    return told(given, _row(found))


async def unlock(request: FhirRequest, asked: Operation) -> FhirResponse:
    """End a lock; what was parked because of it is carried out from now on."""
    require_act(request, "unlock")
    given = question.given(asked, request.parameters)
    service = request.service
    ended, waiting = await locking.unlock(service.store, request.visibility, _asked(request, given), at=now())
    return told(given, (*_row(ended), ("waiting", waiting)))


async def locks(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Every lock that concerns this subject or study."""
    given = question.given(asked, request.parameters)
    key = (request.resource.name, request.id)
    found = await locking.locks_of(request.service.store, request.visibility, key)
    request.saw(*dict.fromkeys((*one.key, 0) for one in found))
    return told(given, (("lock", Each("locks", [_row(one) for one in found])),))


def _asked(request: FhirRequest, given: Given) -> Locking:
    """What is to be locked or unlocked, and why."""
    reason, visit = text_of(given, "reason"), only(given, "visit")
    if not reason:
        raise refusal(400, "required", "say why, in `reason`: it is kept with the lock", "http.reason")
    if visit and request.resource.name != "ResearchSubject":
        raise refusal(400, "value", "a visit is locked of a ResearchSubject, not of a study", "http.visit")
    key = (request.resource.name, request.id)
    return Locking(key=key, visit=visit, by=replace(request.actor, reason=reason), reason=reason)


async def _span(request: FhirRequest, label: str) -> tuple[datetime, datetime]:
    """When the data of a visit are, by the protocol's window and the subject's infusion as recorded now."""
    found = await recorded(request.service.store, request.visibility, request.id, None)
    history = found.history
    protocol = protocol_of(history.study, history.enrolment.study)
    visit = next((one for one in protocol.visits if one.label == label), None)
    if visit is None:
        labels = ", ".join(one.label for one in protocol.visits)
        text = f"the protocol knows no visit of this name; there are {labels}"
        raise refusal(400, "value", text, "http.visit")
    t0 = infusion(protocol, history)
    if isinstance(t0, NotInfused):
        text = f"{label} has no days without day 0: {t0.remark('it needs')}; or lock the whole subject"
        raise refusal(422, "business-rule", text, "http.visit")
    first, last = (moment(t0.date_of(day).isoformat()) for day in visit.window)
    assert first is not None and last is not None  # noqa: S101, PT018 - both are days
    return first.start, last.end


def _row(one: Lock) -> Row:
    return (
        ("state", Code("unlocked" if one.unlocked else "locked")),
        ("of", Reference(one.of)),
        ("visit", Code(one.visit) if one.visit else None),
        ("from", one.low),
        ("to", one.high),
        ("locked", one.locked),
        ("client", one.client),
        ("reason", one.reason),
        ("unlocked", one.unlocked),
        ("unlockedBy", one.unlocked_by),
        ("unlockReason", one.unlock_reason),
    )


HANDLERS: Final[Mapping[str, Handler]] = {LOCK.name: lock, UNLOCK.name: unlock, LOCKS.name: locks}
"""By operation, what answers it."""
