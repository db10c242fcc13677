"""What is added to the matches: what they refer to, what refers to them, each once and never a match."""

from dataclasses import replace

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store import includes
from app.store.search import Page, find
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.make import put
from tests.store.searchable import fill, observation

BASE = "http://127.0.0.1:8000/fhir"


async def page(store: Store, asked: str, visibility: Visibility = EVERYTHING) -> Page:
    kind, _, criteria = asked.partition("?")
    pairs = [(name, text) for name, _, text in (one.partition("=") for one in criteria.split("&"))]
    query = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query
    return await find(store, visibility, replace(query, count=10))


def added(found: Page) -> list[str]:
    return [f"{version.type}/{version.id}" for version in found.included]


INCLUDES = {
    "Observation?_id=c3-1,c3-2&_include=Observation:patient": "Patient/p1",
    "Observation?_id=bp-2&_include=Observation:study": "ResearchStudy/s1 ResearchStudy/s2",
    "Observation?_id=bp-2&_include=Observation:*": "Patient/p2 ResearchStudy/s1 ResearchStudy/s2",
    "Observation?_id=bp-2&_include=Observation:subject:Patient": "Patient/p2",
    "Observation?_id=of-a-group&_include=Observation:subject": "",
    "Observation?_id=of-a-group&_include=Observation:performer": "Patient/p1",
    "Observation?_id=of-elsewhere,of-a-number&_include=Observation:subject": "",
    "Observation?_id=of-the-deleted&_include=Observation:subject": "",
    "Observation?_id=panel,c3-1&_include=Observation:has-member": "",
    "Observation?_id=derived&_include=Observation:derived-from": "Observation/panel",
    "Observation?_id=derived&_include=Observation:derived-from&_include=Observation:has-member":
        "Observation/panel",
    "Observation?_id=derived&_include=Observation:derived-from&_include:iterate=Observation:has-member"
    "&_include:iterate=Observation:patient": "Observation/panel Observation/c3-1 Patient/p1",
    "Patient?_id=p1&_revinclude=Observation:patient":
        "Observation/below Observation/bp-1 Observation/c3-1 Observation/c3-2",
    "Patient?_id=p1&_revinclude=Observation:performer": "Observation/of-a-group",
    "Patient?_id=p1&_revinclude=ResearchSubject:patient&_include:iterate=ResearchSubject:study":
        "ResearchSubject/rs1 ResearchStudy/s1",
    "ResearchStudy?_id=s2&_revinclude=Observation:study": "Observation/bp-2",
    "ResearchStudy?_id=s1&_revinclude=ResearchSubject:study": "ResearchSubject/rs1",
}  # fmt: skip


async def test_what_is_included_is_what_the_references_say(store: Store) -> None:
    await fill(store)

    answers = {asked: added(await page(store, asked)) for asked in INCLUDES}

    assert answers == {asked: expected.split() for asked, expected in INCLUDES.items()}


async def test_nothing_is_included_that_the_asker_may_not_see(store: Store) -> None:
    await fill(store)
    of_p1 = Visibility(sites=frozenset({"SLS"}))

    back = await page(store, "Patient?_id=p1&_revinclude=Observation:performer", of_p1)
    forth = await page(store, "Observation?_id=bp-1&_include=Observation:*", of_p1)

    assert (added(back), added(forth)) == ([], ["Patient/p1", "ResearchStudy/s1"])


async def test_what_several_matches_refer_to_is_added_once(store: Store) -> None:
    one = {"reference": "Observation/z"}
    both = [put(observation(None, hasMember=[one, one], derivedFrom=[one]), name) for name in "ab"]
    await transact(store, EVERYTHING, [put(observation(None), "z"), *both])

    by_one = await page(store, "Observation?_id=a,b&_include=Observation:has-member")
    by_all = await page(store, "Observation?_id=a,b&_include=*&_include=Observation:derived-from")

    assert (added(by_one), added(by_all)) == (["Observation/z"], ["Observation/z"])


async def test_a_circle_of_references_ends(store: Store) -> None:
    def of(name: str) -> dict[str, object]:
        return observation(None, hasMember=[{"reference": f"Observation/{name}"}])

    await transact(store, EVERYTHING, [put(of("b"), "a"), put(of("c"), "b"), put(of("a"), "c")])

    found = await page(store, "Observation?_id=a&_include:iterate=Observation:has-member")

    assert (added(found), found.truncated) == (["Observation/b", "Observation/c"], False)


@pytest.mark.parametrize(("most", "deepest", "expected"), [(2, 10, "b c"), (9, 2, "b c"), (9, 10, "b c d e")])
async def test_what_is_too_much_is_left_out_and_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, most: int, deepest: int, expected: str
) -> None:
    monkeypatch.setattr(includes, "MOST_INCLUDED", most)
    monkeypatch.setattr(includes, "DEEPEST", deepest)
    names = "abcde"
    chain = [observation(None, hasMember=[{"reference": f"Observation/{after}"}]) for after in names[1:]]
    chain.append(observation(None))
    await transact(store, EVERYTHING, [put(one, name) for one, name in zip(chain, names, strict=True)])

    found = await page(store, "Observation?_id=a&_include:iterate=Observation:has-member")

    assert [version.id for version in found.included] == expected.split()
    assert found.truncated == (len(expected.split()) < 4)
