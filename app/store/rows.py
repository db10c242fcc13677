"""A version becomes rows: what it is found by, and what the trial store says of it."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Table

from app.clinical.records import Source
from app.fhir_mapping.change import IndexRows
from app.fhir_mapping.index import records
from app.fhir_mapping.resource import Document, Resource
from app.store import models
from app.store.database import Row
from app.store.trial_rows import trial_row

Rows = dict[Table, list[Row]]


def derived(
    resource: Resource, document: Document, *, name: str, version: int, index: IndexRows
) -> Iterable[tuple[Table, Row]]:
    """Every derived row of one version, with the table it goes to."""
    head = (resource.name, name, index.patient or "")
    for token in index.tokens:
        yield models.search_token, (*head, *token)
    for reference in index.references:
        yield models.search_reference, (*head, *reference)
    for span in index.dates:
        yield models.search_date, (*head, *span)
    for text in index.strings:
        yield models.search_string, (*head, *text)
    for quantity in index.quantities:
        yield models.search_quantity, (*head, *quantity)
    source = Source(resource.name, name, version)
    for record in records(resource, document, source, patient=index.patient, study=index.study):
        yield trial_row(record)


def gather(pairs: Iterable[tuple[Table, Row]], into: Rows | None = None) -> Rows:
    """Rows by table, in order."""
    rows: Rows = defaultdict(list) if into is None else into
    for table, row in pairs:
        rows[table].append(row)
    return rows
