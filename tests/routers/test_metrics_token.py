"""Who may read the metrics: a sandbox shows them; otherwise whoever has the token for them."""

from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.databases import copy_of

TOKEN = "prometheus-0123456789"  # noqa: S105 - of a test


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """Nothing here is the database's."""
    return copy_of(migrated_sqlite, tmp_path)


@pytest.fixture
def settings(database_url: str, request: pytest.FixtureRequest) -> Settings:
    return Settings(database_url=database_url, base_url="http://test", **request.param)


SMART: dict[str, str] = {"auth": "smart"}


@pytest.mark.parametrize(
    ("settings", "sent", "status"),
    [
        ({"auth": "none"}, None, 200),
        (SMART, None, 401),
        (SMART, "Bearer None", 401),
        (SMART, "Bearer ", 401),
        (SMART | {"metrics_token": TOKEN}, None, 401),
        (SMART | {"metrics_token": TOKEN}, TOKEN, 401),
        (SMART | {"metrics_token": TOKEN}, f"Bearer {TOKEN[:-1]}", 401),
        (SMART | {"metrics_token": TOKEN}, f"Bearer {TOKEN}x", 401),
        (SMART | {"metrics_token": TOKEN}, "Bearer caf\xe9", 401),
        (SMART | {"metrics_token": TOKEN}, f"Bearer {TOKEN}", 200),
        ({"auth": "none", "metrics_token": TOKEN}, None, 401),
    ],
    indirect=["settings"],
)
async def test_the_metrics_are_shown_to_whoever_has_their_token(
    client: httpx.AsyncClient, sent: str | None, status: int
) -> None:
    headers = {} if sent is None else {b"Authorization": sent.encode("latin-1")}

    answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == status, answer.text
    assert ("trialbridge_requests" in answer.text) is (status == 200)
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert TOKEN not in answer.text


@pytest.mark.parametrize("settings", [SMART], indirect=True)
async def test_the_probes_answer_anybody_and_say_nothing_more(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}
