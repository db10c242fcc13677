"""What an analyst sees on either database is the number that was measured."""

from decimal import Decimal

import pytest

from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.postgres import ROOT
from tests.store.make import c3, put


@pytest.mark.parametrize(
    "value", ["0.71", "85", "0", "-1.5", "-0.003", "1200000", "0.000012", "-90", "10", "123456"]
)
async def test_a_number_reads_as_it_was_sent(trial: Store, value: str) -> None:
    [version] = await transact(trial, EVERYTHING, [put(c3("p1", value))])

    sql = "SELECT value, low, code FROM readable_measurement WHERE id = $1"
    [row] = await trial.database.read(lambda connection: connection.fetch(sql, version.id))

    assert Decimal(str(row[0])) == Decimal(value)
    assert tuple(row)[1:] == (None, "4485-9")


async def test_the_query_of_the_documentation_runs(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1", "0.710")), put(c3("p2", "0.5", status="preliminary"))])
    query = (ROOT / "docs/store.md").read_text().partition("```sql")[2].partition(";")[0]

    rows = await trial.database.read(lambda connection: connection.fetch(query))

    assert [(str(row[1]), float(row[2]), row[3]) for row in rows] == [("2021-09-14", 0.71, "g/L")]
