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
    """Who may push, and what each of them means by its codes and units."""

    senders: Senders = field(default_factory=Senders)
    dictionaries: Mapping[str, Dictionary] = field(default_factory=dict)

    def take(self, put: Put, message: Message, *, base: str) -> Put:
        """What stores a pushed resource: told by its identity, and translated. Any other stays as it is."""
        identity = identity_of(self.senders, put.document)
        if identity is None:
            return put
        name = self.senders.by_system[identity.system].name
        found = translated(put.raw, put.document, self.dictionaries[name])
        remarks = Refusal(200, found.warnings)
        if put.where is not None:
            remarks = remarks.within(put.resource.name, put.where)
        taken = replace(
            put,
            raw=found.raw,
            document=found.document,
            remarks=(*put.remarks, *remarks.issues),
            push=Push(sender=name, identity=identity, message=message, awaited=found.awaited),
        )
        return _addressed(taken, base)


def _addressed(put: Put, base: str) -> Put:
    """Where the subject is named by an identifier alone, a reference is added, to be resolved on storing."""
    members, texts = None, []
    for name in _ABOUT:
        about = put.document.get(name)
        identifier = about.get("identifier", {}) if isinstance(about, dict) else {}
        if (
            about is None
            or "reference" in about
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
