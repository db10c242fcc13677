"""What the tests of the HTTP room ask for."""

from datetime import UTC, datetime

import httpx
import pytest

from app.store.senders import register
from tests.routers.make import HEADERS, NEEDED, body
from tests.store.pushing import LAB


@pytest.fixture
async def trial(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows one patient and one study, so that every example can be stored."""
    client.headers.update(HEADERS)
    for kind, name in NEEDED:
        stored = await client.put(f"/fhir/{kind}/{name}", content=body(kind, id=name))
        assert stored.status_code == 201, stored.text
    return client


@pytest.fixture
async def pushing(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a laboratory, whose one patient is known."""
    client.headers.update(HEADERS)
    store = client._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    await register(store, LAB, at=datetime.now(UTC))
    store.desk.expire()
    await client.put("/fhir/Patient/p1", content=b'{"resourceType":"Patient","id":"p1"}')
    return client
