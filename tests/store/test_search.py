"""A search finds what its parameters say, page by page, on both databases alike."""

from dataclasses import replace
from typing import Any

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store.search import Page, find
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import c3, delete, put

BASE = "http://127.0.0.1:8000/fhir"


async def search(store: Store, kind: str, *pairs: tuple[str, str], after: Any = None) -> Page:
    query = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query
    if after is not None:
        query = replace(query, after=after)
    return await find(store, EVERYTHING, query)


def ids(page: Page) -> list[str]:
    return [version.id for version in page.versions]


@pytest.fixture
async def labs(trial: Store) -> Store:
    """Five results of complement C3, of two patients, and one that was deleted."""
    await transact(
        trial,
        EVERYTHING,
        [
            put(c3("p1", "0.71", on="2021-03"), "o1"),
            put(c3("p1", "0.90", on="2021-03-14"), "o2"),
            put(c3("p1", "1.20", on="2021-03-14T08:05:00+01:00", status="corrected"), "o3"),
            put(c3("p2", "0.30", on="2021-09-01"), "o4"),
            put(c3("p2", "10", on="2022"), "o5"),
            put(c3("p2", "0.5", on="2021-03-14"), "gone"),
        ],
    )
    await transact(trial, EVERYTHING, [delete("Observation", "gone")])
    return trial


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], "o1 o2 o3 o4 o5"),
        ([("patient", "p1")], "o1 o2 o3"),
        ([("patient", "Patient/p1")], "o1 o2 o3"),
        ([("subject", f"{BASE}/Patient/p2")], "o4 o5"),
        ([("patient", "p1,p2")], "o1 o2 o3 o4 o5"),
        ([("patient", "p")], ""),
        ([("_id", "o2,o4")], "o2 o4"),
        ([("status", "corrected")], "o3"),
        ([("code", "4485-9")], "o1 o2 o3 o4 o5"),
        ([("code", "http://loinc.org|4485-9")], "o1 o2 o3 o4 o5"),
        ([("code", "urn:oid:1.2.250.1.0.99.2|")], "o1 o2 o3 o4 o5"),
        ([("code", "http://loinc.org|C3N")], ""),
        ([("code", "|C3N")], ""),
        ([("combo-code", "4485-9")], "o1 o2 o3 o4 o5"),
        ([("component-code", "4485-9")], ""),
        ([("date", "2021-03-14")], "o2 o3"),
        ([("date", "2021-03")], "o1 o2 o3"),
        ([("date", "ge2021-04")], "o4 o5"),
        ([("date", "lt2021-03-14")], "o1"),
        ([("date", "gt2021-03-14")], "o1 o4 o5"),
        ([("date", "sa2021-03")], "o4 o5"),
        ([("date", "ge2021-03"), ("date", "lt2021-09")], "o1 o2 o3"),
        ([("value-quantity", "lt0.9")], "o1 o4"),
        ([("value-quantity", "le0.9")], "o1 o2 o4"),
        ([("value-quantity", "gt1.2")], "o5"),
        ([("value-quantity", "0.7")], "o1"),
        ([("value-quantity", "0.70")], ""),
        ([("value-quantity", "10|http://unitsofmeasure.org|g/L")], "o5"),
        ([("value-quantity", "10||umol/L")], ""),
        ([("patient", "p1"), ("code", "4485-9"), ("date", "ge2021-03-14")], "o1 o2 o3"),
    ],
    ids=lambda value: "&".join(f"{name}={text}" for name, text in value) if isinstance(value, list) else "",
)
async def test_a_search_finds(labs: Store, pairs: list[tuple[str, str]], expected: str) -> None:
    page = await search(labs, "Observation", *pairs)

    assert sorted(ids(page)) == expected.split()
    assert page.total == len(expected.split())


async def test_a_subject_is_found_by_its_study_and_patient(labs: Store) -> None:
    assert ids(await search(labs, "ResearchSubject", ("study", "s1"), ("patient", "p2"))) == ["rs2"]
    assert ids(await search(labs, "ResearchSubject", ("individual", "Patient/p1"))) == ["rs1"]
    registered = ("identifier", "https://clinicaltrials.gov|NCT03562065")
    assert ids(await search(labs, "ResearchStudy", registered)) == ["s1"]
    assert ids(await search(labs, "Patient", ("birthdate", "1986"))) == ["p1", "p2"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("date", "o1 o2 o3 o4 o5"),
        ("-date", "o5 o4 o3 o2 o1"),
        ("_id", "o1 o2 o3 o4 o5"),
        ("-_id", "o5 o4 o3 o2 o1"),
    ],
)
async def test_a_search_sorts(labs: Store, sort: str, expected: str) -> None:
    found = ids(await search(labs, "Observation", ("_sort", sort)))

    if sort.endswith("date"):  # o2 and o3 are of the same day: which of them comes first is no matter
        found = [name.replace("o3", "o2") for name in found]
        expected = expected.replace("o3", "o2")
    assert found == expected.split()


@pytest.mark.parametrize("sort", ["_id", "-_id", "date", "-date", "_lastUpdated", "-_lastUpdated"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_a_walk_through_the_pages_meets_each_match_once(labs: Store, sort: str, count: int) -> None:
    met: list[str] = []
    after = None
    while True:
        page = await search(labs, "Observation", ("_sort", sort), ("_count", str(count)), after=after)
        assert len(page.versions) <= count
        met += ids(page)
        if page.after is None:
            break
        after = page.after
        if len(met) < 4:
            await transact(labs, EVERYTHING, [put(c3("p1"), f"a-late-one-{len(met)}")])

    original = [name for name in met if not name.startswith("a-late")]
    assert sorted(original) == ["o1", "o2", "o3", "o4", "o5"]
    assert len(set(met)) == len(met)


async def test_counting_alone_gives_the_number_and_no_entry(labs: Store) -> None:
    page = await search(labs, "Observation", ("_count", "0"), ("patient", "p1"))

    assert (page.versions, page.total) == ([], 3)
