"""What a document is found by: its search parameters' values, drawn from its Resource's declarations.

This runs on every write, so the paths are laid together once for each Resource, as a tree that a document
is walked along.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.history import Record
from app.clinical.records import Administration, AdverseEvent, Enrolment, Measurement, Source
from app.fhir_mapping import index_quantities, index_references, index_values
from app.fhir_mapping.change import IndexRows
from app.fhir_mapping.extensions import SITE
from app.fhir_mapping.index_values import LONGEST, Found, Holder, Take
from app.fhir_mapping.mentions import Mentions
from app.fhir_mapping.paths import THIS, Step, element, steps
from app.fhir_mapping.registry import MAPPED
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter

__all__ = ["HOSTED", "LONGEST", "index_rows", "records"]

HOSTED: Final = frozenset(MAPPED)
"""The types whose references must lead to something stored here; of a kept one that may never be sent."""


@dataclass(slots=True)
class _Node:
    """What is looked at below one member: what is taken of it, and the members to go on to.

    `where` goes on with those whose member says so; `parts` says that each of its values is a part.
    """

    takes: list[Take] = field(default_factory=list)
    below: dict[str, "_Node"] = field(default_factory=dict)
    where: dict[tuple[str, str], "_Node"] = field(default_factory=dict)
    parts: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that is looked at in documents of a type: along paths, and what no path leads to."""

    resource: Resource
    top: _Node
    read: tuple[tuple[SearchParameter, Take], ...]


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
    found = Found(document, base, {}, None, [], [], [], [], [])
    plan = _plan(resource)
    _look(found, plan.top, document, 0)
    for parameter, take in plan.read:
        for value in parameter.read(document) if parameter.read is not None else ():
            take(found, value, 0, document)
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


def _look(found: Found, node: _Node, holder: Holder, part: int) -> None:
    """Go on to the members of an element that are looked at."""
    below = node.below
    for name, value in holder.items():
        deeper = below.get(name)
        if deeper is None:
            continue
        if value.__class__ is list:
            for number, one in enumerate(value, 1):
                _take(found, deeper, one, number if deeper.parts else part, holder)
        else:
            _take(found, deeper, value, part, holder)


def _take(found: Found, node: _Node, value: Any, part: int, holder: Holder) -> None:
    for take in node.takes:
        take(found, value, part, holder)
    if value.__class__ is dict:
        if node.below:
            _look(found, node, value, part)
        for (member, says), deeper in node.where.items():
            if value.get(member) == says:
                _take(found, deeper, value, part, holder)


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
        case Measurement() | Condition() if record.patient != patient:
            return replace(record, patient=patient)
        case Enrolment() if (record.patient, record.study) != (patient, study or ""):
            return replace(record, patient=patient, study=study or "")
        case AdverseEvent() | Administration() | Procedure() | Consent() if (
            record.patient,
            record.study,
        ) != (patient, study):
            return replace(record, patient=patient, study=study)
        case _:
            return record


_PLANS: Final[dict[str, _Plan]] = {}


def _plan(resource: Resource) -> _Plan:
    """The resource's searchable paths as one tree; made once for each."""
    known = _PLANS.get(resource.name)
    if known is None or known.resource is not resource:
        known = _PLANS[resource.name] = _made(resource)
    return known


def _made(resource: Resource) -> _Plan:
    top, read = _Node(), []
    for parameter in resource.search:
        if parameter.kind is SearchKind.COMPOSITE:
            for path in parameter.paths:
                _node(top, path).parts = path != THIS
        elif parameter.read is not None:
            read += [(parameter, take) for take in [_taking(resource, parameter, "")] if take is not None]
        elif not parameter.either:
            for path in parameter.paths:
                take = _taking(resource, parameter, path)
                node = _node(top, path)
                if take is not None and take not in node.takes:  # two names for one column
                    node.takes.append(take)
    return _Plan(resource, top, tuple(read))


def _taking(resource: Resource, parameter: SearchParameter, path: str) -> Take | None:
    if parameter.kind is SearchKind.REFERENCE:
        return index_references.taking(parameter, resource.name, path)
    if parameter.kind is SearchKind.QUANTITY:
        return index_quantities.taking(parameter)
    found = element(resource.name, path)
    return index_values.taking(parameter, found.type if found is not None else None)


def _node(node: _Node, path: str) -> _Node:
    """The place of a path in the tree, made where it is not there yet."""
    for step in steps(path):
        node = _further(node, step)
    return node


def _further(node: _Node, step: Step) -> _Node:
    node = node.below.setdefault(step.name, _Node())
    if step.member is None or step.says is None:
        return node
    return node.where.setdefault((step.member, step.says), _Node())


def _owner(resource: Resource, found: Found, kind: str, column: Column, own_id: str | None) -> str | None:
    """Whom the resource belongs to; a Patient belongs to itself, and a study does."""
    if resource.name == kind:
        own = own_id or found.document.get("id")
        return own if isinstance(own, str) else None
    return found.columns.get(column)


def _site(document: Document) -> str | None:
    """The site its `meta.security` tag names."""
    tags = document.get("meta", {}).get("security", ())
    return next((tag["code"] for tag in tags if tag.get("system") == SITE and "code" in tag), None)
