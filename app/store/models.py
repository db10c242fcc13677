"""The one definition of the schema: remembered documents, what they are found by, and the trial store.

`resource` holds the current version of everything, with the single-valued things it is searched by;
`version` the earlier ones. The `search_…` tables hold the other values of its parameters. The relational
trial store for analysts is in trial_tables. Both are derived from the documents in the same transaction,
and derivable again at any time (`trialbridge rebuild`).

Every table that grows carries the patient it belongs to, the key it would be distributed by.
Primary keys lead with the patient only where that costs nothing; ids are unique by themselves.
"""

from typing import Any

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, text

from app.store.access_tables import (
    assertion,
    audit,
    audit_entity,
    client,
    data_lock,
    erasure,
    revoked,
    signature,
    signing_key,
)
from app.store.inbox_tables import awaited, content, identity, inbox, parked, sender, sender_system, swept
from app.store.trial_tables import TRIAL_TABLES, metadata
from app.store.types import DOCUMENT, EXACT, FLAG, INSTANT, KEY, NUMBER, TEXT

__all__ = [
    "SEARCH_TABLES",
    "TRIAL_TABLES",
    "assertion",
    "audit",
    "audit_entity",
    "awaited",
    "client",
    "content",
    "data_lock",
    "erasure",
    "identity",
    "inbox",
    "metadata",
    "parked",
    "resource",
    "revoked",
    "secret",
    "sender",
    "sender_system",
    "signature",
    "signing_key",
    "swept",
    "version",
]

resource = Table(
    "resource",
    metadata,
    Column("type", KEY, nullable=False, comment="FHIR resource type"),
    Column("id", KEY, nullable=False, comment="FHIR logical id"),
    Column("version", NUMBER, nullable=False, comment="current version, from 1"),
    Column("last_updated", INSTANT, nullable=False, comment="when this version was stored"),
    Column("deleted", FLAG, nullable=False, comment="the current version is a deletion"),
    Column("patient_id", KEY, comment="the Patient it is about"),
    Column("study_id", KEY, comment="the ResearchStudy it belongs to"),
    Column("site", KEY, comment="site tag of meta.security"),
    Column("status", KEY, comment="the resource's own status"),
    Column("date_low", INSTANT, comment="first instant of its main date"),
    Column("date_high", INSTANT, comment="end (exclusive) of its main date"),
    Column("document", DOCUMENT, comment="the stored JSON, as served; null for a deletion"),
    PrimaryKeyConstraint("type", "id"),
)
# the patient first: what is decided of somebody reads all types of theirs
Index(None, resource.c.patient_id, resource.c.type, resource.c.date_low)
# the newest first, what has no date last: as it is asked for, in the order PostgreSQL has it without sorting
Index("ix_resource_newest", resource.c.type, resource.c.date_low.desc().nulls_last(), resource.c.id.desc())
Index(None, resource.c.type, resource.c.date_high)
Index(None, resource.c.type, resource.c.last_updated)
Index(None, resource.c.last_updated)

version = Table(
    "version",
    metadata,
    Column("type", KEY, nullable=False),
    Column("id", KEY, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("last_updated", INSTANT, nullable=False),
    Column("superseded", INSTANT, nullable=False, comment="when the next version was stored"),
    Column("patient_id", KEY),
    Column("study_id", KEY),
    Column("site", KEY),
    Column("document", DOCUMENT, comment="null for a deletion"),
    PrimaryKeyConstraint("type", "id", "version"),
)
Index(None, version.c.patient_id, version.c.superseded)
Index(None, version.c.type, version.c.last_updated)
Index(None, version.c.last_updated)


def _derived(name: str, *columns: Column[Any], also: tuple[str, ...] = ()) -> Table:
    """A table of rows that belong to one resource and go with it; `also` is what the index of these holds."""
    return Table(
        name,
        metadata,
        Column("type", KEY, nullable=False),
        Column("id", KEY, nullable=False),
        Column("patient_id", KEY, nullable=False, comment="empty where it is about no patient"),
        *columns,
        Index(f"ix_{name}_of_resource", "type", "id", *also),
    )


def _part() -> Column[Any]:
    return Column("part", NUMBER, nullable=False, comment="0 the resource itself, 1… its components")


search_token = _derived(
    "search_token",
    Column("parameter", KEY, nullable=False),
    Column("system", KEY, nullable=False, comment="empty where it has none"),
    Column("code", KEY, nullable=False, comment="empty where it has none"),
    _part(),
    # or SQLite, which has no statistics, reads the other index, which holds these, for all of the type
    also=("parameter", "code"),
)
_BY_CODE = ("type", "parameter", "code", "patient_id", "id")
Index("ix_search_token_value", *(search_token.c[name] for name in _BY_CODE))
search_reference = _derived(
    "search_reference",
    Column("parameter", KEY, nullable=False),
    Column("target_type", KEY, nullable=False, comment="empty for an address elsewhere, or none"),
    Column("target_id", KEY, nullable=False, comment="or the whole address; empty where it has none"),
)
# without the last two PostgreSQL, which sees some targets referred to often, read all rows to find others
_BY_TARGET = ("target_type", "target_id", "type", "parameter")
Index("ix_search_reference_target", *(search_reference.c[name] for name in _BY_TARGET))
search_date = _derived(
    "search_date",
    Column("parameter", KEY, nullable=False),
    Column("low", INSTANT, nullable=False),
    Column("high", INSTANT, nullable=False),
    _part(),
)
Index("ix_search_date_value", search_date.c.type, search_date.c.parameter, search_date.c.low)
Index("ix_search_date_end", search_date.c.type, search_date.c.parameter, search_date.c.high)
search_string = _derived(
    "search_string",
    Column("parameter", KEY, nullable=False),
    Column("folded", KEY, nullable=False),
    Column("written", TEXT, nullable=False),
    _part(),
)
Index("ix_search_string_value", search_string.c.type, search_string.c.parameter, search_string.c.folded)
search_quantity = _derived(
    "search_quantity",
    Column("parameter", KEY, nullable=False),
    _part(),
    Column("value", EXACT, comment="null where only a unit was sent"),
    Column("comparator", TEXT, nullable=False, comment="empty, or < <= >= >"),
    Column("system", KEY, nullable=False),
    Column("code", KEY, nullable=False),
    Column("unit", KEY, nullable=False, comment="as the sender writes it for people"),
    Column("sent", FLAG, nullable=False, comment="it was sent so; else the same in another unit"),
)
Index(
    "ix_search_quantity_value", search_quantity.c.type, search_quantity.c.parameter, search_quantity.c.value
)
_REACHES_FAR = text("comparator <> ''")
Index(
    "ix_search_quantity_comparator",
    search_quantity.c.type,
    search_quantity.c.parameter,
    search_quantity.c.comparator,
    sqlite_where=_REACHES_FAR,
    postgresql_where=_REACHES_FAR,
)

secret = Table(
    "secret",
    metadata,
    Column("name", KEY, primary_key=True),
    Column("value", DOCUMENT, nullable=False),
    comment="what only this server knows: `links` signs the links to further pages",
)

SEARCH_TABLES = (search_token, search_reference, search_date, search_string, search_quantity)
