"""What a scope may speak of: a type there is, narrowed by what its resources are indexed by as tokens."""

from typing import Final

from app.fhir_mapping.access.role import AUDIT
from app.fhir_mapping.access.scope import EVERY, Scope
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind
from app.fhir_mapping.served import SERVED
from app.fhir_mapping.wording import did_you_mean

_EVERY: Final = frozenset((*RESOURCES, *AUDIT, *SERVED))


def problems(scope: Scope) -> list[str]:
    """Every reason why a scope cannot be granted so."""
    if scope.kind == EVERY:
        return [f"{scope}: narrow the scope of one type, not that of every type"] if scope.where else []
    if scope.kind not in _EVERY:
        return [f"{scope}: {scope.kind} is no type served here{did_you_mean(scope.kind, sorted(_EVERY))}"]
    resource = RESOURCES.get(scope.kind)
    if resource is None:
        return [f"{scope}: narrow a type that is stored here"] if scope.where else []
    offered = _offered(resource)
    return [
        f"{scope}: {name} narrows nothing; {scope.kind} is narrowed by {', '.join(offered)}"
        for name, _, _ in scope.where
        if name not in offered
    ]


def _offered(resource: Resource) -> list[str]:
    """The parameters whose values are found as tokens of a resource, not in a column of its own."""
    return [
        parameter.name
        for parameter in resource.search
        if parameter.kind is SearchKind.TOKEN and parameter.column is None and not parameter.either
    ]
