"""What a writer claims for itself, so that two who search before they write cannot both find nothing.

Whoever writes on a condition claims what its criteria ask for and what its own document will be found by:
a business identifier each; for any other criteria, all of the type. Plain writes claim nothing: they are
stored whatever others do, so that either may be thought of as the earlier.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.fhir_mapping.change import Conditional, Criteria, Delete, Patch, Put, Write, changed
from app.fhir_mapping.query import AnyOf, Chained, Condition, Query, Reverse
from app.store.piece import Indexes, borne

_MOST = 256
"""Claims of identifiers, beyond which all of their types are claimed: a database has only so many locks."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Names of what is claimed; `alone` says that the writes must not share their commit with others."""

    exclusive: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    alone: bool = False

    @staticmethod
    def of_all(several: Sequence["Claims"]) -> "Claims":
        """What several writers claim who write together."""
        return Claims(
            frozenset().union(*(one.exclusive for one in several)),
            frozenset().union(*(one.shared for one in several)),
        )


NOTHING = Claims()


def claims(writes: Sequence[Write], indexes: Indexes) -> Claims:
    """What these writes claim."""
    deletes = any(isinstance(changed(write), Delete) for write in writes)
    searching = [
        write for write in writes if isinstance(write, Conditional) or getattr(write, "references", None)
    ]
    if not searching:
        return Claims(alone=True) if deletes else NOTHING
    touched = {changed(write).resource.name for write in writes}
    identifiers: set[tuple[str, str]] = set()
    types: set[str] = set()
    for write in searching:
        types |= _types_claimed(write, touched)
        identifiers |= set(_identifiers_claimed(write, touched, indexes))
    if len(identifiers) > _MOST:
        types |= {kind for kind, _ in identifiers}
    names = frozenset(f"{kind}?{said}" for kind, said in identifiers if kind not in types)
    shared = frozenset(kind for kind, _ in identifiers if kind not in types)
    return Claims(names | types, shared, alone=deletes or bool(types))


def types_of(query: Query) -> set[str]:
    """Every type a search looks at."""
    return {query.resource.name}.union(*(_types_in(condition) for condition in query.conditions))


def late(criteria: Criteria, touched: set[str]) -> bool:
    """Whether what the piece itself writes decides what a conditional reference means."""
    return not types_of(criteria.query).isdisjoint(touched)


def _types_in(condition: Condition) -> set[str]:
    match condition:
        case Chained():
            return {condition.target.name} | _types_in(condition.condition)
        case Reverse():
            return {condition.source.name} | _types_in(condition.condition)
        case AnyOf():
            return set().union(*map(_types_in, condition.conditions))
        case _:
            return set()


def _references(write: Write, touched: set[str]) -> Iterator[Criteria]:
    """The conditional references that what is written beside them may decide."""
    change = changed(write)
    if isinstance(change, Put) and change.references:
        yield from (criteria for criteria in change.references.values() if late(criteria, touched))


def _types_claimed(write: Write, touched: set[str]) -> set[str]:
    """The types of all criteria that ask for more than an identifier."""
    queries = [criteria.query for criteria in _references(write, touched)]
    types: set[str] = set()
    if isinstance(write, Conditional):
        queries.append(write.criteria.query)
        if isinstance(write.change, Patch):  # nobody knows what its result will be found by
            types = types_of(write.criteria.query)
    return types.union(*(types_of(query) for query in queries if query.identifier is None))


def _identifiers_claimed(write: Write, touched: set[str], indexes: Indexes) -> Iterator[tuple[str, str]]:
    """The identifiers asked for, and those the document will bear, each with its type."""
    queries = [criteria.query for criteria in _references(write, touched)]
    if isinstance(write, Conditional):
        queries.append(write.criteria.query)
        if isinstance(write.change, Put):
            kind = write.change.resource.name
            yield from ((kind, f"{system}|{code}") for system, code in borne(indexes[id(write.change)]))
    for query in queries:
        if query.identifier is not None:
            yield query.resource.name, f"{query.identifier.system}|{query.identifier.code}"
