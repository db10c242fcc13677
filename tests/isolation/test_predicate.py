"""What the predicate makes of the odd cases: donors who left, results that moved, patients of no site."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store.documents import history, read, vread
from app.store.everything import Wanted, about_patient
from app.store.search_statement import Statement
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility, visible, visible_patient
from tests.store.make import c3, delete, patient, put, study, subject

SITE = Visibility(sites=frozenset({"SLS"}), donors=False)
CENTRE = Visibility(sites=frozenset({"SLS"}))
OTHER = Visibility(sites=frozenset({"REN"}), donors=False)
NOT_FOUND = 404
IN_S2 = Visibility(studies=frozenset({"s2"}))


def part(of: str, study: str = "s1", **more: str) -> dict[str, Any]:
    return subject(of, study=study) | more


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A patient, a donor and one of another site, all in one study; and another study."""
    opened = await Store.open(database_url)
    arms = {"arm": [{"name": "donor"}, {"name": "cohort"}]}
    another = study() | arms | {"identifier": [{"system": "urn:oid:2.999", "value": "2"}]}
    await transact(opened, EVERYTHING, [put(study() | arms, "s1"), put(another, "s2")])
    await transact(
        opened,
        EVERYTHING,
        [
            put(patient(site="SLS"), "p1"),
            put(patient(site="SLS"), "d1"),
            put(patient(site="REN"), "p2"),
            put(patient(), "nobodys"),
            put(part("p1"), "rs-p1"),
            put(part("d1", assignedArm="donor"), "rs-d1"),
            put(part("p2"), "rs-p2"),
            put(c3("p1"), "o-p1"),
            put(c3("d1"), "o-d1"),
        ],
    )
    yield opened
    await opened.close()


async def is_seen(store: Store, visibility: Visibility, kind: str, name: str) -> bool:
    try:
        await read(store, visibility, kind, name)
    except Refusal as refused:
        return refused.status != NOT_FOUND
    return True


async def test_a_donor_is_seen_by_the_centre_and_not_by_who_treats(store: Store) -> None:
    for kind, name in (("Patient", "d1"), ("ResearchSubject", "rs-d1"), ("Observation", "o-d1")):
        assert await is_seen(store, CENTRE, kind, name)
        assert not await is_seen(store, SITE, kind, name)
    assert await is_seen(store, SITE, "Patient", "p1")


async def test_a_donor_stays_out_of_sight_when_their_part_is_deleted(store: Store) -> None:
    await transact(
        store, EVERYTHING, [delete("ResearchSubject", "rs-d1"), delete("ResearchSubject", "rs-p1")]
    )

    assert not await is_seen(store, SITE, "Patient", "d1")
    assert not await is_seen(store, SITE, "Observation", "o-d1")
    assert await is_seen(store, SITE, "Patient", "p1")  # who gave nothing does not go out of sight


async def test_a_donor_stays_out_of_sight_when_all_of_theirs_is_deleted(store: Store) -> None:
    await transact(store, EVERYTHING, [delete("ResearchSubject", "rs-d1"), delete("Observation", "o-d1")])
    await transact(store, EVERYTHING, [delete("Patient", "d1")])

    for asking in (vread(store, SITE, "Patient", "d1", 1), vread(store, SITE, "Observation", "o-d1", 1)):
        with pytest.raises(Refusal) as caught:
            await asking
        assert caught.value.status == 404
    assert (await vread(store, CENTRE, "Patient", "d1", 1)).version == 1


async def test_whoever_is_in_a_donors_arm_in_fact_is_a_donor(store: Store) -> None:
    await transact(store, EVERYTHING, [put(part("p1", assignedArm="cohort", actualArm="donor"), "rs-p1")])

    assert not await is_seen(store, SITE, "Patient", "p1")


async def test_of_a_result_that_moved_each_site_sees_what_was_about_its_own(store: Store) -> None:
    await transact(store, EVERYTHING, [put(c3("p2"), "o-p1")])

    assert not await is_seen(store, SITE, "Observation", "o-p1")
    assert [one.version for one in (await history(store, SITE, "Observation", "o-p1", count=9)).versions] == [
        1
    ]
    assert [
        one.version for one in (await history(store, OTHER, "Observation", "o-p1", count=9)).versions
    ] == [2]


async def test_a_patient_who_moved_to_another_site_takes_all_versions_along(store: Store) -> None:
    await transact(store, EVERYTHING, [put(patient(site="REN"), "p1")])

    for kind, name in (("Observation", "o-p1"), ("Patient", "p1"), ("ResearchSubject", "rs-p1")):
        with pytest.raises(Refusal):
            await vread(store, SITE, kind, name, 1)
    assert (await vread(store, OTHER, "Patient", "p1", 1)).version == 1


async def test_a_patient_of_no_site_is_seen_by_no_site(store: Store) -> None:
    assert not await is_seen(store, SITE, "Patient", "nobodys")
    assert not await is_seen(store, OTHER, "Patient", "nobodys")


@pytest.mark.parametrize(("visibility", "found"), [(EVERYTHING, {"s1", "s2"}), (IN_S2, {"s2"})])
async def test_everything_of_a_patient_names_the_studies_one_sees(
    store: Store, visibility: Visibility, found: set[str]
) -> None:
    await transact(store, EVERYTHING, [put(part("p1", study="s2"), "rs2-p1")])

    all_there_is = await about_patient(store, visibility, Wanted(patient="p1"))
    assert {one.id for one in all_there_is.versions if one.type == "ResearchStudy"} == found


async def test_everything_of_whoever_is_out_of_sight_names_no_study(store: Store) -> None:
    assert (await about_patient(store, SITE, Wanted(patient="p2"))).total == 0


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        (EVERYTHING, ["Observation p1", "Observation p2", "Specimen p1", "Observation "]),
        (SITE, ["Observation p1", "Specimen p1"]),
        (OTHER, ["Observation p2"]),
        (Visibility(sites=frozenset({"SLS"}), kinds=frozenset({"Observation"})), ["Observation p1"]),
        (Visibility(kinds=frozenset()), []),
        (
            Visibility(sites=frozenset({"SLS"}), narrowed=(("Observation", ((("code", None, "x"),),)),)),
            ["Specimen p1"],
        ),
    ],
)
async def test_what_was_pushed_is_told_to_who_sees_of_whom_and_of_which_type(
    store: Store, visibility: Visibility, seen: list[str]
) -> None:
    statement = Statement(store.database, visibility)
    rows = (("Observation", "p1"), ("Observation", "p2"), ("Specimen", "p1"), ("Observation", ""))
    told = " UNION ALL ".join(f"SELECT '{kind}' AS type, '{whose}' AS patient_id" for kind, whose in rows)
    met = visible_patient(store.database, visibility, "i", statement.values)
    sql = f"SELECT i.type || ' ' || i.patient_id FROM ({told}) AS i WHERE {met}"
    found = await store.database.read(lambda connection: connection.fetch(sql, *statement.values))

    assert sorted(one for (one,) in found) == sorted(seen)


LOINC_OF_C3 = (("Observation", ((("code", None, "4485-9"),), (("code", "http://loinc.org", "none"),))),)
ASKING = {
    "site": SITE,
    "centre": CENTRE,
    "other site": OTHER,
    "study": IN_S2,
    "site in a study": Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"}), donors=False),
    "types": Visibility(sites=frozenset({"SLS"}), kinds=frozenset({"Observation", "Patient"})),
    "narrowed": Visibility(studies=frozenset({"s1"}), narrowed=LOINC_OF_C3),
    "narrowed to nothing": Visibility(narrowed=(("Observation", ((("code", None, "none"),),)),)),
}


@pytest.mark.parametrize("asking", ASKING)
async def test_what_is_seen_of_one_patient_is_what_is_seen_of_all_that_is_about_them(
    store: Store, asking: str
) -> None:
    writes = [
        put(part("p2", study="s2"), "rs2-p2"),
        put(patient(site="SLS"), "gone"),
        put(c3("gone"), "o-gone"),
    ]
    await transact(store, EVERYTHING, [*writes, put(part("gone", assignedArm="donor"), "rs-gone")])
    await transact(store, EVERYTHING, [delete("ResearchSubject", "rs-gone")])

    of_all = await seen_of(store, ASKING[asking], None)
    assert of_all
    for whose in ("p1", "p2", "d1", "nobodys", "gone", "unknown"):
        theirs = {key for key in of_all if key[2] == whose}
        assert await seen_of(store, ASKING[asking], whose) == theirs


async def seen_of(store: Store, visibility: Visibility, whose: str | None) -> set[tuple[str, str, str]]:
    """What is seen by the condition for everybody, or by that for one patient."""
    values: list[Any] = []
    met = visible(store.database, visibility, "r", values, patient=whose)
    sql = f"SELECT r.type, r.id, COALESCE(r.patient_id, '') FROM resource r WHERE {met}"
    rows = await store.database.read(lambda connection: connection.fetch(sql, *values))
    return {(kind, name, patient) for kind, name, patient in rows}
