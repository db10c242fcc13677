"""Every way of asking finds exactly what it means, on both databases alike."""

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store.search import find
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility
from tests.store.searchable import HOSPITAL, fill

BASE = "http://127.0.0.1:8000/fhir"
ALL = (
    "above below bp-1 bp-2 c3-1 c3-2 c3-3 derived of-a-group of-a-number of-elsewhere of-the-deleted"
    " panel words"
)


@pytest.fixture
async def filled(store: Store) -> Store:
    await fill(store)
    return store


async def found(store: Store, kind: str, asked: str, visibility: Visibility = EVERYTHING) -> set[str]:
    pairs = [(name, text) for name, _, text in (one.partition("=") for one in asked.split("&") if one)]
    query = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query
    page = await find(store, visibility, query)
    return {version.id for version in page.versions}


def without(*names: str) -> str:
    return " ".join(name for name in ALL.split() if name not in names)


QUESTIONS = {
    "codes": {
        "code=4485-9": "c3-1 c3-2 c3-3",
        "code=http://loinc.org|4485-9,http://loinc.org|5130-0": "c3-1 c3-2 c3-3 above below",
        "code=4485-9,http://loinc.org|5130-0": "c3-1 c3-2 c3-3 above below",
        "code=http://loinc.org|4485-9,urn:oid:1.2.250.1.0.99.2|4485-9": "c3-1 c3-2 c3-3",
        "code:not=4485-9": without("c3-1", "c3-2", "c3-3"),
        "code:not=4485-9&patient=p1": "below bp-1",
        "code:not=4485-9,85354-9&patient=p1": "below",
        "status=amended": "panel",
        "status=http://hl7.org/fhir/observation-status|amended": "panel",
        "status=|amended": "",
        "status:not=final": "panel",
        "_id=c3-1,panel,nothing": "c3-1 panel",
        "_id:not=c3-1&code=4485-9": "c3-2 c3-3",
        "combo-code=8480-6": "bp-1 bp-2",
        "combo-code:not=4485-9&subject:missing=false&value-quantity:missing=true":
            "bp-1 bp-2 of-a-group of-elsewhere of-a-number words",
    },
    "what is missing": {
        "subject:missing=true": "derived of-the-deleted panel",
        "subject:missing=false": without("derived", "of-the-deleted", "panel"),
        "value-quantity:missing=false": "above below c3-1 c3-2 c3-3",
        "date:missing=false": "c3-1 c3-2 c3-3",
        "date:missing=true&patient=p1": "below bp-1",
        "_id:missing=true": "",
        "_lastUpdated:missing=false": ALL,
        "status:missing=true": "",
        "study:missing=false": "bp-1 bp-2",
        "component-code:missing=false": "bp-1 bp-2",
        "value-string:missing=true&patient=p3": "",
    },
    "references": {
        "patient=p1": "below bp-1 c3-1 c3-2",
        "subject=p1": "below bp-1 c3-1 c3-2",
        "subject=p1&code=4485-9": "c3-1 c3-2",
        "subject=g1": "of-a-group",
        "subject=g1,p3": "of-a-group words",
        "subject=Group/g1": "of-a-group",
        "subject:Group=g1,x": "of-a-group",
        "subject=Group/g1,Patient/p3": "of-a-group words",
        "patient=g1": "",
        "subject=http://elsewhere.example/fhir/Patient/p1": "of-elsewhere",
        f"subject=http://elsewhere.example/fhir/Patient/p1,{BASE}/Group/g1": "of-elsewhere of-a-group",
        f"subject:identifier={HOSPITAL}|IPP-7": "of-a-number",
        "subject:identifier=IPP-7": "of-a-number",
        "subject:identifier=other|IPP-7": "",
        "performer=Patient/p1": "of-a-group",
        "study=s1": "bp-1 bp-2",
        "study=s2": "bp-2",
        "study=s2&patient=p2": "bp-2",
        "has-member=Observation/c3-1": "panel",
    },
    "quantities, in whatever unit": {
        "value-quantity=lt0.9||g/L": "c3-1 c3-3 below",
        "value-quantity=lt90||mg/dL": "c3-1 c3-3 below",
        "value-quantity=0.85||g/L": "c3-3",
        "value-quantity=85|http://unitsofmeasure.org|mg/dL": "c3-3",
        "value-quantity=ge0.85||g/L": "c3-3 c3-2 above",
        "value-quantity=gt0.85||g/L": "c3-2 above",
        "value-quantity=le0.71||g/L": "c3-1 below",
        "value-quantity=5||mg/dL": "",
        "value-quantity=lt5||mg/dL": "below",
        "value-quantity=gt4||mg/dL&code=5130-0": "below above",
        "value-quantity=gt5||mg/dL&code=5130-0": "above",
        "value-quantity=ge5||mg/dL&code=5130-0": "above",
        "value-quantity=le90||mg/dL&code=5130-0": "below above",
        "value-quantity=eb5||mg/dL&code=5130-0": "below",
        "value-quantity=eb90||mg/dL&code=5130-0": "below",
        "value-quantity=sa89||mg/dL&code=5130-0": "above",
        "value-quantity=sa90||mg/dL&code=5130-0": "",
        "value-quantity=ap5||mg/dL&code=5130-0": "below",
        "value-quantity=ap95||mg/dL&code=5130-0": "above",
        "value-quantity=ne0.71||g/L&code=4485-9": "c3-2 c3-3",
        "value-quantity=lt90||mmol/L": "",
        "component-value-quantity=150||mm[Hg]": "bp-1 bp-2",
    },
    "pairs met in one part": {
        "component-code-value-quantity=8480-6$gt140": "bp-1",
        "component-code-value-quantity=8480-6$gt140&patient=p1": "bp-1",
        "component-code-value-quantity=8462-4$gt140": "bp-2",
        "component-code-value-quantity=8462-4$gt140&patient=p1": "",
        "component-code-value-quantity=8480-6$gt140,8462-4$gt140": "bp-1 bp-2",
        "combo-code-value-quantity=http://loinc.org|8480-6$150||mm[Hg]": "bp-1",
        "code-value-quantity=4485-9$lt0.9||g/L": "c3-1 c3-3",
        "code-value-quantity=4485-9$lt0.9||g/L&subject=p2": "c3-3",
        "code-value-quantity=85354-9$150": "",
    },
    "texts": {
        "value-string=grum": "words",
        "value-string=GRUMELÉ": "words",
        "value-string=umel": "",
        "value-string:contains=umele": "words",
        "value-string:contains=50%_\\\\": "words",
        "value-string:contains=5%": "",
        "value-string:contains=_0": "",
        "value-string:exact=Grumelé 50%_\\\\": "words",
        "value-string:exact=grumelé 50%_\\\\": "",
    },
    "dates": {
        "date=2021-03-14": "c3-1 c3-3",
        "date=ne2021-03-14": "c3-2",
        "date=sa2021-03-14T08:00:00Z": "c3-2",
    },
    "chains and their reverse": {
        "patient.name=lefevre": "below bp-1 c3-1 c3-2",
        "subject:Patient.gender=male": "above bp-2 c3-3",
        "patient.gender:not=male": "below bp-1 c3-1 c3-2 words",
        "patient.gender:missing=true": "words",
        "patient._id=p4": "",
        "study.title=ssc": "bp-2",
        "study.identifier=https://clinicaltrials.gov|NCT03562065": "bp-1 bp-2",
        "performer:Patient.name=lefevre": "of-a-group",
        "performer:Patient.name=lefevre&subject=Group/g1": "of-a-group",
        "has-member.code=4485-9": "panel",
        "has-member.patient.gender=female": "panel",
        "derived-from:Observation.has-member:Observation.patient.name=lefevre": "derived",
        "_has:Observation:has-member:status=amended": "c3-1",
        "_has:Observation:has-member:status=final": "",
        "patient._has:ResearchSubject:individual:study=s2": "above bp-2 c3-3",
    },
}  # fmt: skip


@pytest.mark.parametrize("section", QUESTIONS)
async def test_a_search_finds_what_it_says(filled: Store, section: str) -> None:
    answers = {asked: await found(filled, "Observation", asked) for asked in QUESTIONS[section]}

    assert answers == {asked: set(expected.split()) for asked, expected in QUESTIONS[section].items()}


OF_OTHER_TYPES = {
    "Patient?name=lef": "p1",
    "Patient?name=le": "p1 p2",
    "Patient?family:exact=Le Goff": "p2",
    "Patient?gender:not=male": "p1 p3",
    "Patient?active=true": "p1",
    "Patient?birthdate=lt1990": "p1",
    "Patient?_has:Observation:patient:code=4485-9": "p1 p2",
    "Patient?_has:Observation:patient:code-value-quantity=4485-9$lt0.8||g/L": "p1",
    "Patient?_has:Observation:subject:_id=words": "p3",
    "Patient?_has:Observation:performer:_id=of-a-group": "p1",
    "Patient?_has:Observation:patient:_has:Observation:has-member:_id=panel": "p1",
    "ResearchStudy?_has:Observation:study:_id=bp-2": "s1 s2",
    "ResearchStudy?_has:ResearchSubject:study:patient.gender=female": "s1",
    "ResearchStudy?identifier=|NCT02213705": "s2",
    "ResearchSubject?study.title=ssc&patient.gender=male": "rs2",
}


async def test_other_types_are_found_likewise(filled: Store) -> None:
    answers = {}
    for asked in OF_OTHER_TYPES:
        kind, _, criteria = asked.partition("?")
        answers[asked] = await found(filled, kind, criteria)

    assert answers == {asked: set(expected.split()) for asked, expected in OF_OTHER_TYPES.items()}


AT_ONE_SITE = {
    "code=4485-9": "c3-1 c3-2",
    "patient.gender=male": "",
    "patient.gender=female": "below bp-1 c3-1 c3-2",
    "_has:Observation:has-member:status=amended": "",
    "subject=p2,p1&code=5130-0": "below",
    "performer:Patient.name=lefevre": "",
}


async def test_no_chain_leads_through_what_the_asker_may_not_see(filled: Store) -> None:
    visibility = Visibility(sites=frozenset({"SLS"}))
    answers = {asked: await found(filled, "Observation", asked, visibility) for asked in AT_ONE_SITE}

    assert answers == {asked: set(expected.split()) for asked, expected in AT_ONE_SITE.items()}


@pytest.mark.parametrize("narrowed", ["", "&patient=p1"])
async def test_what_has_a_value_and_what_has_none_are_all(filled: Store, narrowed: str) -> None:
    every = await found(filled, "Observation", narrowed.lstrip("&"))
    assert every == set((ALL if not narrowed else "below bp-1 c3-1 c3-2").split())
    for parameter in ("code", "subject", "status", "date", "value-quantity", "study", "_id", "has-member"):
        has = await found(filled, "Observation", f"{parameter}:missing=false{narrowed}")
        lacks = await found(filled, "Observation", f"{parameter}:missing=true{narrowed}")

        assert has | lacks == every
        assert not has & lacks


async def test_a_search_for_a_thousand_values_is_answered(filled: Store) -> None:
    codes = ",".join([f"x-{number}" for number in range(998)] + ["http://loinc.org|4485-9"])
    ids = ",".join([f"x-{number}" for number in range(998)] + ["c3-1"])
    dates = ",".join(["2021-03-14"] * 999)
    numbers = ",".join([f"{number}||mg/dL" for number in range(100, 140)] + ["0.71||g/L"])

    assert await found(filled, "Observation", f"code={codes}") == {"c3-1", "c3-2", "c3-3"}
    assert await found(filled, "Observation", f"_id={ids}") == {"c3-1"}
    assert await found(filled, "Observation", f"date={dates}") == {"c3-1", "c3-3"}
    assert await found(filled, "Observation", f"value-quantity={numbers}") == {"c3-1", "c3-2"}
