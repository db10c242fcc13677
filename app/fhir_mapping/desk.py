"""The desk where what hospitals push is taken in: whose it is, which result, and what its codes mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from app.fhir_mapping import codec, criteria
from app.fhir_mapping.change import Put
from app.fhir_mapping.dictionary import Dictionary
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Message, Push
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender import Senders
from app.fhir_mapping.translation import translated

_ABOUT = ("subject", "patient")
"""The elements that say whom a resource is about."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who may push, and what each of them means by its codes and units.

    `made_of` is equal of two desks that were made of the same registrations and the same maps.
    """

    senders: Senders = field(default_factory=Senders)
    dictionaries: Mapping[str, Dictionary] = field(default_factory=dict)
    made_of: object = None

    def take(self, put: Put, message: Message, *, base: str) -> Put:
        """What stores a pushed resource: told by its identity, and translated. Any other stays as it is."""
        identity = identity_of(self.senders, put.document)
        if identity is None:
            return put
        name = self.senders.by_system[identity.system].name
        push = Push(sender=name, identity=identity, message=message)
        return _addressed(self.translated(put, push), base)

    def translated(self, put: Put, push: Push) -> Put:
        """What stores a pushed resource as it reads by the maps of this desk; the same, if it was already."""
        dictionary = self.dictionaries.get(push.sender)
        if dictionary is None:  # it may not push any more: what it sent before that stays as it is
            return replace(put, push=push)
        found = translated(put.raw, put.document, dictionary)
        remarks = Refusal(200, found.warnings)
        if put.where is not None:
            remarks = remarks.within(put.resource.name, put.where)
        others = (one for one in put.remarks if one not in push.doubts)
        return replace(
            put,
            raw=found.raw,
            document=found.document,
            remarks=(*others, *remarks.issues),
            push=replace(push, awaited=found.awaited, doubts=remarks.issues, desk=self.made_of),
        )


def _addressed(put: Put, base: str) -> Put:
    """Where the subject is named by an identifier alone, a reference is added, to be resolved on storing."""
    members, texts = None, []
    for name in _ABOUT:
        about = put.document.get(name)
        identifier = about.get("identifier", {}) if isinstance(about, dict) else {}
        if (
            about is None
            or "reference" in about
            or about.get("type", "Patient") != "Patient"
            or not (identifier.get("system") and identifier.get("value"))
        ):
            continue
        sought = quote(f"{identifier['system']}|{identifier['value']}", safe=":/|.-_")
        members = members or codec.members(put.raw)
        texts.append(f"Patient?identifier={sought}")
        own = {"reference": codec.write(texts[-1]), **codec.members(members[name])}
        members[name] = codec.joined(own)
    if members is None:
        return put
    raw = codec.joined(members)
    document = codec.read(raw)
    where = put.where or put.resource.name
    references, _ = criteria.of_references(document, where, resources=RESOURCES, base=base)
    return replace(put, raw=raw, document=document, references=references)
