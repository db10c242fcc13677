"""The compiled gate: one word, yes or no, on a decoded document, in microseconds.

The JSON Schema of a type is compiled when the type is first asked for. What a schema cannot say (laws
between values, narratives, whole numbers) is asked of the same functions the explaining walk uses. Members
that carry extensions of primitives (`_birthDate`) are left to the walk.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema_rs

from app.fhir_mapping import codec, containment, narrative
from app.fhir_mapping.definitions import resource_types
from app.fhir_mapping.invariants import LAWS
from app.fhir_mapping.schema import Schema, schema_of
from app.fhir_mapping.walk import walk


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
        schema_of(type_name, contains=contains),
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
