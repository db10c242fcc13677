"""What is to be added to the matches of a search: `_include` and `_revinclude`.

Source: https://hl7.org/fhir/R4/search.html#revinclude
"""

from app.fhir_mapping.query import Include
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchParameter
from app.fhir_mapping.search_names import hosted_targets, leads_here, references
from app.fhir_mapping.search_problems import near, spoken, unsupported

INCLUDES = ("_include", "_include:iterate", "_revinclude", "_revinclude:iterate")

EVERY = "*"

_PARTS = 3


def includable(resource: Resource) -> tuple[str, ...]:
    """What `_include` may name where this type is searched (`Observation:patient`)."""
    return tuple(f"{resource.name}:{parameter.name}" for parameter in references(resource))


def reverse_includable(resource: Resource) -> tuple[str, ...]:
    """What `_revinclude` may name where this type is searched: what leads to it."""
    return tuple(
        f"{source.name}:{parameter.name}"
        for source in RESOURCES.values()
        for parameter in references(source)
        if resource.name in parameter.targets
    )


def includes(resource: Resource, written: str, text: str) -> tuple[Include, ...]:
    """What one `_include` or `_revinclude` asks for; Refusal 400 where nothing of the kind is declared."""
    reverse, iterate = written.startswith("_rev"), written.endswith(":iterate")
    if text == EVERY:
        sources = RESOURCES.values() if reverse or iterate else (resource,)
        return tuple(
            Include(source=source, parameter=None, reverse=reverse, iterate=iterate) for source in sources
        )
    name, parameter_name, target = (*text.split(":"), None, None, None)[:_PARTS]
    source = RESOURCES.get(name or "")
    wanted = _wanted(resource, source, parameter_name or "", reverse=reverse, iterate=iterate)
    if source is None or not wanted or text.count(":") >= _PARTS:
        known = _known(resource, reverse=reverse, iterate=iterate)
        said = f"{spoken(text, 'what is asked')} cannot be included{near(text, known)}"
        raise unsupported(written, f"{said}; there are {', '.join(known) or 'none'}")
    leads = {kind for parameter in wanted for kind in hosted_targets(parameter)}
    only = {resource.name} if reverse and not iterate else leads
    if target is not None and target not in only:
        raise unsupported(written, f"{name}:{parameter_name} leads to {', '.join(sorted(only))} alone")
    parameter = None if parameter_name == EVERY else wanted[0]
    return (Include(source=source, parameter=parameter, target=target, reverse=reverse, iterate=iterate),)


def _wanted(
    resource: Resource, source: Resource | None, name: str, *, reverse: bool, iterate: bool
) -> list[SearchParameter]:
    """The reference parameters a name means; of the type searched, or where it is asked to, leading to it."""
    if source is None or not (reverse or iterate or source.name == resource.name):
        return []
    named = source.search if name == EVERY else filter(None, [source.parameter(name)])
    back = reverse and not iterate
    return [one for one in named if leads_here(one) and (not back or resource.name in one.targets)]


def _known(resource: Resource, *, reverse: bool, iterate: bool) -> tuple[str, ...]:
    """What may be named: where it is applied to what was added, too, whatever leads anywhere."""
    if iterate:
        return tuple(name for source in RESOURCES.values() for name in includable(source))
    return reverse_includable(resource) if reverse else includable(resource)
