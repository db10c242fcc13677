"""The trail: a change and its event are one, nobody waits for another, and tampering is found."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.fhir_mapping import check, codec
from app.fhir_mapping.access.actor import SANDBOX, Actor
from app.fhir_mapping.audit_event import Entity, Event, Head
from app.fhir_mapping.audit_told import Told, told
from app.fhir_mapping.change import Delete, Write
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from app.store.auditor import LISTED
from app.store.database import Connection, Contention, Database, DatabaseError
from app.store.erasing import Erasing, erase
from app.store.locking import Locking, lock, unlock
from app.store.session import Store, open_database, utc_now
from app.store.signatures import Signing, sign
from app.store.trail import MOVED, Chains
from app.store.trail_ends import EVENTS_BETWEEN_LINKS
from app.store.transact import transact
from app.store.verify import Fault, Verification, heads
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL, copy_of
from tests.store.make import c3, patient, put, study, subject

WHO = Actor(client="chu", role="site", purpose="CLINTRCH", address="10.0.0.7", request="r-1", reason="a typo")


async def events(database: Database) -> list[Told]:
    rows = await database.read(lambda c: c.fetch("SELECT document FROM audit ORDER BY recorded, id"))
    return [told(codec.read(bytes(row[0]))) for row in rows]


async def written(database: Database) -> list[Told]:
    """The events of changes and reads, without the links."""
    return [one for one in await events(database) if one.interaction != "link"]


async def found(url: str, *, study: str | None = None) -> list[Fault]:
    database = await open_database(url)
    try:
        return [fault async for fault in Verification(database, study).faults()]
    finally:
        await database.close()


async def stored(store: Store, *writes: Write, by: Actor = WHO) -> None:
    await transact(store, EVERYTHING, list(writes), by=by)


def read_event(name: str, *, kind: str = "Patient", version: int = 1) -> Event:
    entities = (Entity(type=kind, id=name, version=version),)
    return Event(recorded=utc_now(), action="R", interaction="read", status=200, actor=WHO, entities=entities)


async def test_a_change_is_told_with_who_why_and_the_digest_of_what_is_stored(trial: Store) -> None:
    await stored(trial, put(c3("p1"), "o1"))
    *_, event = await written(trial.database)

    [row] = await trial.database.read(lambda c: c.fetch("SELECT document FROM resource WHERE id = 'o1'"))
    assert event.changed == {("Observation", "o1", 1): sha256(bytes(row[0])).digest()}
    assert (event.action, event.interaction, event.outcome) == ("C", "update", "0")
    assert (event.client, event.patient) == ("chu", "p1")


async def test_what_is_kept_is_valid_r4_and_holds_the_reason_the_address_and_the_purpose(
    trial: Store,
) -> None:
    await stored(trial, put(c3("p1"), "o1"))
    rows = await trial.database.read(lambda c: c.fetch("SELECT document FROM audit"))

    for (document,) in rows:
        assert check.checked("AuditEvent", bytes(document)) == codec.read(bytes(document))
        get_fhir_model_class("AuditEvent").model_validate_json(bytes(document))
    said = b"".join(bytes(row[0]) for row in rows)
    assert all(text in said for text in (b"a typo", b"10.0.0.7", b"CLINTRCH", b"r-1"))


CHANGES: list[tuple[str, list[Callable[[], Write]], tuple[str, str], list[tuple[str, int]]]] = [
    ("a create", [lambda: put(c3("p1"))], ("C", "create"), [("Observation", 1)]),
    ("an update", [lambda: put(patient(site="SLS"), "p1")], ("U", "update"), [("Patient", 2)]),
    (
        "a deletion",
        [lambda: Delete(resource=RESOURCES["ResearchSubject"], id="rs2")],
        ("D", "delete"),
        [("ResearchSubject", 2)],
    ),
    (
        "a deletion of nothing",
        [lambda: Delete(resource=RESOURCES["Patient"], id="none")],
        ("E", "delete"),
        [],
    ),
    (
        "a transaction of several kinds",
        [lambda: put(c3("p1"), "a"), lambda: put(patient(site="SLS"), "p1")],
        ("E", "transaction"),
        [("Observation", 1), ("Patient", 2)],
    ),
]


@pytest.mark.parametrize(("says", "writes", "kind", "versions"), CHANGES, ids=[one[0] for one in CHANGES])
async def test_each_change_leaves_one_event(
    trial: Store,
    says: str,
    writes: list[Callable[[], Write]],
    kind: tuple[str, str],
    versions: list[tuple[str, int]],
) -> None:
    before = len(await written(trial.database))
    await stored(trial, *(make() for make in writes))
    after = (await written(trial.database))[before:]

    left = [(one.action, one.interaction, sorted((key[0], key[2]) for key in one.changed)) for one in after]
    assert left == [(*kind, versions)], says


async def test_one_of_a_study_is_in_its_chain_and_one_of_several_in_none(trial: Store) -> None:
    await stored(trial, put(subject("p1"), "rs1"))
    await stored(trial, put(study(), "s2"), put(subject("p2"), "rs2"))
    *_, of_one, of_both = await written(trial.database)

    assert (of_one.study, of_both.study) == ("s1", "")


async def test_a_refused_change_leaves_no_event_and_its_neighbours_leave_theirs(trial: Store) -> None:
    before = len(await written(trial.database))
    wrong = put(c3("nobody"), "wrong")
    answers = await asyncio.gather(
        stored(trial, put(c3("p1"), "one")),
        stored(trial, wrong),
        stored(trial, put(c3("p2"), "two")),
        return_exceptions=True,
    )

    assert [isinstance(answer, Refusal) for answer in answers] == [False, True, False]
    after = (await written(trial.database))[before:]
    assert sorted(key for one in after for key in one.changed) == [
        ("Observation", "one", 1),
        ("Observation", "two", 1),
    ]


async def test_a_change_and_its_event_are_undone_together(
    trial: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended = trial.committer.chains._appended  # noqa: SLF001 the crash is to come after both were written

    async def crashing(*given: Any, **more: Any) -> Any:
        await appended(*given, **more)
        raise DatabaseError("the database went away")

    monkeypatch.setattr(trial.committer.chains, "_appended", crashing)
    before = len(await events(trial.database))
    with pytest.raises(DatabaseError):
        await stored(trial, put(c3("p1"), "lost"))
    monkeypatch.undo()
    assert len(await events(trial.database)) == before
    await stored(trial, put(c3("p1"), "kept"))

    there = await trial.database.read(lambda c: c.fetch("SELECT id FROM resource WHERE type = 'Observation'"))
    assert [row[0] for row in there] == ["kept"]
    assert await found(database_url) == []


async def test_nothing_is_stored_that_cannot_be_told(trial: Store) -> None:
    await trial.database.write(lambda c: c.execute("ALTER TABLE audit RENAME TO hidden"))
    with pytest.raises(DatabaseError):
        await stored(trial, put(c3("p1"), "o1"))
    await trial.database.write(lambda c: c.execute("ALTER TABLE hidden RENAME TO audit"))

    assert await trial.database.read(lambda c: c.fetch("SELECT id FROM resource WHERE id = 'o1'")) == []


async def test_two_processes_write_and_both_chains_verify(database_url: str) -> None:
    one, two = await Store.open(database_url, audit="all"), await Store.open(database_url, audit="all")
    await stored(one, put(study(), "s1"), put(patient(), "p1"), put(patient(), "p2"))
    for turn in range(20):
        await asyncio.gather(
            stored(one, put(c3("p1"), f"a{turn}")),
            stored(two, put(c3("p2"), f"b{turn}")),
            one.auditor.note(read_event("p1"), EVERYTHING),
            two.auditor.note(read_event("p2"), EVERYTHING),
        )
    assert len({one.committer for one in await events(one.database)}) == 4
    await one.close()
    await two.close()

    assert await found(database_url) == []


async def test_nobody_waits_for_the_transaction_of_another(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    with postgres.database(migrated_postgres) as name:
        store = await Store.open(postgres.url_of(name))
        await stored(store, put(study(), "s1"), put(patient(), "p1"))
        release = asyncio.Event()

        async def slow(connection: Connection) -> tuple[None, list[Event]]:
            del connection
            await release.wait()
            return None, [read_event("p1")]

        held = asyncio.create_task(store.auditor.chains.write(slow))
        await asyncio.wait_for(stored(store, put(c3("p1"), "o1")), timeout=10)
        assert not held.done()
        release.set()
        await held
        await store.close()


async def test_many_reads_are_written_by_few_commits(trial: Store) -> None:
    commits = 0
    write = trial.database.write

    async def counting(*given: Any, **more: Any) -> Any:
        nonlocal commits
        commits += 1
        return await write(*given, **more)

    trial.database.write = counting  # type: ignore[method-assign]
    await asyncio.gather(*(trial.auditor.note(read_event("p1"), EVERYTHING) for _ in range(64)))

    assert commits <= 2
    reads = [one for one in await written(trial.database) if one.interaction == "read"]
    assert [one.seen for one in reads] == [{("Patient", "p1", 1)}] * 64


async def test_whose_it_was_is_not_looked_up_where_it_is_said(trial: Store, database_url: str) -> None:
    await trial.auditor.note(read_event("p1"), EVERYTHING)
    before = trial.database.statements
    said = {("Observation", "o1", 2): ("p2", "s1")}
    await trial.auditor.note(read_event("o1", kind="Observation", version=2), EVERYTHING, said)
    took = trial.database.statements - before
    *_, event = await written(trial.database)

    assert took == (1 if database_url.startswith("postgresql") else 2)  # SQLite has one for each table
    assert (event.patient, event.study) == ("p2", "s1")
    assert await found(database_url) == []


async def test_what_one_says_of_a_version_is_not_taken_for_another(trial: Store) -> None:
    moved = {("Patient", "p2", 2): ("p1", "")}
    await trial.auditor.note(read_event("p2", kind="Patient", version=1), EVERYTHING, moved)
    *_, event = await written(trial.database)

    assert event.patient == "p2"


async def test_a_group_that_fails_leaves_no_part_of_it(trial: Store, database_url: str) -> None:
    await trial.auditor.note(read_event("p1"), EVERYTHING)
    said = {("Patient", "p1", version): ("p1", "s1") for version in (1, 2**70)}
    noted = [
        trial.auditor.note(read_event("p1", version=version), EVERYTHING, said) for _, _, version in said
    ]
    answers = await asyncio.gather(*noted, return_exceptions=True)

    assert [type(answer) for answer in answers] == [type(None), DatabaseError]
    assert [one.seen for one in await written(trial.database) if one.interaction == "read"] == [
        {("Patient", "p1", 1)}
    ] * 2
    assert await found(database_url) == []


async def test_who_writes_several_links_in_a_second_looks_at_the_others_once(
    trial: Store, database_url: str
) -> None:
    at, ours = utc_now(), Chains(trial.database)
    for turn, seconds in enumerate((0, 0, 0, 2)):  # as many events as a link takes, in a second and later
        recorded = at + timedelta(seconds=seconds, milliseconds=turn)
        await ours.add([replace(read_event("p1"), recorded=recorded)] * EVENTS_BETWEEN_LINKS)
        await stored(trial, put(c3("p1"), f"o{turn}"))
    links = [one for one in await events(trial.database) if one.interaction == "link"]
    cited = [{head.committer for head in one.heads} for one in links if one.committer == ours.committer]
    both = {ours.committer, trial.committer.chains.committer}

    assert cited == [both, {ours.committer}, {ours.committer}, both]
    assert await found(database_url) == []


async def test_what_cannot_be_written_down_fails_by_itself(trial: Store, database_url: str) -> None:
    told_as = [read_event("p1"), read_event("p1", version=2**70), *[read_event("p1")] * 6]
    noted = [trial.auditor.note(one, EVERYTHING) for one in told_as]
    answers = await asyncio.gather(*noted, return_exceptions=True)

    assert [type(answer) for answer in answers if answer is not None] == [DatabaseError]
    reads = [one for one in await written(trial.database) if one.interaction == "read"]
    assert len(reads) == len(told_as) - 1
    assert len({one.committer for one in reads}) == 1
    assert await found(database_url) == []


async def test_an_answer_about_thousands_leaves_events_of_a_bounded_size(
    trial: Store, database_url: str
) -> None:
    entities = [Entity(type="ResearchSubject", id=f"rs{number}") for number in range(2 * LISTED + 1)]
    whole = replace(read_event("p1"), interaction="$export", entities=entities, study="s1")
    await trial.auditor.note(whole, EVERYTHING)

    parts = [one for one in await written(trial.database) if one.interaction == "$export"]
    assert sorted(len(one.seen) for one in parts) == [1, LISTED, LISTED]
    assert {key[1] for one in parts for key in one.seen} == {one.id for one in entities}
    assert {one.study for one in parts} == {"s1"}
    assert await found(database_url) == []


async def test_the_statements_do_not_grow_with_what_is_told(trial: Store) -> None:
    async def statements(number: int, start: int) -> int:
        before = trial.database.statements
        await stored(trial, *(put(c3("p1"), f"o{start + one}") for one in range(number)))
        return trial.database.statements - before

    assert await statements(2, 0) == await statements(60, 2)


async def test_chains_cite_one_another_again_and_again(trial: Store) -> None:
    for turn in range(EVENTS_BETWEEN_LINKS + 1):
        await stored(trial, put(c3("p1"), f"o{turn}"))
    links = [one for one in await events(trial.database) if one.interaction == "link"]

    assert len(links) == 2
    cited = [(head.study, head.number) for head in links[-1].heads]
    assert ("", EVENTS_BETWEEN_LINKS + 1) in cited or ("s1", 1) in cited


async def test_who_has_moved_is_looked_for_among_the_newest_events(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    store = await Store.open(copy_of(migrated_sqlite, tmp_path))
    rows = await store.database.read(
        lambda c: c.fetch(f"EXPLAIN QUERY PLAN {MOVED}", utc_now(), store.committer.chains.committer)
    )
    await store.close()

    walked = [str(row[3]) for row in rows if " a " in str(row[3])]
    assert len(walked) == 1
    assert "ix_audit_recorded" in walked[0]
    assert not [row for row in rows if str(row[3]).startswith(("SCAN m ", "SCAN a "))]


async def test_what_is_cited_does_not_grow_with_the_processes_there_were(
    trial: Store, database_url: str
) -> None:
    hours = timedelta(hours=1)
    cited: dict[str, int] = {}
    closing: list[Head] = []
    all_cited: set[Head] = set()
    for turn in range(6):
        chains = Chains(trial.database)
        at = utc_now() + turn * hours

        async def work(connection: Connection, at: datetime = at) -> tuple[None, Sequence[Event]]:
            del connection
            return None, [replace(read_event("p1"), recorded=at)]

        await chains.write(work)
        await chains.write(work)
        await chains.close()
        closing.append(next(one for one in await heads(trial.database) if one.committer == chains.committer))
    for event in await events(trial.database):
        cited[event.committer] = max(cited.get(event.committer, 0), len(event.heads))
        all_cited.update(event.heads)

    assert max(cited.values()) <= 4
    assert set(closing[:-1]) <= all_cited  # whoever comes next holds what was left
    assert await found(database_url) == []


async def test_an_event_that_collides_is_tried_again_and_nothing_is_lost(
    trial: Store, database_url: str
) -> None:
    write, failed = trial.database.write, False

    async def colliding(*given: Any, **more: Any) -> Any:
        nonlocal failed
        if not failed:
            failed = True
            raise Contention("somebody was there first")
        return await write(*given, **more)

    trial.database.write = colliding  # type: ignore[method-assign]
    await trial.auditor.note(read_event("p1"), EVERYTHING)

    assert failed
    assert await found(database_url) == []


@dataclass(frozen=True)
class Tampering:
    """What somebody with the database in their hands does to it, and the table and row that must be named."""

    says: str
    sql: tuple[str, ...]
    names: str


_TOMBSTONE = """INSERT INTO erasure (type, id, version, erased, client, reason, digest, patient_id, donor)
 SELECT e.type, e.id, e.version, a.recorded, 'dpo', 'asked for', e.digest, e.patient_id, FALSE
 FROM audit_entity e JOIN audit a ON a.id = e.audit_id
 WHERE e.id = 'o1' AND e.version = 1 AND e.digest IS NOT NULL"""

_SHADOW = """INSERT INTO version
 (type, id, version, last_updated, superseded, patient_id, study_id, site, document)
 SELECT type, id, version, last_updated, last_updated, patient_id, study_id, site, document
 FROM resource WHERE id = 'o2'"""

TAMPERINGS = [
    Tampering(
        "a tombstone is put beside a version that is changed",
        (_TOMBSTONE, "UPDATE version SET document = {flip} WHERE id = 'o1'"),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "a tombstone is put beside a version that is taken away",
        (_TOMBSTONE, "DELETE FROM version WHERE id = 'o1'"),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "a tombstone is put beside a version whose document is taken away",
        (_TOMBSTONE, "UPDATE version SET document = NULL WHERE id = 'o1'"),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "a current version is changed",
        ("UPDATE resource SET document = {flip} WHERE id = 'o1'",),
        "version Observation/o1/_history/2",
    ),
    Tampering(
        "an old version is changed",
        ("UPDATE version SET document = {flip} WHERE id = 'o1'",),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "an old version is taken away",
        ("DELETE FROM version WHERE id = 'o1'",),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "a current version is taken away",
        ("DELETE FROM resource WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a version is slipped in",
        (
            (
                "INSERT INTO resource (type, id, version, last_updated, deleted, document)"
                " SELECT type, 'slipped', version, last_updated, deleted, document FROM resource"
                " WHERE id = 'o2'"
            ),
        ),
        "version Observation/slipped/_history/1",
    ),
    Tampering(
        "a deletion is undone",
        (
            (
                "UPDATE resource SET document = (SELECT document FROM version WHERE id = 'gone')"
                " WHERE id = 'gone'"
            ),
        ),
        "version Observation/gone/_history/2",
    ),
    Tampering(
        "an event's document is changed",
        ("UPDATE audit SET document = {flip} WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "an event's hash is changed",
        ("UPDATE audit SET hash = {flip_hash} WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "what an event follows is changed",
        ("UPDATE audit SET previous = {flip_previous} WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "who did it is changed",
        ("UPDATE audit SET client = 'another' WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "when it was is changed",
        ("UPDATE audit SET recorded = (SELECT max(recorded) FROM audit) WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering("a middle event is taken away", ("DELETE FROM audit WHERE id = '{second}'",), "audit {third}"),
    Tampering("the first event is taken away", ("DELETE FROM audit WHERE id = '{first}'",), "audit {second}"),
    Tampering(
        "the last event is taken away",
        ("DELETE FROM audit WHERE id = '{last}'",),
        "audit s1/{writer}/{length}",
    ),
    Tampering(
        "two events are swapped",
        (
            "UPDATE audit SET number = 1000 WHERE id = '{second}'",
            "UPDATE audit SET number = 2 WHERE id = '{third}'",
            "UPDATE audit SET number = 3 WHERE id = '{second}'",
        ),
        "audit {third}",
    ),
    Tampering(
        "events are renumbered",
        (
            "DELETE FROM audit WHERE id = '{second}'",
            "UPDATE audit SET number = number + 1000 WHERE chain = 's1' AND number > 2",
            "UPDATE audit SET number = number - 1001 WHERE chain = 's1' AND number > 1000",
        ),
        "audit {third}",
    ),
    Tampering(
        "a whole chain is taken away",
        ("DELETE FROM audit WHERE chain = 's1' AND committer = '{writer}'",),
        "audit s1/{writer}/{length}",
    ),
    Tampering(
        "a chain is given to another study",
        ("UPDATE audit SET chain = 's9' WHERE chain = 's1' AND committer = '{writer}'",),
        "audit {second}",
    ),
    Tampering(
        "what an event is about is taken away",
        ("DELETE FROM audit_entity WHERE audit_id = '{second}'",),
        "audit_entity {second}",
    ),
    Tampering(
        "what an event is about is changed",
        ("UPDATE audit_entity SET patient_id = 'p2' WHERE audit_id = '{second}'",),
        "audit_entity {second}",
    ),
    Tampering(
        "something is told of no event",
        (
            (
                "INSERT INTO audit_entity (audit_id, type, id, version, patient_id)"
                " VALUES ('none', 'Patient', 'p1', 1, 'p1')"
            ),
        ),
        "audit_entity none",
    ),
    Tampering(
        "what was stored is kept under the current number, and the current version is changed",
        (
            _SHADOW,
            "UPDATE resource SET document = {flip} WHERE id = 'o2'",
        ),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a version stands twice",
        (_SHADOW,),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a patient is given to another site",
        ("UPDATE resource SET site = 'REN' WHERE id = 'p1'",),
        "version Patient/p1/_history/1",
    ),
    Tampering(
        "a result is given to another patient",
        ("UPDATE resource SET patient_id = 'p2' WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a subject is given to another study",
        ("UPDATE resource SET study_id = 's9' WHERE id = 'rs1'",),
        "version ResearchSubject/rs1/_history/5",
    ),
    Tampering(
        "an old version is given to another patient",
        ("UPDATE version SET patient_id = 'p2' WHERE id = 'o1'",),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "a deletion is given to another patient",
        ("UPDATE resource SET patient_id = 'p2' WHERE id = 'gone'",),
        "version Observation/gone/_history/1",
    ),
    Tampering(
        "a deleted one is shown",
        ("UPDATE resource SET deleted = FALSE WHERE id = 'gone'",),
        "version Observation/gone/_history/2",
    ),
    Tampering(
        "one that stands is hidden",
        ("UPDATE resource SET deleted = TRUE WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a version is backdated",
        ("UPDATE resource SET last_updated = '2000-01-01T00:00:00.000000Z' WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a deletion is backdated",
        (("UPDATE resource SET last_updated = '2000-01-01T00:00:00.000000Z' WHERE id = 'gone'"),),
        "version Observation/gone/_history/1",
    ),
    Tampering(
        "when a version ended is changed",
        ("UPDATE version SET superseded = '2000-01-01T00:00:00.000000Z' WHERE id = 'o1'",),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "the date of a result is changed",
        ("UPDATE resource SET date_low = '2000-01-01T00:00:00.000000Z' WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "a version is slipped in before the trail",
        (
            (
                "INSERT INTO resource (type, id, version, last_updated, deleted, document) SELECT "
                "type, 'slipped', version, '2000-01-01T00:00:00.000000Z', deleted, document FROM "
                "resource WHERE id = 'o2'"
            ),
        ),
        "version *",
    ),
    Tampering(
        "a document is no document",
        ("UPDATE resource SET document = {junk} WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "an event is no document",
        ("UPDATE audit SET document = {junk} WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "a hash is empty",
        ("UPDATE audit SET hash = {empty} WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "a signature is forged",
        (
            (
                "INSERT INTO signature (id, type, resource_id, version, digest, meaning, signer, "
                "signed, client, patient_id) SELECT 'forged', type, resource_id, version, digest, "
                "meaning, 'Dr Else', signed, client, patient_id FROM signature"
            ),
        ),
        "signature forged",
    ),
    Tampering(
        "a signature is taken away",
        ("DELETE FROM signature",),
        "signature {signature}",
    ),
    Tampering(
        "a signature is given to another person",
        ("UPDATE signature SET signer = 'Dr Else'",),
        "signature {signature}",
    ),
    Tampering(
        "what a signature means is changed",
        ("UPDATE signature SET meaning = 'approval'",),
        "signature {signature}",
    ),
    Tampering(
        "a signature is put under another version",
        ("UPDATE signature SET version = 1",),
        "signature {signature}",
    ),
    Tampering(
        "a lock is taken away",
        ("DELETE FROM data_lock",),
        "data_lock {lock}",
    ),
    Tampering(
        "a lock is ended",
        ("UPDATE data_lock SET unlocked = locked WHERE id = '{lock}'",),
        "data_lock {lock}",
    ),
    Tampering(
        "the end of a lock is taken away",
        (
            (
                "UPDATE data_lock SET unlocked = NULL, unlocked_by = NULL, unlock_reason = NULL "
                "WHERE id = '{ended}'"
            ),
        ),
        "data_lock {ended}",
    ),
    Tampering(
        "why it was unlocked is changed",
        ("UPDATE data_lock SET unlock_reason = 'none' WHERE id = '{ended}'",),
        "data_lock {ended}",
    ),
    Tampering(
        "a lock is put in",
        (
            (
                "INSERT INTO data_lock (id, study_id, subject, patient_id, visit, locked, client, "
                "reason) SELECT 'forged', study_id, subject, patient_id, 'month-6', locked, "
                "client, reason FROM data_lock WHERE id = '{lock}'"
            ),
        ),
        "data_lock forged",
    ),
    Tampering(
        "that an erased part was a donor's is changed",
        ("UPDATE erasure SET donor = NOT donor",),
        "erasure Observation/o3/_history/1",
    ),
    Tampering(
        "why it was erased is changed",
        ("UPDATE erasure SET reason = 'none'",),
        "erasure Observation/o3/_history/1",
    ),
    Tampering(
        "who erased is changed",
        ("UPDATE erasure SET client = 'another'",),
        "erasure Observation/o3/_history/1",
    ),
    Tampering(
        "when it was erased is changed",
        ("UPDATE erasure SET erased = '2000-01-01T00:00:00.000000Z'",),
        "erasure Observation/o3/_history/1",
    ),
    Tampering(
        "a tombstone is taken away",
        ("DELETE FROM erasure",),
        "erasure Observation/o3/_history/1",
    ),
]

OF_ANOTHER_TYPE = [
    Tampering(
        "a document is made text",
        ("UPDATE resource SET document = replace(document, 'a', 'a') WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "an old document is made text",
        ("UPDATE version SET document = replace(document, 'a', 'a') WHERE id = 'o1'",),
        "version Observation/o1/_history/1",
    ),
    Tampering(
        "an event is made text",
        ("UPDATE audit SET document = replace(document, 'a', 'a') WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "a hash is made text",
        ("UPDATE audit SET hash = hex(hash) WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "the number of an event is made text",
        ("UPDATE audit SET number = 'x' WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "an instant is made no instant",
        ("UPDATE audit SET recorded = 'never' WHERE id = '{second}'",),
        "audit {second}",
    ),
    Tampering(
        "when it was stored is made no instant",
        ("UPDATE resource SET last_updated = 'never' WHERE id = 'o2'",),
        "version Observation/o2/_history/1",
    ),
    Tampering(
        "when it was signed is made no instant",
        ("UPDATE signature SET signed = 'never'",),
        "signature {signature}",
    ),
]
"""What SQLite alone lets be done: its columns hold values of any type."""


async def tampered(database: Database, tampering: Tampering) -> str:
    """Do it; the name of the row that must be named."""
    by_place = (
        """SELECT id, committer, number FROM audit WHERE chain = 's1' AND action <> 'R' ORDER BY number"""
    )
    rows = await database.read(lambda c: c.fetch(by_place))
    names = {"writer": rows[0][1], "length": rows[-1][2], "last": rows[-1][0]}
    names |= dict(zip(("first", "second", "third"), (row[0] for row in rows), strict=False))
    lock_rows = await database.read(lambda c: c.fetch("SELECT unlocked IS NULL, id FROM data_lock"))
    names |= {"lock" if stands else "ended": name for stands, name in lock_rows}
    [[names["signature"]]] = await database.read(lambda c: c.fetch("SELECT id FROM signature"))
    sqlite = "Sqlite" in type(database).__name__
    flips = {
        "junk": "x'00ff'" if sqlite else r"'\x00ff'",
        "empty": "x''" if sqlite else "''",
        "flip": _flipped(database, "document"),
        "flip_hash": _flipped(database, "hash"),
        "flip_previous": _flipped(database, "previous"),
    }
    for sql in tampering.sql:
        text = sql.format(**names, **flips)
        touched = await database.write(lambda c, text=text: c.execute(text))  # type: ignore[misc]
        assert touched, text
    return tampering.names.format(**names)


def _flipped(database: Database, column: str) -> str:
    """The bytes of a column with one that is another."""
    if "Sqlite" in type(database).__name__:
        other = f"CASE WHEN substr({column}, 21, 1) = x'21' THEN x'22' ELSE x'21' END"
        return f"CAST(substr({column}, 1, 20) || {other} || substr({column}, 22) AS BLOB)"
    return f"set_byte({column}, 20, get_byte({column}, 20) # 1)"


async def filled(url: str) -> None:
    """Changes and reads of two processes, each of which cites the other."""
    one = await Store.open(url, audit="all")
    await stored(one, put(study(), "s1"), by=SANDBOX)
    await stored(one, put(patient(), "p1"), put(patient(), "p2"), put(subject("p1"), "rs1"), by=SANDBOX)
    for name in ("o1", "o2", "gone"):
        await stored(one, put(c3("p1"), name))
    await stored(one, put(c3("p1", "0.8"), "o1"))
    await stored(one, Delete(resource=RESOURCES["Observation"], id="gone"))
    for turn in range(4):
        await stored(one, put(subject("p1") | {"period": {"start": f"2021-01-0{turn + 1}"}}, "rs1"))
    await one.auditor.note(read_event("rs1", kind="ResearchSubject"), EVERYTHING)
    await acted(one)
    await one.close()


async def acted(store: Store) -> None:
    """A version that was erased and one that was signed; a lock that was ended, and one that stands."""
    o3, rs1 = ("Observation", "o3"), ("ResearchSubject", "rs1")
    await stored(store, put(c3("p1"), "o3"))
    await stored(store, put(c3("p1", "0.7"), "o3"))
    asked = Erasing(key=o3, version=1, by=WHO, reason="of another person")
    await erase(store, asked, writing=EVERYTHING, at=utc_now())
    meant = Signing(key=o3, version=None, meaning="review", signer="Dr Example", practitioner=None, by=WHO)
    await sign(store, EVERYTHING, meant, at=utc_now())
    closing = Locking(key=rs1, by=WHO, reason="closed")
    await lock(store, EVERYTHING, closing, at=utc_now())
    await unlock(store, EVERYTHING, closing, at=utc_now())
    await lock(store, EVERYTHING, closing, at=utc_now())


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=[one.says for one in TAMPERINGS])
async def test_tampering_is_found_and_named(database_url: str, tampering: Tampering) -> None:
    await filled(database_url)
    assert await found(database_url) == []
    database = await open_database(database_url)
    named = await tampered(database, tampering)
    await database.close()

    faults = await found(database_url)
    assert named in {f"{fault.table} {fault.id}" for fault in faults}, faults


@pytest.mark.parametrize("tampering", OF_ANOTHER_TYPE, ids=[one.says for one in OF_ANOTHER_TYPE])
async def test_what_is_of_another_type_is_named_and_the_rest_looked_at(
    migrated_sqlite: Path, tmp_path: Path, tampering: Tampering
) -> None:
    database_url = copy_of(migrated_sqlite, tmp_path)
    await filled(database_url)
    later = Tampering("", (*tampering.sql, "UPDATE erasure SET reason = 'none'"), tampering.names)
    database = await open_database(database_url)
    named = await tampered(database, later)
    await database.close()

    assert {named, "erasure Observation/o3/_history/1"} <= {
        f"{fault.table} {fault.id}" for fault in await found(database_url)
    }


async def test_what_is_older_than_the_trail_is_counted_and_the_trail_says_how_many_there_were(
    database_url: str,
) -> None:
    before = await Store.open(database_url, audit="off")
    await stored(before, put(study(), "s1"), put(patient(), "p1"))
    await before.close()
    after = await Store.open(database_url)
    await stored(after, put(c3("p1"), "o1"))
    await stored(after, put(patient(), "p1"))
    await after.close()

    database = await open_database(database_url)
    walk = Verification(database)
    assert [fault async for fault in walk.faults()] == []
    assert (walk.older, walk.versions) == (2, 4)
    await database.write(lambda c: c.execute("DELETE FROM resource WHERE id = 's1'"))
    assert [fault.id async for fault in Verification(database).faults()] == ["*"]
    await database.close()


async def test_what_was_cut_off_after_it_was_last_cited_is_found_by_the_heads_that_were_kept(
    database_url: str,
) -> None:
    await filled(database_url)
    database = await open_database(database_url)
    kept = await heads(database)
    last = max(kept, key=lambda head: head.committer)
    sql = "DELETE FROM audit WHERE chain = $1 AND committer = $2 AND number = $3"
    await database.write(lambda c: c.execute(sql, last.study, last.committer, last.number))
    missing = [fault.id async for fault in Verification(database).held(kept)]
    await database.close()

    assert missing == [f"{last.study}/{last.committer}/{last.number}"]


async def test_a_study_is_verified_by_itself(database_url: str) -> None:
    await filled(database_url)
    database = await open_database(database_url)
    await database.write(lambda c: c.execute("UPDATE audit SET client = 'x' WHERE chain = '' AND number = 2"))
    await database.close()

    assert await found(database_url, study="s1") == []
    assert await found(database_url) != []
