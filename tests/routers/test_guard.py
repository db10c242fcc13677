"""What answers tell browsers, and which pages of other origins may ask."""

from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.databases import copy_of

ASKED = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "PUT"}
EVERY_ANSWER = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
DATA = "default-src 'none'; frame-ancestors 'none'"
PATHS = [
    ("GET", "/fhir/metadata"),
    ("GET", "/fhir/Patient/none"),
    ("GET", "/fhir/Nonsense"),
    ("POST", "/fhir/Patient"),
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/nowhere"),
    ("GET", "/openapi.json"),
    ("POST", "/hl7v2"),
    ("POST", "/auth/token"),
    ("OPTIONS", "/fhir/Patient"),
]


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """Nothing here is the database's."""
    return copy_of(migrated_sqlite, tmp_path)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_every_answer_has_the_security_headers(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)

    told = {name: answer.headers.get_list(name) for name in [*EVERY_ANSWER, "content-security-policy"]}
    assert told == {name: [value] for name, value in EVERY_ANSWER.items()} | {
        "content-security-policy": [DATA]
    }
    assert "strict-transport-security" not in answer.headers
    if path.startswith("/fhir"):
        assert answer.headers["cache-control"] == "no-store"


async def test_the_page_of_the_description_runs_its_own_files_and_nothing_written_into_it(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/docs")

    [policy] = page.headers.get_list("content-security-policy")
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert (said["default-src"], said["script-src"], said["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (said["frame-ancestors"], said["base-uri"], said["form-action"]) == ("'none'", "'none'", "'none'")
    assert "<script>" not in page.text
    assert page.headers.get_list("x-frame-options") == ["DENY"]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_no_page_of_another_origin_may_ask_unless_it_is_named(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, headers=ASKED)
    preflight = await client.options(path, headers=ASKED)

    for one in (answer, preflight):
        assert not [name for name in one.headers if name.startswith("access-control-")]
    assert preflight.status_code in {401, 404, 405}


class TestWithOrigins:
    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(
            database_url=database_url,
            base_url="https://trial.example.org",
            cors_origins=("https://app.example.org", "http://localhost:3000"),
        )

    @pytest.mark.parametrize("path", ["/fhir/Patient/1", "/auth/token", "/hl7v2"])
    async def test_a_preflight_is_answered_without_signing_in(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        answer = await client.options(path, headers=ASKED)

        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
        assert {"authorization", "if-match", "prefer", "content-type", "x-change-reason"} <= set(allowed)
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers

    async def test_the_answer_may_be_read_with_its_headers_by_the_page_that_asked(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.get("/fhir/metadata", headers={"Origin": "http://localhost:3000"})

        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        assert {"ETag", "Location", "Retry-After", "WWW-Authenticate"} <= exposed
        assert answer.headers["vary"] == "Origin"

    async def test_a_refusal_too_may_be_read(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/fhir/Patient", headers={"Origin": "http://localhost:3000"})

        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"

    @pytest.mark.parametrize(
        "origin",
        [
            "https://app.example.org.evil.example",
            "https://evil.example",
            "http://app.example.org",
            "https://app.example.org:8443",
            "null",
            "",
        ],
    )
    async def test_another_origin_is_told_nothing(self, client: httpx.AsyncClient, origin: str) -> None:
        answer = await client.get("/fhir/metadata", headers={"Origin": origin})
        preflight = await client.options("/fhir/Patient/1", headers=ASKED | {"Origin": origin})

        assert preflight.status_code == 401
        for one in (answer, preflight):
            assert not [name for name in one.headers if name.startswith("access-control-")]
            assert one.headers["vary"] == "Origin"

    async def test_an_options_request_that_is_no_preflight_is_asked_to_sign_in(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.options("/fhir/Patient/1", headers={"Origin": "https://app.example.org"})

        assert answer.status_code == 401

    async def test_behind_tls_a_browser_is_told_to_come_by_tls(self, client: httpx.AsyncClient) -> None:
        for path in ("/fhir/metadata", "/docs"):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
