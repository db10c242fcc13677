"""What is asked through as many resources as may be is answered, whoever asks, on both databases."""

import pytest

from app.fhir_mapping.query import Query
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store.search import find
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.make import c3, put
from tests.store.searchable import observation

BASE = "http://127.0.0.1:8000/fhir"
TO_THE_RESULT = "has-member.has-member.has-member.has-member"
FROM_THE_REPORT = ":".join(["_has:Observation:has-member"] * 3)
C3_IS_LOW = "code-value-quantity=4485-9$lt0.9||g/L,5130-0$lt5||mg/dL"
VISIBILITIES = {
    "everybody": EVERYTHING,
    "a site": Visibility(sites=frozenset({"SLS"})),
    "a site of a study": Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"})),
}


@pytest.fixture
async def nested(trial: Store) -> Store:
    """A result in a panel, that in another, and so on: o0 is the result, o7 the outermost."""
    members = [observation("p1", hasMember=[{"reference": f"Observation/o{n}"}]) for n in range(7)]
    panels = [put(member, f"o{n}") for n, member in enumerate(members, 1)]
    await transact(trial, EVERYTHING, [put(c3("p1", "0.71"), "o0"), *panels])
    return trial


def asked(kind: str, criteria: str) -> Query:
    name, _, text = criteria.partition("=")
    return parse(RESOURCES[kind], [(name, text)], base=BASE, strict=True).query


@pytest.mark.rule(71)
@pytest.mark.parametrize("visibility", VISIBILITIES.values(), ids=VISIBILITIES)
@pytest.mark.parametrize(
    ("kind", "criteria", "expected"),
    [
        ("Observation", f"{TO_THE_RESULT}.code=4485-9", "o4"),
        ("Observation", f"{TO_THE_RESULT}.{C3_IS_LOW}", "o4"),
        ("Observation", "has-member.has-member.has-member.patient._id=p1", "o3 o4 o5 o6 o7"),
        ("Observation", f"{FROM_THE_REPORT}:_id=o7", "o4"),
        ("Observation", f"{TO_THE_RESULT}.{FROM_THE_REPORT}:_id=o7", ""),
        ("Observation", f"{TO_THE_RESULT}.{FROM_THE_REPORT}:{C3_IS_LOW}", ""),
        ("Patient", f"_has:Observation:patient:{TO_THE_RESULT}.{C3_IS_LOW}", "p1"),
        (
            "Patient",
            f"_has:Observation:patient:_has:Observation:has-member:{TO_THE_RESULT}.{C3_IS_LOW}",
            "p1",
        ),
        ("ResearchSubject", f"patient._has:Observation:patient:has-member.{C3_IS_LOW}", "rs1"),
    ],
)
async def test_the_deepest_search_is_answered(
    nested: Store, visibility: Visibility, kind: str, criteria: str, expected: str
) -> None:
    page = await find(nested, visibility, asked(kind, criteria))

    assert " ".join(version.id for version in page.versions) == expected
