"""What a server is filled with before it is measured, through its own FHIR API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, islice
from time import time
from typing import Any

import httpx

from app.fhir_mapping import codec
from bench import material
from bench.drive import Base, header_of
from bench.material import CODES
from bench.study import STUDY, subject

PATIENTS, PER_PATIENT = 200, 50
PATIENTS_AT_ONCE, SENDERS = 100, 3
CORRECTED, VERSIONS = 50, 5
AT_ONCE = 500
"""Resources stored by one transaction while filling."""
FHIR = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


def _unlike_before() -> Iterator[int]:
    """Numbers no earlier run has used on the same server."""
    return count(int(time()) % 1_000_000 * 1_000_000)


@dataclass
class World:
    """The ids of what a server holds: patients, their results, those with a history; the subjects of a study.

    New results are those of the second half of the patients: what is searched for, of the first half, stays
    as it is. `numbers` are those of results that were not sent yet. Only a server that takes a study under
    our own id has `subjects`, which bench.study numbers.
    """

    study: str = ""
    patients: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    subjects: range = range(0)
    numbers: Iterator[int] = field(default_factory=_unlike_before)

    def result(self, number: int, *, since: int = 0) -> bytes:
        """A result of one of the patients, or of those who came since there were so many."""
        place = since + number % (len(self.patients) - since)
        return material.observation(number, self.patients[place], code_of(place))

    @property
    def half(self) -> int:
        """So many patients get no new results."""
        return len(self.patients) // 2

    @property
    def growing(self) -> list[str]:
        """The patients who get new results."""
        return self.patients[self.half :]

    def arrives(self, number: int) -> bytes:
        """A new result."""
        return self.result(number, since=self.half)

    def new(self, many: int) -> list[int]:
        """Numbers of results that were not sent yet."""
        return list(islice(self.numbers, many))


def code_of(place: int) -> str:
    """What is measured of the patient in this place, over and over."""
    return CODES[place % len(CODES)]


def fill(base: Base, *, patients: int = PATIENTS) -> World:
    """Patients and their results, some of these corrected."""
    world = World()
    grow(base, world, patients=patients)
    world.corrected = world.results[:CORRECTED]
    with _client(base) as client:
        for _ in range(VERSIONS - 1):
            for number, name in zip(world.new(CORRECTED), world.corrected, strict=True):
                corrected = world.result(number).replace(b"{", b'{"id":"%s",' % name.encode(), 1)
                _sent(client, "PUT", f"{base.url}/Observation/{name}", corrected)
    return world


def grow(base: Base, world: World, *, patients: int) -> None:
    """So many more patients of the study, each with as many results."""
    with _client(base) as client, ThreadPoolExecutor(SENDERS) as pool:
        if not world.study:
            study = codec.write({"resourceType": "ResearchStudy", "status": "active"})
            created = _sent(client, "POST", f"{base.url}/ResearchStudy", study)
            world.study = _id(created.headers["location"])
        for _ in range(0, patients, PATIENTS_AT_ONCE):
            since, many = len(world.patients), min(PATIENTS_AT_ONCE, patients)
            patients -= many
            numbers = world.new(many)
            sent = _sent(client, "POST", base.url, material.people(numbers, study=world.study))
            world.people += numbers
            world.patients += _created(sent)[:many]
            world.results += _results(client, pool, base, world, since)


def _results(
    client: httpx.Client, pool: ThreadPoolExecutor, base: Base, world: World, since: int
) -> Iterator[str]:
    """Store the results of the patients who came since there were so many; their ids."""
    numbers = world.new((len(world.patients) - since) * PER_PATIENT)

    def store(start: int) -> list[str]:
        of_these = partial(world.result, since=since)
        body = material.transaction(map(of_these, numbers[start : start + AT_ONCE]))
        return _created(_sent(client, "POST", base.url, body))

    return chain.from_iterable(pool.map(store, range(0, len(numbers), AT_ONCE)))


def fill_study(base: Base, world: World, subjects: int) -> None:
    """So many subjects with a whole course in the study; those already there remain."""
    with _client(base) as client:
        if not world.subjects:
            _sent(client, "PUT", f"{base.url}/ResearchStudy/{STUDY['id']}", codec.write(STUDY))

        def store(numbers: range) -> None:
            documents = (document for number in numbers for document in subject(number))
            _sent(client, "POST", base.url, material.puts(documents))

        starts = range(len(world.subjects), subjects, AT_ONCE // 40)
        parts = [range(start, min(start + starts.step, subjects)) for start in starts]
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(store, parts))
    world.subjects = range(subjects)


def _client(base: Base) -> httpx.Client:
    headers = dict(map(header_of, base.headers))
    return httpx.Client(timeout=120, headers=FHIR | headers)


def _sent(client: httpx.Client, method: str, url: str, body: bytes) -> httpx.Response:
    answer = client.request(method, url, content=body)
    if not answer.is_success:
        said = " ".join(answer.text.split())
        raise RuntimeError(f"{method} {url} was answered {answer.status_code} {said[:500]}")
    return answer


def _created(answer: httpx.Response) -> list[str]:
    """The ids a transaction gave, in its order."""
    entries: list[Any] = answer.json()["entry"]
    return [_id(entry["response"]["location"]) for entry in entries]


def _id(location: str) -> str:
    """The id in `[base]/Type/id/_history/1` or `Type/id`."""
    return location.split("/_history", maxsplit=1)[0].rsplit("/", 1)[1]
