"""A transaction or batch: a Bundle becomes changes to carry out and questions to answer after them.

A transaction is all or nothing, so every problem of every entry is said at once; in a batch each
entry stands alone and fails alone.
Source: https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.fhir_mapping import check, codec, entries
from app.fhir_mapping.bundle_shell import BundleShell, opened
from app.fhir_mapping.change import Conditional, Criteria, Put, Write
from app.fhir_mapping.entries import ORDER, Asked
from app.fhir_mapping.entry_writes import Names, Writes
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.walk import MOST_ISSUES

Kind = Literal["transaction", "batch"]

MOST_SEARCHES = 100
"""Searches for more than an identifier that the writes of a Bundle may name their targets by.

Each is a statement inside the transaction, and other writers wait meanwhile."""

_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_IN_REQUEST = re.compile(r"Bundle\.entry\[\d+\]\.request(?![a-zA-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a Bundle asks for.

    `writes` are in the order they are to be carried out, each with the index of its entry: together
    in a transaction, one by one in a batch. `asks` are the GETs, to be answered after them.
    `refused` are the entries of a batch that cannot be carried out.
    """

    kind: Kind
    size: int
    writes: tuple[tuple[int, Write], ...]
    asks: tuple[Asked, ...]
    refused: Mapping[int, Refusal] = field(default_factory=dict)


def plan(
    raw: bytes,
    *,
    resources: Mapping[str, Resource],
    new_id: Callable[[], str],
    base: str,
    intake: Intake,
    most: int,
) -> Plan:
    """Read a transaction or batch; a Refusal with every problem, in a batch only where it is no Bundle.

    A Bundle of more than `most` entries is refused (413) before any of them is looked at, and so is one whose
    writes name their targets by too many searches.
    """
    shell = opened(raw, most=most)
    unsound = _unsound(shell)
    kind = _kind(shell, unsound)
    refused: dict[int, Refusal] = {}
    asked = _asked(shell, unsound, intake.around(shell.document), refused, resources=resources, base=base)
    names = Names.of(asked, shell, new_id=new_id, base=base, together=kind == "transaction")
    writes = _written(asked, Writes(names=names, resources=resources, base=base, intake=intake), refused)
    if kind == "transaction":
        _refuse_together(refused, [*_of_no_entry(unsound), *_identity_twice(asked)])
    elif not all(map(_is_of_request, unsound)):
        _refuse_together(refused, _of_no_entry(unsound))
    _refuse_many_searches(write for _, write in writes)
    asks = tuple(one for one in asked if not one.writes)
    return Plan(kind=kind, size=len(shell.entries), writes=writes, asks=asks, refused=refused)


def _asked(
    shell: BundleShell,
    unsound: Sequence[Issue],
    unwelcome: Sequence[Issue],
    refused: dict[int, Refusal],
    *,
    resources: Mapping[str, Resource],
    base: str,
) -> list[Asked]:
    """What each entry asks for, in the order it is to be done; what is none is noted as refused."""
    asked: list[Asked] = []
    for index, entry in enumerate(shell.entries):
        with _Noting(refused, index):
            _refuse_of(index, unsound, 400)
            _refuse_of(index, unwelcome, 422)
            asked.append(entries.asked(index, entry, resources=resources, base=base))
    around = tuple(_of_no_entry(unwelcome))
    if around:
        raise Refusal(422, around)
    return sorted(asked, key=lambda one: ORDER.index(one.method))


def _written(
    asked: Sequence[Asked], read: Writes, refused: dict[int, Refusal]
) -> tuple[tuple[int, Write], ...]:
    """The writes among them, each with the index of its entry."""
    writes: list[tuple[int, Write]] = []
    for one in asked:
        if one.writes:
            with _Noting(refused, one.index):
                writes.append((one.index, read.write(one)))
    return tuple(writes)


def _refuse_many_searches(writes: Iterable[Write]) -> None:
    """413 where conditional writes and references ask too much; an identifier costs next to nothing."""
    searches = {
        (one.query.resource.name, one.text)
        for write in writes
        for one in _searches(write)
        if one.query.identifier is None
    }
    if len(searches) > MOST_SEARCHES:
        text = (
            f"a Bundle may name its targets by {MOST_SEARCHES} searches for more than an identifier with its"
            f" system, not {len(searches)}: name them by identifier=system|value, or send it in parts"
        )
        raise refusal(413, "too-costly", text, "Bundle.entry")


def _searches(write: Write) -> Iterator[Criteria]:
    """What a write names its target and those it refers to by."""
    change = write
    if isinstance(write, Conditional):
        yield write.criteria
        change = write.change
    if isinstance(change, Put):
        yield from (change.references or {}).values()


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


def _is_of_request(issue: Issue) -> bool:
    """Whether an issue lies in what an entry asks for, so that the Bundle around it can be relied on."""
    return _IN_REQUEST.match(issue.expression or "") is not None


def _refuse_of(index: int, issues: Sequence[Issue], status: int) -> None:
    """An entry that is none, or not welcome, is looked at no further; the entries beside it are."""
    own = tuple(issue for issue in issues if _entry_of(issue) == index)
    if own:
        raise Refusal(status, own)


def _of_no_entry(unsound: Sequence[Issue]) -> Iterator[Issue]:
    return (issue for issue in unsound if _entry_of(issue) is None)


def _kind(shell: BundleShell, unsound: Sequence[Issue]) -> Kind:
    """What the Bundle is; a Refusal where it is nothing to be carried out."""
    whole = shell.document.get("resourceType") == "Bundle" and len(unsound) < MOST_ISSUES
    if not whole:  # what is wrong with the entries has not been said, so they cannot be relied on
        raise Refusal(400, tuple(unsound))
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
        if one.id is None or not one.writes:
            continue
        identity = (one.resource.name, one.id)
        if identity in seen:
            text = f"another entry changes {one.resource.name}/{one.id} too"
            yield Issue("invariant", text, f"Bundle.entry[{one.index}].request.url")
        seen.add(identity)


def _refuse_together(refused: Mapping[int, Refusal], issues: Iterable[Issue]) -> None:
    """Raise what is wrong with any entry: nothing of a transaction is carried out then."""
    every = [issue for index in sorted(refused) for issue in refused[index].issues]
    every += issues
    if not every:
        return
    statuses = {said.status for said in refused.values()}
    raise Refusal(422 if statuses == {422} else 400, tuple(every))
