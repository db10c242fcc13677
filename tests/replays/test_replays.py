"""The published results come out again when their cohorts are pushed as FHIR and asked about.

docs/replays.md shows each published number beside the computed one; `python -m tools.replays` writes it.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.postgres import ROOT
from tests.replays.asked import said
from tests.replays.cohorts import COHORTS
from tests.replays.fhir import bundles
from tests.replays.page import page
from tests.replays.published import LINES, Line
from tests.servers import Server


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of a server that holds every cohort."""
    headers = {"Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=server.url, timeout=120, headers=headers) as client:
        for cohort in COHORTS.values():
            for bundle in bundles(cohort):
                pushed = client.post("/fhir", content=codec.write(bundle))
                assert pushed.status_code == 200, pushed.text[:500]
        yield client


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.cohort}: {line.what}")
def test_a_published_number_comes_out_again(http: httpx.Client, line: Line) -> None:
    kind, name = ("ResearchSubject", line.subject) if line.subject else ("ResearchStudy", line.cohort)

    assert said(line, answered(http, f"/fhir/{kind}/{name}/{line.question}")) == line.published


def answered(http: httpx.Client, address: str) -> Any:
    """The answer to a question, asked once for all the lines that read it."""
    asked: dict[str, Any] = http.__dict__.setdefault("asked", {})
    if address not in asked:
        answer = http.get(address, params={"view": "plain"})
        assert answer.status_code == 200, answer.text[:500]
        asked[address] = codec.read(answer.content)
    return asked[address]


def test_the_page_shows_them_all() -> None:
    assert (ROOT / "docs" / "replays.md").read_text("utf-8") == page(), "run `make docs`"
