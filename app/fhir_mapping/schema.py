"""The R4 definitions of a type drawn as one strict JSON Schema, for the gate to compile.

It knows no members that carry extensions of primitives (`_birthDate`). Four keywords are the gate's own:
`law`, `whole`, `narrative` and `resource`.
"""

from typing import Any

from app.fhir_mapping import references
from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.invariants import INVARIANTS, Invariant
from app.fhir_mapping.primitives import EXPECTED, INTEGERS, TEXTS

Schema = dict[str, Any]

SAYS_SOMETHING: Schema = {"minProperties": 1, "dependentSchemas": {"id": {"minProperties": 2}}}
"""ele-1: an element holds more than its id."""
EXTENSION: Schema = {
    "minProperties": 2,
    "maxProperties": 3,
    "anyOf": [{"maxProperties": 2}, {"required": ["id"], "minProperties": 3}],
}
"""ext-1 by counting: beside url and perhaps id there is exactly one member, extensions or a value."""


def schema_of(type_name: str, *, contains: bool) -> Schema:
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
        schema: Schema = {
            "type": "object",
            "properties": {name: self.element(element) for name, element in known.elements.items()},
            "additionalProperties": False,
            "required": [members[0] for members in known.required.values() if len(members) == 1],
        }
        if known.resource and not self.contains:
            schema["properties"].pop("contained", None)
        return _constrained(schema, _constraints(known))

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
        return {"type": "number"}
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


def _constraints(known: Definition) -> list[Schema]:
    """What an object must satisfy beyond the form of its members."""
    if known.name == "Extension":
        return [EXTENSION]
    either = [_one_of(members) for members in known.required.values() if len(members) > 1]
    once = [_once(members) for members in known.choices.values() if len(members) > 1]
    rules = [_rule(rule, known) for rule in INVARIANTS.get(known.name, ())]
    return [*([] if known.resource else [SAYS_SOMETHING]), *either, *once, *rules]


def _constrained(schema: Schema, constraints: list[Schema]) -> Schema:
    """The schema with its constraints laid flat beside its keywords: quicker than a list of schemas."""
    left: list[Schema] = []
    for constraint in constraints:
        for keyword, said in constraint.items():
            if keyword == "dependentSchemas":
                _depend(schema.setdefault(keyword, {}), said)
            elif keyword in schema:
                left.append({keyword: said})
            else:
                schema[keyword] = said
    return {**schema, "allOf": left} if left else schema


def _depend(dependent: Schema, more: Schema) -> None:
    for member, said in more.items():
        dependent[member] = {"allOf": [dependent[member], said]} if member in dependent else said


def _once(members: tuple[str, ...]) -> Schema:
    """Where one member of a choice is given, no other is."""
    return {
        "dependentSchemas": {
            member: {"properties": {other: False for other in members if other != member}}
            for member in members
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
