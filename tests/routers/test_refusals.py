"""What bad input gets: a status, and every reason; never a 500, and never a value of a patient in a log."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.routers import errors
from app.routers.logs import JsonLines
from app.settings import Settings
from app.store.database import Contention, DatabaseError
from tests.routers.make import HEADERS, body, created, issues
from tests.servers import client_of, running

MARKED = "Zaphod-Beeblebrox-2891"


@pytest.mark.rule(24)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"resourceType":"Observation"',
        b'{"resourceType":"Observation","resourceType":"Observation"}',
        b'{"resourceType":"Observation","status":"final","status":"final","code":{"text":"x"}}',
        b'{"resourceType":"Patient"}',
        b'{"resourceType":["Observation"]}',
        b'{"status":"final","code":{"text":"x"}}',
        b'{"resourceType":"Observation","status":"done","code":{"text":"x"}}',
        b'{"resourceType":"Observation","status":"final"}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"colour":"red"}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Bogus"}]}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"id":"' + b"a" * 65 + b'"}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"1.5"}}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":NaN}}',
        b'{"resourceType":"Observation","status":"final","code":{}}',
        b'{"resourceType":"Observation","status":null,"code":{"text":"x"}}',
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Banana/1"}}',
        b'{"a":' * 2000,
    ],
)
@pytest.mark.verifies("http.bad-body")
async def test_a_body_that_is_not_r4_is_a_400(trial: httpx.AsyncClient, raw: bytes) -> None:
    for method, address in (("POST", "/fhir/Observation"), ("PUT", "/fhir/Observation/new")):
        answer = await trial.request(method, address, content=raw)

        assert answer.status_code == 400
        assert {issue["severity"] for issue in issues(answer)} <= {"error", "fatal"}
    assert (await trial.get("/fhir/Observation?_summary=count")).json()["total"] == 0


@pytest.mark.verifies("http.bad-body")
async def test_all_problems_are_said_at_once(trial: httpx.AsyncClient) -> None:
    raw = b'{"resourceType":"Patient","gender":"x","birthDate":"2024-13-01","active":"yes","colour":1}'

    found = issues(await trial.post("/fhir/Patient", content=raw))

    assert {issue["expression"][0] for issue in found} == {
        "Patient.gender",
        "Patient.birthDate",
        "Patient.active",
        "Patient.colour",
    }


@pytest.mark.rule(24)
@pytest.mark.verifies("http.identifying")
async def test_identifying_data_are_refused_in_a_resource_and_in_a_bundle(trial: httpx.AsyncClient) -> None:
    named = body("Patient", name=[{"family": MARKED}])
    entry = b'{"resource":%b,"request":{"method":"POST","url":"Patient"}}' % named
    transaction = b'{"resourceType":"Bundle","type":"transaction","entry":[%b]}' % entry

    alone = await trial.post("/fhir/Patient", content=named)
    bundled = await trial.post("/fhir", content=transaction)

    assert (alone.status_code, bundled.status_code) == (422, 422)
    assert issues(alone)[0]["expression"] == ["Patient.name"]
    assert issues(bundled)[0]["expression"] == ["Bundle.entry[0].resource.name"]
    assert MARKED not in alone.text + bundled.text


@pytest.mark.rule(80)
async def test_a_reference_to_nothing_here_is_refused(trial: httpx.AsyncClient) -> None:
    lost = body("Observation", subject={"reference": "Patient/nobody"})

    answer = await trial.post("/fhir/Observation", content=lost)

    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Observation.subject"]


@pytest.mark.rule(28, 80)
async def test_a_resource_others_refer_to_stays(trial: httpx.AsyncClient) -> None:
    await created(trial, "Observation")

    answer = await trial.delete("/fhir/Patient/msc-sle-p08")

    assert answer.status_code == 409
    issues(answer)


@pytest.mark.parametrize("known", ['W/"1"', ""])
async def test_an_update_only_of_what_is_new_is_not_taken_for_a_plain_one(
    trial: httpx.AsyncClient, known: str
) -> None:
    changed = body("Patient", id="msc-sle-p08", language="fr")

    answer = await trial.put("/fhir/Patient/msc-sle-p08", content=changed, headers={"If-None-Match": known})

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["http.if-none-match"]
    assert (await trial.get("/fhir/Patient/msc-sle-p08")).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    "reference", ["Patient?identifier=a|b", "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d"]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_reference_only_a_transaction_can_resolve_is_refused(
    trial: httpx.AsyncClient, method: str, reference: str
) -> None:
    address = "/fhir/Observation" if method == "POST" else "/fhir/Observation/new"
    sent = body("Observation", id="new", subject={"reference": reference})

    answer = await trial.request(method, address, content=sent)

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Observation.subject.reference"]


@pytest.mark.rule(45, 46)
@pytest.mark.parametrize(
    "query", ["_count=abc", "date=2024-13", "value-quantity=much", "code:bogus=1", "status=%FF", "_sort:x=1"]
)
async def test_a_search_that_cannot_be_read_is_refused(trial: httpx.AsyncClient, query: str) -> None:
    answer = await trial.get(f"/fhir/Observation?{query}")

    assert answer.status_code == 400
    issues(answer)


@pytest.mark.parametrize(
    "query",
    [
        "_count=-1",
        "_count=x",
        "_since=2024-01-01T00:00:00",
        "_since=2024",
        "_at=soon",
        "_sort=date",
        "_after=y",
    ],
)
async def test_a_history_that_cannot_be_read_is_refused(trial: httpx.AsyncClient, query: str) -> None:
    answer = await trial.get(f"/fhir/Patient/msc-sle-p08/_history?{query}")

    assert answer.status_code == 400


@pytest.mark.rule(44)
async def test_an_unknown_parameter_is_ignored_unless_handled_strictly(trial: httpx.AsyncClient) -> None:
    lenient = await trial.get("/fhir/Patient?colour=red")
    strict = await trial.get("/fhir/Patient?colour=red", headers={"Prefer": "handling=strict"})

    assert (lenient.status_code, strict.status_code) == (200, 400)
    assert "colour" not in lenient.json()["link"][0]["url"]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What the service logged; the client of these tests logs the addresses it asks."""
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    return "".join(JsonLines().format(record) for record in ours)


class TestSize:
    """A body may be so large and no larger, however it is sent."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(
            database_url=database_url,
            base_url="http://test",
            auth="none",
            max_body_bytes=2048,
            body_seconds=0.2,
        )

    @pytest.mark.rule(79)
    async def test_a_declared_body_that_is_too_large_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/fhir/Patient", content=b" " * 2049, headers=HEADERS)

        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        assert issues(answer)[0]["code"] == "too-long"

    @pytest.mark.rule(79)
    async def test_a_streamed_body_that_grows_too_large_is_refused(self, client: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 200

        answer = await client.post("/fhir/Patient", content=chunks(), headers=HEADERS)

        assert answer.status_code == 413

    async def test_a_streamed_body_that_fits_is_taken(self, client: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for byte in body("Patient"):
                yield bytes([byte])

        answer = await client.post("/fhir/Patient", content=chunks(), headers=HEADERS)

        assert answer.status_code == 201

    async def test_a_body_that_does_not_come_is_waited_for_no_longer(self, client: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(5)

        answer = await client.post("/fhir/Patient", content=chunks(), headers=HEADERS)

        assert answer.status_code == 408


class TestFailure:
    """A database that fails is answered with 503, and nothing of the request is repeated."""

    @pytest.fixture
    async def app(self, settings: Settings) -> AsyncIterator[FastAPI]:
        async with running(create_app(settings)) as app:
            yield app

    @pytest.fixture
    async def broken(self, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        """A client of a service whose tables were taken away while it ran."""
        database = app.state.service.store.database
        for table in ("patient", "resource"):
            await database.write(lambda connection, table=table: connection.execute(f"DROP TABLE {table}"))
        async with client_of(app) as client:
            client.headers.update(HEADERS)
            yield client

    @pytest.mark.rule(79)
    async def test_a_write_that_fails_may_be_sent_again_and_quotes_nothing(
        self, broken: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        marked = body("Patient", identifier=[{"system": "urn:x", "value": MARKED}])
        entry = b'{"resource":%b,"request":{"method":"POST","url":"Patient"}}' % marked
        batch = b'{"resourceType":"Bundle","type":"batch","entry":[%b]}' % entry

        answers = [
            await broken.post("/fhir/Patient", content=marked),
            await broken.put("/fhir/Patient/a", content=marked[:-1] + b',"id":"a"}'),
            await broken.post("/fhir", content=batch.replace(b"batch", b"transaction")),
            await broken.get(f"/fhir/Patient?identifier={MARKED}"),
        ]
        alone = await broken.post("/fhir", content=batch)

        assert [answer.status_code for answer in answers] == [503] * 4
        assert {issues(answer)[0]["code"] for answer in answers} == {"transient"}
        assert {answer.headers["retry-after"] for answer in answers} == {"5"}
        assert all(answer.headers["x-request-id"] in issues(answer)[0]["diagnostics"] for answer in answers)
        assert alone.status_code == 503
        said = logged(caplog)
        assert "Error" in said
        assert MARKED not in said + alone.text + "".join(answer.text for answer in answers)

    @pytest.mark.rule(79)
    async def test_the_service_is_alive_and_not_ready(self, app: FastAPI) -> None:
        database = app.state.service.store.database
        await database.write(lambda connection: connection.execute("DROP TABLE alembic_version"))
        async with client_of(app) as client:
            alive, ready = await client.get("/healthz"), await client.get("/readyz")

        assert (alive.status_code, ready.status_code) == (200, 503)
        assert int(ready.headers["retry-after"]) > 0
        assert issues(ready)[0]["code"] == "transient"


async def test_a_refusal_is_logged_by_its_codes_alone(
    trial: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    await trial.post("/fhir/Patient", content=body("Patient", gender=MARKED))

    said = logged(caplog)
    assert '"issues":["code-invalid"]' in said
    assert MARKED not in said


@pytest.mark.rule(77)
@pytest.mark.parametrize(
    ("method", "address", "headers", "content", "place"),
    [
        ("GET", "/fhir/Patient", {"Accept": "application/fhir+xml"}, b"", "http.accept"),
        ("GET", "/fhir/Patient?_format=xml", {}, b"", "http._format"),
        ("POST", "/fhir/Patient", {"Content-Type": "text/plain"}, b"{}", "http.content-type"),
        ("POST", "/fhir", {"Content-Type": "text/plain"}, b"{}", "http.content-type"),
        ("POST", "/fhir/Patient", {"Content-Encoding": "gzip"}, b"{}", "http.content-encoding"),
        ("GET", "/fhir/metadata?mode=terminology", {}, b"", "http.mode"),
        ("POST", "/fhir/Patient/_search", {}, b"{}", "http.content-type"),
        (
            "POST",
            "/fhir/Patient",
            {"If-None-Exist": "a=b"},
            b'{"resourceType":"Patient"}',
            "http.if-none-exist",
        ),
        ("PUT", "/fhir/Patient/a", {"If-Match": "one"}, b"{}", "http.if-match"),
        ("POST", "/fhir/Patient", {}, b"{", "Patient"),
        ("POST", "/fhir/Patient", {}, b"[]", "Patient"),
        ("POST", "/fhir/Patient", {}, b'{"a":1,"a":1}', "Patient"),
        ("POST", "/fhir", {}, b"{", "Bundle"),
        ("POST", "/fhir", {}, b'{"a":1,"a":1}', "Bundle"),
        ("PUT", "/fhir/Patient/a", {}, body("Patient"), "Patient.id"),
        ("PUT", "/fhir/Patient/a", {"If-Match": '"1"'}, body("Patient", id="a"), "http.if-match"),
        ("GET", "/fhir/Patient/nobody", {}, b"", "Patient"),
        ("GET", "/fhir/Patient/nobody/_history", {}, b"", "Patient"),
        ("GET", "/fhir/Patient/msc-sle-p08/_history/9", {}, b"", "Patient"),
        ("GET", "/fhir/Patient/$everything", {}, b"", "http.url"),
        ("GET", "/fhir/Patient/_id", {}, b"", "http.url"),
        ("GET", "/fhir/Patient/a_b", {}, b"", "http.url"),
        ("PATCH", "/fhir/Patient/msc-sle-p08", {"Content-Type": "text/plain"}, b"{}", "http.content-type"),
        ("PATCH", "/fhir/Patient", {}, b"{}", "http.url"),
        ("PUT", "/fhir/Patient?_format=json", {}, b"{}", "http.url"),
        ("DELETE", "/fhir/Patient", {}, b"", "http.url"),
        ("GET", "/fhir/Bogus", {}, b"", "http.url"),
        ("GET", "/fhir/Patient/a/b/c/d", {}, b"", "http.url"),
        ("DELETE", "/fhir/metadata", {}, b"", "http.url"),
        ("GET", "/fhir?a=b", {}, b"", "http.url"),
        ("GET", "/fhir/OperationDefinition/none", {}, b"", "OperationDefinition"),
        ("GET", "/nowhere", {}, b"", "http.url"),
        ("POST", "/healthz", {}, b"", "http.url"),
        ("GET", "/fhir/Patient?_count=x", {}, b"", "http._count"),
        ("GET", "/fhir/Patient?a=%00", {}, b"", "http.url"),
        ("GET", "/fhir/Patient?a=%FF", {}, b"", "http.url"),
        ("GET", "/fhir/Patient/msc-sle-p08/_history?_since=2024", {}, b"", "http._since"),
        ("GET", "/fhir/Patient/msc-sle-p08/_history?_count=x", {}, b"", "http._count"),
        ("GET", "/fhir/ResearchSubject/nobody/$sri-status", {}, b"", "ResearchSubject"),
        ("GET", "/fhir/ResearchSubject/nobody/$sri-status?on=x", {}, b"", "http.on"),
    ],
)
async def test_every_refusal_says_where(
    trial: httpx.AsyncClient,
    *,
    method: str,
    address: str,
    headers: dict[str, str],
    content: bytes,
    place: str,
) -> None:
    answer = await trial.request(method, address, headers=headers, content=content)

    assert answer.status_code >= 400
    assert [issue["expression"] for issue in issues(answer)] == [[place]]


@pytest.mark.parametrize(
    "address",
    ["/", "/docs/", "/fhir/metadata?mode=full", "/fhir/metadata?mode=normative", "/fhir/Patient?_format="],
)
async def test_what_asks_for_nothing_special_is_answered(trial: httpx.AsyncClient, address: str) -> None:
    assert (await trial.get(address)).status_code == 200


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            Contention("DeadlockDetectedError"),
            "somebody else changed the same at the same moment; send it again",
        ),
        (DatabaseError("ConnectionRefusedError"), "the database does not answer; send it again later."),
    ],
)
def test_what_passes_says_why_and_when_to_come_back(error: Exception, said: str) -> None:
    failed = errors.failure(error, "r-1")

    assert (failed.status, failed.issues[0].code) == (503, "transient")
    assert failed.issues[0].text.startswith(said)
    assert int(failed.headers["Retry-After"]) > 0
