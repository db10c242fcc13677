"""The trial store's tables of MedicationStatement, Condition, Procedure and Consent.

`app.store.migrate` fills them from the documents.
"""

import sqlalchemy as sa
from alembic import context, op

from app.store.types import DAY, EXACT, KEY, NUMBER, TEXT

revision = "0004"
down_revision = "0003"

TABLES = ("medication_statement", "condition", "procedure", "consent")
STATEMENT = """id version patient_id study_id status system code text first_day last_day started ended dose
    dose_unit rate rate_unit status_reason"""
PARTIAL = "null where the date is partial"
WRITTEN = "as written"


def upgrade() -> None:
    """Apply it."""
    _create("medication_statement", *_done(), *_amounts(), _column("status_reason", KEY, WHY_STOPPED))
    _create("condition", *_diagnosis())
    _create("procedure", *_done(), _column("reason", KEY, "the first code of why it was done"))
    _create("consent", *_agreed())
    _readable_view()


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP VIEW readable_medication_statement")
    for table in TABLES:
        op.drop_table(table)


WHY_STOPPED = "the first code of why it was stopped"


def _column(name: str, kind: sa.types.TypeEngine, comment: str | None = None) -> sa.Column:
    return sa.Column(name, kind, comment=comment)


def _create(table: str, *columns: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("patient_id", KEY, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_patient_id", table, ["patient_id"])


def _done() -> list[sa.Column]:
    """What was done or taken, and when."""
    return [
        sa.Column("study_id", KEY),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("system", KEY),
        sa.Column("code", KEY),
        sa.Column("text", TEXT),
        sa.Column("first_day", DAY),
        sa.Column("last_day", DAY),
        _column("started", TEXT, WRITTEN),
        _column("ended", TEXT, WRITTEN),
    ]


def _amounts() -> list[sa.Column]:
    kinds = {"dose": EXACT, "dose_unit": TEXT, "rate": EXACT, "rate_unit": TEXT}
    return [sa.Column(name, kind) for name, kind in kinds.items()]


def _diagnosis() -> list[sa.Column]:
    return [
        sa.Column("system", KEY),
        sa.Column("code", KEY),
        sa.Column("text", TEXT),
        _column("clinical", TEXT, "active, remission, resolved, ..."),
        _column("verification", TEXT, "confirmed, provisional, refuted, ..."),
        _column("onset_day", DAY, PARTIAL),
        _column("onset", TEXT, WRITTEN),
        sa.Column("abated_day", DAY),
        _column("abated", TEXT, WRITTEN),
        _column("recorded", TEXT, WRITTEN),
    ]


def _agreed() -> list[sa.Column]:
    return [
        sa.Column("study_id", KEY),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("scope_system", KEY),
        sa.Column("scope", KEY),
        _column("signed_day", DAY, PARTIAL),
        _column("signed", TEXT, WRITTEN),
        _column("provision", TEXT, "permit or deny"),
        _column("started", TEXT, f"of the provision, {WRITTEN}"),
        _column("ended", TEXT, f"of the provision, {WRITTEN}"),
    ]


def _readable_view() -> None:
    """A view like those of 0002, whose way of reading an exact number on SQLite it is."""
    earlier = context.script.get_revision("0002").module
    sqlite = op.get_bind().dialect.name == "sqlite"
    shown = [
        earlier.readable(name) if sqlite and name in earlier.EXACT else name for name in STATEMENT.split()
    ]
    columns = ", ".join(shown)
    op.execute(f"CREATE VIEW readable_medication_statement AS SELECT {columns} FROM medication_statement")
