"""A transaction or batch: a Bundle becomes changes to carry out and questions to answer after them.

A transaction is all or nothing, so every problem of every entry is said at once; in a batch each
entry stands alone and fails alone.
Source: https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from app.fhir_mapping import check, codec, entries, links, rewriting
from app.fhir_mapping.change import Change, Delete, Put
from app.fhir_mapping.codec import BundleShell
from app.fhir_mapping.entries import ORDER, Asked
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Resource

Kind = Literal["transaction", "batch"]

_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


class Intake(Protocol):
    """How received bytes become a Put: checked as R4, and as this deployment wants it."""

    def __call__(
        self,
        resource: Resource,
        raw: bytes,
        *,
        id: str,  # noqa: A002 FHIR calls it so
        fresh: bool,
        if_match: tuple[str, ...] | None,
        where: str,
    ) -> Put:
        """The change that stores these bytes, or a Refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a Bundle asks for.

    `changes` are in the order they are to be carried out, each with the index of its entry: together
    in a transaction, one by one in a batch. `asks` are the GETs, to be answered after them.
    `refused` are the entries of a batch that cannot be carried out.
    """

    kind: Kind
    size: int
    changes: tuple[tuple[int, Change], ...]
    asks: tuple[Asked, ...]
    refused: Mapping[int, Refusal] = field(default_factory=dict)


def plan(
    raw: bytes, *, resources: Mapping[str, Resource], new_id: Callable[[], str], base: str, put: Intake
) -> Plan:
    """Read a transaction or batch; a Refusal with every problem, in a batch only where it is no Bundle."""
    shell = codec.bundle_shell(raw)
    unsound = _unsound(shell)
    kind = _kind(shell, unsound)
    refused: dict[int, Refusal] = {}
    asked: list[Asked] = []
    for index, entry in enumerate(shell.entries):
        with _Noting(refused, index):
            _refuse_unsound(index, unsound)
            asked.append(entries.asked(index, entry, resources=resources, base=base))
    asked.sort(key=lambda one: ORDER.index(one.method))
    naming = _Naming.of(asked, shell, new_id=new_id, base=base, together=kind == "transaction")
    changes: list[tuple[int, Change]] = []
    for one in asked:
        if one.method != "GET":
            with _Noting(refused, one.index):
                changes.append((one.index, _change(one, naming, put)))
    if kind == "transaction" or unsound:
        _refuse_together(refused, [*_of_no_entry(unsound), *_identity_twice(asked)])
    asks = tuple(one for one in asked if one.method == "GET")
    return Plan(kind=kind, size=len(shell.entries), changes=tuple(changes), asks=asks, refused=refused)


class _Noting:
    """Keeps a Refusal as that of one entry, so that the next entries are still looked at."""

    def __init__(self, refused: dict[int, Refusal], index: int) -> None:
        self._refused = refused
        self._index = index

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, problem: BaseException | None, _trace: object) -> bool:
        if isinstance(problem, Refusal):
            self._refused[self._index] = problem
        return isinstance(problem, Refusal)


@dataclass(frozen=True, slots=True)
class _Naming:
    """The id each entry is stored under, and what the entries of a transaction call each other."""

    ids: Mapping[int, str]
    names: rewriting.Names
    called: Collection[str]

    @staticmethod
    def of(
        asked: Sequence[Asked], shell: BundleShell, *, new_id: Callable[[], str], base: str, together: bool
    ) -> "_Naming":
        """Choose an id for every POST; entries of a batch do not know each other."""
        ids = {one.index: one.id or new_id() for one in asked}
        if not together:
            return _Naming(ids, {}, ())
        names = {
            one.full_url: f"{one.resource.name}/{ids[one.index]}"
            for one in asked
            if one.full_url is not None and one.method in {"POST", "PUT"} and not _is_at_home(one, base)
        }
        return _Naming(ids, names, {entry.full_url or "" for entry in shell.entries})


def _is_at_home(one: Asked, base: str) -> bool:
    """Whether the entry is called already what it will be called here."""
    return one.id is not None and one.full_url == links.address(base, one.resource.name, one.id)


def _unsound(shell: BundleShell) -> tuple[Issue, ...]:
    """What is wrong with the Bundle itself, its resources aside."""
    try:
        check.checked("Bundle", codec.write(shell.document))
    except Refusal as refused:
        return (*shell.unreadable, *refused.issues)
    return shell.unreadable


def _entry_of(issue: Issue) -> int | None:
    """The index of the entry an issue lies in."""
    found = _IN_ENTRY.match(issue.expression or "")
    return int(found[1]) if found else None


def _refuse_unsound(index: int, unsound: Sequence[Issue]) -> None:
    """An entry that is none is looked at no further; the entries beside it are."""
    issues = tuple(issue for issue in unsound if _entry_of(issue) == index)
    if issues:
        raise Refusal(400, issues)


def _of_no_entry(unsound: Sequence[Issue]) -> Iterator[Issue]:
    return (issue for issue in unsound if _entry_of(issue) is None)


def _kind(shell: BundleShell, unsound: Sequence[Issue]) -> Kind:
    """What the Bundle is; a Refusal where it is nothing to be carried out."""
    if shell.type == "transaction":
        return "transaction"
    if shell.type == "batch":
        return "batch"
    if unsound:
        raise Refusal(400, tuple(unsound))
    raise refusal(400, "value", "a Bundle sent here must be of type transaction or batch", "Bundle.type")


def _identity_twice(asked: Sequence[Asked]) -> Iterator[Issue]:
    """Changes of a resource that another entry changes too: their order would decide."""
    seen: set[tuple[str, str]] = set()
    for one in sorted(asked, key=lambda one: one.index):
        if one.id is None or one.method == "GET":
            continue
        identity = (one.resource.name, one.id)
        if identity in seen:
            text = f"another entry changes {one.resource.name}/{one.id} too"
            yield Issue("invariant", text, f"Bundle.entry[{one.index}].request.url")
        seen.add(identity)


def _change(one: Asked, naming: _Naming, put: Intake) -> Change:
    """The change an entry asks for."""
    own = naming.ids[one.index]
    if one.raw is None:
        return Delete(resource=one.resource, id=own, if_match=one.if_match, where=one.where)
    raw = rewriting.rewritten(one.raw, naming.names, relative_to=rewriting.root(one.full_url))
    try:
        change = put(one.resource, raw, id=own, fresh=one.id is None, if_match=one.if_match, where=one.where)
    except Refusal as said:
        said.issues = tuple(_placed(issue, one) for issue in said.issues)
        raise
    _check_stored(change, one, naming)
    return change


def _check_stored(change: Put, one: Asked, naming: _Naming) -> None:
    """Refuse an id that is not the address's, and references that lead to no entry."""
    issues = []
    if one.id is not None and change.document.get("id") != one.id:
        text = f"to be stored at {one.resource.name}/{one.id} the resource must carry that id"
        issues.append(Issue("value", text, f"{one.where}.id"))
    if rewriting.may_be_open(change.raw):
        issues += rewriting.unresolved(change.document, one.where, called=naming.called)
    if issues:
        raise Refusal(400, tuple(issues))


def _placed(issue: Issue, one: Asked) -> Issue:
    """The issue with the place of its entry in the Bundle."""
    expression = issue.expression or one.resource.name
    if expression.startswith("Bundle."):
        return issue
    return replace(issue, expression=one.where + expression.removeprefix(one.resource.name))


def _refuse_together(refused: Mapping[int, Refusal], issues: Iterable[Issue]) -> None:
    """Raise what is wrong with any entry: nothing of a transaction is carried out then."""
    every = [issue for index in sorted(refused) for issue in refused[index].issues]
    every += issues
    if not every:
        return
    statuses = {said.status for said in refused.values()}
    raise Refusal(422 if statuses == {422} else 400, tuple(every))
