"""What meets the conditions of a search is counted as the search would find it, and no more is told."""

import pytest

from app.fhir_mapping.query import Query
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.fhir_mapping.search_account import MOST_COUNTED, Account, Counted, Expected
from app.fhir_mapping.search_bounds import MOST_STEPS
from app.store.explain import explain
from app.store.search import find
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility
from tests.store.searchable import fill

BASE = "http://127.0.0.1:8000/fhir"
OF_SLS = Visibility(sites=frozenset({"SLS"}))
OF_STUDY_2 = Visibility(studies=frozenset({"s2"}))
OF_NOBODY = Visibility(sites=frozenset())

Pair = tuple[str, str]
QUESTIONS: tuple[Pair, ...] = (
    ("code", "4485-9"),
    ("code", "5130-0,85354-9"),
    ("code:not", "4485-9"),
    ("patient", "p1"),
    ("patient:missing", "true"),
    ("date", "ge2021-04"),
    ("value-quantity", "lt0.9||g/L"),
    ("value-string:contains", "50%_"),
    ("component-code-value-quantity", "8480-6$gt100"),
    ("study", "s1"),
    ("patient.gender", "male"),
    ("performer:Patient.active", "true"),
    ("has-member.code", "4485-9"),
    ("_has:Observation:has-member:status", "amended"),
    ("_lastUpdated", "gt2020"),
    ("_id", "c3-1,bp-2"),
)


def asked(*pairs: Pair, kind: str = "Observation") -> Query:
    return parse(RESOURCES[kind], [*pairs, ("_count", "1000")], base=BASE, strict=True).query


async def found(store: Store, visibility: Visibility, *pairs: Pair) -> set[str]:
    page = await find(store, visibility, asked(*pairs))
    return {version.id for version in page.versions}


async def counted(store: Store, visibility: Visibility, *pairs: Pair) -> list[tuple[int, int]]:
    account = await explain(store, visibility, asked(*pairs), None)
    assert isinstance(account, Counted)
    return [(count.alone, count.together) for count in account.counts]


@pytest.fixture
async def filled(store: Store) -> Store:
    await fill(store)
    return store


class TestCounts:
    async def test_each_condition_is_counted_alone_and_with_those_before_it(self, filled: Store) -> None:
        pairs = [("code", "4485-9"), ("patient", "p1"), ("value-quantity", "lt0.9||g/L")]

        assert await counted(filled, EVERYTHING, *pairs) == [(3, 3), (4, 2), (3, 1)]

    @pytest.mark.parametrize("visibility", [EVERYTHING, OF_SLS, OF_STUDY_2, OF_NOBODY])
    async def test_they_are_what_the_searches_find(self, filled: Store, visibility: Visibility) -> None:
        each = [await found(filled, visibility, pair) for pair in QUESTIONS]

        for start in range(0, len(QUESTIONS), 3):
            pairs = QUESTIONS[start : start + 5]
            together = [len(set.intersection(*each[start : start + n])) for n in range(1, len(pairs) + 1)]
            alone = [len(ids) for ids in each[start : start + 5]]
            assert await counted(filled, visibility, *pairs) == list(zip(alone, together, strict=True))

    async def test_the_last_is_the_total(self, filled: Store) -> None:
        pairs = [("status", "final"), ("code:not", "4485-9"), ("subject:missing", "false")]

        [*_, (_, together)] = await counted(filled, EVERYTHING, *pairs)

        assert together == len(await found(filled, EVERYTHING, *pairs)) > 0

    async def test_one_statement_counts_them_all(self, filled: Store) -> None:
        before = filled.database.statements

        await counted(filled, EVERYTHING, *QUESTIONS[:MOST_COUNTED])

        assert filled.database.statements == before + 1

    async def test_of_many_conditions_the_first_are_counted(self, filled: Store) -> None:
        pairs = [("_lastUpdated", f"gt20{year}") for year in range(10, 10 + MOST_COUNTED + 1)]

        assert len(await counted(filled, EVERYTHING, *pairs)) == MOST_COUNTED

    async def test_a_search_without_conditions_counts_nothing(self, filled: Store) -> None:
        assert await explain(filled, EVERYTHING, asked(), None) == Counted()

    async def test_the_largest_search_is_counted_still(self, filled: Store) -> None:
        many = ",".join(f"urn:x{number}|{number}" for number in range(999))

        assert await counted(filled, EVERYTHING, ("code", many), ("patient", "p1")) == [(0, 0), (4, 0)]
        assert await explain(filled, EVERYTHING, asked(("code", many)), "c3-1") == Expected(
            "c3-1", "current", ("unmet",)
        )


class TestOneResource:
    async def verdicts(self, store: Store, name: str, *pairs: Pair) -> Account:
        return await explain(store, EVERYTHING, asked(*pairs), name)

    async def test_each_condition_has_a_verdict(self, filled: Store) -> None:
        pairs = [("code", "4485-9"), ("value-quantity", "gt5"), ("component-code", "8480-6")]

        account = await self.verdicts(filled, "c3-1", *pairs)

        assert account == Expected("c3-1", "current", ("met", "unmet", "lacking"))

    @pytest.mark.parametrize("name", ["c3-1", "below", "bp-2", "words", "of-a-group", "of-a-number", "panel"])
    async def test_it_is_met_where_the_search_finds_the_resource(self, filled: Store, name: str) -> None:
        account = await self.verdicts(filled, name, *QUESTIONS)

        assert isinstance(account, Expected)
        assert [verdict == "met" for verdict in account.verdicts] == [
            name in await found(filled, EVERYTHING, pair) for pair in QUESTIONS
        ]

    async def test_a_chain_from_nothing_lacks_its_reference(self, filled: Store) -> None:
        pairs = [("patient.gender", "female"), ("patient.gender", "male"), ("patient:missing", "true")]

        assert await self.verdicts(filled, "panel", *pairs) == Expected(
            "panel", "current", ("lacking", "lacking", "met")
        )
        assert await self.verdicts(filled, "c3-1", *pairs) == Expected(
            "c3-1", "current", ("met", "unmet", "unmet")
        )

    async def test_what_was_deleted_is_said_to_be(self, filled: Store) -> None:
        account = await explain(filled, EVERYTHING, asked(("gender", "male"), kind="Patient"), "p4")

        assert account == Expected("p4", "deleted")

    async def test_what_never_was_is_not_known(self, filled: Store) -> None:
        assert await self.verdicts(filled, "p1", ("status", "final")) == Expected("p1")

    @pytest.mark.rule(78)
    @pytest.mark.parametrize("name", ["c3-3", "panel", "no-such"])
    async def test_what_may_not_be_seen_is_not_told_from_what_is_not_there(
        self, filled: Store, name: str
    ) -> None:
        query = asked(("code", "4485-9"))

        assert await explain(filled, OF_SLS, query, name) == Expected(name)
        assert await explain(filled, OF_SLS, query, "c3-1") == Expected("c3-1", "current", ("met",))

    @pytest.mark.rule(78)
    async def test_a_deletion_that_may_not_be_seen_is_not_admitted(self, filled: Store) -> None:
        assert await explain(filled, OF_SLS, asked(kind="Patient"), "p4") == Expected("p4")

    async def test_as_many_conditions_as_a_search_may_have_are_answered(self, filled: Store) -> None:
        account = await self.verdicts(filled, "c3-1", *[("status", "final")] * MOST_STEPS)

        assert isinstance(account, Expected)
        assert [*account.verdicts] == ["met"] * MOST_STEPS
