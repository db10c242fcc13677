"""Resources, Bundles and walks for the tests of the rules."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx

from app.fhir_mapping import codec
from app.routers import examples
from tests.routers.make import TYPES

__all__ = ["SYSTEM", "TYPES", "Json"]

Json = dict[str, Any]

SYSTEM = "urn:trialbridge:test:conformance"
ONE_IDENTIFIER = {"AdverseEvent"}
"""Types that have one identifier at most."""


def marked(kind: str, mark: str, **changes: Any) -> Json:
    """The example of a type, found by `identifier=SYSTEM|mark`."""
    identifier = {"system": SYSTEM, "value": mark}
    said = identifier if kind in ONE_IDENTIFIER else [identifier]
    return {**examples.BODIES[kind], "identifier": said, **changes}


def criteria(mark: str) -> str:
    """The search for what bears a mark."""
    return f"identifier={SYSTEM}|{mark}"


def written(document: Json | list[Json]) -> bytes:
    """A document as it is sent, its digits untouched."""
    return codec.write(document)


async def stored(client: httpx.AsyncClient, kind: str, mark: str = "a", **changes: Any) -> str:
    """The id of a resource just created."""
    answer = await client.post(f"/fhir/{kind}", content=written(marked(kind, mark, **changes)))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def found(client: httpx.AsyncClient, search: str) -> list[str]:
    """The ids of all matches, page by page, in their order."""
    return [
        entry["resource"]["id"]
        async for page in pages(client, f"/fhir/{search}")
        for entry in page.get("entry", ())
        if entry["search"]["mode"] == "match"
    ]


async def pages(client: httpx.AsyncClient, address: str) -> AsyncIterator[Json]:
    """Each page of a search or a history, by its links `next`."""
    following: str | None = address
    while following is not None:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        following = link(page, "next")


async def versions(client: httpx.AsyncClient, address: str = "/fhir/_history") -> list[tuple[str, str]]:
    """Each version of a history, newest first, by the address of its resource and its ETag."""
    return [
        (entry["fullUrl"], entry["response"]["etag"])
        async for page in pages(client, f"{address}?_count=1000")
        for entry in page.get("entry", ())
    ]


def link(page: Json, relation: str) -> str | None:
    """Where a link of a Bundle leads."""
    return next((one["url"] for one in page["link"] if one["relation"] == relation), None)


# ---- Bundles -----------------------------------------------------------------------------------------


def entry(method: str, url: str, resource: Json | None = None, full_url: str = "", **conditions: str) -> Json:
    """One entry; conditions are `ifMatch`, `ifNoneExist`, `ifNoneMatch`."""
    made: Json = {"fullUrl": full_url} if full_url else {}
    if resource is not None:
        made["resource"] = resource
    return made | {"request": {"method": method, "url": url, **conditions}}


def bundle(kind: str, entries: Iterable[Json]) -> bytes:
    """A transaction or batch, as it is sent."""
    return written({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


async def transacted(client: httpx.AsyncClient, *entries: Json, **headers: str) -> httpx.Response:
    """The answer to a transaction."""
    return await client.post("/fhir", content=bundle("transaction", entries), headers=headers)


def statuses(answer: httpx.Response) -> list[str]:
    """What became of each entry, by the number of its status."""
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


# ---- Patches -----------------------------------------------------------------------------------------

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
FHIR_PATCH = {"Content-Type": "application/fhir+json"}


def fhirpath_patch(*operations: Json) -> Json:
    """Parameters, one `operation` for each."""
    parameters = [
        {
            "name": "operation",
            "part": [
                {"name": name, **(value if isinstance(value, dict) else {f"value{_type(name)}": value})}
                for name, value in operation.items()
            ],
        }
        for operation in operations
    ]
    return {"resourceType": "Parameters", "parameter": parameters}


def _type(name: str) -> str:
    return {"type": "Code", "index": "Integer"}.get(name, "String")
