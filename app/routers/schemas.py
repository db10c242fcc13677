"""R4 as JSON Schema: the types we serve and all they are made of, drawn from R4's own definitions.

The gate that accepts bodies is drawn from the same definitions; these schemas are for readers and
for code generators, so they leave out what JSON Schema cannot say well (invariants).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from app.fhir_mapping import primitives
from app.fhir_mapping.definitions import Definition, Element, definition

Schema = dict[str, Any]

_NUMBERS = {"decimal": "number", "boolean": "boolean"}
_SHOWN_PATTERNS = {"id", "oid", "uuid", "date", "dateTime", "instant", "time"}
_LEAVES: dict[str, Schema] = {
    "Resource": {
        "type": "object",
        "description": "A resource of any R4 type; `resourceType` says which.",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}},
    },
    "Extension": {
        "type": "object",
        "description": "An extension: its `url`, and one value[x] of any type or extensions of its own.",
        "required": ["url"],
        "properties": {"url": {"type": "string", "minLength": 1}},
    },
    "Element": {
        "type": "object",
        "description": "The `id` and extensions of a primitive value.",
        "properties": {"id": {"type": "string"}, "extension": {"type": "array", "items": {"type": "object"}}},
    },
}
"""Types described no deeper: they may hold anything, and a page that follows a circle never ends."""
_AGAIN: Schema = {"type": "object", "description": "As described above, once more."}
_CIRCLES = {("Identifier", "assigner")}


def schemas(names: Iterable[str]) -> dict[str, Schema]:
    """The schemas of these types and of every type they mention, by name."""
    found: dict[str, Schema] = {}
    waiting = [*names, "Element"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        known = definition(name)
        if name in _LEAVES:
            found[name] = _LEAVES[name]
        elif known is None:
            found[name] = _primitive(name)
        else:
            found[name] = _complex(known)
            waiting += [element.type for element in known.elements.values()]
    return dict(sorted(found.items()))


def reference(name: str) -> Schema:
    """A mention of a type."""
    return {"$ref": f"#/components/schemas/{name}"}


def _complex(known: Definition) -> Schema:
    properties: Schema = {"resourceType": {"type": "string", "enum": [known.name]}} if known.resource else {}
    for element in known.elements.values():
        again = element.type == known.name or (known.name, element.name) in _CIRCLES
        properties[element.name] = _many(element, _AGAIN) if again else _member(element)
        if definition(element.type) is None and element.name != "id":
            properties[f"_{element.name}"] = _many(element, reference("Element"))
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    must = [members[0] for members in known.required.values() if len(members) == 1]
    either = [members for members in known.required.values() if len(members) > 1]
    if known.resource:
        must.insert(0, "resourceType")
    if must:
        schema["required"] = must
    if either:
        schema["allOf"] = [{"anyOf": [{"required": [one]} for one in members]} for members in either]
    return schema


def _member(element: Element) -> Schema:
    """One member: its type, its codes where R4 requires them, what a reference may name."""
    schema = reference(element.type)
    codes = sorted({code for codes in (element.codes or {}).values() for code in codes})
    if codes and element.type == "code":
        schema = {"type": "string", "enum": codes}
    if element.targets:
        schema = {"allOf": [schema], "description": f"To {_either(element.targets)}."}
    return _many(element, schema)


def _many(element: Element, schema: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": schema} if element.many else schema


def _primitive(name: str) -> Schema:
    if name in _NUMBERS:
        return {"type": _NUMBERS[name], "description": primitives.EXPECTED[name]}
    if name in primitives.INTEGERS:
        low, high = primitives.INTEGERS[name]
        return {"type": "integer", "minimum": low, "maximum": high}
    schema: Schema = {"type": "string", "minLength": 1}
    if name in primitives.EXPECTED:
        schema["description"] = primitives.EXPECTED[name]
    if name in _SHOWN_PATTERNS:
        schema["pattern"] = f"^{primitives.TEXTS[name]}$"
    return schema


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
