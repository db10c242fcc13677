"""What is not the asker's is not there: in every read of the store, and in every write."""

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.change import Write
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import Query
from app.fhir_mapping.registry import RESOURCES
from app.store.documents import history, read, vread
from app.store.search import find
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.conditions import create, criteria, delete_if, named, patch_if, setting, update
from tests.store.make import c3, delete, of_subject, patient, put

OF_SLS = Visibility(sites=frozenset({"SLS"}))
OF_NOBODY = Visibility(sites=frozenset())
OF_STUDY = Visibility(studies=frozenset({"s1"}))
OF_OTHER_STUDY = Visibility(studies=frozenset({"s2"}))


@pytest.fixture
async def two_sites(trial: Store) -> Store:
    for number in range(2):
        await transact(
            trial,
            EVERYTHING,
            [put(c3("p1", f"0.7{number}"), "of-p1"), put(c3("p2", f"0.8{number}"), "of-p2")],
        )
    return trial


@pytest.mark.parametrize("visibility", [OF_SLS, OF_STUDY])
async def test_a_site_and_a_study_see_their_own(two_sites: Store, visibility: Visibility) -> None:
    assert (await read(two_sites, visibility, "Observation", "of-p1")).version == 2
    assert (await vread(two_sites, visibility, "Observation", "of-p1", 1)).version == 1
    assert (await history(two_sites, visibility, "Observation", "of-p1", count=9)).total == 2
    assert len((await of_subject(two_sites, visibility, "rs1", None)).measurements) == 1


@pytest.mark.rule(78)
@pytest.mark.parametrize("visibility", [OF_SLS, OF_NOBODY, OF_OTHER_STUDY])
async def test_others_data_are_not_found(two_sites: Store, visibility: Visibility) -> None:
    for asking in (
        read(two_sites, visibility, "Observation", "of-p2"),
        vread(two_sites, visibility, "Observation", "of-p2", 1),
        history(two_sites, visibility, "Observation", "of-p2", count=9),
        of_subject(two_sites, visibility, "rs2", None),
    ):
        with pytest.raises(Refusal) as caught:
            await asking
        assert caught.value.status == 404


@pytest.mark.rule(78)
@pytest.mark.parametrize(
    ("visibility", "seen"), [(OF_SLS, ["of-p1"]), (OF_NOBODY, []), (OF_STUDY, ["of-p1", "of-p2"])]
)
async def test_a_search_counts_and_shows_only_what_may_be_seen(
    two_sites: Store, visibility: Visibility, seen: list[str]
) -> None:
    page = await find(two_sites, visibility, Query(resource=RESOURCES["Observation"], total=True))

    assert [version.id for version in page.versions] == seen
    assert page.total == len(seen)


async def refusal_of(store: Store, visibility: Visibility, *writes: Write) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, visibility, list(writes))
    return caught.value


async def versions_of(store: Store) -> list[tuple[str, int]]:
    """Everything there is, in the order it was written."""
    page = await history(store, EVERYTHING, count=100, ascending=True)
    return [(one.id, one.version) for one in page.versions]


@pytest.mark.rule(78)
@pytest.mark.parametrize("visibility", [OF_SLS, OF_NOBODY, OF_OTHER_STUDY])
@pytest.mark.parametrize(
    "write",
    [
        put(c3("p1"), "of-p2"),
        put(c3("p2"), "of-p2", if_match=("2",)),
        put(c3("p2"), "of-p2", if_match=("7",)),
        put(patient(site="SLS"), "p2"),
        put(patient(site="SLS"), "p2", only_new=True),
        delete("Observation", "of-p2"),
        delete("Observation", "of-p2", if_match=("*",)),
        setting("Observation", "of-p2", status="amended"),
        setting("Observation", "of-p2", status="amended", if_match=("7",)),
        update(patient(), criteria("nobody"), own_id="p2"),
    ],
)
async def test_others_data_are_neither_changed_nor_deleted(
    two_sites: Store, visibility: Visibility, write: Write
) -> None:
    before = await versions_of(two_sites)

    refused = await refusal_of(two_sites, visibility, write)

    assert (refused.status, refused.issues[0].code) == (404, "not-found")
    assert "version" not in refused.issues[0].text
    assert await versions_of(two_sites) == before


@pytest.mark.rule(78)
async def test_what_was_deleted_out_of_sight_is_not_brought_back(two_sites: Store) -> None:
    await transact(two_sites, EVERYTHING, [delete("Observation", "of-p2")])

    for write in (put(c3("p1"), "of-p2"), setting("Observation", "of-p2"), delete("Observation", "of-p2")):
        assert (await refusal_of(two_sites, OF_SLS, write)).status == 404


@pytest.mark.rule(78)
async def test_criteria_do_not_find_what_may_not_be_seen(two_sites: Store) -> None:
    hidden = criteria("hidden")
    await transact(two_sites, EVERYTHING, [put(named("hidden"), "p2")])

    refused = await refusal_of(two_sites, OF_SLS, patch_if(hidden, gender="male"))
    assert refused.status == 404
    [nothing] = await transact(two_sites, OF_SLS, [delete_if(hidden)])
    assert nothing.version == 0
    [created] = await transact(two_sites, OF_SLS, [create(named("hidden"), hidden)])
    assert (created.id != "p2", created.version) == (True, 1)
    [updated] = await transact(two_sites, OF_SLS, [update(named("hidden"), hidden)])
    assert (updated.id, updated.version) == (created.id, 2)


@pytest.mark.rule(78)
@pytest.mark.parametrize("visibility", [OF_SLS, OF_NOBODY])
async def test_a_reference_to_what_may_not_be_seen_leads_nowhere(
    two_sites: Store, visibility: Visibility
) -> None:
    hidden = await refusal_of(two_sites, visibility, put(c3("p2"), "new"))
    absent = await refusal_of(two_sites, visibility, put(c3("p9"), "new"))

    assert hidden.status == absent.status == 422
    assert hidden.issues[0].text.replace("p2", "p9") == absent.issues[0].text


async def test_a_site_writes_about_its_own(two_sites: Store) -> None:
    [changed] = await transact(two_sites, OF_SLS, [put(c3("p1", "0.9"), "of-p1")])
    assert changed.version == 3
    assert (await transact(two_sites, OF_SLS, [put(c3("p1"), "another")]))[0].version == 1
    assert (await transact(two_sites, OF_SLS, [delete("Observation", "another")]))[0].deleted


@pytest.mark.rule(78)
async def test_who_stands_in_the_way_of_a_deletion_is_named_to_those_who_may_see_it(
    two_sites: Store,
) -> None:
    refused = await refusal_of(two_sites, Visibility(studies=frozenset({"s1"})), delete("Patient", "p2"))
    assert {issue.text.split(" by ")[1][:9] for issue in refused.issues} == {"Observati", "ResearchS"}

    measured_by_another = codec.read(c3("p2")) | {"performer": [{"reference": "Patient/p1"}]}
    await transact(two_sites, EVERYTHING, [put(measured_by_another, "hidden")])
    await transact(two_sites, OF_SLS, [delete("Observation", "of-p1"), delete("ResearchSubject", "rs1")])
    refused = await refusal_of(two_sites, OF_SLS, delete("Patient", "p1"))

    assert refused.status == 409
    assert [issue.text for issue in refused.issues] == [
        "Patient/p1: something you may not see still refers to it; ask those who may to delete that first"
    ]
