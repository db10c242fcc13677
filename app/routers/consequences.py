"""What a correction changes in the answers, said in the answer to the correction itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic

from app.clinical.asked import Asked
from app.clinical.impact import impact, is_changed
from app.fhir_mapping import codec
from app.fhir_mapping.change import Version
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.registry import MAPPED, RESOURCES
from app.routers import errors, logs
from app.routers.impact import since
from app.routers.requests import FhirRequest
from app.routers.scopes import reads_whole
from app.routers.trial_answers import now, protocol_of, today
from app.store import documents
from app.store.records import Recorded, parts_of, recorded

SECONDS = 1.0
"""How long is spent on it for one request; beyond, an answer only says where to ask."""
MOST = 20
"""So many corrections of one request are looked at; of the others, an answer only says where to ask."""


async def told(request: FhirRequest, versions: Sequence[Version]) -> list[Version]:
    """The versions, each that corrects another with what that changes in the answers about its subject.

    They are stored already: whatever goes wrong here, they are answered. Who may not ask those answers is
    told nothing of them.
    """
    if not reads_whole(request, MAPPED):
        return list(versions)
    corrections = [version for version in versions if corrected(version) is not None]
    looked = _Looked(request, until=monotonic() + SECONDS)
    said = {id(version): await _said_of(looked, version) for version in corrections[:MOST]}
    said |= {id(version): [_elsewhere(version)] for version in corrections[MOST:]}
    return [
        replace(version, remarks=(*version.remarks, *said[id(version)])) if id(version) in said else version
        for version in versions
    ]


def corrected(version: Version) -> int | None:
    """The version that a pushed one corrects."""
    return None if version.delivered is None or version.deleted else version.delivered.corrects


async def _said_of(looked: "_Looked", version: Version) -> list[Issue]:
    if monotonic() >= looked.until:
        return [_elsewhere(version)]
    try:
        return [issue async for issue in looked.issues(version)]
    except Exception as error:  # noqa: BLE001 it is stored, and that is what its sender is told
        told_of = {"error": logs.lineage(error), "where": logs.where(error)}
        errors.log.warning("impact", extra={"request": looked.request.request_id, **told_of})
        return [_elsewhere(version)]


def _elsewhere(version: Version) -> Issue:
    """Where to ask, of what nobody looked at."""
    text = f"ask $impact of its ResearchSubject what this changes: observation={_before(version)}"
    return Issue("informational", text, version.type, severity="information")


def _before(version: Version) -> str:
    return f"{version.type}/{version.id}/_history/{corrected(version)}"


@dataclass
class _Looked:
    """What was looked up for the corrections of one request, each patient and each subject once."""

    request: FhirRequest
    until: float
    parts: dict[str, list[str]] = field(default_factory=dict)
    subjects: dict[str, Recorded] = field(default_factory=dict)

    async def issues(self, version: Version) -> AsyncIterator[Issue]:
        """One information for each study the subject takes part in."""
        store, visibility = self.request.service.store, self.request.visibility
        patient = _patient(self.request, version)
        if patient not in self.parts:
            self.parts[patient] = await parts_of(store, visibility, patient)
        if not self.parts[patient]:
            return
        earlier = await documents.vread(store, visibility, version.type, version.id, corrected(version) or 0)
        for subject in self.parts[patient]:
            asked = f"ResearchSubject/{subject}/$impact?observation={_before(version)}"
            text = f"ask {asked} what this changes"
            if monotonic() < self.until:
                with suppress(Refusal):  # a study without a protocol asks nothing
                    found = await self._recorded(subject)
                    changed = await asyncio.to_thread(_changed, found, earlier, self.request.base)
                    text = f"{_said(changed)} of ResearchSubject/{subject}; {asked} says how"
            yield Issue("informational", text, version.type, severity="information")

    async def _recorded(self, subject: str) -> Recorded:
        if subject not in self.subjects:
            service = self.request.service
            self.subjects[subject] = await recorded(service.store, self.request.visibility, subject, None)
        return self.subjects[subject]


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
