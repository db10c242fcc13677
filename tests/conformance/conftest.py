"""A client that looks at every answer: an error explains itself, a version is named by its headers."""

import httpx
import pytest

from tests.conformance.answers import looked_at
from tests.routers.make import HEADERS, NEEDED, body


@pytest.fixture
def client(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The application in this process, every answer looked at."""
    client.event_hooks = {"response": [looked_at]}
    client.headers.update(HEADERS)
    return client


@pytest.fixture
async def trial(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows one patient and one study, so that every example can be stored."""
    for kind, name in NEEDED:
        stored = await client.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))
        assert stored.status_code == 201, stored.text
    return client
