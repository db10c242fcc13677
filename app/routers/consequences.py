"""What a correction changes in the answers, said in the answer to the correction itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from app.clinical.asked import Asked
from app.clinical.impact import impact, is_changed
from app.fhir_mapping import codec
from app.fhir_mapping.change import Version
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.registry import RESOURCES
from app.routers.impact import since
from app.routers.requests import FhirRequest
from app.routers.trial_answers import now, protocol_of, today
from app.store import documents
from app.store.records import Recorded, parts_of, recorded

SECONDS = 1.0
"""How long is spent on it for one request; beyond, an answer only says where to ask."""


async def told(request: FhirRequest, versions: Sequence[Version]) -> list[Version]:
    """The versions, each that corrects another with what that changes in the answers about its subject."""
    until = monotonic() + SECONDS
    return [
        version if corrected(version) is None else await _told(request, version, until)
        for version in versions
    ]


def corrected(version: Version) -> int | None:
    """The version that a pushed one corrects."""
    return None if version.delivered is None or version.deleted else version.delivered.corrects


async def _told(request: FhirRequest, version: Version, until: float) -> Version:
    issues = [issue async for issue in _issues(request, version, until)]
    return replace(version, remarks=(*version.remarks, *issues))


async def _issues(request: FhirRequest, version: Version, until: float) -> AsyncIterator[Issue]:
    """One information for each study the subject takes part in."""
    service = request.service
    earlier_number = corrected(version) or 0
    earlier = await documents.vread(
        service.store, service.visibility, version.type, version.id, earlier_number
    )
    for subject in await parts_of(service.store, service.visibility, _patient(request, version)):
        asked = f"ResearchSubject/{subject}/$impact?observation={version.type}/{version.id}"
        asked += f"/_history/{earlier_number}"
        text = f"ask {asked} what this changes"
        if monotonic() < until:
            with suppress(Refusal):  # a study without a protocol asks nothing
                found = await recorded(service.store, service.visibility, subject, None)
                changed = await asyncio.to_thread(_changed, found, earlier, request.base)
                text = f"{_said(changed)} of ResearchSubject/{subject}; {asked} says how"
        yield Issue("informational", text, version.type, severity="information")


def _patient(request: FhirRequest, version: Version) -> str:
    document = codec.read(version.document or b"{}")
    return index_rows(RESOURCES[version.type], document, base=request.base).patient or ""


def _changed(found: Recorded, earlier: Version, base: str) -> list[str]:
    """The answers that differ from those of before, by name, visit and rule."""
    proposed = since(found, version=earlier, base=base)
    protocol = protocol_of(proposed.after.study, proposed.after.enrolment.study)
    answer = impact(protocol, proposed, Asked(today=today(now())))
    results = (one for one in answer.results if one.name != "summary" and is_changed(one))
    names = (" ".join(filter(None, (one.question, one.name, one.visit, one.rule))) for one in results)
    return list(dict.fromkeys(names))


def _said(changed: Sequence[str]) -> str:
    return (
        f"this changes {len(changed)} answers ({', '.join(changed)})" if changed else "this changes no answer"
    )
