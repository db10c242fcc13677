"""By what a scope may be narrowed: the token parameters that every resource is indexed by."""

from app.fhir_mapping.access.scope import EVERY, Scope
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind


def problems(scope: Scope) -> list[str]:
    """Every reason why a scope cannot be granted so."""
    if scope.kind == EVERY:
        return [f"{scope}: narrow the scope of one type, not that of every type"] if scope.where else []
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
