"""A Bundle of people who may enter a study, read entry by entry: what is said of each, and nothing stored.

Entries may name each other by their fullUrl, as in a transaction, or by type and id. A resource without an id
is known by the uuid of its fullUrl, else by its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.fhir_mapping import check, codec, rewriting
from app.fhir_mapping.bundle_shell import BundleShell, ShellEntry, opened
from app.fhir_mapping.change import Put
from app.fhir_mapping.links import is_id
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.registry import MAPPED
from app.fhir_mapping.resource import Document, Resource
from app.fhir_mapping.walk import MOST_ISSUES

Take = Callable[[Resource, bytes, str, str], Put]
"""Looks at a resource as a write would: its type, its bytes, its id, and its place in the Bundle."""


Around = Callable[[Document], tuple[Issue, ...]]
"""Says what is not taken of the Bundle around the resources."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a type decisions rest on: the resource as sent, and what it is known by here."""

    index: int
    resource: Resource
    id: str
    raw: bytes
    full_url: str | None

    @property
    def where(self) -> str:
        """The FHIRPath of its resource."""
        return f"Bundle.entry[{self.index}].resource"

    @property
    def name(self) -> str:
        """How others refer to it."""
        return f"{self.resource.name}/{self.id}"


def read(raw: bytes, *, most: int, take: Take, around: Around) -> list[Put]:
    """Every entry decisions rest on, its references to other entries resolved; Refusal with all problems."""
    shell = opened(raw, most=most)
    _refuse_unsound(shell)
    unwelcome = around(shell.document)
    if unwelcome:
        raise Refusal(422, unwelcome)
    entries = list(_entries(shell))
    names = {one.full_url: one.name for one in entries if one.full_url}
    refused: list[Refusal] = []
    found = [put for put in (_taken(one, names, take, refused) for one in entries) if put is not None]
    if refused:
        status = 400 if any(one.status == 400 for one in refused) else refused[0].status  # noqa: PLR2004
        raise Refusal(status, tuple(issue for one in refused for issue in one.issues)[:MOST_ISSUES])
    _refuse_twice(entries)
    return found


def _refuse_unsound(shell: BundleShell) -> None:
    """400 for a Bundle that is none, or whose entries cannot be read."""
    if shell.document.get("resourceType") != "Bundle":
        raise refusal(400, "structure", "send a Bundle of the candidates' resources", "resourceType")
    if shell.unreadable:
        raise Refusal(400, shell.unreadable)
    check.checked("Bundle", codec.write(shell.document))


def _entries(shell: BundleShell) -> Iterator[Entry]:
    """The entries with a resource of a type decisions rest on; all others say nothing of eligibility."""
    for index, entry in enumerate(shell.entries):
        if entry.resource is None:
            continue
        top = codec.members(entry.resource)
        resource = MAPPED.get(top.get("resourceType", b"").decode("utf-8", "replace").strip('"'))
        if resource is not None:
            name = _known_by(entry, top.get("id"), index)
            yield Entry(index, resource, name, entry.resource, entry.full_url)


def _known_by(entry: ShellEntry, own: bytes | None, index: int) -> str:
    """Its id, the last part of its fullUrl, or its place; an id that is none is refused later."""
    sent = codec.read(b'{"id":%b}' % own)["id"] if own is not None else None
    if isinstance(sent, str) and is_id(sent):
        return sent
    last = (entry.full_url or "").replace(":", "/").rpartition("/")[2]
    return last if is_id(last) else f"entry-{index}"


def _taken(entry: Entry, names: dict[str, str], take: Take, refused: list[Refusal]) -> Put | None:
    """The entry as a write would have it, else what stands against it is kept."""
    root = rewriting.root(entry.full_url)
    raw = rewriting.rewritten(entry.raw, names, relative_to=root)
    try:
        put = take(entry.resource, raw, entry.id, entry.where)
    except Refusal as problem:
        refused.append(problem.within(entry.resource.name, entry.where))
        return None
    dangling = rewriting.unresolved(put.document, entry.where, called=())
    if dangling:
        refused.append(Refusal(400, tuple(dangling)))
    return put


def _refuse_twice(entries: list[Entry]) -> None:
    """400 where two entries are the same resource: which of them counts is not said."""
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            text = f"{entry.name} stands twice in this Bundle: send the version that counts"
            raise Refusal(400, (Issue("duplicate", text, entry.where),))
        seen.add(entry.name)


def assumed_subject(patient: str, study: str, population: str | None) -> Document:
    """The part in the study of a patient who is looked at as a candidate."""
    said: Document = {
        "resourceType": "ResearchSubject",
        "status": "candidate",
        "study": {"reference": f"ResearchStudy/{study}"},
        "individual": {"reference": f"Patient/{patient}"},
    }
    return said | ({"assignedArm": population} if population else {})
