"""What a client may see, as every statement applies it."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.scope import LETTERS, Scope, Token
from app.fhir_mapping.registry import RESOURCES
from app.store.asker import Asker
from app.store.visibility import Visibility

Choices = tuple[tuple[Token, ...], ...]
"""Sets of tokens, of which a resource must have one; () where any resource will do."""


def asker_of(client: Client, scopes: Sequence[Scope], parts: Mapping[str, AbstractSet[str]]) -> Asker:
    """Who a client is that acts with these scopes of its own, and what it sees.

    Its writes may refer to whatever its sites and studies have: which types it may change is asked when it is
    known what they change.
    """
    actor = Actor(
        client=client.name,
        role=client.role,
        sites=client.sites,
        scopes=tuple(scopes),
        senders=None if "administer" in client.of.acts else frozenset(client.senders),
        acts=client.of.acts,
        purpose=client.purpose,
        requests_per_minute=client.requests_per_minute,
    )
    seen = visibility_of(client, scopes, parts)
    held = ((kind, _narrowed(_covering(kind, scopes, frozenset(LETTERS)))) for kind in sorted(RESOURCES))
    return Asker(seen, actor, replace(seen, kinds=None, narrowed=tuple(one for one in held if one[1])))


def visibility_of(
    client: Client, scopes: Sequence[Scope], parts: Mapping[str, AbstractSet[str]]
) -> Visibility:
    """What a client sees by its role, its sites, its studies and the scopes of its token.

    `parts` are, by study, the studies that are part of it, such as a site's: who sees a study sees them.
    """
    role = client.of
    held = {kind: choices for kind in role.reads if (choices := _read(kind, scopes)) is not None}
    kinds = frozenset(held)
    return Visibility(
        sites=frozenset(client.sites) if role.by_site else None,
        studies=None if client.studies is None else _with_parts(client.studies, parts),
        kinds=None if kinds.issuperset(RESOURCES) else kinds,
        narrowed=tuple((kind, held[kind]) for kind in sorted(held) if held[kind]),
        donors=role.donors,
    )


def narrowed_to(scopes: Iterable[Scope], kind: str, letter: str) -> Choices:
    """What a resource of a type must bear for one letter; () where any will do, or where none is allowed."""
    return _narrowed(_covering(kind, scopes, frozenset(letter)))


def _read(kind: str, scopes: Sequence[Scope]) -> Choices | None:
    """What is seen of a type: by whom both reads and searches it, what both letters allow."""
    by_letter = [covering for letter in "rs" if (covering := _covering(kind, scopes, frozenset(letter)))]
    if not by_letter:
        return None
    choices = [found for found in map(_narrowed, by_letter) if found]
    return choices[0] if len(choices) == 1 else tuple(_both(*choices)) if choices else ()


def _both(one: Choices, other: Choices) -> Iterable[tuple[Token, ...]]:
    """The tokens of which a resource must have one set to have one of each."""
    if set(one) == set(other):
        return one
    return dict.fromkeys(tuple(dict.fromkeys((*own, *more))) for own in one for more in other)


def _covering(kind: str, scopes: Iterable[Scope], letters: AbstractSet[str]) -> list[Scope]:
    """The scopes that allow any of this with resources of this type."""
    return [scope for scope in scopes if any(scope.covers(kind, letter) for letter in letters)]


def _narrowed(covering: Sequence[Scope]) -> Choices:
    """The tokens of which a resource of this type must have one set; () where any will do."""
    return () if any(not scope.where for scope in covering) else tuple(scope.where for scope in covering)


def _with_parts(studies: Iterable[str], parts: Mapping[str, AbstractSet[str]]) -> frozenset[str]:
    """These studies and all that is part of them, directly or not."""
    found = list(dict.fromkeys(studies))
    for study in found:  # grows while it is walked
        found += sorted(parts.get(study, frozenset()) - set(found))
    return frozenset(found)
