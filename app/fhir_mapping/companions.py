"""What comes with a sender's results in one transaction: the laboratory, its staff, specimens, orders.

It bears no identifier of the sender's, and a resend must not store it again. So in such a transaction what
is created of these few types is told by the first identifier it bears, whoever gave it, and is created only
where nothing here bears that. Where it bears none it is told by what it says, and of whom and when: the same
specimen comes again with a longer message. A report is always told so, for it says something about a patient.
All else that is created beside results (an adverse event, a consent) is plain FHIR.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.fhir_mapping import codec, content, rewriting
from app.fhir_mapping.change import Put, Write, changed
from app.fhir_mapping.datatypes import identifiers
from app.fhir_mapping.identity import key
from app.fhir_mapping.push import Identity, Push
from app.fhir_mapping.resource import Document
from app.fhir_mapping.transaction import Plan

BY_CONTENT: Final = "urn:trialbridge:content"
"""The system of what is told by what it says."""

_BY_IDENTIFIER: Final = frozenset(
    (
        "Device",
        "Encounter",
        "Medication",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "ServiceRequest",
        "Specimen",
    )
)
_TYPES: Final = _BY_IDENTIFIER | {"DiagnosticReport"}
_OF_A_PATIENT: Final = frozenset(("Encounter", "ServiceRequest", "Specimen"))
_DEPTH: Final = 3  # a role names an organization, which is part of another

Writes = Sequence[tuple[int, Write]]
Names = Mapping[str, str]
"""What an entry is called in this transaction (`Type/id`), to what tells it in every transaction."""


@dataclass(frozen=True, slots=True)
class _Among:
    """A companion among the writes, the identifier that may tell it, and what it says but for its names."""

    put: Put
    borne: tuple[str, str] | None
    said: bytes

    @property
    def name(self) -> str:
        return f"{self.put.resource.name}/{self.put.id}"


def accompanied(plan: Plan) -> Plan:
    """A transaction whose entries that only come with a sender's results are told by what they bear."""
    pushed = [put for _, write in plan.writes if isinstance(put := changed(write), Put) and put.push]
    companions = [_among(write) for _, write in plan.writes if is_companion(write)]
    if not pushed or not companions:
        return plan
    told = _told(companions, pushed)
    first = pushed[0].push
    assert first is not None  # noqa: S101 - it was pushed
    return replace(plan, writes=tuple(_as_companions(plan.writes, first, told)))


def is_companion(write: Write) -> bool:
    """Whether this is created beside results, and of a type that may be told by what it bears."""
    if not isinstance(write, Put) or not write.fresh or write.resource.name not in _TYPES:
        return False
    return write.push is None or write.push.companion


def _as_companions(writes: Writes, push: Push, told: Mapping[int, Identity]) -> Iterator[tuple[int, Write]]:
    for index, write in writes:
        identity = told.get(id(write))
        if isinstance(write, Put) and identity is not None:
            yield index, replace(write, push=replace(push, identity=identity, awaited=(), companion=True))
        else:
            yield index, write


def _among(write: Write) -> _Among:
    assert isinstance(write, Put)  # noqa: S101 - it is a companion
    borne = _borne(write) if write.resource.name in _BY_IDENTIFIER else None
    return _Among(write, borne, content.digest(write.document))


def _borne(put: Put) -> tuple[str, str] | None:
    """The first identifier a resource bears that says whose it is."""
    borne = identifiers(put.document.get("identifier"))
    return next(((key(one.system), key(one.code)) for one in borne if one.system and one.code), None)


def _told(companions: Sequence[_Among], pushed: Sequence[Put]) -> dict[int, Identity]:
    """What tells each companion; of those that bear one identifier and differ, it tells the first."""
    said: dict[Identity, bytes] = {}
    told: dict[int, Identity] = {}
    for one in companions:
        if one.borne is not None:
            identity = Identity(one.put.resource.name, *one.borne)
            if said.setdefault(identity, one.said) == one.said:
                told[id(one.put)] = identity
    names = {f"{put.resource.name}/{put.id}": _name(put.push.identity) for put in pushed if put.push}
    names |= {one.name: _name(told[id(one.put)]) for one in companions if id(one.put) in told}
    return told | _by_content([one for one in companions if id(one.put) not in told], names, pushed)


def _name(identity: Identity) -> str:
    return content.digest({"name": identity.name}).hex()


def _by_content(nameless: Sequence[_Among], names: Names, pushed: Sequence[Put]) -> dict[int, Identity]:
    """What they say, where each mention of another entry is what tells that one."""
    values = {one.name: one.put.resource.name for one in nameless}
    for _ in range(_DEPTH if nameless else 0):
        known = {**names, **values}
        values = {one.name: _value(one.put, known, pushed) for one in nameless}
    same: Counter[str] = Counter()
    told = {}
    for one in nameless:
        value = values[one.name]
        told[id(one.put)] = Identity(one.put.resource.name, BY_CONTENT, f"{value}#{same[value]}")
        same[value] += 1
    return told


def _value(put: Put, names: Names, pushed: Sequence[Put]) -> str:
    said = codec.read(rewriting.resolved(put.raw, names))
    about = _first_about(put, pushed) if put.resource.name in _OF_A_PATIENT else ""
    return content.digest({"said": content.digest(said).hex(), "about": about}).hex()


def _first_about(put: Put, pushed: Sequence[Put]) -> str:
    """Whom and when the first result that mentions it is about: a tube may bear nothing of its own."""
    mention = f"{put.resource.name}/{put.id}"
    mentioning = (one.document for one in pushed if mention in _mentions(one))
    return min((f"{_subject(one)}|{_when(one)}" for one in mentioning), default="")


def _mentions(put: Put) -> Iterator[str]:
    return (text for _, text in rewriting.references(put.document, ""))


def _subject(document: Document) -> str:
    about = document.get("subject") or {}
    return str(about.get("reference", ""))


def _when(document: Document) -> str:
    return str(document.get("effectiveDateTime") or document.get("effectivePeriod", ""))
