"""What the token of an asker allows: asked before anything is looked up, so that a refusal tells nothing."""

from collections.abc import Iterable

from app.fhir_mapping.access.scope import may, mentions
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.query import Include, Query
from app.routers.requests import FhirRequest
from app.store.claims import types_of
from app.store.rights import lacking


def require(request: FhirRequest, kind: str, *letters: str) -> None:
    """Refuse (403) who may do none of these with any resource of a type."""
    held = request.actor.scopes
    if held is not None and not any(mentions(held, kind, letter) for letter in letters):
        raise lacking(kind, letters[0], "http.authorization")


def require_any(request: FhirRequest, letter: str) -> None:
    """Refuse (403) who may do this with no type at all."""
    held = request.actor.scopes
    if held is not None and not any(letter in scope.letters for scope in held):
        raise lacking("*", letter, "http.authorization")


def require_whole(request: FhirRequest, kinds: Iterable[str]) -> None:
    """Refuse (403) who may not read all resources of these types: the answer rests on them."""
    for kind in kinds:
        if not reads_whole(request, [kind]):
            narrowed = mentions(request.actor.scopes or (), kind, "r")
            raise lacking(kind, "r", "http.authorization", narrowed=narrowed)


def reads_whole(request: FhirRequest, kinds: Iterable[str]) -> bool:
    """Whether the asker may read all resources of these types that are in sight."""
    held = request.actor.scopes
    partly = {kind for kind, _ in request.visibility.narrowed}
    return held is None or all(may(held, kind, "r") and kind not in partly for kind in kinds)


def require_search(request: FhirRequest, query: Query) -> None:
    """Refuse (403) a search that looks at a type the asker may not read, rather than find nothing."""
    included = set[str]().union(*map(_included, query.includes))
    for kind in sorted(types_of(query) | included):
        require(request, kind, *("s" if kind == query.resource.name else "rs"))


def _included(one: Include) -> set[str]:
    """The types that an include adds for certain; what may lead to several types adds those in sight."""
    leads = one.parameter.targets if one.parameter is not None and not one.reverse else ()
    only = one.target or (leads[0] if len(leads) == 1 else None)
    return {one.source.name} | ({only} if only else set())


def require_act(request: FhirRequest, act: str) -> None:
    """Refuse (403) who may not do one of the further things, such as `lock`."""
    actor = request.actor
    if not actor.does(act):
        article = "an" if actor.role[0] in "aeiou" else "a"
        text = f"{article} {actor.role} may not {act} here; ask the administrator of this server"
        raise refusal(403, "forbidden", text, "http.authorization")
