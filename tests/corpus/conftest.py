"""A server on which the world of the corpus stands."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.corpus.cases import FHIR_JSON, WORLD
from tests.servers import Server


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of a real server, on SQLite and on PostgreSQL in turn, that knows the world of the corpus."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for document in WORLD:
            stored = client.put(
                address_of(document), content=codec.write(document), headers={"Content-Type": FHIR_JSON}
            )
            assert stored.is_success, stored.text
        assert client.delete(address_of(WORLD[-1])).status_code == 204
        yield client


def address_of(document: dict[str, Any]) -> str:
    """Where a document of the world stands."""
    return f"/fhir/{document['resourceType']}/{document['id']}"
