"""Transactions on conditions: references by a search, entries that meet each other, and nothing by halves."""

from collections.abc import Callable
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.change import Criteria, Put
from app.fhir_mapping.outcome import Refusal
from app.store import models
from app.store.database import Connection
from app.store.documents import read
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.conditions import SYSTEM, create, criteria, delete_if, named, patch_if, update
from tests.store.make import c3, delete, put, study, subject

PLACE = "Bundle.entry[2].resource.subject.reference"


def of(asked: Criteria, name: str | None = None, **more: Any) -> Put:
    """A result of the patient these criteria find."""
    reference = f"Patient?{asked.text}"
    raw = c3("x").replace(b"Patient/x", reference.encode())
    return put(raw, name, references={reference: asked}, **more)


def patient_of(value: str, **more: str) -> Criteria:
    return criteria(value, where=PLACE, **more)


async def refused(store: Store, *writes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, EVERYTHING, list(writes))
    return caught.value


async def subject_of(store: Store, name: str) -> str:
    stored = await read(store, EVERYTHING, "Observation", name)
    return str(codec.read(stored.document or b"")["subject"]["reference"])


async def counts(store: Store) -> dict[str, int]:
    """The number of rows in every table."""

    async def work(connection: Connection) -> dict[str, int]:
        names = [table.name for table in models.metadata.sorted_tables]
        return {name: (await connection.fetch(f"SELECT count(*) FROM {name}"))[0][0] for name in names}

    return await store.database.read(work)


@pytest.fixture
async def known(store: Store) -> Store:
    """One patient with the identifier `one`, two with `two`."""
    await transact(
        store, EVERYTHING, [put(named("one"), "p1"), put(named("two"), "p2"), put(named("two"), "p3")]
    )
    return store


class TestReferences:
    async def test_a_reference_by_a_search_becomes_one_by_the_id(self, known: Store) -> None:
        [version] = await transact(known, EVERYTHING, [of(patient_of("one"))])

        assert await subject_of(known, version.id) == "Patient/p1"
        sql = "SELECT patient_id FROM resource WHERE id = $1"
        assert (await known.database.read(lambda c: c.fetch(sql, version.id)))[0][0] == "p1"

    async def test_every_other_byte_stays_as_it_was(self, known: Store) -> None:
        asked = patient_of("one")
        odd = of(asked, "o1")
        note = f'"note":[{{"text":"by Patient?{asked.text} \\u00e9"}}],"valueQ'.encode()
        odd = put(odd.raw.replace(b'"valueQ', note), "o1", references=odd.references)

        [version] = await transact(known, EVERYTHING, [odd])

        assert note in (version.document or b"")
        assert b'"value":0.71,' in (version.document or b"")

    @pytest.mark.parametrize(
        ("value", "code"), [("two", "multiple-matches"), ("nobody", "not-found")], ids=["several", "none"]
    )
    @pytest.mark.parametrize("more", [{}, {"gender": "female"}], ids=["identifier", "more"])
    async def test_the_search_must_find_one(
        self, known: Store, value: str, code: str, more: dict[str, str]
    ) -> None:
        before = await counts(known)

        refusal = await refused(known, put(named("other")), of(patient_of(value, **more)))

        assert refusal.status == 412
        assert [(issue.code, issue.expression) for issue in refusal.issues] == [(code, PLACE)]
        assert value not in refusal.issues[0].text.replace("two ", "")
        assert await counts(known) == before

    @pytest.mark.parametrize("more", [{}, {"gender": "female"}], ids=["identifier", "more"])
    @pytest.mark.parametrize("condition", [None, "new", "another"])
    async def test_what_comes_in_the_same_transaction_is_found(
        self, known: Store, condition: str | None, more: dict[str, str]
    ) -> None:
        new = put(named("new"), "p9") if condition is None else create(named("new"), criteria(condition))

        stored, result = await transact(known, EVERYTHING, [new, of(patient_of("new", **more))])

        assert await subject_of(known, result.id) == f"Patient/{stored.id}"

    async def test_what_a_conditional_create_has_found_is_referred_to(self, known: Store) -> None:
        stored, result = await transact(
            known, EVERYTHING, [create(named("one"), criteria("one")), of(patient_of("one"))]
        )

        assert stored.matched
        assert await subject_of(known, result.id) == "Patient/p1"

    async def test_a_reference_by_the_search_of_a_create_leads_to_what_it_creates(self, known: Store) -> None:
        """Also where the document does not bear what was asked for."""
        stored, result = await transact(
            known, EVERYTHING, [create(named("b"), criteria("a")), of(patient_of("a"))]
        )

        assert await subject_of(known, result.id) == f"Patient/{stored.id}"

    @pytest.mark.parametrize("more", [{}, {"gender": "female"}], ids=["identifier", "more"])
    async def test_what_is_changed_in_the_same_transaction_is_found_as_it_will_be(
        self, known: Store, more: dict[str, str]
    ) -> None:
        changed = put(named("three"), "p3")

        _, second, third = await transact(
            known, EVERYTHING, [changed, of(patient_of("two", **more)), of(patient_of("three", **more))]
        )

        assert await subject_of(known, second.id) == "Patient/p2"
        assert await subject_of(known, third.id) == "Patient/p3"

    @pytest.mark.parametrize("more", [{}, {"gender": "female"}], ids=["identifier", "more"])
    async def test_what_is_deleted_or_patched_in_the_same_transaction_is_found_as_it_will_be(
        self, known: Store, more: dict[str, str]
    ) -> None:
        patch = patch_if(criteria("one"), identifier=[{"system": SYSTEM, "value": "patched"}])

        versions = await transact(
            known,
            EVERYTHING,
            [
                delete("Patient", "p2"),
                patch,
                of(patient_of("two", **more), "o1"),
                of(patient_of("patched", **more), "o2"),
            ],
        )

        assert [version.version for version in versions] == [2, 2, 1, 1]
        assert await subject_of(known, "o1") == "Patient/p3"
        assert await subject_of(known, "o2") == "Patient/p1"


class TestEntriesThatMeet:
    """Two changes of one resource: their order would decide, so neither is made."""

    async def test_an_update_by_criteria_and_one_by_the_id(self, known: Store) -> None:
        first = put(named("one"), "p1", where="Bundle.entry[0].resource")
        refusal = await refused(
            known, first, update(named("one"), criteria("one"), where="Bundle.entry[1].resource")
        )

        assert refusal.status == 400
        [issue] = refusal.issues
        assert issue.expression == "Bundle.entry[1].request.url"
        assert "Bundle.entry[0]" in issue.text

    async def test_two_updates_whose_criteria_find_the_same(self, known: Store) -> None:
        await transact(known, EVERYTHING, [put(named("one", "uno"), "p1")])

        assert (
            await refused(known, update(named("one"), criteria("one")), update(named("one"), criteria("uno")))
        ).status == 400

    async def test_a_deletion_by_criteria_and_an_update(self, known: Store) -> None:
        assert (await refused(known, delete_if(criteria("one")), put(named("one"), "p1"))).status == 400

    @pytest.mark.parametrize("more", [{}, {"gender": "female"}], ids=["identifier", "more"])
    async def test_criteria_that_find_what_another_entry_creates(
        self, known: Store, more: dict[str, str]
    ) -> None:
        before = await counts(known)

        for conditional in (create, update):
            writes = [put(named("new")), conditional(named("new"), criteria("new", **more))]
            refusal = await refused(known, *writes)
            assert refusal.status == 400
            assert [issue.expression for issue in refusal.issues] == ["http.if-none-exist"]
        assert await counts(known) == before

    async def test_the_same_create_twice(self, known: Store) -> None:
        twice = [create(named(), criteria("new")) for _ in range(2)]

        assert (await refused(known, *twice)).status == 400

    async def test_what_is_deleted_first_is_not_found_by_a_create(self, known: Store) -> None:
        for deletion in (delete("Patient", "p1"), delete_if(criteria("one"))):
            gone, version = await transact(
                known, EVERYTHING, [deletion, create(named("one"), criteria("one"))]
            )
            assert gone.deleted
            assert version.created
            await transact(known, EVERYTHING, [delete("Patient", version.id), put(named("one"), "p1")])

    async def test_a_create_that_finds_what_is_updated_beside_it(self, known: Store) -> None:
        found, updated = await transact(
            known, EVERYTHING, [create(named("one"), criteria("one")), put(named("one"), "p1")]
        )

        assert (found.id, found.matched, updated.version) == ("p1", True, 2)


def everything() -> list[Any]:
    """A transaction with a write of every kind."""
    return [
        delete("Patient", "p2"),
        create(named("new"), criteria("new")),
        create(named("one"), criteria("one")),
        put(study(), "s9"),
        put(subject("p1", study="s9"), "rs9"),
        of(patient_of("new"), "o9"),
        update(named("three"), criteria("three"), own_id="p8"),
        patch_if(criteria("two-three"), gender="other"),
        of(patient_of("three", gender="female"), "o8"),
    ]


WRONG: dict[str, Callable[[], Any]] = {
    "a stale version": lambda: put(named("one"), "p4", if_match=("7",)),
    "several found": lambda: create(named("two"), criteria("several")),
    "a reference that leads nowhere": lambda: put(c3("nobody")),
    "a reference by a search that finds nothing": lambda: of(patient_of("nobody")),
    "a patch of nothing": lambda: patch_if(criteria("nobody"), gender="male"),
    "what exists and must not": lambda: put(named("x"), "p4", only_new=True),
    "what is still referred to": lambda: delete("Patient", "p5"),
}


class TestAllOrNothing:
    @pytest.fixture
    async def full(self, known: Store) -> Store:
        more = [named("two-three"), named("four"), named("five"), named("several"), named("several")]
        await transact(known, EVERYTHING, [put(one, f"p{3 + place}") for place, one in enumerate(more)])
        await transact(known, EVERYTHING, [put(c3("p5"), "o5")])
        return known

    async def test_every_kind_of_write_goes_together(self, full: Store) -> None:
        versions = await transact(full, EVERYTHING, everything())

        assert [version.deleted for version in versions] == [True] + [False] * 8
        assert [version.matched for version in versions] == [False, False, True] + [False] * 6
        assert await subject_of(full, "o9") == f"Patient/{versions[1].id}"
        assert await subject_of(full, "o8") == "Patient/p8"

    @pytest.mark.parametrize("wrong", WRONG)
    async def test_one_that_is_refused_at_whatever_place_leaves_no_trace(
        self, full: Store, wrong: str
    ) -> None:
        before = await counts(full)

        for place in range(len(everything()) + 1):
            writes = everything()
            writes.insert(place, WRONG[wrong]())
            assert 400 <= (await refused(full, *writes)).status < 500
            assert await counts(full) == before

        assert len(await transact(full, EVERYTHING, everything())) == 9, "the others are not to blame"


async def test_the_statements_of_conditional_writes_do_not_grow_with_them(store: Store) -> None:
    await transact(
        store, EVERYTHING, [create(named("first"), criteria("first"))]
    )  # its trail begins with a link
    used = []
    for size in (10, 1000):
        values = [f"{size}-{number}" for number in range(size)]
        for _ in ("created", "found"):
            before = store.database.statements
            versions = await transact(
                store,
                EVERYTHING,
                [create(named(value), criteria(value)) for value in values]
                + [of(patient_of(value), f"o-{value}") for value in values],
            )
            used.append(store.database.statements - before)
            assert len(versions) == 2 * size

    assert used[0] == used[2]
    assert used[1] == used[3]
    assert max(used) < 25
