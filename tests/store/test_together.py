"""Look-ups that are asked at the same time are one statement, and each asker gets their own answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store import documents
from app.store.database import DatabaseError, Row
from app.store.session import Store
from app.store.together import Question, Together
from app.store.visibility import EVERYTHING, Visibility
from tests.databases import PostgreSQL

ASKED = ("SELECT …", ())


@dataclass
class Asked:
    """Remembers what each statement asked for, and answers when it may."""

    statements: list[tuple[Question, list[str]]] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def __call__(self, question: Question, names: Sequence[str]) -> dict[str, Row]:
        self.statements.append((question, list(names)))
        self.began.set()
        await self.may_answer.wait()
        if self.fails:
            raise DatabaseError("gone")
        return {name: (name,) for name in names if name != "none"}


@pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (2, [1, 1]), (60, [1, 59]), (202, [1, 100, 100, 1])])
async def test_what_is_asked_meanwhile_is_asked_by_the_next_statement(number: int, sizes: list[int]) -> None:
    asked = Asked()
    together = Together(asked)
    names = [f"o{n}" for n in range(number)]
    first = asyncio.create_task(together.row(ASKED, names[0]))
    await asked.began.wait()
    others = asyncio.gather(*(together.row(ASKED, name) for name in names[1:]))
    await asyncio.sleep(0)
    asked.may_answer.set()

    assert [await first, *await others] == [(name,) for name in names]
    assert [len(names) for _, names in asked.statements] == sizes


async def test_nobody_is_answered_by_a_statement_that_began_before_they_asked() -> None:
    asked = Asked()
    together = Together(asked)
    early = asyncio.create_task(together.row(ASKED, "o1"))
    await asked.began.wait()
    late = asyncio.create_task(together.row(ASKED, "o1"))
    await asyncio.sleep(0)
    asked.may_answer.set()
    await asyncio.gather(early, late)

    assert [names for _, names in asked.statements] == [["o1"], ["o1"]]


async def test_only_what_differs_in_nothing_but_the_id_is_asked_together() -> None:
    asked = Asked()
    asked.may_answer.set()
    together = Together(asked)
    questions = [("a", ("x",)), ("a", ("y",)), ("b", ("x",))]

    await asyncio.gather(*(together.row(question, "o1") for question in questions for _ in range(2)))

    assert asked.statements == [(question, ["o1", "o1"]) for question in questions]


async def test_each_gets_what_there_is_of_theirs_and_a_failure_is_told_to_all() -> None:
    asked = Asked()
    asked.may_answer.set()
    together = Together(asked)

    assert await asyncio.gather(*(together.row(ASKED, name) for name in ("o1", "none"))) == [("o1",), None]
    asked.fails = True
    failed = await asyncio.gather(*(together.row(ASKED, "o1") for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in failed] == [DatabaseError] * 2
    asked.fails = False
    assert await together.row(ASKED, "o1") == ("o1",)


async def test_whoever_goes_away_takes_no_answer_with_them() -> None:
    asked = Asked()
    together = Together(asked)
    staying, leaving = (asyncio.create_task(together.row(ASKED, "o1")) for _ in range(2))
    await asked.began.wait()
    leaving.cancel()
    asked.may_answer.set()

    assert await staying == ("o1",)
    assert leaving.cancelled() or leaving.cancelling()


async def test_reads_at_the_same_time_are_one_statement_on_postgresql(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    with postgres.database(migrated_postgres) as name:
        store = await Store.open(postgres.url_of(name))
        before = store.database.statements
        reads = (documents.read(store, EVERYTHING, "Patient", f"p{n}") for n in range(50))
        found = await asyncio.gather(*reads, return_exceptions=True)
        of_sites = [Visibility(sites=frozenset({f"site-{n}"})) for n in range(3)]
        reads = (documents.read(store, seen, "Patient", "p1") for seen in of_sites for _ in range(5))
        found += await asyncio.gather(*reads, return_exceptions=True)
        asked = store.database.statements - before
        await store.close()

    assert {one.status for one in found if isinstance(one, Refusal)} == {404}
    assert (len(found), asked) == (65, 4)


async def test_a_process_takes_no_more_connections_than_it_may(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    with postgres.database(migrated_postgres) as name:
        store = await Store.open(postgres.url_of(name), most_connections=4)
        slow = (store.database.read(lambda c: c.fetch("SELECT pg_sleep(0.02)")) for _ in range(20))
        await asyncio.gather(*slow)
        counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        [[number]] = await store.database.read(lambda c: c.fetch(counted))
        await store.close()

    assert (number, store.database.most_connections) == (4, 4)
