"""What a document is found by: its search parameters' values, drawn from its Resource's declarations.

This runs on every write, so the paths are taken apart once for each Resource.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.clinical.records import (
    Administration,
    AdverseEvent,
    Enrolment,
    Measurement,
    Record,
    Source,
)
from app.fhir_mapping.change import Date, IndexRows, Quantity, Reference, Text, Token
from app.fhir_mapping.datatypes import Path, date_bounds, fold, reference, split, walk
from app.fhir_mapping.extensions import SITE
from app.fhir_mapping.mentions import Mentions
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter

HOSTED: Final = frozenset(RESOURCES)
"""The types whose references must lead to something stored here."""

LONGEST: Final = 500
"""The longest code or beginning of a text that is searched by: a database key has an end."""

Bounds = tuple[datetime, datetime]


@dataclass(slots=True)
class _Found:
    """The rows of one document in the making."""

    document: Document
    base: str
    columns: dict[Column, str]
    main: Bounds | None
    tokens: list[Token]
    references: list[Reference]
    dates: list[Date]
    strings: list[Text]
    quantities: list[Quantity]


Take = Callable[[_Found, SearchParameter, Any], None]
Plan = Mapping[str, tuple[tuple[SearchParameter, Path, Take], ...]]


def index_rows(
    resource: Resource,
    document: Document,
    *,
    base: str,
    own_id: str | None = None,
    hosted: frozenset[str] = HOSTED,
) -> IndexRows:
    """The rows a document is found by.

    `base` is our own FHIR base, by which absolute references are known to be ours. `own_id` is the id the
    server gave, where the document does not say it yet: a Patient belongs to itself, a study too.
    """
    found = _Found(document, base, {}, None, [], [], [], [], [])
    plan = _plan(resource)
    for head, value in document.items():
        for parameter, path, take in plan.get(head, ()):
            if path:
                for below in walk(document, path):
                    take(found, parameter, below)
            elif isinstance(value, list):
                for one in value:
                    take(found, parameter, one)
            else:
                take(found, parameter, value)
    low, high = found.main or (None, None)
    return IndexRows(
        patient=_owner(resource, found, "Patient", Column.PATIENT, own_id),
        study=_owner(resource, found, "ResearchStudy", Column.STUDY, own_id),
        site=_site(document),
        status=found.columns.get(Column.STATUS),
        date_low=low,
        date_high=high,
        tokens=found.tokens,
        references=found.references,
        dates=found.dates,
        strings=found.strings,
        quantities=found.quantities,
        links=Mentions(document, base=base, hosted=hosted),
    )


def records(
    resource: Resource, document: Document, source: Source, *, patient: str | None, study: str | None
) -> tuple[Record, ...]:
    """The trial records of a document, belonging to the patient and study its index names.

    A mapping does not know our own address; the index does, and so it decides whom an absolute
    reference means.
    """
    return tuple(_of(record, patient or "", study) for record in resource.to_records(document, source))


def _of(record: Record, patient: str, study: str | None) -> Record:
    match record:
        case Measurement() if record.patient != patient:
            return replace(record, patient=patient)
        case Enrolment() if (record.patient, record.study) != (patient, study or ""):
            return replace(record, patient=patient, study=study or "")
        case AdverseEvent() | Administration() if (record.patient, record.study) != (patient, study):
            return replace(record, patient=patient, study=study)
        case _:
            return record


_PLANS: Final[dict[str, tuple[Resource, Plan]]] = {}


def _plan(resource: Resource) -> Plan:
    """The resource's searchable paths by their first element; made once for each."""
    known = _PLANS.get(resource.name)
    if known is None or known[0] is not resource:
        known = _PLANS[resource.name] = (resource, _made(resource))
    return known[1]


def _made(resource: Resource) -> Plan:
    """By its first element every path that is looked at; no steps where that element is all of it."""
    plan: dict[str, list[tuple[SearchParameter, Path, Take]]] = {}
    columns = set()
    for parameter in resource.search:
        take = _COLUMN.get(parameter.column) if parameter.column else _TAKE.get(parameter.kind)
        if take is None or parameter.either or (parameter.column, parameter.paths) in columns:
            continue
        if parameter.column:  # two names for one column: it is filled once
            columns.add((parameter.column, parameter.paths))
        for path in parameter.paths:
            steps = split(path)
            head = "extension" if ":" in steps[0] else steps[0]
            plan.setdefault(head, []).append((parameter, steps if steps != (head,) else (), take))
    return {head: tuple(steps) for head, steps in plan.items()}


def _token(found: _Found, parameter: SearchParameter, value: Any) -> None:
    """A code, a Coding, a CodeableConcept, an Identifier or a boolean."""
    if isinstance(value, dict):
        for one in value.get("coding", (value,)):
            code = one.get("code", one.get("value"))
            if isinstance(code, str) and len(code) <= LONGEST:
                found.tokens.append((parameter.name, one.get("system", ""), code, 0))
    elif isinstance(value, bool):
        found.tokens.append((parameter.name, "", "true" if value else "false", 0))
    elif isinstance(value, str) and len(value) <= LONGEST:
        found.tokens.append((parameter.name, "", value, 0))


def _reference(found: _Found, parameter: SearchParameter, value: Any) -> None:
    target = reference(value, found.base)
    if target is not None:
        found.references.append((parameter.name, *target))


def _date(found: _Found, parameter: SearchParameter, value: Any) -> None:
    bounds = date_bounds(value)
    if bounds is not None:
        found.dates.append((parameter.name, *bounds, 0))


def _string(found: _Found, parameter: SearchParameter, value: Any) -> None:
    if isinstance(value, str):
        found.strings.append((parameter.name, fold(value)[:LONGEST], value, 0))


def _main_date(found: _Found, _parameter: SearchParameter, value: Any) -> None:
    found.main = found.main or date_bounds(value)


def _owning(found: _Found, parameter: SearchParameter, value: Any) -> None:
    """The first reference of the right type is the one the column holds."""
    column = parameter.column
    if column is None or column in found.columns:
        return
    target = reference(value, found.base)
    if target is not None and target[0] in parameter.targets:
        found.columns[column] = target[1]


def _status(found: _Found, _parameter: SearchParameter, value: Any) -> None:
    if isinstance(value, str):
        found.columns[Column.STATUS] = value


_TAKE: Final[Mapping[SearchKind, Take]] = {
    SearchKind.TOKEN: _token,
    SearchKind.REFERENCE: _reference,
    SearchKind.DATE: _date,
    SearchKind.STRING: _string,
}
_COLUMN: Final[Mapping[Column, Take]] = {
    Column.PATIENT: _owning,
    Column.STUDY: _owning,
    Column.STATUS: _status,
    Column.DATE: _main_date,
}


def _owner(resource: Resource, found: _Found, kind: str, column: Column, own_id: str | None) -> str | None:
    """Whom the resource belongs to; a Patient belongs to itself, and a study does."""
    if resource.name == kind:
        own = own_id or found.document.get("id")
        return own if isinstance(own, str) else None
    return found.columns.get(column)


def _site(document: Document) -> str | None:
    """The site its `meta.security` tag names."""
    tags = document.get("meta", {}).get("security", ())
    return next((tag["code"] for tag in tags if tag.get("system") == SITE and "code" in tag), None)
