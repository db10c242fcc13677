"""What is not the asker's is not there: in every read of the store."""

import pytest

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import Query
from app.fhir_mapping.registry import RESOURCES
from app.store.documents import history, read, vread
from app.store.records import of_subject
from app.store.search import find
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import Visibility
from tests.store.make import c3, put

OF_SLS = Visibility(sites=frozenset({"SLS"}))
OF_NOBODY = Visibility(sites=frozenset())
OF_STUDY = Visibility(studies=frozenset({"s1"}))
OF_OTHER_STUDY = Visibility(studies=frozenset({"s2"}))


@pytest.fixture
async def two_sites(trial: Store) -> Store:
    for number in range(2):
        await transact(
            trial, [put(c3("p1", f"0.7{number}"), "of-p1"), put(c3("p2", f"0.8{number}"), "of-p2")]
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
