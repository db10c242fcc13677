"""The Swagger page: it says what there is, needs no internet, and its examples succeed."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.demo import load
from app.demo.hospitals import push
from app.fhir_mapping import codec
from app.fhir_mapping.kept import KEPT
from app.routers import openapi
from app.routers.routes import ROUTES
from app.routers.trial_answers import now
from tests.postgres import ROOT

DOCUMENT = openapi.document()
Said = dict[str, Any]
SIGNED = ("/auth/token", "/auth/revoke")
"""What takes a signature made for each call: no example of it can succeed (tests/access shows them)."""


def described() -> Iterator[tuple[str, str, Said]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, said in methods.items():
            if path not in SIGNED:
                yield path, method.upper(), said


DESCRIBED = list(described())
_KEPT = {resource.name for resource in KEPT}
ONE_BY_ONE = [one for one in DESCRIBED if _KEPT.isdisjoint(one[0].split("/"))]
"""The addresses that are shown each by a test of its own; those of the kept types are shown together."""
IDS = [f"{method} {path}" for path, method, _ in ONE_BY_ONE]


def resolved(said: Said) -> Said:
    if "$ref" not in said:
        return said
    found: Any = DOCUMENT
    for step in said["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def mentions(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        yield from ([said["$ref"]] if isinstance(said.get("$ref"), str) else [])
        for inner in said.values():
            yield from mentions(inner)
    elif isinstance(said, list):
        for inner in said:
            yield from mentions(inner)


def test_what_is_committed_is_what_is_served() -> None:
    committed = (ROOT / "openapi" / "openapi.json").read_bytes()

    assert committed == openapi.text(), "run `make openapi`"


def test_it_is_small_enough_to_be_read_by_a_browser() -> None:
    assert len(codec.write(DOCUMENT)) < 1_600_000


def test_every_mention_leads_somewhere() -> None:
    for mention in set(mentions(DOCUMENT)):
        assert resolved({"$ref": mention})


def test_every_route_and_method_is_described() -> None:
    offered = {(len(route.segments), method) for route in ROUTES for method in route.methods}
    said = {(len(path.removeprefix("/fhir").strip("/").split("/")), method) for path, method, _ in DESCRIBED}

    assert offered <= said
    assert len({said["operationId"] for _, _, said in DESCRIBED}) == len(DESCRIBED)


def test_everything_one_signs_in_for_says_so_with_the_scopes_it_needs() -> None:
    public = {"/fhir/metadata", "/fhir/.well-known/smart-configuration", "/auth/jwks", "/healthz", "/readyz"}
    document = openapi.document(sandbox=False)
    flow = document["components"]["securitySchemes"]["smart"]["flows"]["clientCredentials"]
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if path in (*public, *SIGNED, "/metrics") or (path, method) == ("/fhir", "get"):
                assert "security" not in said, path
                continue
            [smart, bearer] = said["security"]
            assert set(smart["smart"]) <= set(flow["scopes"])
            assert bearer == {"bearer": []}
            assert {"401", "403", "429"} <= set(said["responses"]), path
    needed = document["paths"]["/fhir/Observation/{id}"]
    assert needed["get"]["security"][0] == {"smart": ["system/Observation.r"]}
    assert needed["put"]["security"][0] == {"smart": ["system/Observation.u"]}


def test_the_open_sandbox_says_that_one_need_not_sign_in() -> None:
    assert DOCUMENT["paths"]["/fhir/Observation"]["get"]["security"][0] == {}
    assert DOCUMENT["components"]["responses"]["Refused401"]["headers"].keys() == {"WWW-Authenticate"}


def test_every_body_has_a_real_schema() -> None:
    observation = DOCUMENT["components"]["schemas"]["Observation"]

    assert set(observation["required"]) == {"resourceType", "status", "code"}
    assert "entered-in-error" in observation["properties"]["status"]["enum"]
    assert observation["additionalProperties"] is False


@pytest.mark.parametrize(("path", "method", "said"), ONE_BY_ONE, ids=IDS)
def test_everything_is_explained(path: str, method: str, said: Said) -> None:
    assert said["summary"]
    assert said["tags"]
    assert all(resolved(parameter)["description"] for parameter in said.get("parameters", ()))
    assert all(resolved(answer)["description"] for answer in said["responses"].values())
    if path.startswith("/fhir"):
        refusals = [resolved(answer) for status, answer in said["responses"].items() if status >= "400"]
        assert refusals
        for refusal in refusals:
            schema = refusal["content"]["application/fhir+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/OperationOutcome"}


def test_everything_of_the_kept_types_is_explained() -> None:
    together = [one for one in DESCRIBED if one not in ONE_BY_ONE]

    assert len(together) > 10 * len(KEPT)
    for path, method, said in together:
        test_everything_is_explained(path, method, said)
        test_every_path_has_a_request_to_run(path, method, said)


def examples_of(path: str, method: str, said: Said) -> Iterator[httpx.Request]:
    """What `Try it out` sends as the page stands: each example of the body in turn."""
    query: dict[str, str] = {}
    for parameter in map(resolved, said.get("parameters", ())):
        if "example" in parameter and parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(parameter["example"]))
        elif "example" in parameter and parameter["in"] == "query":
            query[parameter["name"]] = str(parameter["example"])
    for kind, content in said.get("requestBody", {"content": {"": {}}})["content"].items():
        bodies = [one["value"] for one in content.get("examples", {}).values()] or [content.get("example")]
        for sent in bodies:
            form = sent if kind.endswith("urlencoded") else None
            raw = codec.write(sent) if kind.endswith("json") else sent if isinstance(sent, str) else None
            headers = {"Content-Type": kind} if kind else {}
            yield httpx.Request(
                method, f"http://test{path}", params=query, content=raw, data=form, headers=headers
            )


async def known_by_now(client: httpx.AsyncClient, path: str) -> str:
    """The path with the id of an event, which nobody knows before it happened; of other types as it is."""
    if path != "/fhir/AuditEvent/{id}":
        return path
    found = (await client.get("/fhir/AuditEvent?_count=1")).json()
    return path.replace("{id}", found["entry"][0]["resource"]["id"])


def asks_again(path: str, answer: httpx.Response) -> bool:
    """What erases for good is not done by a click: it asks to write again what is meant."""
    [issue] = answer.json()["issue"]
    return path.endswith("/$erase") and issue["expression"] == ["http.confirm"]


@pytest.fixture
async def demonstration(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the service as `make run` prepares it."""
    await load(client)
    await push(client, app.state.service.store, at=now())
    return client


@pytest.mark.rule(76)
async def test_every_example_succeeds_on_the_demonstration_trial(demonstration: httpx.AsyncClient) -> None:
    client = demonstration
    refused: dict[str, str] = {}
    tried = 0
    for path, method, said in DESCRIBED:
        known = await known_by_now(client, path)
        for request in examples_of(known, method, said):
            answer = await client.send(request)
            tried += 1
            if not answer.is_success and not asks_again(request.url.path, answer):
                refused[f"{method} {request.url}"] = answer.text

    assert refused == {}
    assert tried >= len(DESCRIBED)


async def test_every_example_search_finds_something(client: httpx.AsyncClient) -> None:
    await load(client)
    for path, method, said in DESCRIBED:
        if said["operationId"].startswith("search"):
            for request in examples_of(path, method, said):
                found = (await client.send(request)).json()
                assert found.get("entry"), request.url


async def test_the_page_and_all_it_loads_come_from_here(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    loaded = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)["\']', page)

    assert {"/openapi.json", "/docs-files/swagger-ui-bundle.js"} <= set(loaded)
    for address in loaded:
        assert address.startswith("/")
        assert (await client.get(address)).status_code == 200


async def test_the_description_says_that_this_is_a_sandbox(client: httpx.AsyncClient) -> None:
    served = await client.get("/openapi.json")

    assert "sandbox" in served.json()["info"]["description"]
    assert "sandbox" not in openapi.document(sandbox=False)["info"]["description"]


REQUESTS = (ROOT / "openapi" / "requests.http").read_text()
LINE = re.compile(
    r"^(GET|POST|PUT|PATCH|DELETE) \{\{server\}\}(\S+)\n((?:[\w-]+: .+\n)*)(?:\n([^#]+))?", re.MULTILINE
)


@pytest.mark.parametrize(("path", "method", "said"), ONE_BY_ONE, ids=IDS)
def test_every_path_has_a_request_to_run(path: str, method: str, said: Said) -> None:
    shape = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
    is_known = all("example" in one for one in said.get("parameters", ()) if one.get("in") == "path")

    assert is_known is any(
        way == method and shape.fullmatch(url.split("?")[0]) for way, url, *_ in LINE.findall(REQUESTS)
    )


async def test_every_request_to_run_succeeds(demonstration: httpx.AsyncClient) -> None:
    client = demonstration
    written = LINE.findall(REQUESTS)

    assert len(written) == REQUESTS.count("{{server}}")
    for method, url, headers, content in written:
        named = dict(line.split(": ", 1) for line in headers.splitlines())
        answer = await client.request(method, url, headers=named, content=content.strip())
        assert answer.is_success or asks_again(url, answer), f"{method} {url}: {answer.text}"


async def test_the_example_of_hl7_v2_is_stored(demonstration: httpx.AsyncClient) -> None:
    said = DOCUMENT["paths"]["/hl7v2"]["post"]
    [request] = examples_of("/hl7v2", "POST", said)
    answer = await demonstration.send(request)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/hl7-v2")
    assert "\rMSA|AA|4711|" in answer.text
