"""The leak matrix: every role asks at every address for every resource, and learns nothing of others'.

Roles x addresses x resources are drawn from the declarations (asks.py): what is declared and not known how to
ask fails here. Canaries in all texts of what is others' must not appear in any body or header; the counts of
searches must count what is shown; and what is out of sight must be answered as what never was. On SQLite the
whole of it is asked; on PostgreSQL by two of the roles, with fewer searches. How long answers take is not
looked at.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.access.signing import bearer
from tests.isolation.asks import ELSEWHERE, ONCE, READS, Ask, addresses, reverse_chains
from tests.isolation.conftest import BASE, Filled
from tests.isolation.matrix import Heard, Matrix, forbidden, hidden_from, send
from tests.isolation.report import PROPERTY
from tests.isolation.roles import CLIENTS, EVERYBODY, NOBODY, Who
from tests.isolation.world import PATIENTS, TARGETS, Target
from tests.servers import client_of, running

METRICS_TOKEN = "metrics-of-the-matrix"  # noqa: S105 - of a server that lives as long as a test
SIDE_BY_SIDE = 40
WHOLE = CLIENTS[:1]
"""Who asks by every search parameter, of every resource; the others by each kind, of one of each type."""
ON_POSTGRESQL = (CLIENTS[2], CLIENTS[4])
"""A centre that sees donors at its site, and a board that sees none at any: all the predicate is made of."""
WORDS = sorted({word for target in TARGETS for word in (target.canary, target.group.known)})
Record = Callable[[str, object], None]


@asynccontextmanager
async def asked_by(
    filled: Filled, who: Who, directory: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, str], str]]:
    """The service on a copy of the filled store, and the header that lets a client in."""
    with filled.copy(directory) as url:
        settings = Settings(
            database_url=url, base_url=BASE, metrics_token=METRICS_TOKEN, requests_per_minute=1_000_000
        )
        async with running(create_app(settings)) as app, client_of(app) as client:
            signed = {} if who is NOBODY else await bearer(client, who.name, filled.keys[who.name])
            yield client, signed, url


@pytest.fixture
def heard() -> Iterator[Heard]:
    """All that is logged meanwhile."""
    handler = Heard()
    named = [logging.getLogger(), logging.getLogger("trialbridge")]
    for one in named:
        one.addHandler(handler)
    logging.getLogger("httpx").disabled = True  # it is ours, and tells every address
    yield handler
    logging.getLogger("httpx").disabled = False
    for one in named:
        one.removeHandler(handler)


def test_every_address_is_known_how_to_ask() -> None:
    assert len(addresses()) > len(READS) / 2


PASSES = [
    *(pytest.param("sqlite", who, id=f"sqlite-{who.name}") for who in EVERYBODY),
    *(pytest.param("postgresql", who, id=f"postgresql-{who.name}") for who in ON_POSTGRESQL),
]


@pytest.mark.rule(78)
@pytest.mark.parametrize(("filled", "who"), PASSES, indirect=["filled"])
async def test_nobody_is_told_what_they_may_not_see(
    filled: Filled, who: Who, heard: Heard, tmp_path: Path, record_property: Record
) -> None:
    engine = filled.engine
    async with asked_by(filled, who, tmp_path) as (client, signed, _):
        matrix = await ask_everything(client, signed, who, thin=engine == "postgresql" or who not in WHOLE)
        metrics = await client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    matrix.roles.add(who.name)
    matrix.resources |= {f"{target.type}/{target.id}" for target in TARGETS}
    record_property(PROPERTY, matrix.said | {"engine": engine})

    assert metrics.status_code == 200
    assert [word for word in WORDS if word in metrics.text] == []
    assert [line for line in heard.lines if any(word in line for word in WORDS)] == []
    assert matrix.leaks == []
    assert matrix.told_apart == []


async def ask_everything(
    client: httpx.AsyncClient, signed: dict[str, str], who: Who, *, thin: bool
) -> Matrix:
    """Ask all there is, many at once, and look through every answer."""
    matrix, words = Matrix(), forbidden(who)

    async def look(ask: Ask, address: str) -> httpx.Response:
        answer = await send(client, ask, signed)
        matrix.addresses.add(address)
        matrix.look(who, ask, answer, words)
        matrix.count(who, ask, answer)
        return answer

    async def compare(ask: Ask, address: str) -> None:
        never = await look(ask.of_nobody(), address)
        matrix.compare(who, ask, await look(ask, address), never)

    hidden = list(hidden_from(who))
    by_label = list({target.label: target for target in hidden}.values())
    await at_once([look(*one) for one in everything_asked(who, by_label, thin=thin)])
    await at_once([compare(*one) for target in (by_label if thin else hidden) for one in about(target)])
    await at_once([look(*one) for one in of_studies(who)])
    return matrix


def of_studies(who: Who) -> Iterator[tuple[Ask, str]]:
    """The questions about whole studies the client sees, of which it sees only some subjects."""
    path, method = address = ("/{type}/{id}/{operation}", "GET")
    for target in TARGETS:
        if target.type == "ResearchStudy" and who.may_see(target.group, target.label):
            yield from ((ask, f"{method} {path}") for ask in READS[address](target))


async def at_once(asking: Sequence[Coroutine[Any, Any, object]]) -> None:
    """Carry these out, some of them side by side: a trail that is committed in groups is no slower then."""
    for start in range(0, len(asking), SIDE_BY_SIDE):
        await asyncio.gather(*asking[start : start + SIDE_BY_SIDE])


def names_one(path: str) -> bool:
    """Whether an address names one resource, or the patient it is about."""
    return ("{id}" in path and "{type}" in path) or "{patient}" in path


def about(target: Target) -> Iterator[tuple[Ask, str]]:
    """What names one resource, or the patient it is about.

    But for $validate: a write to an id that is others' is refused, and one to an id that never was is not.
    """
    for (path, method), asking in READS.items():
        if names_one(path):
            asks = (ask for ask in asking(target) if not ask.path.endswith("/$validate"))
            yield from ((ask, f"{method} {path}") for ask in asks)


def everything_asked(who: Who, aimed: Sequence[Target], *, thin: bool) -> Iterator[tuple[Ask, str]]:
    """Every other read there is, aimed at what the client may not see; where `thin`, fewer searches."""
    patients = [target for target in hidden_from(who) if target.label == "Patient"]
    for (path, method), asking in READS.items():
        if names_one(path):
            continue
        is_once = path in ONCE or not path.startswith("/{")
        for target in (patients or list(TARGETS))[: 2 if path == "/{operation}" else 1] if is_once else aimed:
            asks = list(asking(target))
            yield from (
                (ask, f"{method} {path}") for ask in (few(asks) if thin and path == "/{type}" else asks)
            )
    for target in aimed if not thin else [one for one in aimed if one.type in ("Patient", "Observation")]:
        yield from ((ask, "GET /{type}") for ask in reverse_chains(target))
    yield from ((Ask(method, path), f"{method} {path}") for path, method in ELSEWHERE)


def few(asks: Sequence[Ask]) -> list[Ask]:
    """One search of each shape: what is asked without a parameter of the type's own, and one by each way."""
    return list({shape(ask): ask for ask in asks}.values())


def shape(ask: Ask) -> str:
    name, value = ask.query[0]
    if name.startswith("_"):
        return name
    return f"{'.' in name}{':' in name}{value}"


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
async def test_a_leak_would_be_found(filled: Filled, tmp_path: Path) -> None:
    """Who sees everything is told every canary that a site must not hear, and tells what is there apart."""
    who = CLIENTS[0]
    matrix, words = Matrix(), forbidden(who)
    with filled.copy(tmp_path) as url:
        settings = Settings(database_url=url, base_url=BASE, auth="none")
        async with running(create_app(settings)) as app, client_of(app) as client:
            for target in hidden_from(who):
                for ask in (
                    *READS["/{type}/{id}", "GET"](target),
                    *READS["/{type}/{id}/_history", "GET"](target),
                ):
                    answer = await send(client, ask, {})
                    matrix.look(who, ask, answer, words)
                    matrix.count(who, ask, answer)
                    never = await send(client, ask.of_nobody(), {})
                    matrix.compare(who, ask, answer, never)
            for ask in READS["/_history", "GET"](TARGETS[0]):
                matrix.look(who, ask, await send(client, ask, {}), words)

    told = {leak.rpartition(" told ")[2].partition(" ")[0] for leak in matrix.leaks}
    assert {word for word in words if not word.endswith("auditevent")} <= told
    assert matrix.told_apart


def test_the_groups_are_of_both_sites_and_both_studies() -> None:
    assert {(one.site, one.study, one.donor) for one in PATIENTS} >= {
        ("SLS", "study-ssc", True),
        ("CHU-B", "study-sle", False),
    }
