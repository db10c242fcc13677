"""The name of a search parameter, with its modifier, its chain or its `_has`, to the condition it asks.

`code`, `code:not`, `subject:Patient.name:exact`, `_has:Observation:patient:code`: a name is read from the
left, each step on the type the step before leads to.
Sources: https://hl7.org/fhir/R4/search.html#modifiers, #chaining and #has
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from app.fhir_mapping import search_values
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.query import AnyOf, Chained, Clause, Condition, IdentifierValue, Missing, Reverse, Value
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter
from app.fhir_mapping.search_problems import malformed, near, spoken, unsupported, where
from app.fhir_mapping.wording import quoted

MOST_CHAINED = 4
"""How many references a chain may follow."""

MOST_REVERSED = 3
"""How many `_has` may stand one in the other."""

HAS = "_has"

Reader = Callable[[str], Value]

_MODIFIERS: Mapping[SearchKind, tuple[str, ...]] = {
    SearchKind.TOKEN: ("missing", "not"),
    SearchKind.STRING: ("missing", "exact", "contains"),
    SearchKind.REFERENCE: ("missing", "identifier"),
    SearchKind.COMPOSITE: (),
}
_READERS: Mapping[str, Reader] = {
    "exact": search_values.exact,
    "contains": search_values.part,
    "identifier": lambda text: IdentifierValue(search_values.token(text)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One parameter of a request, and how many steps of it were gone."""

    written: str
    text: str
    base: str
    chained: int = 0
    reversed: int = 0


def condition(resource: Resource, written: str, text: str, *, base: str) -> Condition:
    """The condition a parameter of that type asks; Refusal 400 where it asks none that is served."""
    return _condition(resource, written, _Asked(written=written, text=text, base=base))


def is_plain(written: str) -> bool:
    """Whether a name is a parameter's alone, without modifier, chain or `_has`."""
    return not {":", "."} & set(written) and written != HAS


def references(resource: Resource) -> tuple[SearchParameter, ...]:
    """The reference parameters of a type that lead to a type this server has."""
    return tuple(parameter for parameter in resource.search if leads_here(parameter))


def leads_here(parameter: SearchParameter) -> bool:
    """Whether it is a reference that may lead to a type this server has."""
    return parameter.kind is SearchKind.REFERENCE and any(name in parameter.targets for name in RESOURCES)


def hosted_targets(parameter: SearchParameter) -> tuple[str, ...]:
    """The types a reference parameter may lead to on this server."""
    return tuple(name for name in RESOURCES if name in parameter.targets)


def modifiers(parameter: SearchParameter) -> tuple[str, ...]:
    """The modifiers a parameter may be asked with."""
    return (*_MODIFIERS.get(parameter.kind, ("missing",)), *parameter.targets)


def _condition(resource: Resource, name: str, asked: _Asked) -> Condition:
    if name == HAS or name.startswith(f"{HAS}:"):
        return _reverse(resource, name, asked)
    step, dot, rest = name.partition(".")
    own, colon, modifier = step.partition(":")
    parameter = _declared(resource, own, asked)
    if dot:
        return _chain(resource, parameter, modifier if colon else None, rest, asked)
    if not colon:
        return Clause(parameter, _values(asked, _reader(resource, parameter, asked)))
    return _modified(parameter, modifier, asked)


def _declared(resource: Resource, name: str, asked: _Asked) -> SearchParameter:
    parameter = resource.parameter(name)
    if parameter is not None:
        return parameter
    known = [one.name for one in resource.search]
    said = f"{quoted(name, 'what is asked')} is no search parameter of {resource.name}{near(name, known)}"
    raise unsupported(asked.written, f"{said}; there are {', '.join(known)}")


def _modified(parameter: SearchParameter, modifier: str, asked: _Asked) -> Condition:
    known = modifiers(parameter)
    if modifier not in known:
        hint = near(modifier, known)
        served = f"there are {_listed(known)}" if known else "it has none"
        said = f"the modifier :{spoken(modifier, '…')} is not served on {parameter.name}{hint}"
        raise unsupported(asked.written, f"{said}; {served}")
    if modifier == "missing":
        if asked.text not in {"true", "false"}:
            raise _unreadable(asked, "it is written true or false")
        return Missing(parameter, asked.text == "true")
    if modifier == "not":
        return Clause(parameter, _values(asked, search_values.token), negated=True)
    reader = _READERS.get(modifier) or _typed(modifier, asked)
    return Clause(parameter, _values(asked, reader))


def _typed(type_: str, asked: _Asked) -> Reader:
    return lambda text: search_values.reference_to(type_, text, base=asked.base)


def _listed(known: Iterable[str]) -> str:
    names = [f":{name}" for name in known]
    return ", ".join(names[:12]) + (" and other types" if len(names) > 12 else "")  # noqa: PLR2004


def _reader(resource: Resource, parameter: SearchParameter, asked: _Asked) -> Reader:
    components = tuple(one for name in parameter.components if (one := resource.parameter(name)) is not None)
    return lambda text: search_values.value(parameter, text, base=asked.base, components=components)


def _values(asked: _Asked, reader: Reader) -> tuple[Value, ...]:
    try:
        return tuple(map(reader, search_values.alternatives(asked.text)))
    except search_values.MalformedError as problem:
        raise _unreadable(asked, str(problem)) from None


def _unreadable(asked: _Asked, expected: str) -> Refusal:
    return Refusal(400, (malformed(asked.written, asked.text, expected),))


def _chain(
    resource: Resource, parameter: SearchParameter, type_: str | None, rest: str, asked: _Asked
) -> Condition:
    """That a reference leads to something that meets the rest of the name."""
    if not leads_here(parameter):
        known = ", ".join(one.name for one in references(resource)) or "none"
        text = f"{parameter.name} leads to no resource of this server: of {resource.name} these do: {known}"
        raise unsupported(asked.written, text)
    targets = hosted_targets(parameter)
    if type_ is not None and type_ not in targets:
        said = f"{parameter.name} does not lead to {quoted(type_, 'that type')}{near(type_, targets)}"
        raise unsupported(asked.written, f"{said}; it leads to {', '.join(targets)}")
    if asked.chained == MOST_CHAINED:
        raise _too_deep(asked, f"a chain may follow {MOST_CHAINED} references")
    further = replace(asked, chained=asked.chained + 1)
    return _any_target(parameter, targets if type_ is None else (type_,), rest, further)


def _any_target(parameter: SearchParameter, targets: tuple[str, ...], rest: str, asked: _Asked) -> Condition:
    """Of the types a reference may lead to, those that know the rest of the name."""
    found: list[Condition] = []
    refused: list[Refusal] = []
    name = re.split("[:.]", rest)[0]
    led_to = [RESOURCES[target] for target in targets]
    for target in [one for one in led_to if name == HAS or one.parameter(name) is not None] or led_to:
        try:
            found.append(Chained(parameter, target, _condition(target, rest, asked)))
        except Refusal as refusal:
            refused.append(refusal)
    if not found:
        raise min(refused, key=lambda one: one.issues[0].code == "not-supported")
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


def _reverse(resource: Resource, name: str, asked: _Asked) -> Condition:
    """That something refers to it which meets the rest of the name."""
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):  # noqa: PLR2004 the four of the form
        text = "it is written _has:Type:reference:parameter, such as _has:Observation:patient:code"
        raise unsupported(asked.written, text)
    source = RESOURCES.get(parts[1])
    if source is None:
        said = f"{quoted(parts[1], 'what is asked')} is no type of this server{near(parts[1], [*RESOURCES])}"
        raise unsupported(asked.written, f"{said}; there are {', '.join(RESOURCES)}")
    parameter = source.parameter(parts[2])
    if (
        parameter is None
        or parameter.kind is not SearchKind.REFERENCE
        or resource.name not in parameter.targets
    ):
        known = ", ".join(one.name for one in references(source) if resource.name in one.targets) or "none"
        said = f"{quoted(parts[2], 'what is asked')} of {source.name} does not lead to {resource.name}"
        raise unsupported(asked.written, f"{said}; these do: {known}")
    if asked.reversed == MOST_REVERSED:
        raise _too_deep(asked, f"{MOST_REVERSED} _has may stand one in the other")
    further = replace(asked, reversed=asked.reversed + 1)
    return Reverse(source, parameter, _condition(source, parts[3], further))


def _too_deep(asked: _Asked, text: str) -> Refusal:
    return refusal(400, "too-costly", f"{text}: ask in two steps", where(asked.written))
