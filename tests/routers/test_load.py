"""What is too much is answered 429 before anything is done; what was answered 201 is stored, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping.outcome import Refusal
from app.routers import load as loads
from app.routers.load import FREE, Load, Share, Turns
from app.settings import Settings

HEADERS = {"content-type": "application/fhir+json"}
BUNDLE = b'{"resourceType": "Bundle", "type": "batch"}'


def large(size: int) -> bytes:
    """An empty batch with as much white space as makes it so many bytes."""
    return BUNDLE + b" " * (size - len(BUNDLE))


def patient(number: int) -> dict[str, object]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": f"{number}"}]}


async def in_pieces(content: bytes, *, held_back: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """A body whose last byte waits until it is let go."""
    for start in range(0, len(content) - 1, 32 * 1024):
        yield content[start : min(start + 32 * 1024, len(content) - 1)]
    if held_back is not None:
        await held_back.wait()
    yield content[-1:]


def load_of(app: FastAPI) -> Load:
    load: Load = app.state.service.load
    return load


async def until(true: Callable[[], bool], *, tries: int = 500) -> None:
    for _ in range(tries):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


def assert_throttled(answer: httpx.Response) -> None:
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    [issue] = answer.json()["issue"]
    assert (issue["code"], issue["expression"]) == ("throttled", ["http.url"])


class TestRequests:
    """So many requests are answered at once, and no more are begun."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", auth="none", max_requests=2)

    async def test_one_more_is_refused_and_the_probes_answer(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        go = asyncio.Event()
        slow = [
            asyncio.create_task(
                client.post("/fhir", content=in_pieces(BUNDLE, held_back=go), headers=HEADERS)
            )
            for _ in range(2)
        ]
        await until(lambda: load_of(app).requests == 2)

        assert_throttled(await client.get("/fhir/Patient"))
        for probe in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(probe)).status_code == 200
        told = (await client.get("/metrics")).text
        assert 'trialbridge_refused_for_load_total{reason="requests"} 1.0' in told
        assert "trialbridge_requests_under_way 2.0" in told

        go.set()
        assert [answer.status_code for answer in await asyncio.gather(*slow)] == [200, 200]
        assert load_of(app).requests == 0
        assert (await client.get("/fhir/Patient")).status_code == 200

    async def test_of_many_at_once_every_201_is_stored_and_no_429(self, client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(
            *(client.post("/fhir/Patient", json=patient(number)) for number in range(100))
        )

        assert set(Counter(answer.status_code for answer in answers)) == {201, 429}
        stored = [number for number, answer in enumerate(answers) if answer.status_code == 201]
        found = (await client.get("/fhir/Patient?_count=200")).json()
        values = sorted(int(one["resource"]["identifier"][0]["value"]) for one in found["entry"])
        assert values == stored


class TestBytes:
    """So many bytes of large bodies are held at once."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(
            database_url=database_url,
            base_url="http://test",
            auth="none",
            max_body_bytes=512 * 1024,
            max_held_bytes=512 * 1024,
        )

    @pytest.fixture
    async def holding(self, client: httpx.AsyncClient, app: FastAPI) -> AsyncIterator[SimpleNamespace]:
        """A client that has sent nearly all that may be held, and waits before its last byte."""
        go = asyncio.Event()
        body = in_pieces(large(500 * 1024), held_back=go)
        answer = asyncio.create_task(client.post("/fhir", content=body, headers=HEADERS))
        await until(lambda: load_of(app).held > 400 * 1024)
        yield SimpleNamespace(go=go, answer=answer)
        go.set()
        await answer

    @pytest.mark.usefixtures("holding")
    async def test_what_does_not_fit_is_refused_before_it_is_sent(self, client: httpx.AsyncClient) -> None:
        headers = HEADERS | {"content-length": str(300 * 1024)}
        nothing = in_pieces(BUNDLE, held_back=asyncio.Event())
        assert_throttled(await client.post("/fhir", content=nothing, headers=headers))
        told = (await client.get("/metrics")).text
        assert 'trialbridge_refused_for_load_total{reason="bytes"} 1.0' in told

    @pytest.mark.usefixtures("holding")
    async def test_what_grows_too_large_undeclared_is_refused(self, client: httpx.AsyncClient) -> None:
        body = in_pieces(large(300 * 1024))
        assert_throttled(await client.post("/fhir", content=body, headers=HEADERS))

    @pytest.mark.usefixtures("holding")
    async def test_a_single_result_gets_in_all_the_same(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/fhir/Patient", json=patient(1))).status_code == 201

    async def test_all_is_let_go_with_the_answer(
        self, client: httpx.AsyncClient, app: FastAPI, holding: SimpleNamespace
    ) -> None:
        holding.go.set()
        assert (await holding.answer).status_code == 200
        assert load_of(app).held == 0
        assert (await client.post("/fhir", content=large(300 * 1024), headers=HEADERS)).status_code == 200

    async def test_who_sends_slowly_gives_way(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        holding: SimpleNamespace,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(loads, "SLOW", 0.0)

        answer = await client.post("/fhir", content=large(300 * 1024), headers=HEADERS)

        assert answer.status_code == 200
        assert_throttled(await holding.answer)
        assert (await holding.answer).headers["connection"] == "close"
        assert load_of(app).held == 0

    async def test_a_declared_length_alone_takes_no_room(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        go = asyncio.Event()
        headers = HEADERS | {"content-length": str(500 * 1024)}
        waiting = [
            asyncio.create_task(
                client.post("/fhir", content=in_pieces(BUNDLE, held_back=go), headers=headers)
            )
            for _ in range(20)
        ]
        await until(lambda: len(load_of(app).arriving) == 20)

        assert load_of(app).held == 0
        assert (await client.post("/fhir", content=large(500 * 1024), headers=HEADERS)).status_code == 200
        go.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}

    async def test_many_large_ones_at_once_are_each_answered_once(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        answers = await asyncio.gather(
            *(client.post("/fhir", content=in_pieces(large(200 * 1024)), headers=HEADERS) for _ in range(30))
        )

        counted = Counter(answer.status_code for answer in answers)
        assert set(counted) <= {200, 429}
        assert counted[200] >= 1
        assert (load_of(app).held, load_of(app).requests) == (0, 0)


class TestSilence:
    """Nobody may keep a request open by sending nothing."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", auth="none", body_seconds=0.2)

    @pytest.mark.parametrize("sent", [b"", b"{"])
    async def test_a_body_that_does_not_come_is_waited_for_no_longer(
        self, client: httpx.AsyncClient, app: FastAPI, sent: bytes
    ) -> None:
        async def silence() -> AsyncIterator[bytes]:
            if sent:
                yield sent
            await asyncio.sleep(5)

        answer = await client.post("/fhir/Patient", content=silence(), headers=HEADERS)

        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (408, "timeout")
        assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")
        assert load_of(app).requests == 0


class TestQueue:
    """What waits to be committed is bounded; reads go on."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", auth="none", max_waiting_changes=5)

    async def test_of_many_at_once_every_201_is_stored_and_no_429(self, client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(
            *(client.post("/fhir/Patient", json=patient(number)) for number in range(100)),
            client.get("/fhir/Patient"),
        )
        *written, read = answers

        assert read.status_code == 200
        assert set(Counter(answer.status_code for answer in written)) == {201, 429}
        for answer in written:
            if answer.status_code == 429:
                assert_throttled(answer)
        stored = [number for number, answer in enumerate(written) if answer.status_code == 201]
        found = (await client.get("/fhir/Patient?_count=200")).json()
        assert sorted(int(one["resource"]["identifier"][0]["value"]) for one in found["entry"]) == stored
        assert (await client.post("/fhir/Patient", json=patient(101))).status_code == 201

    async def test_the_entries_of_a_batch_are_refused_one_by_one(self, client: httpx.AsyncClient) -> None:
        entries = [
            {"resource": patient(n), "request": {"method": "POST", "url": "Patient"}} for n in range(50)
        ]
        answer = await client.post(
            "/fhir", json={"resourceType": "Bundle", "type": "batch", "entry": entries}
        )

        said = [one["response"] for one in answer.json()["entry"]]
        assert {one["status"][:3] for one in said} == {"201", "429"}
        codes = {one["outcome"]["issue"][0]["code"] for one in said if one["status"].startswith("429")}
        assert codes == {"throttled"}
        stored = (await client.get("/fhir/Patient?_summary=count")).json()["total"]
        assert stored == sum(one["status"].startswith("201") for one in said)

    async def test_a_large_bundle_is_refused_before_it_is_read(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        committer = app.state.service.store.committer
        committer.waiting = 5

        assert_throttled(await client.post("/fhir", content=large(100 * 1024), headers=HEADERS))
        assert_throttled(await client.post("/fhir/Patient", json=patient(1)))
        told = (await client.get("/metrics")).text
        assert 'trialbridge_refused_for_load_total{reason="queue"} 2.0' in told
        assert "trialbridge_waiting_changes 5.0" in told

    async def test_a_transaction_larger_than_the_bound_is_taken_when_nothing_waits(
        self, client: httpx.AsyncClient
    ) -> None:
        entries = [
            {"resource": patient(n), "request": {"method": "POST", "url": "Patient"}} for n in range(50)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

        assert (await client.post("/fhir", json=bundle)).status_code == 200


class TestTurns:
    """Of large bodies only so many are worked on together, in the order they came."""

    async def test_who_does_not_fit_waits_and_nobody_overtakes(self) -> None:
        turns, order = Turns(10), []

        async def work(name: str, size: int) -> None:
            await turns.take(size)
            order.append(name)

        await turns.take(8)
        tasks = [asyncio.create_task(work(name, size)) for name, size in [("a", 5), ("b", 1), ("c", 20)]]
        await asyncio.sleep(0)
        assert order == []
        turns.give(8)
        await asyncio.sleep(0.01)
        assert order == ["a", "b"]
        turns.give(5)
        turns.give(1)
        await asyncio.gather(*tasks)
        assert order == ["a", "b", "c"]

    async def test_who_goes_away_leaves_no_gap(self) -> None:
        turns = Turns(10)
        await turns.take(10)
        gone, granted, last = (asyncio.create_task(turns.take(10)) for _ in range(3))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        turns.give(10)
        granted.cancel()  # it was its turn, and it does not know yet
        await asyncio.wait_for(last, 1)


class TestShare:
    """A few integers for each request, all given back."""

    async def test_the_first_bytes_of_a_body_count_nothing(self) -> None:
        load = Load(Settings(auth="none"))
        share = Share(load)
        share.enter()
        share.hold(FREE)
        assert load.held == 0
        share.hold(10)
        assert load.held == 10
        share.leave()
        assert (load.held, load.requests) == (0, 0)

    async def test_who_was_refused_gives_nothing_back(self) -> None:
        load = Load(Settings(auth="none", max_requests=1))
        first, second = Share(load), Share(load)
        first.enter()
        with pytest.raises(Refusal):
            second.enter()
        second.leave()
        assert load.requests == 1
