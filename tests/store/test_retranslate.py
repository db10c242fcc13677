"""Whatever order maps and results come in, and maps change in, all reads by the maps there are in the end."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.change import Delete, Put, Version
from app.fhir_mapping.content import as_sent, without_versions
from app.fhir_mapping.extensions import LAB_PUSH
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Message
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender import Sender
from app.store import lives
from app.store import retranslate as retranslating
from app.store.database import DatabaseError
from app.store.ids import new_id
from app.store.models import metadata
from app.store.retranslate import retranslate
from app.store.senders import disable, register
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING

Json = dict[str, Any]

NUMBERS, CODES, UNITS = "urn:oid:1.2.250.1.0.98.1", "urn:oid:1.2.250.1.0.98.2", "urn:oid:1.2.250.1.0.98.3"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
LAB = Sender(name="lab-b", systems=(NUMBERS,), code_systems=(CODES,), unit_system=UNITS)
NOW = datetime(2024, 3, 1, tzinfo=UTC)
PLATELETS, LEUCOCYTES = "777-3", "6690-2"


@pytest.fixture
async def known(store: Store) -> Store:
    """A store that knows the sender and a patient."""
    await register(store, LAB, at=NOW)
    await write(store, {"resourceType": "Patient", "id": "p1"})
    return store


def result(number: str = "1", code: str = "PLQ", **said: Any) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": NUMBERS, "value": number}],
        "status": "final",
        "code": {"coding": [{"system": CODES, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-03-01",
        "issued": "2024-03-01T10:00:00Z",
        "valueQuantity": {"value": 212, "unit": "milliards/l"},
    } | said


def concept_map(
    name: str = "codes", said: dict[str, str] | None = None, *, of: str = CODES, status: str = "active"
) -> Json:
    elements = [
        {"code": code, "target": [{"code": other, "equivalence": "equal"}]}
        for code, other in (said or {}).items()
    ]
    group = {"source": of, "target": LOINC if of == CODES else UCUM, "element": elements}
    url = f"https://lab.example/ConceptMap/{name}"
    return {
        "resourceType": "ConceptMap",
        "id": name,
        "url": url,
        "status": status,
        **({"group": [group]} if elements else {}),
    }


def put(document: Json) -> Put:
    raw = codec.write(document)
    kind, name = document["resourceType"], document.get("id")
    return Put(
        resource=RESOURCES[kind],
        id=name or new_id(),
        raw=raw,
        document=codec.read(raw),
        fresh=name is None,
    )


async def write(store: Store, *documents: Json) -> list[Version]:
    """Store documents as the door does: what is a sender's is taken at the desk first."""
    desk = await store.desk.now()
    taken = [desk.take(put(document), Message(), base="") for document in documents]
    return await transact(store, EVERYTHING, taken)


async def change(store: Store, *maps: Json) -> None:
    """Store maps; the desk of this process is told, as the sweeper does it."""
    await write(store, *maps)
    store.desk.expire()


async def remove(store: Store, name: str) -> None:
    await transact(store, EVERYTHING, [Delete(resource=RESOURCES["ConceptMap"], id=name)])
    store.desk.expire()


async def rows(store: Store, sql: str, *values: Any) -> list[Any]:
    return [tuple(row) for row in await store.database.read(lambda c: c.fetch(sql, *values))]


async def results(store: Store) -> dict[str, tuple[Json, int]]:
    """The results that stand, by their number, each with its version."""
    found = await rows(
        store, "SELECT document, version FROM resource WHERE type = 'Observation' AND NOT deleted"
    )
    documents = [(codec.read(bytes(stored)), version) for stored, version in found]
    return {one["identifier"][0]["value"]: (one, version) for one, version in documents}


def coded(document: Json) -> list[str]:
    return [one["code"] for one in document["code"]["coding"]]


def tags(document: Json) -> list[str]:
    found = document.get("meta", {}).get("tag", ())
    return [tag["code"] for tag in found if tag["system"] == LAB_PUSH]


async def one(store: Store, number: str = "1") -> tuple[list[str], list[str], int]:
    """The codes, the tags and the version of a result."""
    document, version = (await results(store))[number]
    return coded(document), tags(document), version


async def settled(store: Store) -> list[bool]:
    found = await rows(store, "SELECT settled FROM inbox WHERE reason LIKE 'unmapped-%' ORDER BY id")
    return [when is not None for (when,) in found]


async def test_a_code_mapped_to_the_wrong_loinc_is_mapped_anew_when_the_map_is_corrected(
    known: Store,
) -> None:
    await change(known, concept_map(said={"PLQ": LEUCOCYTES}))
    await write(known, result(valueQuantity={"value": 212, "unit": "G/L"}))
    assert await one(known) == (["PLQ", LEUCOCYTES], [], 1)

    await change(known, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(known) == 1
    assert await one(known) == (["PLQ", PLATELETS], [], 2)


async def gone(store: Store) -> None:
    await remove(store, "codes")


async def retired(store: Store) -> None:
    await change(store, concept_map(said={"PLQ": PLATELETS}, status="retired"))


async def emptied(store: Store) -> None:
    await change(store, concept_map(said={"OTHER": LEUCOCYTES}))


async def disputed(store: Store) -> None:
    await change(store, concept_map("others", {"PLQ": LEUCOCYTES}))


@pytest.mark.parametrize("lose", [gone, retired, emptied, disputed])
async def test_what_no_map_knows_any_more_waits_again(known: Store, lose: Any) -> None:
    await write(known, result(valueQuantity={"value": 212, "unit": "G/L"}))
    assert await settled(known) == [False]
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(known) == 1
    assert await settled(known) == [True]
    assert await rows(known, "SELECT * FROM awaited") == []

    await lose(known)
    assert await retranslate(known) == 1

    assert await one(known) == (["PLQ"], ["unmapped-code"], 3)
    assert await rows(known, "SELECT kind, system, text FROM awaited") == [("code", CODES, "PLQ")]
    assert await settled(known) == [False]


async def test_a_component_is_translated_again_too(known: Store) -> None:
    part = {
        "code": {"coding": [{"system": CODES, "code": "PLQ"}]},
        "valueQuantity": {"value": 2, "unit": "G/L"},
    }
    panel = result(code="NFS", component=[part], valueQuantity=None)
    await write(known, {name: value for name, value in panel.items() if value is not None})
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await retranslate(known)
    await change(known, concept_map(said={"PLQ": LEUCOCYTES}))
    assert await retranslate(known) == 1

    document, _ = (await results(known))["1"]
    assert coded(document["component"][0]) == ["PLQ", LEUCOCYTES]


@pytest.mark.parametrize("unit", [{"unit": "milliards/l"}, {"system": UNITS, "code": "milliards/l"}])
async def test_a_unit_that_was_mapped_wrongly_is_mapped_anew(known: Store, unit: Json) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await change(known, concept_map("units", {"milliards/l": "10*6/L"}, of=UNITS))
    await write(known, result(valueQuantity={"value": 212, **unit}))
    await change(known, concept_map("units", {"milliards/l": "10*9/L"}, of=UNITS))
    assert await retranslate(known) == 1
    document, _ = (await results(known))["1"]
    assert document["valueQuantity"]["code"] == "10*9/L"

    await remove(known, "units")
    assert await retranslate(known) == 1
    document, _ = (await results(known))["1"]
    assert tags(document) == ["unmapped-unit"]
    assert document["valueQuantity"] == {"value": 212, **unit}


async def test_a_map_that_says_the_same_makes_no_new_versions(known: Store) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await write(known, result())
    await retranslate(known)

    await change(known, concept_map(said={"PLQ": PLATELETS, "NEW": LEUCOCYTES}) | {"title": "Revised"})
    before = known.database.statements
    assert await retranslate(known) == 0
    assert (await one(known))[2] == 1
    assert known.database.statements - before < 20


async def test_a_sweep_with_nothing_new_is_one_statement(known: Store) -> None:
    await retranslate(known)
    await write(known, *(result(str(number)) for number in range(5)))
    await change(known, concept_map(said={"PLQ": "4485-9"}))  # a protein: the unit waits on
    await change(known, concept_map("units", {"milliards/l": "10*9/L"}, of=UNITS))
    await retranslate(known)

    before = known.database.statements
    assert await retranslate(known) == 0
    assert known.database.statements == before + 1


async def test_a_change_and_its_reversal_between_two_sweeps_leave_nothing_of_it(known: Store) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await retranslate(known)
    await change(known, concept_map(said={"PLQ": LEUCOCYTES}))
    await write(known, result())
    await change(known, concept_map(said={"PLQ": PLATELETS}))

    assert await retranslate(known) == 1
    assert (await one(known))[0] == ["PLQ", PLATELETS]


async def test_what_comes_in_while_a_map_changes_is_stored_by_the_changed_map(
    known: Store, database_url: str
) -> None:
    await change(known, concept_map(said={"PLQ": LEUCOCYTES}))
    desk = await known.desk.now()  # as a request has it that waits for its turn
    other = await Store.open(database_url)
    try:
        await change(other, concept_map(said={"PLQ": PLATELETS}))
        await retranslate(other)
    finally:
        await other.close()
    taken = desk.take(put(result()), Message(), base="")
    assert coded(taken.document) == ["PLQ", LEUCOCYTES]
    [stored] = await transact(known, EVERYTHING, [taken])

    assert stored.document is not None
    assert coded(codec.read(stored.document)) == ["PLQ", PLATELETS]
    assert await retranslate(known) == 0


async def test_what_is_known_when_it_is_stored_is_not_said_to_be_unknown(known: Store) -> None:
    desk = await known.desk.now()
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    taken = desk.take(put(result(valueQuantity={"value": 212, "unit": "G/L"})), Message(), base="")
    assert taken.remarks
    [stored] = await transact(known, EVERYTHING, [taken])

    assert stored.remarks == ()
    assert await rows(known, "SELECT reason, detail FROM inbox") == [("", None)]


async def test_another_process_finishes_what_a_killed_one_began(
    known: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.changed_maps.PAGE", 2)
    await write(known, *(result(str(number)) for number in range(9)))
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    begun = asyncio.Event()
    known.committer.on_stored = lambda _: begun.set()
    sweep = asyncio.create_task(retranslate(known))
    await begun.wait()
    sweep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweep
    done = [number for number, (document, _) in (await results(known)).items() if len(coded(document)) == 2]
    assert 0 < len(done) < 9

    other = await Store.open(database_url)
    try:
        await retranslate(other)
    finally:
        await other.close()
    assert {version for _, version in (await results(known)).values()} == {2}
    assert {tuple(coded(document)) for document, _ in (await results(known)).values()} == {("PLQ", PLATELETS)}


async def test_two_sweepers_at_once_translate_everything_once(known: Store, database_url: str) -> None:
    await write(known, *(result(str(number)) for number in range(30)))
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    other = await Store.open(database_url)
    try:
        await asyncio.gather(retranslate(known), retranslate(other))
    finally:
        await other.close()

    found = (await results(known)).values()
    assert {(tuple(coded(document)), version) for document, version in found} == {(("PLQ", PLATELETS), 2)}


async def test_a_result_that_is_changed_while_it_is_translated_again_is_read_again(
    known: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = result(status="amended", issued="2024-03-02T10:00:00Z")
    await write(known, newer)
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    late = [result()]

    async def meanwhile(*args: Any, **more: Any) -> list[Version]:
        if late:  # what stands is stored once more, as it stands, on top of what is late
            await write(known, late.pop())
        return await transact(*args, **more)

    monkeypatch.setattr(retranslating, "transact", meanwhile)
    assert await retranslate(known) == 1

    document, version = (await results(known))["1"]
    assert (coded(document), document["status"], version) == (["PLQ", PLATELETS], "amended", 4)


async def test_what_was_entered_in_error_is_translated_again_too(known: Store) -> None:
    await write(known, result())
    await write(known, result(status="entered-in-error", issued="2024-03-02T10:00:00Z"))
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(known) == 1

    assert (await one(known))[0] == ["PLQ", PLATELETS]


async def test_what_was_stored_before_its_sender_was_registered_is_translated_then(store: Store) -> None:
    await write(store, {"resourceType": "Patient", "id": "p1"})
    await write(store, result(), result("2", code="UNKNOWN"))
    await change(store, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(store) == 0

    await register(store, LAB, at=NOW)
    assert await retranslate(store) == 2
    assert (await one(store))[0] == ["PLQ", PLATELETS]
    assert (await one(store, "2"))[1] == ["unmapped-code"]


async def test_a_sender_registered_with_other_systems_is_translated_by_what_is_its_own_now(
    known: Store,
) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await write(known, result())
    await retranslate(known)

    await register(known, replace(LAB, code_systems=("urn:oid:1.2.250.1.0.98.9",)), at=NOW)
    assert await retranslate(known) == 1
    assert (await one(known))[:2] == (["PLQ"], ["unmapped-code"])

    await register(known, replace(LAB, unit_system="urn:oid:1.2.250.1.0.98.8"), at=NOW)
    assert await retranslate(known) == 1
    awaited = await rows(known, "SELECT kind, system FROM awaited")
    assert awaited == [("unit", "urn:oid:1.2.250.1.0.98.8")]


async def test_a_sender_registered_otherwise_and_back_between_two_sweeps_leaves_nothing_of_it(
    known: Store,
) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    for _ in range(2):
        await retranslate(known)
    await register(known, replace(LAB, code_systems=()), at=NOW)
    known.desk.expire()
    await write(known, result())
    await register(known, LAB, at=NOW)

    assert await retranslate(known) == 1
    assert (await one(known))[0] == ["PLQ", PLATELETS]


async def test_what_a_disabled_sender_sent_stays_and_is_caught_up_when_it_may_send_again(
    known: Store,
) -> None:
    await write(known, result())
    await retranslate(known)
    await disable(known, LAB.name)
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(known) == 0

    await register(known, LAB, at=NOW)
    assert await retranslate(known) == 1
    assert (await one(known))[0] == ["PLQ", PLATELETS]


async def test_a_correction_that_waits_for_nothing_settles_what_waited(known: Store) -> None:
    await change(known, concept_map(said={"PLQ": PLATELETS}))
    await write(known, result())
    assert await settled(known) == [False]
    right = {"value": 212, "unit": "10*9/L", "system": UCUM, "code": "10*9/L"}
    await write(known, result(status="corrected", issued="2024-03-02T10:00:00Z", valueQuantity=right))

    assert await settled(known) == [True]


async def test_what_it_takes_to_change_one_code_does_not_grow_with_what_others_wait_for(known: Store) -> None:
    await write(known, *(result(str(number), code=f"C{number % 40}") for number in range(200)))
    await change(known, concept_map(said={"C1": PLATELETS}))
    before = known.database.statements
    assert await retranslate(known) == 5
    assert known.database.statements - before < 75  # five writes, each with its two statements of the trail


async def test_what_a_person_amends_while_it_waits_is_waited_for_all_the_same(known: Store) -> None:
    [sent] = await write(known, result())
    intake = Intake(identifying_data="accept", desk=await known.desk.now())

    def noted(document: Json) -> Json:
        return document | {"note": [{"text": "haemolysed"}]}

    await transact(known, EVERYTHING, [intake.amended(RESOURCES["Observation"], noted, id=sent.id)])
    assert await rows(known, "SELECT text FROM awaited") == [("PLQ",)]

    await change(known, concept_map(said={"PLQ": PLATELETS}))
    assert await retranslate(known) == 1
    assert await settled(known) == [False]  # its unit is not known


async def test_maps_that_change_while_two_processes_store_and_sweep_leave_nothing_of_what_they_said(
    known: Store, database_url: str
) -> None:
    other = await Store.open(database_url)
    stores = (known, other)

    async def push(store: Store, first: int) -> None:
        for number in range(first, first + 25):
            desk = await store.desk.now()
            taken = desk.take(put(result(str(number), code="ABC"[number % 3])), Message(), base="")
            await asyncio.sleep(0.005 * (number % 4))
            await transact(store, EVERYTHING, [taken])

    async def turn(store: Store) -> None:
        for number in range(8):
            said = {"ABC"[number % 3]: LOINCS[number % 2], "A": LOINCS[(number + 1) % 2]}
            await change(store, concept_map(said=said))
            await asyncio.sleep(0.01)

    async def sweeping(store: Store) -> None:
        for _ in range(10):
            with suppress(Refusal, DatabaseError):
                await retranslate(store)
            await asyncio.sleep(0.005)

    try:
        pushing = (
            push(store, 100 * place + 100 * copy) for copy, store in enumerate(stores) for place in (0, 2)
        )
        await asyncio.gather(*pushing, *map(turn, stores), *map(sweeping, stores))
        for store in stores:
            await retranslate(store)
    finally:
        await other.close()
    desk = await known.database.read(known.desk.seen)
    known_codes = {code: meaning.code for (_, code), meaning in desk.dictionaries[LAB.name].codes.items()}
    found = [document for document, _ in (await results(known)).values()]
    assert len(found) == 100
    for document in found:
        own = coded(document)[0]
        assert coded(document) == [own, *([known_codes[own]] if own in known_codes else [])]


async def test_a_sweep_waits_for_what_is_being_stored_by_the_earlier_map(
    known: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        return  # its writers come one after the other
    await change(known, concept_map(said={"PLQ": LEUCOCYTES}))
    translated, go_on = asyncio.Event(), asyncio.Event()

    async def held(database: Any, connection: Any, pieces: Any, current: Any) -> None:
        if any(target.push for piece in pieces for target in piece.puts()):
            translated.set()
            await go_on.wait()
        await lives.judge(database, connection, pieces, current)

    monkeypatch.setattr("app.store.commit.judge", held)
    storing = asyncio.create_task(write(known, result()))
    await translated.wait()
    monkeypatch.undo()
    other = await Store.open(database_url)
    try:
        await change(other, concept_map(said={"PLQ": PLATELETS}))
        sweep = asyncio.create_task(retranslate(other))
        await asyncio.wait([sweep], timeout=0.3)
        go_on.set()
        await storing
        assert await sweep == 1
    finally:
        await other.close()
    assert (await one(known))[0] == ["PLQ", PLATELETS]


CODES_SENT, LOINCS = ("A", "B", "C"), (PLATELETS, LEUCOCYTES)
SPELT, UCUMS = ("milliards/l", "giga"), ("10*9/L", "10*6/L", "g/L")


@dataclass
class Course:
    """What happens, step by step, and what is left of it in the end."""

    steps: list[tuple[str, Any]] = field(default_factory=list)

    def maps(self) -> Iterator[Json]:
        """The maps that are there in the end."""
        last = dict(said for kind, said in self.steps if kind == "map")
        yield from (said for said in last.values() if said is not None)

    def sent(self) -> list[Json]:
        """What was sent, in its order."""
        return [said for kind, said in self.steps if kind == "result"]


def _maps() -> st.SearchStrategy[tuple[str, Any]]:
    codes = st.dictionaries(st.sampled_from(CODES_SENT), st.sampled_from(LOINCS), min_size=1, max_size=2)
    units = st.dictionaries(st.sampled_from(SPELT), st.sampled_from(UCUMS), min_size=1, max_size=2)
    status = st.sampled_from(["active", "active", "active", "retired"])
    of_codes = st.tuples(st.sampled_from(["codes", "more"]), codes, status).map(
        lambda one: (one[0], concept_map(one[0], one[1], status=one[2]))
    )
    of_units = st.tuples(units, status).map(
        lambda one: ("units", concept_map("units", one[0], of=UNITS, status=one[1]))
    )
    removed = st.sampled_from(["codes", "more", "units"]).map(lambda name: (name, None))
    return st.tuples(st.just("map"), st.one_of(of_codes, of_units, removed))


def _results() -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(
        st.sampled_from("12"), st.sampled_from(CODES_SENT), st.sampled_from(SPELT), st.integers(1, 4)
    ).map(
        lambda one: (
            "result",
            result(
                one[0],
                one[1],
                valueQuantity={"value": one[3], "unit": one[2]},
                status="entered-in-error" if one[3] == 4 else "final",
                issued=f"2024-03-0{one[3]}T10:00:00Z",
            ),
        )
    )


COURSES = st.lists(st.one_of(_maps(), _results(), st.just(("sweep", None))), min_size=3, max_size=12).map(
    Course
)


async def carry_out(store: Store, steps: list[tuple[str, Any]]) -> None:
    desk = await store.desk.now()
    for number, (kind, said) in enumerate(steps):
        if kind == "sweep":
            await retranslate(store)
        elif kind == "map" and said[1] is None:
            await remove(store, said[0])
        elif kind == "map":
            await change(store, said[1])
        else:
            if number % 3:  # else it comes to a desk that does not know yet
                desk = await store.desk.now()
            await _send(store, desk, said)
    await retranslate(store)


async def _send(store: Store, desk: Any, document: Json) -> None:
    with suppress(Refusal):  # a conflict leaves what stands
        await transact(store, EVERYTHING, [desk.take(put(document), Message(), base="")])


def _read(found: dict[str, Any]) -> dict[str, Any]:
    return {name: _without_names(document) for name, document in found.items()}


def _without_names(document: Json) -> Json:
    """A result as it reads, without what tells one store from another."""
    said = without_versions(document)
    meta = {name: one for name, one in said["meta"].items() if name == "tag"}
    return {**{name: one for name, one in said.items() if name != "id"}, "meta": meta}


async def _left(url: str, steps: list[tuple[str, Any]]) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """What stands after these steps on a store emptied before: results, what waits, what is settled."""
    store = await Store.open(url)
    try:
        await store.database.write(_emptied)
        await register(store, LAB, at=NOW)
        await write(store, {"resourceType": "Patient", "id": "p1"})
        await carry_out(store, steps)
        found = {f"{number}|{coded(document)[0]}": document for number, document in await _every(store)}
        waits = await rows(
            store,
            "SELECT a.kind, a.system, a.text, i.value, i.code FROM awaited a"
            " JOIN identity i ON i.type = a.type AND i.id = a.id",
        )
        unsettled = await rows(
            store,
            "SELECT i.id FROM inbox i WHERE i.reason LIKE 'unmapped-%' AND (i.settled IS NULL) <>"
            " EXISTS (SELECT 1 FROM awaited a WHERE a.type = i.type AND a.id = i.resource_id)",
        )
        return _read(found), sorted(waits), unsettled
    finally:
        await store.close()


async def _every(store: Store) -> list[tuple[str, Json]]:
    found = await rows(store, "SELECT document FROM resource WHERE type = 'Observation' AND NOT deleted")
    documents = [codec.read(bytes(stored)) for (stored,) in found]
    return [(one["identifier"][0]["value"], one) for one in documents]


async def _emptied(connection: Any) -> None:
    for table in metadata.sorted_tables:
        await connection.execute(f"DELETE FROM {table.name}")


@given(course=COURSES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_the_end_all_reads_as_if_the_maps_had_been_there_from_the_start(
    database_url: str, course: Course
) -> None:
    first = [("map", (one["id"], one)) for one in course.maps()]
    sent = [("result", one) for one in course.sent()]

    found, waits, wrong = asyncio.run(_left(database_url, course.steps))
    expected, awaited, _ = asyncio.run(_left(database_url, [*first, *sent]))

    assert found == expected
    assert waits == awaited
    assert wrong == []
    assert all(as_sent(one) in [*map(_plain, course.sent())] for one in map(_plain, found.values()))


def _plain(document: Json) -> Json:
    said = as_sent(document)
    return {name: one for name, one in said.items() if name not in ("id", "meta")}
