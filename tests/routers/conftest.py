"""What the tests of the HTTP room ask for."""

import httpx
import pytest

from tests.routers.make import HEADERS, NEEDED, body


@pytest.fixture
async def trial(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows one patient and one study, so that every example can be stored."""
    client.headers.update(HEADERS)
    for kind, name in NEEDED:
        stored = await client.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))
        assert stored.status_code == 201, stored.text
    return client
