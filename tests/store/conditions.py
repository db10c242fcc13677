"""Writes on a condition, for the store's tests."""

from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.change import Conditional, Criteria, Delete, Patch, Put
from app.fhir_mapping.query import Clause, Query, TokenValue
from app.fhir_mapping.registry import RESOURCES
from tests.store.make import patient, put

SYSTEM = "urn:oid:1.2.250.1.0.99.7"


def named(*values: str, **more: Any) -> dict[str, Any]:
    """A patient with these identifiers."""
    return patient() | {"identifier": [{"system": SYSTEM, "value": value} for value in values]} | more


def token(kind: str, parameter: str, code: str, system: str | None = None) -> Clause:
    """What a search asks of a token parameter."""
    found = RESOURCES[kind].parameter(parameter)
    assert found is not None
    return Clause(found, (TokenValue(system, code),))


def criteria(
    value: str, *, kind: str = "Patient", where: str = "http.if-none-exist", **more: str
) -> Criteria:
    """`identifier=system|value`, and whatever more is asked."""
    asked = [
        token(kind, "identifier", value, SYSTEM),
        *(token(kind, name, code) for name, code in more.items()),
    ]
    text = "&".join([f"identifier={SYSTEM}|{value}", *(f"{name}={code}" for name, code in more.items())])
    return Criteria(query=Query(resource=RESOURCES[kind], conditions=tuple(asked)), text=text, where=where)


def create(document: dict[str, Any], asked: Criteria, **more: Any) -> Conditional:
    """Create it unless the criteria find one."""
    return Conditional(change=put(document, **more), criteria=asked, creates=True)


def update(
    document: dict[str, Any], asked: Criteria, *, own_id: str | None = None, **more: Any
) -> Conditional:
    """Store it in the place of what the criteria find."""
    return Conditional(change=put(document, own_id, **more), criteria=asked, own_id=own_id)


def delete_if(asked: Criteria) -> Conditional:
    """Delete what the criteria find."""
    return Conditional(change=Delete(resource=asked.query.resource, id=""), criteria=asked)


def setting(kind: str, name: str = "", *, if_match: tuple[str, ...] | None = None, **members: Any) -> Patch:
    """Set these members, as a patch would."""

    def become(own: str, raw: bytes) -> Put:
        return put(codec.read(raw) | members, own)

    return Patch(resource=RESOURCES[kind], id=name, become=become, if_match=if_match)


def patch_if(asked: Criteria, **members: Any) -> Conditional:
    """Set these members of what the criteria find."""
    return Conditional(change=setting(asked.query.resource.name, **members), criteria=asked)
