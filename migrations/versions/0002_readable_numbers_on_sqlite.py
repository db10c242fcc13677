"""Views for people: the tables with exact numbers, the numbers as a spreadsheet shows them.

SQLite keeps an exact number as a text that sorts (app/store/types.py). The views turn it into
SQLite's REAL, which is for reading only: no answer is ever computed from one. On PostgreSQL the
numbers are readable as they are; the views exist there too, so that one query runs on both.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

VIEWS = {
    "measurement": """id part version patient_id status system code panel day effective visit value unit
        comparator received_value received_unit low high truth answer_system answer absent problem""",
    "administration": """id version patient_id study_id status system code text first_day last_day started
        ended dose dose_unit rate rate_unit lot""",
}
EXACT = {"value", "low", "high", "dose", "rate"}


def upgrade() -> None:
    """Apply it."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, columns in VIEWS.items():
        shown = [readable(name) if sqlite and name in EXACT else name for name in columns.split()]
        op.execute(f"CREATE VIEW readable_{table} AS SELECT {', '.join(shown)} FROM {table}")


def downgrade() -> None:
    """Take it back."""
    for table in VIEWS:
        op.execute(f"DROP VIEW readable_{table}")


def readable(name: str) -> str:
    """`o` is zero, `p…` a positive number, `n…` a negative one with its digits complemented."""
    positive, negative = _number(name), _number(_complement(name))
    return (
        f"CASE substr({name}, 1, 1) WHEN 'o' THEN 0.0 WHEN 'p' THEN {positive} WHEN 'n' THEN -{negative} END"
        f" AS {name}"
    )


def _number(text: str) -> str:
    """`p50018725`: four digits of exponent with its bias, then the digits, the point after the first."""
    exponent = f"(CAST(substr({text}, 2, 4) AS INTEGER) - 5000)"
    digits = f"substr({text}, 6, 1) || '.' || rtrim(substr({text}, 7), '~')"
    return f"CAST({digits} || 'e' || {exponent} AS REAL)"


def _complement(name: str) -> str:
    """Each digit as nine less itself, by way of letters, because SQLite has no translate()."""
    for digit in range(10):
        name = f"replace({name}, '{digit}', '{chr(65 + digit)}')"
    for digit in range(10):
        name = f"replace({name}, '{chr(65 + digit)}', '{9 - digit}')"
    return name
