"""A server that holds a population, and the oracle's world with the very same documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.search.oracle import Question, World
from tests.search.population import Json, population, read, written

SEED = 20211
FHIR_JSON = {"Content-Type": "application/fhir+json"}
EVERYTHING = ("_count", "1000")


@dataclass
class Asked:
    """Where to ask, and what should be answered. Nothing is ignored: an unknown parameter is a failure."""

    http: httpx.Client
    world: World

    def load(self, documents: list[Json]) -> None:
        """Store or change the documents in one transaction; the world then has them as the server does."""
        entries = [{"resource": one, "request": {"method": "PUT", "url": address(one)}} for one in documents]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.http.post("", content=written(bundle), headers=FHIR_JSON)
        assert answer.status_code == 200, answer.text
        stored = {address(one): one for one in self.world.documents}
        stored |= {address(entry["resource"]): entry["resource"] for entry in read(answer.content)["entry"]}
        self.world.documents = list(stored.values())

    def delete(self, document: Json) -> None:
        """Delete a document, here and in the world."""
        assert self.http.delete(address(document)).is_success
        self.world.documents.remove(document)

    @contextmanager
    def beside(self) -> Iterator["Asked"]:
        """Another client of the same server, for another thread."""
        with asking(self.world.base.removesuffix("/fhir")) as another:
            yield another

    def get(self, path: str, question: Question | None = None) -> Json:
        """The Bundle at a path below the base; it must be one."""
        answer = self.http.get(path, params=tuple(question or ()) or None)
        assert answer.status_code == 200, f"{answer.url}\n{answer.text}"
        return read(answer.content)

    def matches(self, kind: str, question: Question) -> list[str]:
        """The ids of what is found, all on one page, in their order."""
        return ids(self.get(kind, [*question, EVERYTHING]))

    def found(self, kind: str, question: Question) -> set[str]:
        """The ids of what is found; each once."""
        listed = self.matches(kind, question)
        assert len(listed) == len(set(listed)), f"found twice: {kind} {question}"
        return set(listed)

    def walk(self, kind: str, question: Question) -> list[Json]:
        """All pages of a search, along its next links."""
        pages = [self.get(kind, question)]
        while further := link(pages[-1], "next"):
            pages.append(self.follow(further))
            assert len(pages) < 1000, "the walk does not end"
        return pages

    def follow(self, given: str) -> Json:
        """The page at an address the server gave, which lies below its base."""
        assert given.startswith(f"{self.world.base}/"), given
        parts = urlsplit(given.removeprefix(f"{self.world.base}/"))
        return self.get(parts.path, parse_qsl(parts.query))


def address(document: Json) -> str:
    """`Type/id` of a document."""
    return f"{document['resourceType']}/{document['id']}"


def entries(bundle: Json, mode: str = "match") -> list[Json]:
    """The resources of that mode on a page."""
    return [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == mode]


def ids(bundle: Json, mode: str = "match") -> list[str]:
    return [one["id"] for one in entries(bundle, mode)]


def link(bundle: Json, relation: str) -> str | None:
    return next((one["url"] for one in bundle["link"] if one["relation"] == relation), None)


def query_of(given: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(given).query)


@contextmanager
def asking(url: str) -> Iterator[Asked]:
    """A client of the server at that address, which holds nothing yet."""
    prefer: dict[str, Any] = {"Prefer": "handling=strict, return=representation"}
    with httpx.Client(base_url=f"{url}/fhir", timeout=60, headers=prefer) as http:
        yield Asked(http, World(f"{url}/fhir", []))


@contextmanager
def asking_a_population(url: str) -> Iterator[Asked]:
    """A client of the server at that address, once it holds the population."""
    with asking(url) as asked:
        for group in population(SEED, asked.world.base):
            asked.load(group)
        yield asked
