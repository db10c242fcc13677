"""Which form of the schema this code speaks.

Read from the names of the migrations, because loading Alembic would double the time a server takes
to start; a test holds it to Alembic's own answer.
"""

from functools import cache
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@cache
def head() -> str:
    """The newest migration, such as `0001`."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
