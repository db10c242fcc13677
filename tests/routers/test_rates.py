"""Who asks more than was agreed is told how long to wait, and that is true; nobody else is kept waiting."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping.access.actor import SANDBOX, Actor
from app.fhir_mapping.outcome import Refusal
from app.routers import rates
from app.routers.rates import Rates, network_of
from app.settings import Settings
from app.store.session import Store
from tests.access.signing import bearer, register_client


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(limited: Rates, actor: Actor) -> Refusal | None:
    try:
        limited.spend(actor)
    except Refusal as refusal:
        return refusal
    return None


CHU_A, CHU_B = Actor(client="chu-a", role="site"), Actor(client="chu-b", role="site")


class TestBuckets:
    def test_a_minutes_requests_are_answered_at_once_and_then_one_when_it_was_said(self) -> None:
        clock = Clock()
        limited = Rates(12, clock=clock)

        assert [refused(limited, CHU_A) for _ in range(12)] == [None] * 12
        said = refused(limited, CHU_A)

        assert said is not None
        assert (said.status, said.issues[0].code, said.headers) == (429, "throttled", {"Retry-After": "5"})
        clock.now += 4.9
        assert refused(limited, CHU_A) is not None
        clock.now += 0.1
        assert refused(limited, CHU_A) is None
        assert refused(limited, CHU_A) is not None

    def test_one_client_takes_nothing_of_another(self) -> None:
        limited = Rates(1, clock=Clock())

        assert refused(limited, CHU_A) is None
        assert refused(limited, CHU_A) is not None
        assert refused(limited, CHU_B) is None

    def test_what_was_agreed_with_a_client_wins(self) -> None:
        limited = Rates(1, clock=Clock())
        agreed = Actor(client="chu-a", role="site", requests_per_minute=3)

        assert [refused(limited, agreed) is None for _ in range(4)] == [True, True, True, False]

    def test_a_rest_gives_back_a_minutes_requests_and_no_more(self) -> None:
        clock = Clock()
        limited = Rates(2, clock=clock)
        limited.spend(CHU_A)

        clock.now += 3600

        assert [refused(limited, CHU_A) is None for _ in range(3)] == [True, True, False]

    def test_a_sandbox_counts_nobody(self) -> None:
        limited = Rates(1, clock=Clock())

        assert [refused(limited, SANDBOX) for _ in range(5)] == [None] * 5

    def test_a_client_takes_nothing_of_those_who_come_from_its_address_without_signing_in(self) -> None:
        limited = Rates(1, clock=Clock())
        limited.spend(Actor(client="chu-a", role="site", address="192.0.2.1"))

        limited.spend_of_address("192.0.2.1")

        with pytest.raises(Refusal):
            limited.spend_of_address("192.0.2.1")

    def test_however_many_addresses_there_are_their_memory_is_bounded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rates, "MOST_KEPT", 100)
        limited = Rates(1, clock=Clock())
        limited.spend(CHU_A)

        for number in range(1000):
            limited.spend_of_address(f"2001:db8:{number:x}::1")

        assert len(limited._addresses) == 100  # noqa: SLF001
        assert refused(limited, CHU_A) is not None  # who signs in is kept apart from whoever does not


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "unknown", True),
    ],
)
def test_what_is_counted_as_one_address(one: str, other: str, *, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


class TestSignedIn:
    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", requests_per_minute=20)

    @pytest.fixture
    def store(self, app: FastAPI) -> Store:
        found: Store = app.state.service.store
        return found

    async def test_who_waits_as_long_as_was_said_is_answered(
        self, client: httpx.AsyncClient, store: Store
    ) -> None:
        hurried = await bearer(client, "chu-a", await register_client(store, "chu-a"))
        patient = await bearer(client, "chu-b", await register_client(store, "chu-b"))

        answers = [await client.get("/fhir/Patient", headers=hurried) for _ in range(22)]
        beside = await client.get("/fhir/Patient", headers=patient)

        statuses = [answer.status_code for answer in answers]
        assert statuses[:20] == [200] * 20
        assert statuses[-1] == 429
        assert answers[-1].json()["issue"][0]["code"] == "throttled"
        assert beside.status_code == 200
        await asyncio.sleep(int(answers[-1].headers["retry-after"]))
        assert (await client.get("/fhir/Patient", headers=hurried)).status_code == 200

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/fhir/Patient", 401),
            ("GET", "/fhir/metadata", 200),
            ("POST", "/auth/token", 400),
            ("POST", "/hl7v2", 401),
            ("GET", "/openapi.json", 200),
        ],
    )
    async def test_an_address_that_does_not_sign_in_is_bounded_and_the_probes_answer(
        self, client: httpx.AsyncClient, method: str, path: str, status: int
    ) -> None:
        answers = [await client.request(method, path) for _ in range(22)]

        statuses = [answer.status_code for answer in answers]
        assert statuses[:20] == [status] * 20
        assert statuses[-1] == 429
        assert int(answers[-1].headers["retry-after"]) in range(1, 4)
        for probe in ("/healthz", "/readyz"):
            assert (await client.get(probe)).status_code == 200
