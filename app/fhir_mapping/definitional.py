"""What this server says of itself, as resources: its search parameters.

Drawn from the declarations it runs by. OperationDefinitions are drawn by `operation.definition`, its
vocabulary by `vocabulary`.
"""

from collections.abc import Iterable, Mapping

from app.fhir_mapping.definitions import definition
from app.fhir_mapping.paths import Step, steps
from app.fhir_mapping.resource import Document, Resource, SearchKind, SearchParameter

OURS = "https://trialbridge.example/fhir/SearchParameter/"
"""Where the search parameters are named that are not HL7's."""

_COMPARED = {SearchKind.DATE, SearchKind.QUANTITY, SearchKind.NUMBER}
_COMPARATORS = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
_MODIFIERS = {
    SearchKind.TOKEN: ["missing", "not"],
    SearchKind.STRING: ["missing", "exact", "contains"],
    SearchKind.REFERENCE: ["missing", "identifier", "type"],
}


def canonical(resource: Resource, parameter: SearchParameter) -> str:
    """The address a search parameter is known by: HL7's where R4 defines it."""
    return parameter.url or f"{OURS}{resource.name}-{parameter.name.removeprefix('_')}"


def search_parameters(resources: Iterable[Resource]) -> Mapping[str, Document]:
    """Every search parameter by the id of its resource; one that several types share is one resource."""
    shared: dict[str, list[tuple[Resource, SearchParameter]]] = {}
    for resource in resources:
        for parameter in resource.search:
            shared.setdefault(canonical(resource, parameter), []).append((resource, parameter))
    documents = (_search_parameter(url, found) for url, found in shared.items())
    return {document["id"]: document for document in documents}


def _search_parameter(url: str, found: list[tuple[Resource, SearchParameter]]) -> Document:
    parameter = found[0][1]
    everywhere = url.rpartition("/")[2].startswith("Resource-")
    paths = dict.fromkeys(
        expression for resource, one in found for expression in _expressions(resource, one, everywhere)
    )
    document: Document = {
        "resourceType": "SearchParameter",
        "id": url.rpartition("/")[2],
        "url": url,
        "name": parameter.name.removeprefix("_").replace("-", "_"),
        "status": "active",
        "description": " ".join(dict.fromkeys(one.about for _, one in found)),
        "code": parameter.name,
        "base": [resource.name for resource, _ in found],
        "type": parameter.kind.value,
        "expression": " | ".join(paths) or None,
        "target": sorted({target for _, one in found for target in one.targets}) or None,
        "multipleOr": True,
        "multipleAnd": True,
        "comparator": _COMPARATORS if parameter.kind in _COMPARED else None,
        "modifier": _MODIFIERS.get(parameter.kind, ["missing"]),
        "component": [_component(found[0][0], name) for name in parameter.components] or None,
    }
    return {name: value for name, value in document.items() if value is not None}


def _component(resource: Resource, name: str) -> Document:
    parameter = resource.parameter(name)
    assert parameter is not None, name  # noqa: S101 - our own declaration
    expressions = " | ".join(_expressions(resource, parameter, everywhere=False))
    return {"definition": canonical(resource, parameter), "expression": expressions}


def _expressions(resource: Resource, parameter: SearchParameter, everywhere: bool) -> Iterable[str]:
    """Where it looks, in FHIRPath."""
    top = "Resource" if everywhere else resource.name
    return [".".join([top, *_fhirpath(resource.name, steps(path))]) for path in parameter.paths]


def _fhirpath(owner: str, path: tuple[Step, ...]) -> Iterable[str]:
    """A path of JSON members as FHIRPath: `valueQuantity` is `value.ofType(Quantity)`."""
    for step in path:
        known = definition(owner)
        element = known.elements.get(step.name) if known is not None else None
        choice = element.choice if element is not None else None
        if step.member == "url":
            yield f"extension('{step.says}')"
        else:
            name = f"{choice.removesuffix('[x]')}.ofType({element.type})" if element and choice else step.name
            yield f"{name}.where({step.member}='{step.says}')" if step.member else name
        owner = element.type if element is not None else owner
