"""What a client may see, as every statement applies it."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.scope import Scope, Token
from app.fhir_mapping.registry import RESOURCES
from app.store.visibility import Visibility

READING = frozenset("rs")


def visibility_of(
    client: Client, scopes: Sequence[Scope], parts: Mapping[str, AbstractSet[str]]
) -> Visibility:
    """What a client sees by its role, its sites, its studies and the scopes of its token.

    `parts` are, by study, the studies that are part of it, such as a site's: who sees a study sees them.
    """
    role = client.of
    kinds = frozenset(kind for kind in role.reads if _covering(kind, scopes))
    return Visibility(
        sites=frozenset(client.sites) if role.by_site else None,
        studies=None if client.studies is None else _with_parts(client.studies, parts),
        kinds=None if kinds.issuperset(RESOURCES) else kinds,
        narrowed=tuple((kind, only) for kind in sorted(kinds) if (only := _narrowed(kind, scopes))),
        donors=role.donors,
    )


def _covering(kind: str, scopes: Iterable[Scope]) -> list[Scope]:
    """The scopes by which resources of this type are read or found."""
    return [scope for scope in scopes if any(scope.covers(kind, letter) for letter in READING)]


def _narrowed(kind: str, scopes: Iterable[Scope]) -> tuple[tuple[Token, ...], ...]:
    """The tokens of which a resource of this type must have one set; () where any will do."""
    covering = _covering(kind, scopes)
    return () if any(not scope.where for scope in covering) else tuple(scope.where for scope in covering)


def _with_parts(studies: Iterable[str], parts: Mapping[str, AbstractSet[str]]) -> frozenset[str]:
    """These studies and all that is part of them, directly or not."""
    found = list(dict.fromkeys(studies))
    for study in found:  # grows while it is walked
        found += sorted(parts.get(study, frozenset()) - set(found))
    return frozenset(found)
