"""The explaining walk through a document: every problem at once, each with its place and what to do about it.

Drawn from the same definitions as the compiled gate. No text of a patient's goes into an issue: element
names, codes and shapes only.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from app.fhir_mapping import containment, narrative, references
from app.fhir_mapping.definitions import Definition, Element, definition, resource_types
from app.fhir_mapping.invariants import INVARIANTS, Invariant
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.primitives import EXPECTED, is_shaped
from app.fhir_mapping.wording import did_you_mean, one_of, place_of, quoted, some

MOST_ISSUES = 200  # problems that are looked for in one body: whoever has as many mends these first
_DEEPEST = 100

Found = Iterator[Issue]


def walk(type_name: str, document: Any, where: str | None = None) -> tuple[Issue, ...]:
    """The problems of a resource that should be of this type; expressions begin with `where` or the type."""
    path = where or type_name
    if not isinstance(document, dict):
        return (Issue("structure", "a resource must be an object", path),)
    said = document.get("resourceType", type_name)
    if said != type_name:
        shown = quoted(said, "this") if isinstance(said, str) else "no text"
        text = f"resourceType must be '{type_name}' here, not {shown}"
        return (Issue("structure", text, f"{path}.resourceType"),)
    return tuple(islice(_resource(type_name, document, path, contained=False), MOST_ISSUES))


def _resource(type_name: str, document: dict[str, Any], path: str, *, contained: bool) -> Found:
    known = definition(type_name) if type_name in resource_types() else None
    if known is None:
        text = f"{quoted(type_name, 'this')} is not a resource type of R4"
        yield Issue("structure", text + did_you_mean(type_name, resource_types()), path)
        return
    if document.get("resourceType") != type_name:
        yield Issue("required", f"resourceType is required: '{type_name}'", f"{path}.resourceType")
    members = {name: value for name, value in document.items() if name != "resourceType"}
    yield from _object(known, members, path)
    if not contained:
        for key, text, place in containment.complaints(document):
            yield Issue("invariant", f"{key}: {text}", path + place)


def _object(known: Definition, value: dict[str, Any], path: str) -> Found:
    """The members of an object: known ones, as often as allowed, and all that are required."""
    if not known.resource and not value.keys() - {"id"}:
        yield Issue("invariant", "ele-1: an element must say something: leave out what says nothing", path)
        return
    for name in value:
        yield from _member(known, name, value, path)
    for required, members in known.required.items():
        if not any(_given(member, value) for member in members):
            text = f"{required} is required" + one_of(members)
            yield Issue("required", text, f"{path}.{required.removesuffix('[x]')}")
    for choice, members in known.choices.items():
        given = [member for member in members if member in value or f"_{member}" in value]
        if len(given) > 1:
            yield Issue("structure", f"{choice} may be given once, not as {' and '.join(given)}", path)
    for rule in INVARIANTS.get(known.name, ()):
        yield from _invariant(rule, known, value, path)


def _member(known: Definition, name: str, value: dict[str, Any], path: str) -> Found:
    element = known.elements.get(name)
    if element is not None:
        yield from _element(element, value[name], path, value.get(f"_{name}"))
        return
    base = known.elements.get(name[1:]) if name.startswith("_") else None
    if base is not None and _extensible(known, base):
        yield from _sibling(base, value[name], value, path)
        return
    text = f"{quoted(name, 'a member')} is not an element of {known.name} in R4"
    yield Issue("structure", text + _meant(known, name), place_of(path, name))


def _meant(known: Definition, name: str) -> str:
    """What was probably meant by a name: what R4 has of a choice, or the one element that is near."""
    for choice, members in known.choices.items():
        stem = choice.removesuffix("[x]")
        if name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper():
            kinds = [member.removeprefix(stem) for member in members]
            near = did_you_mean(name.removeprefix(stem), kinds, after=stem)
            return near or f"; {choice} is one of {some(members)}"
    return did_you_mean(name, known.elements)


def _extensible(known: Definition, element: Element) -> bool:
    """Whether a primitive may have extensions: an XML attribute, as id and Extension.url are, may not."""
    attribute = element.name == "id" or (known.name == "Extension" and element.name == "url")
    return element.type in EXPECTED and element.type != "xhtml" and not attribute


def _element(element: Element, value: Any, path: str, sibling: Any) -> Found:
    """One element's value or values."""
    place = f"{path}.{element.name}"
    if not element.many:
        if isinstance(value, list):
            yield Issue("structure", f"{element.name} is a single element, not a list", place)
        else:
            yield from _one(element, value, place)
    elif not isinstance(value, list):
        yield Issue("structure", f"{element.name} may repeat: it must be a list, even of one", place)
    elif not value:
        yield Issue("structure", f"{element.name} is an empty list: leave it out", place)
    else:
        for number, one in enumerate(value):
            if one is not None or not _padding(element, sibling, number):
                yield from _one(element, one, f"{place}[{number}]")


def _padding(element: Element, sibling: Any, number: int) -> bool:
    """Whether a null in a list of primitives only holds the place for an extension beside it."""
    listed = sibling if isinstance(sibling, list) and element.type in EXPECTED else []
    return number < len(listed) and isinstance(listed[number], dict)


def _sibling(element: Element, value: Any, around: dict[str, Any], path: str) -> Found:
    """The `_name` beside a primitive, which carries its id and extensions."""
    place = f"{path}.{element.name}"
    plain = around.get(element.name)
    if not element.many:
        yield from _extended(value, place, valued=plain is not None)
        return
    if not isinstance(value, list) or not value:
        yield Issue("structure", f"_{element.name} must be a list beside the list {element.name}", place)
        return
    values = plain if isinstance(plain, list) else [None] * len(value)
    if len(values) != len(value):
        yield Issue(
            "structure", f"_{element.name} and {element.name} must be lists of the same length", place
        )
        return
    if all(one is None for one in value):
        yield Issue("structure", f"_{element.name} holds nothing: leave it out", place)
        return
    for number, (one, beside) in enumerate(zip(value, values, strict=True)):
        if one is not None:
            yield from _extended(one, f"{place}[{number}]", valued=beside is not None)
        elif beside is None:
            yield Issue("structure", "there is neither a value nor an extension here", f"{place}[{number}]")


def _extended(value: Any, place: str, *, valued: bool) -> Found:
    known = definition("Element")
    assert known is not None  # noqa: S101 - every R4 file has it
    if not isinstance(value, dict):
        yield Issue(
            "structure", "what stands beside a primitive must be an object with id or extension", place
        )
    elif not value or (not valued and "extension" not in value):
        yield Issue("invariant", "ele-1: an element must have a value or an extension", place)
    else:
        for name in value:
            yield from _member(known, name, value, place)


def _one(element: Element, value: Any, place: str) -> Found:
    """One value of an element: a primitive, a resource, or an object with elements of its own."""
    if value is None:
        yield Issue("structure", f"{element.name} is null: leave it out where there is nothing to say", place)
    elif element.type in EXPECTED:
        yield from _primitive(element, value, place)
    elif not isinstance(value, dict):
        yield Issue("structure", f"{element.name} must be an object ({element.type})", place)
    elif place.count(".") > _DEEPEST:
        yield Issue("too-long", "nested too deep", place)
    elif element.type == "Resource":
        yield from _inner_resource(value, place)
    else:
        yield from _complex(element, value, place)


def _inner_resource(value: dict[str, Any], place: str) -> Found:
    named = value.get("resourceType")
    if not isinstance(named, str):
        yield Issue("required", "resourceType is required", f"{place}.resourceType")
    else:
        yield from _resource(named, value, place, contained=".contained[" in place[-16:])


def _complex(element: Element, value: dict[str, Any], place: str) -> Found:
    known = definition(element.type)
    assert known is not None, element.type  # noqa: S101 - our own file
    yield from _object(known, value, place)
    if element.codes is not None:
        yield from _bound(element, value, place)
    reference = value.get("reference") if element.type == "Reference" else None
    if isinstance(reference, str):
        complaint = references.complaint(reference, element.targets)
        if complaint is not None:
            yield Issue("value", f"{element.name} {complaint}", f"{place}.reference")


def _bound(element: Element, value: dict[str, Any], place: str) -> Found:
    """A concept held to a value set must bear one of its codes."""
    codes = element.codes or {}
    codings = value.get("coding") if element.type == "CodeableConcept" else [value]
    for coding in codings if isinstance(codings, list) else []:
        system, code = (
            (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        )
        if isinstance(system, str) and code in codes.get(system, ()):
            return
    listed = "; ".join(f"{system}: {some(each)}" for system, each in codes.items())
    yield Issue("code-invalid", f"{element.name} must bear a code that R4 requires: {listed}", place)


def _primitive(element: Element, value: Any, place: str) -> Found:
    if not is_shaped(element.type, value):
        yield Issue("value", f"{element.name} must be {EXPECTED[element.type]}", place)
    elif element.codes is not None and not any(value in each for each in element.codes.values()):
        allowed = [code for each in element.codes.values() for code in each]
        meant = did_you_mean(value, allowed) or ";"
        text = f"{quoted(value, 'this')} is not a code for {element.name}{meant} R4 allows {some(allowed)}"
        yield Issue("code-invalid", text, place)
    elif element.type == "xhtml":
        complaint = narrative.complaint(value)
        if complaint is not None:
            yield Issue("invariant", f"{complaint[0]}: {complaint[1]}", place)


def _invariant(rule: Invariant, known: Definition, value: dict[str, Any], path: str) -> Found:
    for place in _broken(rule, known, value):
        yield Issue("invariant", f"{rule.key}: {rule.text}", path + place)


def _broken(rule: Invariant, known: Definition, value: dict[str, Any]) -> list[str]:
    """The places at which an object breaks a rule."""
    given = [any(_given(member, value) for member in known.members(name)) for name in rule.elements]
    match rule.form:
        case "needs":
            return [""] if given[0] and not given[1] else []
        case "excludes":
            return [""] if all(given) else []
        case "any":
            return [] if any(given) else [""]
        case "law":
            return rule.law(value) if all(given) else []


def _given(member: str, value: dict[str, Any]) -> bool:
    return member in value or f"_{member}" in value
