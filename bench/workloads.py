"""Every workload, declared once: what is asked, by how many clients at once, and what is the limit."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from bench import material
from bench.drive import Ask
from bench.study import STUDY, name_of, patient_of
from bench.world import World, code_of

SAME, ROWS = "bare handler", "driver alone"
"""The limits: a bare handler given the same requests; the database driver inserting the same rows."""

POSTED = 3_000
"""So many different results are sent, again and again; each becomes a resource of its own."""
CREATED = 12_000
"""So many are created conditionally: more than a server gets through, so that each is new."""
DIFFERENT = 20_000
"""At most so many different results are read, or pages asked for."""
ANSWERED_ANEW = 100
"""So many subjects are asked about after something new arrived."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is asked of a server, and how.

    `asks` are the requests, which come again until time is up, or are sent `once` each; `before` is sent
    first, without being measured. `resources` is how many a request is about. `limit` is what
    the rate is compared with, and `target` the part of it that is to be reached (PostgreSQL, one worker).
    `views` says which shorter benchmarks it belongs to.
    """

    name: str
    asks: Callable[[World], list[Ask]]
    clients: int
    resources: int = 1
    limit: str = ""
    target: float = 0
    before: Callable[[World], list[Ask]] | None = None
    once: bool = False
    views: frozenset[str] = frozenset()
    longer: float = 1
    """So many times as long as the others."""


def posts(world: World) -> list[Ask]:
    """New results, one by one."""
    return [Ask("POST", "Observation", world.arrives(number)) for number in world.new(POSTED)]


def conditional(world: World) -> list[Ask]:
    """New results, each unless the laboratory's number is there."""
    return [
        Ask(
            "POST",
            "Observation",
            world.arrives(number),
            (f"If-None-Exist: identifier={material.number_of(number)}",),
        )
        for number in world.new(CREATED)
    ]


def transactions(size: int, *, different: int) -> Callable[[World], list[Ask]]:
    """Bundles of so many new results."""

    def asks(world: World) -> list[Ask]:
        return [
            Ask("POST", "", material.transaction(map(world.arrives, world.new(size))))
            for _ in range(different)
        ]

    return asks


def reads(world: World) -> list[Ask]:
    """Results by their ids, far apart."""
    step = max(7, len(world.results) // DIFFERENT)
    return [Ask("GET", f"Observation/{name}") for name in world.results[::step]]


def _pages(more: str) -> Callable[[World], list[Ask]]:
    def asks(world: World) -> list[Ask]:
        return [
            Ask("GET", f"Observation?patient={patient}&code={code_of(place)}&date=gt2017&_count=20{more}")
            for place, patient in enumerate(world.patients[: min(world.half, DIFFERENT)])
        ]

    return asks


pages = _pages("")
with_patients = _pages("&_include=Observation:patient")


def chained(world: World) -> list[Ask]:
    """The results of whoever bears a number."""
    system = material.NUMBERS
    return [
        Ask("GET", f"Observation?patient.identifier={system}%7CB{number}&code={code_of(place)}&_count=20")
        for place, number in enumerate(world.people[: min(world.half, DIFFERENT)])
    ]


def histories(world: World) -> list[Ask]:
    """All versions of corrected results."""
    return [Ask("GET", f"Observation/{name}/_history") for name in world.corrected]


def mixed(world: World) -> list[Ask]:
    """Of ten requests five reads, two pages, a history and two new results."""
    kinds = ((reads(world), 5), (pages(world), 2), (histories(world), 1), (posts(world), 2))
    return [
        asks[(turn * many + place) % len(asks)]
        for turn in range(1000)
        for asks, many in kinds
        for place in range(many)
    ]


def question(code: str) -> Callable[[World], list[Ask]]:
    """A question of the trial about each subject."""
    return lambda world: [
        Ask("GET", f"ResearchSubject/{name_of(number)}/{code}") for number in world.subjects[:ANSWERED_ANEW]
    ]


def arrivals(world: World) -> list[Ask]:
    """A new result of each subject."""
    about = world.subjects[:ANSWERED_ANEW]
    return [
        Ask("POST", "Observation", material.observation(number, patient_of(one), code_of(number)))
        for number, one in zip(world.new(len(about)), about, strict=True)
    ]


QUICK, ACCESS, SCALED, LARGE = "quick", "access", "scaled", "large"
EVERY = frozenset({QUICK, ACCESS, SCALED, LARGE})

WORKLOADS = (
    Workload(name="POST, 1 client", asks=posts, clients=1, limit=SAME),
    Workload(name="POST, 8 clients", asks=posts, clients=8, limit=SAME),
    Workload(name="POST, 64 clients", asks=posts, clients=64, limit=SAME, target=0.8, views=EVERY),
    Workload(name="conditional create", asks=conditional, clients=64),
    Workload(
        name="transaction of 100",
        asks=transactions(100, different=20),
        clients=8,
        resources=100,
        limit=ROWS,
        views=frozenset({QUICK}),
    ),
    Workload(
        name="transaction of 1000",
        asks=transactions(1000, different=4),
        clients=2,
        resources=1000,
        limit=ROWS,
        target=0.35,
        views=frozenset({QUICK, ACCESS}),
    ),
    Workload(name="read, 1 client", asks=reads, clients=1, limit=SAME, views=frozenset({QUICK})),
    Workload(name="read", asks=reads, clients=64, limit=SAME, target=0.5, views=EVERY),
    Workload(
        name="search page of 20",
        asks=pages,
        clients=32,
        limit=SAME,
        target=0.5,
        views=frozenset({QUICK, ACCESS, LARGE}),
    ),
    Workload(name="search with _include", asks=with_patients, clients=32),
    Workload(name="search with a chain", asks=chained, clients=32),
    Workload(name="history", asks=histories, clients=32),
    Workload(name="mixed, 80 % reads", asks=mixed, clients=64, longer=8),
)

QUESTIONS = tuple(
    chain.from_iterable(
        (
            Workload(
                name=f"{code}, answered again",
                before=question(code),
                asks=question(code),
                clients=1,
                views=views,
            ),
            Workload(
                name=f"{code}, after a new result",
                before=arrivals,
                asks=question(code),
                once=True,
                clients=1,
                views=views,
            ),
        )
        for code, views in (
            ("$sri-status", frozenset({QUICK})),
            ("$eligibility", frozenset[str]()),
            ("$status", frozenset[str]()),
        )
    )
)
"""About a subject: when nothing has changed since it was last asked, and when a result has just arrived."""


def summary(subjects: int) -> Workload:
    """One question about a whole study."""
    asks = [Ask("GET", f"ResearchStudy/{STUDY['id']}/$endpoint-summary")]
    return Workload(
        name=f"$endpoint-summary of {subjects:,} subjects",
        asks=lambda _: asks,
        once=True,
        clients=1,
        resources=subjects,
    )


def of(view: str) -> tuple[Workload, ...]:
    """The workloads of a shorter benchmark."""
    return tuple(one for one in (*WORKLOADS, *QUESTIONS) if view in one.views)
