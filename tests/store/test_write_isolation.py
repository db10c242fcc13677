"""Nobody writes what they may not see, for whom they do not act, or over what is not theirs."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.change import Put, Version, Write
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Identity, Message, Push
from app.store.documents import history, read
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store import pushing
from tests.store.conditions import setting
from tests.store.make import SITE, c3, delete, patient, put, study, subject
from tests.store.pushing import result

OF_SLS = Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"}), donors=False)
OF_REN = Visibility(sites=frozenset({"REN"}), studies=frozenset({"s1"}), donors=False)
OF_BOTH = replace(OF_SLS, sites=frozenset({"SLS", "REN"}))
LABORATORY = replace(
    OF_SLS, narrowed=(("Observation", ((("category", None, "laboratory"),), (("code", None, "26464-8"),))),)
)
DONORS = "donor"


def at_site(document: dict[str, Any] | bytes, site: str) -> dict[str, Any]:
    """The same with the tag of a site."""
    read_ = codec.read(document) if isinstance(document, bytes) else document
    return read_ | {"meta": {"security": [{"system": SITE, "code": site}]}}


def specimen(**said: Any) -> dict[str, Any]:
    return {"resourceType": "Specimen", "status": "available"} | said


def organization(**said: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "name": "a synthetic laboratory"} | said


def report(of: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]}
    about = {"reference": f"Patient/{of}"}
    return {"resourceType": "DiagnosticReport", "status": "final", "code": code, "subject": about}


async def refusal_of(store: Store, visibility: Visibility, *writes: Write, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, visibility, list(writes), **more)
    return caught.value


async def kept(store: Store) -> list[tuple[str, str, int]]:
    """Everything there is."""
    page = await history(store, EVERYTHING, count=500, ascending=True)
    return [(one.type, one.id, one.version) for one in page.versions]


@pytest.fixture
async def sites(trial: Store) -> Store:
    """Two sites with a patient and a result each, a study that is not theirs, and what is everybody's."""
    with_donors = study() | {"arm": [{"name": DONORS}]}
    await transact(
        trial,
        EVERYTHING,
        [
            put(c3("p1"), "of-p1"),
            put(c3("p2"), "of-p2"),
            put(with_donors, "s1"),
            put(study(), "s2"),
            put(organization(), "shared"),
            put(patient(site="SLS"), "p3"),
        ],
    )
    return trial


@pytest.mark.rule(78)
@pytest.mark.parametrize(
    ("visibility", "writes", "says"),
    [
        (OF_SLS, [put(patient(site="REN"), "p1")], f"the system {SITE} and the code SLS"),
        (OF_SLS, [put(patient(site="REN"), "new")], "the code SLS"),
        (OF_SLS, [put(at_site(specimen(), "REN"))], "the code SLS"),
        (OF_SLS, [put(at_site(organization(), "REN"))], "the code SLS"),
        (OF_SLS, [put(at_site(organization(), "SLS"), "shared")], "everybody's"),
        (OF_SLS, [put(organization(), "shared")], "everybody's"),
        (OF_SLS, [delete("Organization", "shared")], "everybody's"),
        (OF_SLS, [put(at_site(report("p1"), "REN"))], "the code SLS"),
        (OF_SLS, [put(subject("p3") | {"assignedArm": DONORS})], "gave the cells"),
        (OF_SLS, [put({"resourceType": "BiologicallyDerivedProduct"})], "gave the cells"),
        (LABORATORY, [put(c3("p1"), "of-p1")], "404"),
        (LABORATORY, [put(c3("p1"))], "Observation with category=laboratory or code=26464-8"),
        (replace(OF_SLS, kinds=frozenset({"Patient"})), [put(report("p1"))], "no scope of the token covers"),
        (OF_SLS, [put(c3("p1"), "fine"), put(at_site(specimen(), "REN"))], "the code SLS"),
    ],
)
async def test_what_its_writer_could_not_see_is_refused_and_leaves_nothing(
    sites: Store, visibility: Visibility, writes: list[Write], says: str
) -> None:
    before = await kept(sites)

    refused = await refusal_of(sites, visibility, *writes)

    if says == "404":  # it stands out of sight already
        assert refused.status == 404
    else:
        names_another = "the code SLS" in says
        expected = (422, "business-rule") if names_another else (403, "forbidden")
        assert (refused.status, refused.issues[0].code) == expected
        assert says in refused.issues[0].text
    assert await kept(sites) == before


@pytest.mark.rule(78)
@pytest.mark.parametrize("write", [put(report("p2")), put(subject("p2")), put(subject("p3", study="s2"))])
async def test_nothing_is_stored_about_whom_or_what_one_does_not_see(sites: Store, write: Put) -> None:
    """Whoever is out of sight is as if they were not there."""
    refused = await refusal_of(sites, OF_SLS, write)

    assert (refused.status, refused.issues[0].code) == (422, "not-found")


async def test_what_is_deleted_was_seen_before(sites: Store) -> None:
    seen = replace(OF_SLS, narrowed=(("Observation", ((("code", None, "4485-9"),),)),))
    [gone] = await transact(sites, seen, [delete("Observation", "of-p1")])

    assert gone.deleted
    assert (await refusal_of(sites, seen, delete("Observation", "of-p2"))).status == 404


@pytest.mark.rule(78)
@pytest.mark.parametrize(
    "writes",
    [
        [delete("Observation", "{}")],
        [setting("Observation", "{}", status="amended")],
        [put(c3("p1"), "{}", if_match=("1",))],
        [put(c3("p1"), "{}", if_match=("*",))],
    ],
)
async def test_what_is_out_of_sight_is_answered_as_what_never_was(sites: Store, writes: list[Any]) -> None:
    [write] = writes
    hidden = await refusal_of(sites, OF_SLS, replace(write, id="of-p2"))
    absent = await refusal_of(sites, OF_SLS, replace(write, id="of-p9"))

    assert hidden.status == absent.status == 404
    assert hidden.issues[0].text.replace("of-p2", "of-p9") == absent.issues[0].text
    assert hidden.issues[0].expression == absent.issues[0].expression


async def test_who_sees_everything_may_still_delete_what_never_was(sites: Store) -> None:
    [nothing] = await transact(sites, EVERYTHING, [delete("Observation", "of-p9")])
    assert nothing.version == 0


async def tags(store: Store, version: Version) -> list[str]:
    stored = (await read(store, EVERYTHING, version.type, version.id)).document
    return [one["code"] for one in codec.read(stored or b"{}")["meta"].get("security", [])]


@pytest.mark.parametrize(
    ("document", "tagged"),
    [
        (patient(), ["SLS"]),
        (specimen(), ["SLS"]),
        (patient() | {"meta": {"security": [{"code": "R"}], "tag": [{"code": "x"}]}}, ["R", "SLS"]),
        (patient(site="SLS"), ["SLS"]),
        (organization(), ["SLS"]),
        (report("p1"), []),
        (at_site(organization(), "SLS"), ["SLS"]),
    ],
)
async def test_what_a_site_stores_bears_its_tag(
    sites: Store, document: dict[str, Any], tagged: list[str]
) -> None:
    [stored] = await transact(sites, OF_SLS, [put(document)])

    assert await tags(sites, stored) == tagged
    is_told = any("of the site SLS" in one.text for one in stored.remarks)
    assert is_told == (tagged != [one["code"] for one in document.get("meta", {}).get("security", [])])
    assert (await read(sites, OF_SLS, stored.type, stored.id)).version == 1


async def test_the_tag_leaves_every_digit_as_it_was_sent(sites: Store) -> None:
    raw = b'{"resourceType":"Specimen","collection":{"quantity":{"value":1.50, "unit":"mL"}}}'
    [stored] = await transact(sites, OF_SLS, [put(raw)])

    assert b'"collection":{"quantity":{"value":1.50, "unit":"mL"}}' in (stored.document or b"")


async def test_an_update_without_a_tag_keeps_the_site_of_what_stands(sites: Store) -> None:
    [first] = await transact(sites, OF_BOTH, [put(at_site(organization(), "REN"), "own")])
    for write in (
        put(patient(), "p2"),
        put(organization(name="renamed"), "own"),
        setting("Patient", "p2", meta={"tag": [{"code": "x"}]}),
    ):
        [stored] = await transact(sites, OF_BOTH, [write])
        assert await tags(sites, stored) == ["REN"]
        assert (await read(sites, OF_REN, stored.type, stored.id)).version == stored.version
    assert first.version == 1


async def test_a_client_of_several_sites_says_of_which_a_patient_is(sites: Store) -> None:
    refused = await refusal_of(sites, OF_BOTH, put(patient()))

    assert (refused.status, refused.issues[0].expression) == (422, "Patient.meta.security")
    assert "the code REN or SLS" in refused.issues[0].text
    assert (await transact(sites, OF_BOTH, [put(patient(site="REN"))]))[0].version == 1


@pytest.mark.rule(78)
async def test_a_refused_one_does_not_take_its_neighbours_with_it(sites: Store) -> None:
    def writer(number: int) -> Any:
        own, tags_ = (OF_SLS, ("SLS", "REN")) if number % 2 else (OF_REN, ("REN", "SLS"))
        tag = tags_[number % 5 == 0]
        asked = [put(patient(site=tag), f"n{number}"), put(c3(f"n{number}"), f"of-n{number}")]
        return transact(sites, own, asked)

    answers = await asyncio.gather(*map(writer, range(20)), return_exceptions=True)

    for number, answer in enumerate(answers):
        if number % 5 == 0:
            assert isinstance(answer, Refusal)
            assert answer.status == 422
        else:
            assert isinstance(answer, list), answer
    there = {name for _, name, _ in await kept(sites)}
    assert {f"of-n{number}" for number in range(20) if number % 5} <= there
    assert not {f"n{number}" for number in range(0, 20, 5)} & there


async def test_the_number_of_statements_does_not_depend_on_how_much_is_written(sites: Store) -> None:
    async def statements(number: int) -> int:
        before = sites.database.statements
        await transact(sites, OF_SLS, [put(c3("p1")) for _ in range(number)])
        return sites.database.statements - before

    assert await statements(3) == await statements(40)


async def test_who_sees_everything_is_not_asked_about(sites: Store) -> None:
    async def statements(visibility: Visibility) -> int:
        before = sites.database.statements
        await transact(sites, visibility, [put(c3("p1"))])
        return sites.database.statements - before

    assert await statements(EVERYTHING) + 1 == await statements(OF_SLS)


BOUND = Actor(client="lab-of-sls", role="site", senders=frozenset({"lab-a"}))
UNBOUND = Actor(client="clinic-of-sls", role="site", senders=frozenset({"lab-b"}))
NUMBERS = [{"system": "urn:oid:1.2.250.1.0.99.1", "value": "L1^C3"}]


async def inbox(store: Store) -> list[tuple[Any, ...]]:
    sql = "SELECT sender, fate, patient_id FROM inbox ORDER BY id"
    return [tuple(row) for row in await store.database.read(lambda c: c.fetch(sql))]


@pytest.mark.rule(78)
@pytest.mark.parametrize("of", ["p1", "p2", "p9"])
async def test_nobody_pushes_for_a_sender_they_are_not_bound_to(sites: Store, of: str) -> None:
    before = await kept(sites)
    pushed = pushing.put(result(subject={"reference": f"Patient/{of}"}))

    refused = await refusal_of(sites, OF_SLS, pushed, by=UNBOUND)

    [said] = refused.issues
    assert (refused.status, said.code, said.expression) == (403, "forbidden", "Observation.identifier")
    assert f"may not push what is numbered by {NUMBERS[0]['system']}" in said.text
    assert "lab-a" not in said.text
    assert await kept(sites) == before
    assert await inbox(sites) == []  # its sender sent nothing
    [stored] = await transact(sites, OF_SLS, [pushing.put(result())], by=BOUND)
    assert stored.version == 1


@pytest.mark.rule(78)
async def test_a_number_that_stands_out_of_sight_tells_nothing_of_what_it_is(sites: Store) -> None:
    [hidden] = await transact(sites, OF_REN, [pushing.put(result(subject={"reference": "Patient/p2"}))])
    before = await kept(sites)

    refused = await refusal_of(sites, OF_SLS, pushing.put(result()), by=BOUND)

    assert (refused.status, refused.issues[0].code) == (404, "not-found")
    assert hidden.id not in str(refused.issues)
    assert await kept(sites) == before
    own_id = await refusal_of(sites, OF_SLS, pushing.put(result("L2"), own_id=hidden.id), by=BOUND)
    assert (own_id.status, own_id.issues[0].text) == (404, f"Observation/{hidden.id} is not known here")


def companion(document: dict[str, Any]) -> Put:
    """What only comes with the results of a sender, told by the identifier it bears."""
    made = put(document)
    [borne] = document["identifier"]
    identity = Identity(document["resourceType"], borne["system"], borne["value"])
    return replace(made, push=Push(sender="lab-a", identity=identity, message=Message(), companion=True))


@pytest.mark.rule(78)
async def test_what_comes_with_results_is_not_led_to_what_is_another_sites(sites: Store) -> None:
    tube = specimen(identifier=[{"system": "urn:oid:1.2.250.1.0.99.9", "value": "T1"}])
    [of_ren] = await transact(sites, OF_REN, [companion(tube)])
    [of_sls] = await transact(sites, OF_SLS, [companion(tube)])
    [again] = await transact(sites, OF_SLS, [companion(tube)])

    assert of_sls.id != of_ren.id
    assert (again.id, again.version) == (of_sls.id, 1)
    assert await tags(sites, of_ren) == ["REN"]


@pytest.mark.rule(78)
async def test_a_letter_lies_apart_for_each_who_brought_it(sites: Store) -> None:
    unknown = pushing.put(result(subject={"reference": "Patient/p2"}))

    async def letter(visibility: Visibility, client: str) -> str:
        refused = await refusal_of(sites, visibility, unknown, by=replace(BOUND, client=client))
        assert refused.status == 202
        return refused.headers["X-Inbox-Id"]

    assert await letter(OF_SLS, "one") == await letter(OF_SLS, "one") != await letter(OF_SLS, "two")
