"""What the entries of a Bundle write: each checked, and named as the other entries name it.

Source: https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.fhir_mapping import codec, criteria, links, rewriting
from app.fhir_mapping.bundle_shell import BundleShell
from app.fhir_mapping.change import Conditional, Criteria, Delete, Patch, Put, Write
from app.fhir_mapping.entries import Asked
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Resource


@dataclass(frozen=True, slots=True)
class Names:
    """The id each entry is stored under, and what the entries of a transaction call each other.

    `own` are the ids that the bodies of conditional updates carry themselves.
    An entry whose target a search is to find is named by that search: after the writes it finds that entry.
    """

    ids: Mapping[int, str]
    own: Mapping[int, str]
    targets: rewriting.Names
    called: Collection[str]
    together: bool

    @staticmethod
    def of(
        asked: Sequence[Asked], shell: BundleShell, *, new_id: Callable[[], str], base: str, together: bool
    ) -> "Names":
        """Choose an id for every POST; entries of a batch do not know each other."""
        own = {one.index: name for one in asked if (name := _own_id(one)) is not None}
        ids = {one.index: one.id or own.get(one.index) or new_id() for one in asked}
        if not together:
            return Names(ids, own, {}, (), together)
        targets = {
            one.full_url: _target(one, own.get(one.index) or ids[one.index], known=one.index in own)
            for one in asked
            if one.full_url is not None and one.method in {"POST", "PUT"} and not _is_at_home(one, base)
        }
        return Names(ids, own, targets, {entry.full_url or "" for entry in shell.entries}, together)


def _own_id(one: Asked) -> str | None:
    """The id the body of a conditional update carries; what is wrong with it is said later."""
    if one.method != "PUT" or one.criteria is None or one.raw is None:
        return None
    try:
        own = codec.read(one.raw).get("id")
    except Refusal:
        return None
    return own if isinstance(own, str) and links.is_id(own) else None


def _target(one: Asked, name: str, *, known: bool) -> str:
    """What the entry is called here: where a search is to find it, that search, which the store answers."""
    if one.criteria is None or known:
        return f"{one.resource.name}/{name}"
    return f"{one.resource.name}?{criteria.plain(one.criteria)}"


def _is_at_home(one: Asked, base: str) -> bool:
    """Whether the entry is called already what it will be called here."""
    return one.id is not None and one.full_url == links.address(base, one.resource.name, one.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What is needed to read the write of any entry."""

    names: Names
    resources: Mapping[str, Resource]
    base: str
    intake: Intake

    def write(self, one: Asked) -> Write:
        """The write an entry asks for."""
        change = self._change(one)
        if one.criteria is None:
            return change
        sought = criteria.criteria(one.resource, one.criteria, base=self.base, where=one.criteria_at)
        own = self.names.own.get(one.index)
        return Conditional(change=change, criteria=sought, creates=one.method == "POST", own_id=own)

    def _change(self, one: Asked) -> Put | Patch | Delete:
        own = one.id or ""
        if one.method == "DELETE":
            return Delete(resource=one.resource, id=own, if_match=one.if_match, where=one.where)
        try:
            if one.method == "PATCH":
                patch = self.intake.patch(one.resource, one.raw or b"", id=own, where=one.where)
                return replace(patch, if_match=one.if_match)
            return self._put(one)
        except Refusal as said:
            raise said.within(one.resource.name, one.where) from None

    def _put(self, one: Asked) -> Put:
        names, index = self.names, one.index
        raw = rewriting.rewritten(one.raw or b"", names.targets, relative_to=rewriting.root(one.full_url))
        put = self.intake.put(one.resource, raw, id=names.ids[index], where=one.where)
        references, issues = self._open_references(put, one)
        issues += _misplaced(put, one)
        if issues:
            raise Refusal(400, tuple(issues))
        return replace(
            put,
            fresh=one.id is None and index not in names.own,
            if_match=one.if_match,
            only_new=one.if_none_match == "*",
            references=references or put.references,
        )

    def _open_references(self, put: Put, one: Asked) -> tuple[dict[str, Criteria], list[Issue]]:
        """The conditional references of a transaction, and the references that lead to no entry."""
        if not rewriting.may_be_open(put.raw):
            return {}, []
        document, together = put.document, self.names.together or put.references is not None
        lost = rewriting.unresolved(document, one.where, called=self.names.called, searched=together)
        if not together:
            return {}, lost
        sought, unread = criteria.of_references(document, one.where, resources=self.resources, base=self.base)
        return sought, [*lost, *unread]


def _misplaced(put: Put, one: Asked) -> list[Issue]:
    """That an id is not that of the address."""
    if one.id is None or put.document.get("id") == one.id:
        return []
    text = f"to be stored at {one.resource.name}/{one.id} the resource must carry that id"
    return [Issue("value", text, f"{one.where}.id")]
