"""The compiled gate: one word, yes or no, on a decoded document, in microseconds.

A JSON Schema is drawn from the R4 definitions for each type when it is first asked for, and compiled. What
a schema cannot say (laws between values, narratives, whole numbers) it asks of the same functions the
explaining walk uses. Members that carry extensions of primitives (`_birthDate`) are left to the walk.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema_rs

from app.fhir_mapping import codec, containment, narrative, references
from app.fhir_mapping.definitions import Definition, Element, definition, resource_types
from app.fhir_mapping.invariants import INVARIANTS, LAWS, Invariant
from app.fhir_mapping.primitives import EXPECTED, GREATEST, INTEGERS, TEXTS
from app.fhir_mapping.walk import walk

Schema = dict[str, Any]


def accepts(type_name: str, document: dict[str, Any], raw: bytes) -> bool:
    """Whether the document, decoded from these bytes, is a valid R4 resource of that type."""
    if type_name not in resource_types():
        return False
    if _compiled(type_name, "contained" in document).is_valid(document):
        return "contained" not in document or not containment.complaints(document)
    return _extends_primitives(raw, document) and not walk(type_name, document)


def _extends_primitives(raw: bytes, document: dict[str, Any]) -> bool:
    """Whether a member like `_birthDate` may be there; names may be written with escapes."""
    return b'"_' in (codec.write(document) if b"\\u" in raw else raw)


@cache
def _compiled(type_name: str, contains: bool) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        _schema(type_name, contains=contains),
        pattern_options=jsonschema_rs.RegexOptions(),
        keywords={"law": _Law, "whole": _Whole, "narrative": _Narrative, "resource": _Resource},
    )


class _Law:
    """Keyword: the law of that name holds for the object."""

    def __init__(self, _parent: Schema, name: str, _path: list[str | int]) -> None:
        self.law = LAWS[name]

    def validate(self, instance: Any) -> None:
        if isinstance(instance, dict) and self.law(instance):
            raise ValueError


class _Whole:
    """Keyword: a number written without a decimal point."""

    def __init__(self, _parent: Schema, _value: bool, _path: list[str | int]) -> None:
        pass

    def validate(self, instance: Any) -> None:
        if isinstance(instance, Decimal):
            raise ValueError  # noqa: TRY004 - the gate only says no


class _Narrative:
    """Keyword: a narrative R4 allows."""

    def __init__(self, _parent: Schema, _value: bool, _path: list[str | int]) -> None:
        pass

    def validate(self, instance: Any) -> None:
        if isinstance(instance, str) and narrative.complaint(instance) is not None:
            raise ValueError


class _Resource:
    """Keyword: a resource of any R4 type; "contained" where it lies in another, "whole" where it does not."""

    def __init__(self, _parent: Schema, place: str, _path: list[str | int]) -> None:
        self.contained = place == "contained"

    def validate(self, instance: Any) -> None:
        kind = instance.get("resourceType") if isinstance(instance, dict) else None
        if kind not in resource_types():
            raise ValueError
        if self.contained:
            accepted = _compiled(kind, True).is_valid(instance)
        else:
            accepted = accepts(kind, instance, b"")
        if not accepted:
            raise ValueError


def _schema(type_name: str, *, contains: bool) -> Schema:
    """The schema of a resource type; `contains` lets it contain resources and speak of them as #id."""
    drawn = _Drawing(contains=contains)
    root = drawn.object(_known(type_name))
    root["properties"]["resourceType"] = {"const": type_name}
    root["required"].append("resourceType")
    while drawn.wanted:
        name, known = drawn.wanted.popitem()
        drawn.done[name] = drawn.object(known)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": drawn.done}


def _known(type_name: str) -> Definition:
    known = definition(type_name)
    assert known is not None, type_name  # noqa: S101 - named by our own file
    return known


class _Drawing:
    """A schema while it is drawn: the types done, and those still wanted because something refers to them."""

    def __init__(self, *, contains: bool) -> None:
        self.contains = contains
        self.done: dict[str, Schema] = {}
        self.wanted: dict[str, Definition] = {}

    def object(self, known: Definition) -> Schema:
        """An object type without the extensions of its primitives."""
        rules = [_rule(rule, known) for rule in INVARIANTS.get(known.name, ())]
        choices = [_once(members) for members in known.choices.values()]
        either = [_one_of(members) for members in known.required.values() if len(members) > 1]
        schema: Schema = {
            "type": "object",
            "properties": {name: self.element(element) for name, element in known.elements.items()},
            "additionalProperties": False,
            "required": [members[0] for members in known.required.values() if len(members) == 1],
        }
        if not known.resource:
            schema["minProperties"] = 1
            schema["dependentSchemas"] = {"id": {"minProperties": 2}}
        if known.resource and not self.contains:
            schema["properties"].pop("contained", None)
        constraints = [*either, *choices, *rules]
        return {**schema, "allOf": constraints} if constraints else schema

    def element(self, element: Element) -> Schema:
        """One member: its value, or the list of them."""
        value = self.value(element)
        return {"type": "array", "minItems": 1, "items": value} if element.many else value

    def value(self, element: Element) -> Schema:
        """One value of an element."""
        if element.type in EXPECTED:
            return _primitive(element)
        if element.type == "Resource":
            return {"type": "object", "resource": "contained" if element.name == "contained" else "whole"}
        if element.type == "Reference":
            return self.reference(element)
        plain = self.named(element.type, _known(element.type))
        return {"allOf": [plain, _bound(element)]} if element.codes is not None else plain

    def named(self, name: str, known: Definition) -> Schema:
        """A reference to the drawing of a type, which is then wanted."""
        if name not in self.done and name not in self.wanted:
            self.wanted[name] = known
        return {"$ref": f"#/$defs/{name}"}

    def reference(self, element: Element) -> Schema:
        """A Reference that may name only some types."""
        name = "Reference." + ".".join(element.targets or ("any",))
        if name not in self.done:
            self.done[name] = {}  # it refers to itself through Identifier.assigner
            drawn = self.object(_known("Reference"))
            drawn["properties"]["reference"] = self.literal(element.targets)
            self.done[name] = drawn
        return {"$ref": f"#/$defs/{name}"}

    def literal(self, targets: tuple[str, ...]) -> Schema:
        """The text of a reference: surely right, or an absolute URL that shows no R4 type."""
        seen = references.right(targets) + (f"|{references.LOCAL}" if self.contains else "")
        other: Schema = {
            "pattern": _whole(references.ABSOLUTE),
            "not": {"anyOf": [{"pattern": _whole(references.typed())}, {"pattern": _whole(references.URN)}]},
        }
        return {"type": "string", "anyOf": [{"pattern": _whole(seen)}, other]}


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _primitive(element: Element) -> Schema:
    kind = element.type
    if element.codes is not None:
        return {"enum": [code for codes in element.codes.values() for code in codes]}
    if kind == "boolean":
        return {"type": "boolean"}
    if kind == "decimal":
        return {"type": "number", "minimum": -GREATEST, "maximum": GREATEST}
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        return {"type": "integer", "minimum": low, "maximum": high, "whole": True}
    text: Schema = {"type": "string", "pattern": _whole(TEXTS[kind])}
    return {**text, "narrative": True} if kind == "xhtml" else text


def _bound(element: Element) -> Schema:
    """A concept one of whose codings is in the value set R4 requires."""
    codes = element.codes or {}
    pairs: list[Schema] = [
        {
            "required": ["system", "code"],
            "properties": {"system": {"const": system}, "code": {"enum": list(each)}},
        }
        for system, each in codes.items()
    ]
    if element.type != "CodeableConcept":
        return {"anyOf": pairs}
    return {"required": ["coding"], "properties": {"coding": {"contains": {"anyOf": pairs}}}}


def _one_of(members: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"required": [member]} for member in members]}


def _once(members: tuple[str, ...]) -> Schema:
    """Where one member of a choice is given, no other is."""
    return {
        "dependentSchemas": {
            member: {"propertyNames": {"not": {"enum": [other for other in members if other != member]}}}
            for member in members
            if len(members) > 1
        }
    }


def _rule(rule: Invariant, known: Definition) -> Schema:
    """An invariant as a schema; a law becomes a keyword asked only where its elements are there."""
    named = [known.members(name) for name in rule.elements]
    match rule.form:
        case "needs":
            return {"dependentSchemas": {member: _one_of(named[1]) for member in named[0]}}
        case "excludes":
            return {"dependentSchemas": {member: {"not": _one_of(named[1])} for member in named[0]}}
        case "any":
            return _one_of(tuple(member for members in named for member in members))
        case "law":
            asked: Schema = {"law": rule.key}
            for members in reversed(named):
                asked = {"dependentSchemas": dict.fromkeys(members, asked)}
            return asked
