"""Conditional writes: none, one or several found, as R4 wants it for each."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Refusal
from app.store.documents import read
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.conditions import create, criteria, delete_if, named, patch_if, setting, update
from tests.store.make import c3, delete, patient, put


async def refused(store: Store, *writes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, EVERYTHING, list(writes))
    return caught.value


async def document(store: Store, name: str, kind: str = "Patient") -> dict[str, Any]:
    stored = await read(store, EVERYTHING, kind, name)
    return codec.read(stored.document or b"")


async def patients(store: Store) -> int:
    sql = "SELECT count(*) FROM resource WHERE type = 'Patient' AND NOT deleted"
    return (await store.database.read(lambda connection: connection.fetch(sql)))[0][0]  # type: ignore[no-any-return]


@pytest.fixture
async def known(store: Store) -> Store:
    """One patient with the identifier `one`, two with `two`."""
    await transact(
        store, EVERYTHING, [put(named("one"), "p1"), put(named("two"), "p2"), put(named("two"), "p3")]
    )
    return store


class TestCreate:
    async def test_where_nothing_is_found_it_is_stored(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [create(named("new"), criteria("new"))])

        assert (version.version, version.created, version.matched) == (1, True, False)

    async def test_where_one_is_found_that_is_the_answer(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [create(named("one", gender="male"), criteria("one"))])

        assert (version.id, version.version, version.created, version.matched) == ("p1", 1, False, True)
        assert codec.read(version.document or b"")["gender"] == "female"
        assert await patients(known) == 3

    async def test_where_several_are_found_it_is_refused_with_the_place_of_the_criteria(
        self, known: Store
    ) -> None:
        refusal = await refused(known, create(named("two"), criteria("two")))

        assert refusal.status == 412
        [issue] = refusal.issues
        assert (issue.code, issue.expression) == ("multiple-matches", "http.if-none-exist")
        assert "Patient?identifier=…" in issue.text
        assert "two" not in issue.text.replace("two ", "")

    async def test_other_criteria_than_an_identifier_are_asked_as_well(self, known: Store) -> None:
        asked = criteria("two", gender="male")
        await transact(known, EVERYTHING, [put(named("two", gender="male"), "p3")])

        [version] = await transact(known, EVERYTHING, [create(named("two", gender="male"), asked)])

        assert (version.id, version.matched) == ("p3", True)

    async def test_what_was_deleted_is_not_found(self, known: Store) -> None:
        await transact(known, EVERYTHING, [delete("Patient", "p1")])

        [version] = await transact(known, EVERYTHING, [create(named("one"), criteria("one"))])

        assert version.created

    async def test_what_the_asker_may_not_see_is_not_found(self, known: Store) -> None:
        elsewhere = Visibility(sites=frozenset({"REN"}))

        [version] = await transact(known, elsewhere, [create(named("one"), criteria("one"))])

        assert version.created


class TestUpdate:
    @pytest.mark.parametrize("own_id", [None, "p1"])
    async def test_the_one_found_is_replaced(self, known: Store, own_id: str | None) -> None:
        new = named("one", gender="male")

        [version] = await transact(known, EVERYTHING, [update(new, criteria("one"), own_id=own_id)])

        assert (version.id, version.version, version.created) == ("p1", 2, False)
        assert (await document(known, "p1"))["gender"] == "male"

    async def test_a_body_with_another_id_than_the_one_found_is_refused(self, known: Store) -> None:
        refusal = await refused(known, update(named("one"), criteria("one"), own_id="p9"))

        assert refusal.status == 400
        assert [issue.expression for issue in refusal.issues] == ["Patient.id"]

    @pytest.mark.parametrize("own_id", [None, "p9"])
    async def test_where_nothing_is_found_it_is_stored(self, known: Store, own_id: str | None) -> None:
        [version] = await transact(known, EVERYTHING, [update(named("new"), criteria("new"), own_id=own_id)])

        assert (version.version, version.created) == (1, True)
        assert own_id in {None, version.id}

    async def test_what_stands_under_the_id_and_is_not_found_is_not_overwritten(self, known: Store) -> None:
        refusal = await refused(known, update(named("new"), criteria("new"), own_id="p1"))

        assert refusal.status == 409

    async def test_several_are_refused(self, known: Store) -> None:
        assert (await refused(known, update(named("two"), criteria("two")))).status == 412

    async def test_a_patient_replaced_still_belongs_to_itself(self, known: Store) -> None:
        await transact(known, EVERYTHING, [update(named("one"), criteria("one"))])

        sql = "SELECT patient_id FROM resource WHERE id = 'p1'"
        assert (await known.database.read(lambda connection: connection.fetch(sql)))[0][0] == "p1"

    @pytest.mark.parametrize(("if_match", "status"), [(("1",), None), (("7",), 412)])
    async def test_if_match_is_that_of_the_one_found(
        self, known: Store, if_match: tuple[str, ...], status: int | None
    ) -> None:
        write = update(named("one"), criteria("one"), if_match=if_match)
        if status is None:
            assert (await transact(known, EVERYTHING, [write]))[0].version == 2
        else:
            assert (await refused(known, write)).status == status


class TestPatch:
    async def test_a_patch_makes_a_new_version_of_what_stands_there(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [setting("Patient", "p1", gender="male")])

        assert (version.id, version.version) == ("p1", 2)
        assert (await document(known, "p1"))["gender"] == "male"

    async def test_a_patch_that_changes_nothing_makes_no_version(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [setting("Patient", "p1", gender="female")])

        assert (version.id, version.version, version.matched) == ("p1", 1, True)

    async def test_a_patch_of_a_digit_changes_something(self, known: Store) -> None:
        short, long = ({"value": Decimal(digits), "unit": "g/L"} for digits in ("0.71", "0.710"))
        await transact(known, EVERYTHING, [put(codec.read(c3("p1")) | {"valueQuantity": short}, "o1")])

        [version] = await transact(known, EVERYTHING, [setting("Observation", "o1", valueQuantity=long)])

        assert version.version == 2
        assert b"0.710" in (version.document or b"")

    @pytest.mark.parametrize(("name", "status"), [("nobody", 404), ("gone", 410)])
    async def test_there_must_be_something_to_patch(self, known: Store, name: str, status: int) -> None:
        await transact(known, EVERYTHING, [put(patient(), "gone")])
        await transact(known, EVERYTHING, [delete("Patient", "gone")])

        assert (await refused(known, setting("Patient", name, gender="male"))).status == status

    async def test_a_stale_if_match_is_refused(self, known: Store) -> None:
        assert (await refused(known, setting("Patient", "p1", if_match=("7",), gender="male"))).status == 412

    @pytest.mark.parametrize(("asked", "status"), [("nobody", 404), ("two", 412)])
    async def test_the_criteria_must_find_one(self, known: Store, asked: str, status: int) -> None:
        assert (await refused(known, patch_if(criteria(asked), gender="male"))).status == status

    async def test_the_one_found_is_patched(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [patch_if(criteria("one"), gender="male")])

        assert (version.id, version.version) == ("p1", 2)


class TestDelete:
    async def test_the_one_found_is_deleted(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [delete_if(criteria("one"))])

        assert (version.id, version.version, version.deleted) == ("p1", 2, True)

    async def test_nothing_found_is_done_already(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [delete_if(criteria("nobody"))])

        assert (version.id, version.version, version.deleted) == ("", 0, True)

    async def test_several_are_refused(self, known: Store) -> None:
        assert (await refused(known, delete_if(criteria("two")))).status == 412
        assert await patients(known) == 3


async def test_only_new_meets_nothing(known: Store) -> None:
    assert (await refused(known, put(named("one"), "p1", only_new=True))).status == 412
    [version] = await transact(known, EVERYTHING, [put(named("other"), "p9", only_new=True)])
    assert version.created


def kinds(outcomes: list[list[Version] | BaseException]) -> Counter[str]:
    """What became of each."""
    return Counter(
        f"{outcome.status}"
        if isinstance(outcome, Refusal)
        else type(outcome).__name__
        if isinstance(outcome, BaseException)
        else "created"
        if outcome[0].created
        else "matched"
        if outcome[0].matched
        else "updated"
        for outcome in outcomes
    )


async def test_of_many_conditional_creates_at_once_exactly_one_creates(store: Store) -> None:
    for number in range(10):
        outcomes = await asyncio.gather(
            *(
                transact(store, EVERYTHING, [create(named(str(number)), criteria(str(number)))])
                for _ in range(16)
            ),
            return_exceptions=True,
        )
        assert kinds(outcomes) == {"created": 1, "matched": 15}
    assert await patients(store) == 10
