"""Write into docs/scaling.md by what each table would be distributed over machines, and the DDL for it.

python -m tools.distribution
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from app.store.models import metadata

TARGET = Path(__file__).parent.parent / "docs" / "scaling.md"
BEGIN: Final = "<!-- drawn from the models by `python -m tools.distribution` -->\n"
END: Final = "<!-- end of what is drawn -->\n"

GROWING: Final[Mapping[str, str]] = {"patient": "id"} | dict.fromkeys(
    (
        "adverse_event",
        "administration",
        "audit",
        "audit_entity",
        "awaited",
        "condition",
        "consent",
        "content",
        "identity",
        "inbox",
        "measurement",
        "medication_statement",
        "procedure",
        "resource",
        "search_date",
        "search_quantity",
        "search_reference",
        "search_string",
        "search_token",
        "signature",
        "subject",
        "version",
    ),
    "patient_id",
)
"""The tables that grow with what is stored, and the column of each that holds the patient."""

SMALL: Final[Mapping[str, str]] = {
    "assertion": "forgotten when it expires, within minutes",
    "client": "one row for each registered client",
    "data_lock": "one row for each lock; every write looks at them",
    "erasure": "one row for each version that was erased",
    "parked": "what waits, and no longer; whose it is is often what is not known yet",
    "revoked": "forgotten when it expires, within minutes",
    "secret": "one row",
    "sender": "one row for each sender",
    "sender_system": "a few rows for each sender",
    "signing_key": "a few keys",
    "study": "one row for each study and part of one",
    "swept": "one row for each map and sender",
}
"""The tables each machine would have a copy of, and why they stay small."""

NULLABLE: Final[Mapping[str, str]] = {
    "resource": "null for what is about no patient, such as an Organization; the other tables say `''`",
    "version": "the same",
}
"""Growing tables whose column may be null, which Citus does not take."""

_ID_OF_OURS = "ids are made here (UUIDv7), so no two are alike; nothing else needs to hold it"
_ID_OF_A_CLIENT = (
    "a client may choose the id (`PUT`): that it names one resource, whoever it is about, would be held by a "
    "table of its own, distributed by id"
)
_ROW_OF_ONE = "as that of `resource`, from which it follows"

KEYS: Final[Mapping[str, str]] = {
    "pk_administration": _ROW_OF_ONE,
    "pk_adverse_event": _ROW_OF_ONE,
    "pk_audit": _ID_OF_OURS,
    "pk_awaited": _ROW_OF_ONE,
    "pk_condition": _ROW_OF_ONE,
    "pk_consent": _ROW_OF_ONE,
    "pk_content": _ROW_OF_ONE,
    "pk_identity": (
        "a sender's number is one result, whoever it is said to be about: to be held by a table of its own, "
        "distributed by value"
    ),
    "pk_inbox": _ID_OF_OURS,
    "pk_measurement": _ROW_OF_ONE,
    "pk_medication_statement": _ROW_OF_ONE,
    "pk_procedure": _ROW_OF_ONE,
    "pk_resource": _ID_OF_A_CLIENT,
    "pk_signature": _ID_OF_OURS,
    "pk_subject": _ROW_OF_ONE,
    "pk_version": _ROW_OF_ONE,
    "uq_audit_place": (
        "only the process that began a chain writes it; `trialbridge audit verify` finds a place taken twice"
    ),
}
"""The unique keys that do not hold the column, and what would hold what they hold today."""


def unique_keys(table: Table) -> dict[str, list[str]]:
    """The columns of each unique key of a table, by its name."""
    indexes = {str(index.name): list(index.columns.keys()) for index in table.indexes if index.unique}
    constraints = {
        str(one.name or f"pk_{table.name}"): list(one.columns.keys())
        for one in table.constraints
        if isinstance(one, PrimaryKeyConstraint | UniqueConstraint) and one.columns
    }
    return constraints | indexes


def in_the_way(table: Table) -> dict[str, list[str]]:
    """Those that do not hold the column the table would be distributed by."""
    column = GROWING[table.name]
    return {name: columns for name, columns in unique_keys(table).items() if column not in columns}


def preparing() -> Iterator[str]:
    """What the tables would have to become first: standard SQL."""
    for name in NULLABLE:
        column = GROWING[name]
        yield f"UPDATE {name} SET {column} = '' WHERE {column} IS NULL;"  # noqa: S608 - a name of ours
        yield f"ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT '', ALTER COLUMN {column} SET NOT NULL;"
    for name, column in sorted(GROWING.items()):
        for key, columns in sorted(in_the_way(metadata.tables[name]).items()):
            kind = "PRIMARY KEY" if key.startswith("pk_") else "UNIQUE"
            held = ", ".join((column, *columns))
            yield f"ALTER TABLE {name} DROP CONSTRAINT {key}, ADD CONSTRAINT {key} {kind} ({held});"


def distributing() -> Iterator[str]:
    """What Citus would be told, on the coordinator."""
    for name in sorted(SMALL):
        yield f"SELECT create_reference_table('{name}');"
    yield f"SELECT create_distributed_table('patient', '{GROWING['patient']}');"
    for name, column in sorted(GROWING.items()):
        if name != "patient":
            yield f"SELECT create_distributed_table('{name}', '{column}', colocate_with => 'patient');"


def drawn() -> str:
    """The part of the page that is drawn."""
    grows = "\n".join(
        f"| `{name}` | `{column}` | {_keys(name)} |" for name, column in sorted(GROWING.items())
    )
    small = "\n".join(f"| `{name}` | {why} |" for name, why in sorted(SMALL.items()))
    held = "\n".join(f"| `{name}` | {why} |" for name, why in sorted(KEYS.items()))
    nulls = "\n".join(f"| `{name}.{GROWING[name]}` | {why} |" for name, why in sorted(NULLABLE.items()))
    return f"""
Tables that grow, all distributed alike, so that what is about one patient lies on one machine:

| Table | By | Unique keys that stand in the way |
|---|---|---|
{grows}

Tables of which each machine would have a copy:

| Table | Why it stays small |
|---|---|
{small}

Columns that stand in the way:

| Column | Why |
|---|---|
{nulls}

What would hold what those keys hold today, for with the patient among its columns a key holds it for one
patient only:

| Key | What would hold it |
|---|---|
{held}

Step 1, standard SQL (a test runs it on PostgreSQL):

```sql
{chr(10).join(preparing())}
```

Step 2, Citus (never run):

```sql
{chr(10).join(distributing())}
```

"""


def _keys(name: str) -> str:
    keys = in_the_way(metadata.tables[name])
    return ", ".join(f"`{key}` ({', '.join(columns)})" for key, columns in sorted(keys.items())) or "none"


def page(written: str) -> str:
    """A page with the drawn part as it is now."""
    before, _, rest = written.partition(BEGIN)
    return f"{before}{BEGIN}{drawn()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
    print(TARGET.name)
