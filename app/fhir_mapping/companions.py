"""What comes with a sender's results in one transaction: the laboratory, its staff, specimens, orders.

It bears no identifier of the sender's, and a resend must not store it again. So in such a transaction what
is created is told by the first identifier it bears, whoever gave it, and is created only where nothing here
bears that; where it bears none, by its place in a transaction of just this content.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.fhir_mapping import content
from app.fhir_mapping.change import Put, Write, changed
from app.fhir_mapping.push import Identity, Push
from app.fhir_mapping.transaction import Plan

BY_PLACE = "urn:trialbridge:transaction"
"""The system of what is told by its place in a transaction."""

Writes = Sequence[tuple[int, Write]]


def accompanied(plan: Plan, raw: bytes) -> Plan:
    """A transaction whose entries that only come with a sender's results are told by what they bear."""
    writes = plan.writes
    pushes = [
        one.push for _, write in writes if isinstance(one := changed(write), Put) and one.push is not None
    ]
    if not pushes:
        return plan
    nameless = any(_is_companion(write) and _borne(write) is None for _, write in writes)
    whole = content.of_bundle(raw).hex() if nameless else ""
    return replace(plan, writes=tuple(_told(writes, pushes[0], whole)))


def _told(writes: Writes, push: Push, whole: str) -> Iterator[tuple[int, Write]]:
    for index, write in writes:
        if isinstance(write, Put) and _is_companion(write):
            system, value = _borne(write) or (BY_PLACE, f"{whole}#{index}")
            identity = Identity(write.resource.name, system, value)
            yield index, replace(write, push=replace(push, identity=identity, awaited=(), companion=True))
        else:
            yield index, write


def _is_companion(write: Write) -> bool:
    return isinstance(write, Put) and write.push is None and write.fresh


def _borne(write: Write) -> tuple[str, str] | None:
    """The first identifier a resource bears that says whose it is."""
    borne = write.document.get("identifier", ()) if isinstance(write, Put) else ()
    for one in [borne] if isinstance(borne, dict) else borne:
        if one.get("system") and one.get("value"):
            return one["system"], one["value"]
    return None
