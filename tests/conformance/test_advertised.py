"""Rule 76: all that is advertised works, and all that works is advertised.

A crawler that knows nothing but /fhir/metadata and /openapi.json asks for everything they name, once as it
should be asked and once as it should not; then it tries what they do not name.
"""

import re
from collections.abc import Iterator

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.demo import load
from tests.conformance.make import JSON_PATCH, Json, bundle, entry, found, pages, written

STRICT = {"Prefer": "handling=strict"}
PLAIN = {
    "token": "x",
    "string": "x",
    "reference": "x",
    "date": "2024",
    "number": "1",
    "quantity": "1",
    "uri": "urn:x",
}
UNREADABLE = {"date": "2024-13", "number": "much", "quantity": "much"}
OTHER_TYPES = (
    *("Account", "Binary", "Bundle", "Condition", "Encounter", "Medication", "Organization", "Parameters"),
    *("Practitioner", "Subscription", "Task", "ValueSet", "patient", "Bogus"),
)
"""Types that may or may not be served: whoever serves them has to say so."""
OTHER_PARAMETERS = (
    "_filter",
    "_query",
    "_text",
    "_content",
    "_list",
    "_type",
    "phonetic",
    "address",
    "bogus",
)
ANSWERED = {
    "_explain",
    "_count",
    "_sort",
    "_total",
    "_summary",
    "_elements",
    "_format",
    "_pretty",
    "_include",
    "_revinclude",
}
"""Parameters about how the matches are answered; they are no search parameters of a type."""


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that holds the demonstration trial."""
    await load(client)
    return client


async def served_types(client: httpx.AsyncClient) -> dict[str, Json]:
    """What is advertised of each type."""
    statement = (await client.get("/fhir/metadata")).json()
    return {one["type"]: one for one in statement["rest"][0]["resource"]}


def codes(offered: Json) -> set[str]:
    """The interactions that are advertised."""
    return {one["code"] for one in offered["interaction"]}


async def definitions(client: httpx.AsyncClient, kind: str) -> list[Json]:
    """All served resources of a type."""
    return [one["resource"] async for page in pages(client, f"/fhir/{kind}") for one in page["entry"]]


# ---- The statement itself ------------------------------------------------------------------------------


@pytest.mark.rule(76)
async def test_the_statement_is_of_this_server_and_of_r4(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/metadata")
    statement = answer.json()

    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    assert (statement["fhirVersion"], statement["kind"], statement["status"]) == (
        "4.0.1",
        "instance",
        "active",
    )
    assert statement["implementation"]["url"] == "http://test/fhir"
    assert {"json", "application/fhir+json"} <= set(statement["format"])
    assert {"application/json-patch+json", "application/fhir+json"} <= set(statement["patchFormat"])
    assert "http://hl7.org/fhir/CompartmentDefinition/patient" in statement["rest"][0]["compartment"]
    for one in statement["rest"][0]["resource"]:
        names = [parameter["name"] for parameter in one.get("searchParam", ())]
        assert len(names) == len(set(names)), one["type"]


@pytest.mark.rule(76)
async def test_the_statement_is_asked_by_mode_and_not_sent_twice(client: httpx.AsyncClient) -> None:
    full = await client.get("/fhir/metadata?mode=full")
    again = await client.get("/fhir/metadata", headers={"If-None-Match": full.headers.get("etag", "")})
    terminology = await client.get("/fhir/metadata?mode=terminology")
    bogus = await client.get("/fhir/metadata?mode=bogus")

    assert (full.status_code, again.status_code, again.content) == (200, 304, b"")
    assert terminology.status_code in {200, 400, 404}
    assert bogus.status_code == 400


@pytest.mark.rule(76)
async def test_every_definition_is_advertised_and_everything_advertised_is_defined(
    client: httpx.AsyncClient,
) -> None:
    statement = (await client.get("/fhir/metadata")).json()
    offered = await served_types(client) | {"": statement["rest"][0]}
    advertised: set[tuple[str, str, str, str]] = set()
    operations: set[tuple[str, str, str]] = set()
    for kind, one in offered.items():
        for said in one.get("searchParam", ()):
            [defined] = await found(client, f"SearchParameter?url={said['definition']}&base={kind}")
            document = (await client.get(f"/fhir/SearchParameter/{defined}")).json()
            assert (document["code"], document["type"]) == (said["name"], said["type"])
            advertised.add((defined, kind, said["name"], said["definition"]))
        for said in one.get("operation", ()):
            [defined] = await found(client, f"OperationDefinition?url={said['definition']}")
            document = (await client.get(f"/fhir/OperationDefinition/{defined}")).json()
            assert document["code"] == said["name"]
            operations.add((defined, kind, said["definition"]))

    served = await definitions(client, "SearchParameter")
    asked = await definitions(client, "OperationDefinition")
    assert advertised == {
        (one["id"], kind, one["code"], one["url"]) for one in served for kind in one["base"]
    }
    assert operations == {
        (one["id"], kind, one["url"])
        for one in asked
        for kind in (*one.get("resource", ()), *([""] if one["system"] else []))
    }
    for one in (*served, *asked, *await definitions(client, "CodeSystem")):
        get_fhir_model_class(one["resourceType"]).model_validate(one)


# ---- All that is advertised works ----------------------------------------------------------------------


WELL_AND_ILL = {
    "read": ("GET /{id}", "GET /nobody"),
    "vread": ("GET /{id}/_history/1", "GET /{id}/_history/99"),
    "update": ("PUT /{id}", "PUT /another"),
    "patch": ("PATCH /{id}", "PATCH /nobody"),
    "delete": ("DELETE /nobody", "DELETE ?bogus=1"),
    "history-instance": ("GET /{id}/_history", "GET /nobody/_history"),
    "history-type": ("GET /_history", "GET /_history?_count=x"),
    "create": ("POST ", "POST ?_format=xml"),
    "search-type": ("GET ?_count=1", "GET ?_count=x"),
}
"""How each interaction should be asked for, and how it should not."""


@pytest.mark.rule(76)
async def test_every_interaction_that_is_advertised_works(demo: httpx.AsyncClient) -> None:
    for kind, offered in (await served_types(demo)).items():
        page = (await demo.get(f"/fhir/{kind}?_count=1")).json()
        name = page["entry"][0]["resource"]["id"]
        for code in codes(offered):
            well, ill = [await _asked(demo, kind, name, ask) for ask in WELL_AND_ILL[code]]
            assert well.is_success, (kind, code, well.text)
            assert ill.is_client_error, (kind, code, ill.text)
            assert ill.status_code != 405, (kind, code)


async def _asked(client: httpx.AsyncClient, kind: str, name: str, ask: str) -> httpx.Response:
    method, _, rest = ask.partition(" ")
    raw = (await client.get(f"/fhir/{kind}/{name}")).content
    change = written([{"op": "add", "path": "/language", "value": "fr"}])
    content = {"PUT": raw, "POST": raw, "PATCH": change}.get(method, b"")
    headers = JSON_PATCH if method == "PATCH" else {}
    address = f"/fhir/{kind}{rest.replace('{id}', name)}"
    return await client.request(method, address, content=content, headers=headers)


@pytest.mark.rule(76)
async def test_every_interaction_on_the_whole_works(demo: httpx.AsyncClient) -> None:
    statement = (await demo.get("/fhir/metadata")).json()
    offers = {one["code"] for one in statement["rest"][0]["interaction"]}

    assert {"transaction", "batch", "history-system"} <= offers
    for kind in ("transaction", "batch"):
        asked = bundle(kind, [entry("GET", "Patient?_count=1")])
        assert (await demo.post("/fhir", content=asked)).json()["type"] == f"{kind}-response"
    assert (await demo.get("/fhir/_history?_count=1")).json()["type"] == "history"
    across = await demo.get("/fhir?_type=Patient,Observation&_count=1")
    assert across.status_code == (200 if "search-system" in offers else 400)


@pytest.mark.rule(76)
async def test_every_search_parameter_and_include_that_is_advertised_works(demo: httpx.AsyncClient) -> None:
    kinds = {one["url"]: one for one in await definitions(demo, "SearchParameter")}
    for kind, offered in (await served_types(demo)).items():
        names = {said["name"]: said for said in offered["searchParam"]}
        for name, said in names.items():
            value = _value(said, kinds)
            good = await demo.get(f"/fhir/{kind}", params={name: value, "_count": 1}, headers=STRICT)
            assert good.status_code == 200, (kind, name, good.text)
            assert name in good.json()["link"][0]["url"]
            bad = await demo.get(f"/fhir/{kind}", params={f"{name}:bogus": value})
            assert bad.status_code == 400, (kind, name)
            if said["type"] in UNREADABLE:
                bad = await demo.get(f"/fhir/{kind}", params={name: UNREADABLE[said["type"]]})
                assert bad.status_code == 400, (kind, name)
        for way in ("searchInclude", "searchRevInclude"):
            asked = {"searchInclude": "_include", "searchRevInclude": "_revinclude"}[way]
            for include in offered.get(way, ()):
                answer = await demo.get(f"/fhir/{kind}", params={asked: include, "_count": 1}, headers=STRICT)
                assert answer.status_code == 200, (kind, asked, include, answer.text)


def _value(said: Json, kinds: dict[str, Json]) -> str:
    """Something a parameter can be asked for; a composite for each of its parts."""
    if said["type"] != "composite":
        return PLAIN[said["type"]]
    parts = kinds[said["definition"]]["component"]
    return "$".join(PLAIN[kinds[part["definition"]]["type"]] for part in parts)


@pytest.mark.rule(29, 30, 31, 76)
async def test_the_conditions_that_are_advertised_are_heeded(demo: httpx.AsyncClient) -> None:
    for kind, offered in (await served_types(demo)).items():
        if "create" not in codes(offered):
            continue
        [resource] = [one["resource"] for one in (await demo.get(f"/fhir/{kind}?_count=1")).json()["entry"]]
        raw, only = (await demo.get(f"/fhir/{kind}/{resource['id']}")).content, f"_id={resource['id']}"

        assert offered["conditionalCreate"]
        assert offered["conditionalUpdate"]
        assert offered["conditionalRead"] == "full-support"
        assert offered["conditionalDelete"] == "single"
        created = await demo.post(f"/fhir/{kind}", content=raw, headers={"If-None-Exist": only})
        updated = await demo.put(f"/fhir/{kind}?{only}", content=raw)
        deleted = await demo.delete(f"/fhir/{kind}?_id=nobody")
        read = await demo.get(
            f"/fhir/{kind}/{resource['id']}", headers={"If-None-Match": updated.headers["etag"]}
        )
        answers = (created, updated, deleted, read)
        assert [answer.status_code for answer in answers] == [200, 200, 204, 304], kind


# ---- All that works is advertised ----------------------------------------------------------------------

SHAPES = {
    ("GET", "/{type}"): "search-type",
    ("POST", "/{type}/_search"): "search-type",
    ("POST", "/{type}"): "create",
    ("PUT", "/{type}"): "conditional update",
    ("PATCH", "/{type}"): "conditional patch",
    ("DELETE", "/{type}"): "conditional delete",
    ("GET", "/{type}/{id}"): "read",
    ("PUT", "/{type}/{id}"): "update",
    ("PATCH", "/{type}/{id}"): "patch",
    ("DELETE", "/{type}/{id}"): "delete",
    ("GET", "/{type}/{id}/_history"): "history-instance",
    ("GET", "/{type}/{id}/_history/{version}"): "vread",
    ("GET", "/{type}/_history"): "history-type",
}
WHOLE = {
    ("POST", "/"): {"transaction", "batch"},
    ("GET", "/_history"): {"history-system"},
    ("GET", "/"): set(),
    ("GET", "/metadata"): set(),
    ("GET", "/.well-known/smart-configuration"): set(),
}


COMPARTMENT = re.compile(r"/Patient/\{\w+\}/[A-Z]\w+(/_search)?$")
"""The resources about one patient: advertised as the compartment that it is."""


def in_openapi(description: Json) -> Iterator[tuple[str, str]]:
    """Each method and address below the FHIR base."""
    for path, methods in description["paths"].items():
        if path == "/fhir" or path.startswith("/fhir/"):
            for method in methods:
                yield method.upper(), path.removeprefix("/fhir") or "/"


@pytest.mark.rule(76)
async def test_the_openapi_description_and_the_statement_offer_the_same(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()
    statement = (await client.get("/fhir/metadata")).json()
    offered = await served_types(client)
    said: set[tuple[str, str]] = set()
    for method, path in in_openapi(description):
        kind = path.split("/")[1]
        shape = re.sub(rf"^/{kind}(?=/|$)", "/{type}", path)
        if kind.startswith("$"):
            said.add(("", kind))
        elif kind not in offered:
            said |= {("", code) for code in WHOLE[method, path]}
        elif "$" in path:
            said.add((kind, path.rpartition("/")[2]))
        elif not COMPARTMENT.match(path):
            said.add((kind, SHAPES[method, shape]))

    whole = {"": statement["rest"][0]}
    advertised = {(kind, what) for kind, one in (offered | whole).items() for what in _offers(one)}
    assert said == advertised


def _offers(offered: Json) -> Iterator[str]:
    yield from codes(offered)
    yield from (f"${one['name']}" for one in offered.get("operation", ()))
    if offered.get("conditionalUpdate"):
        yield from ("conditional update", "conditional patch")
    if offered.get("conditionalDelete", "not-supported") != "not-supported":
        yield "conditional delete"


@pytest.mark.rule(20, 76)
async def test_an_address_allows_the_methods_the_description_names(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()
    methods: dict[str, set[str]] = {}
    for method, path in in_openapi(description):
        address = re.sub(r"\{(\w+)\}", lambda name: "Observation" if name[1] == "type" else "1", path)
        methods.setdefault(address, set()).add(method)

    for address, named in methods.items():
        answer = await client.request("OPTIONS", f"/fhir{address}")

        assert answer.status_code == 405, address
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed == named | ({"HEAD"} if "GET" in named else set()), address


@pytest.mark.rule(76)
async def test_the_description_names_the_parameters_that_are_advertised(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()

    for kind, offered in (await served_types(client)).items():
        said = [
            _resolved(description, one) for one in description["paths"][f"/fhir/{kind}"]["get"]["parameters"]
        ]
        names = {one["name"] for one in said if one["in"] == "query"}
        assert names - ANSWERED == {one["name"] for one in offered["searchParam"]}, kind


def _resolved(description: Json, said: Json) -> Json:
    """A part of the description, or what it refers to."""
    if "$ref" not in said:
        return said
    found_: Json = description
    for step in said["$ref"].removeprefix("#/").split("/"):
        found_ = found_[step]
    return found_


@pytest.mark.rule(24, 58, 76)
async def test_what_is_not_advertised_does_not_work(client: httpx.AsyncClient) -> None:
    offered = await served_types(client)
    every = {said["name"] for one in offered.values() for said in one["searchParam"]} | set(OTHER_PARAMETERS)
    operations = {said["name"] for one in offered.values() for said in one.get("operation", ())} | {
        "bogus",
        "export",
    }
    for kind in {*OTHER_TYPES} - offered.keys():
        assert (await client.get(f"/fhir/{kind}")).status_code == 404, kind
        assert (await client.post(f"/fhir/{kind}", content=b"{}")).status_code == 404, kind
    for kind, one in offered.items():
        names = {said["name"] for said in one["searchParam"]}
        for name in every - names:
            answer = await client.get(f"/fhir/{kind}", params={name: "x"}, headers=STRICT)
            assert answer.status_code == 400, (kind, name)
            if name not in one.get("searchInclude", ()):
                answer = await client.get(f"/fhir/{kind}", params={"_include": f"{kind}:{name}"})
                assert answer.status_code == 400, (kind, name)
        for name in operations - {said["name"] for said in one.get("operation", ())}:
            for address in (f"/fhir/{kind}/${name}", f"/fhir/{kind}/1/${name}"):
                assert (await client.get(address)).status_code == 404, address
