"""Rows for every search parameter: parts, quantities, all references; and the key that signs page links.

What is found is derived: the search tables are made anew and filled again by `app.store.migrate`.
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.store.types import DOCUMENT, EXACT, FLAG, INSTANT, KEY, NUMBER, TEXT

revision = "0003"
down_revision = "0002"

NO_PATIENT = "empty where it is about no patient"
_BEFORE = {
    "search_token": ["system", "code"],
    "search_reference": ["target_type", "target_id"],
    "search_date": ["low", "high"],
    "search_string": ["folded", "written"],
}
_VALUES = {
    "search_token": ["type", "parameter", "code", "patient_id", "id"],
    "search_reference": ["target_type", "target_id"],
    "search_date": ["type", "parameter", "low"],
    "search_string": ["type", "parameter", "folded"],
    "search_quantity": ["type", "parameter", "value"],
}
_SUFFIX = {"search_reference": "target"}


def upgrade() -> None:
    """Apply it."""
    for table in _BEFORE:
        op.drop_table(table)
    none = "empty where it has none"
    _create(
        "search_token",
        sa.Column("system", KEY, nullable=False, comment=none),
        sa.Column("code", KEY, nullable=False, comment=none),
        _part(),
        also=["parameter", "code"],
    )
    _create(
        "search_reference",
        sa.Column("target_type", KEY, nullable=False, comment="empty for an address elsewhere, or none"),
        sa.Column("target_id", KEY, nullable=False, comment=f"or the whole address; {none}"),
    )
    instants = [sa.Column(name, INSTANT, nullable=False) for name in ("low", "high")]
    _create("search_date", *instants, _part())
    _create(
        "search_string",
        sa.Column("folded", KEY, nullable=False),
        sa.Column("written", TEXT, nullable=False),
        _part(),
    )
    _create(
        "search_quantity",
        _part(),
        sa.Column("value", EXACT, comment="null where only a unit was sent"),
        sa.Column("comparator", TEXT, nullable=False, comment="empty, or < <= >= >"),
        sa.Column("system", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("unit", KEY, nullable=False, comment="as the sender writes it for people"),
        sa.Column("sent", FLAG, nullable=False, comment="it was sent so; else the same in another unit"),
    )
    op.create_index("ix_resource_last_updated", "resource", ["last_updated"])
    op.create_index("ix_version_last_updated", "version", ["last_updated"])
    op.drop_index("ix_measurement_code_value", "measurement")
    op.drop_column("measurement", "received_number")
    secret = op.create_table(
        "secret",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
        comment="what only this server knows: `links` signs the links to further pages",
    )
    op.bulk_insert(secret, [{"name": "links", "value": secrets.token_bytes(32)}])


def downgrade() -> None:
    """Take it back; `trialbridge rebuild` of the earlier version fills the search tables again."""
    op.drop_table("secret")
    op.add_column("measurement", sa.Column("received_number", EXACT))
    op.create_index("ix_measurement_code_value", "measurement", ["code", "value"])
    op.drop_index("ix_version_last_updated", "version")
    op.drop_index("ix_resource_last_updated", "resource")
    for table in _VALUES:
        op.drop_table(table)
    kinds = {"low": INSTANT, "high": INSTANT, "written": TEXT}
    for table, names in _BEFORE.items():
        _create(table, *[sa.Column(name, kinds.get(name, KEY), nullable=False) for name in names])


def _part() -> sa.Column:
    return sa.Column("part", NUMBER, nullable=False, comment="0 the resource itself, 1… its components")


def _create(table: str, *columns: sa.Column, also: Sequence[str] = ()) -> None:
    """A search table with its two indexes."""
    op.create_table(
        table,
        sa.Column("type", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("patient_id", KEY, nullable=False, comment=NO_PATIENT),
        sa.Column("parameter", KEY, nullable=False),
        *columns,
    )
    op.create_index(f"ix_{table}_of_resource", table, ["type", "id", *also])
    op.create_index(f"ix_{table}_{_SUFFIX.get(table, 'value')}", table, _VALUES[table])
