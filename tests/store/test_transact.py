"""Changes in, versions out: whole or not at all, together and yet each for itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Refusal
from app.store.database import Connection, Contention, DatabaseError
from app.store.documents import history, read, vread
from app.store.postgres import PostgresDatabase
from app.store.session import Store
from app.store.sqlite import SqliteDatabase
from app.store.transact import rehearse, transact
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL
from tests.store.make import c3, delete, patient, put, study, subject


async def refused(store: Store, *changes: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, EVERYTHING, list(changes))  # type: ignore[arg-type]
    return caught.value


async def test_what_is_stored_comes_back_digit_by_digit(trial: Store) -> None:
    [version] = await transact(trial, EVERYTHING, [put(c3("p1", "0.710"))])

    stored = await read(trial, EVERYTHING, "Observation", version.id)

    assert stored.document is not None
    assert b'"value":0.710,' in stored.document
    assert codec.read(stored.document)["meta"]["versionId"] == "1"
    assert version.created


async def test_an_update_keeps_the_earlier_version(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1", "0.71"), "o1")])
    [second] = await transact(trial, EVERYTHING, [put(c3("p1", "0.72"), "o1")])

    assert (second.version, second.created) == (2, False)
    first = await vread(trial, EVERYTHING, "Observation", "o1", 1)
    assert first.document is not None
    assert b'"value":0.71,' in first.document
    assert first.last_updated < second.last_updated
    page = await history(trial, EVERYTHING, "Observation", "o1", count=10)
    assert [version.version for version in page.versions] == [2, 1]


async def test_a_deletion_is_a_version_and_a_put_brings_the_resource_back(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])
    await transact(trial, EVERYTHING, [delete("Observation", "o1")])
    assert (await refused_read(trial, "o1")).status == 410

    [again] = await transact(trial, EVERYTHING, [delete("Observation", "o1")])
    assert again.version == 2

    [revived] = await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])
    assert (revived.version, revived.created) == (3, True)
    page = await history(trial, EVERYTHING, "Observation", "o1", count=10)
    assert [version.deleted for version in page.versions] == [False, True, False]


async def refused_read(store: Store, name: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await read(store, EVERYTHING, "Observation", name)
    return caught.value


async def test_deleting_what_never_was_is_done_already(trial: Store) -> None:
    [version] = await transact(trial, EVERYTHING, [delete("Observation", "nothing")])

    assert version.deleted
    assert (await refused_read(trial, "nothing")).status == 404


@pytest.mark.parametrize("if_match", [("2",), ("7", "9")])
async def test_a_stale_if_match_changes_nothing(trial: Store, if_match: tuple[str, ...]) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    refusal = await refused(trial, put(c3("p1"), "o1", if_match=if_match))

    assert refusal.status == 412
    assert (await read(trial, EVERYTHING, "Observation", "o1")).version == 1


async def test_a_reference_that_leads_nowhere_is_refused_with_its_place(trial: Store) -> None:
    refusal = await refused(trial, put(c3("nobody"), where="Bundle.entry[4].resource"))

    assert refusal.status == 422
    assert [issue.expression for issue in refusal.issues] == ["Bundle.entry[4].resource.subject"]


@pytest.mark.parametrize(
    ("version", "is_there"),
    [("1", True), ("2", True), ("3", False), ("0", False), ("01", False), ("x", False)],
)
async def test_a_reference_to_a_version_leads_to_one_that_there_is(
    trial: Store, version: str, is_there: bool
) -> None:
    await transact(trial, EVERYTHING, [put(patient(), "p1")])
    changes = [put(patient(), "p8"), put(c3(f"p1/_history/{version}"))]

    if is_there:
        assert len(await transact(trial, EVERYTHING, changes)) == 2
    else:
        refusal = await refused(trial, *changes)
        assert refusal.status == 422
        assert [issue.expression for issue in refusal.issues] == ["Observation.subject.reference"]


async def test_a_reference_to_a_version_may_be_to_one_that_comes_along(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(patient(), "p1"), put(c3("p1/_history/2"))])

    assert (await refused(trial, put(patient(), "p1"), put(c3("p1/_history/9")))).status == 422


async def test_what_is_still_referred_to_is_not_deleted(trial: Store) -> None:
    refusal = await refused(trial, delete("Patient", "p1"))

    assert refusal.status == 409
    assert "ResearchSubject/rs1" in refusal.issues[0].text


async def test_a_patient_and_all_that_refers_to_it_go_together(trial: Store) -> None:
    versions = await transact(trial, EVERYTHING, [delete("Patient", "p1"), delete("ResearchSubject", "rs1")])

    assert [version.deleted for version in versions] == [True, True]


async def test_what_a_piece_no_longer_refers_to_may_go_with_it(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(patient(), "p3"), put(c3("p3"), "o1")])

    await transact(trial, EVERYTHING, [put(c3("p1"), "o1"), delete("Patient", "p3")])
    refusal = await refused(
        trial, put(c3("p1"), "o2"), delete("Patient", "p1"), delete("ResearchSubject", "rs1")
    )

    assert refusal.status == 422


@pytest.mark.rule(80)
async def test_a_result_never_outlives_its_patient_in_a_race(trial: Store) -> None:
    for number in range(10):
        name = f"short-lived-{number}"
        await transact(trial, EVERYTHING, [put(patient(), name)])
        stored, gone = await asyncio.gather(
            transact(trial, EVERYTHING, [put(c3(name))]),
            transact(trial, EVERYTHING, [delete("Patient", name)]),
            return_exceptions=True,
        )
        assert isinstance(stored, Refusal) != isinstance(gone, Refusal)


async def test_one_refused_change_refuses_the_whole_piece(trial: Store) -> None:
    refusal = await refused(trial, put(patient(), "p9"), put(c3("nobody"), "o9"))

    assert refusal.status == 422
    with pytest.raises(Refusal):
        await read(trial, EVERYTHING, "Patient", "p9")


async def test_a_refused_write_does_not_take_its_neighbours_with_it(trial: Store) -> None:
    pieces = [[put(c3("p1" if number % 5 else "nobody"))] for number in range(50)]

    outcomes = await asyncio.gather(
        *(transact(trial, EVERYTHING, piece) for piece in pieces), return_exceptions=True
    )

    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert len(refusals) == 10
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 40


async def test_of_writers_with_the_same_if_match_exactly_one_wins(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    outcomes = await asyncio.gather(
        *(transact(trial, EVERYTHING, [put(c3("p1"), "o1", if_match=("1",))]) for _ in range(20)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert {outcome.status for outcome in outcomes if isinstance(outcome, Refusal)} == {412}


async def test_two_stores_on_one_database_lose_no_update(trial: Store, database_url: str) -> None:
    other = await Store.open(database_url)
    await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    outcomes = await asyncio.gather(
        *(transact(store, EVERYTHING, [put(c3("p1"), "o1")]) for store in (trial, other) for _ in range(15))
    )
    await other.close()

    assert sorted(versions[0].version for versions in outcomes) == list(range(2, 32))
    page = await history(trial, EVERYTHING, "Observation", "o1", count=100)
    assert [version.version for version in page.versions] == list(range(31, 0, -1))


async def test_two_stores_that_create_the_same_id_at_once_both_count(trial: Store, database_url: str) -> None:
    other = await Store.open(database_url)

    outcomes = await asyncio.gather(
        *(
            transact(store, EVERYTHING, [put(c3("p1"), f"o{number}")])
            for number in range(20)
            for store in (trial, other)
        )
    )
    await other.close()

    for number in range(20):
        assert {versions[0].version for versions in outcomes[2 * number : 2 * number + 2]} == {1, 2}


@pytest.mark.parametrize("statement", ["DROP TABLE search_token"])
async def test_a_commit_that_fails_is_never_answered_as_done(trial: Store, statement: str) -> None:
    await trial.database.write(lambda connection: connection.execute(statement))

    with pytest.raises(DatabaseError):
        await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    assert (await refused_read(trial, "o1")).status == 404


BUSY = (
    "CREATE SEQUENCE turns",
    """CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('turns') <= {turns} THEN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END IF;
    RETURN NEW; END $$""",
    "CREATE TRIGGER busy BEFORE INSERT ON resource FOR EACH ROW EXECUTE FUNCTION busy()",
)


@pytest.mark.parametrize("carry_out", [transact, rehearse])
async def test_who_meets_another_writer_tries_again_and_not_for_ever(trial: Store, carry_out: Any) -> None:
    if not isinstance(trial.database, PostgresDatabase):
        return
    for statement in BUSY:
        sql = statement.format(turns=11)
        await trial.database.write(lambda connection, sql=sql: connection.execute(sql))  # type: ignore[misc]

    with pytest.raises(Contention):
        await carry_out(trial, EVERYTHING, [put(c3("p1"), "o1")])
    await carry_out(trial, EVERYTHING, [put(c3("p1"), "o1")])


FAILS_AT_COMMIT = {
    "SqliteDatabase": [
        "CREATE TABLE never (id INTEGER PRIMARY KEY)",
        "CREATE TABLE late (id INTEGER REFERENCES never(id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER late AFTER INSERT ON resource BEGIN INSERT INTO late VALUES (1); END",
    ],
    "PostgresDatabase": [
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''late''; END'",
        """CREATE CONSTRAINT TRIGGER late AFTER INSERT ON resource DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late()""",
    ],
}


async def test_a_write_whose_very_commit_fails_is_never_answered_as_done(trial: Store) -> None:
    """Every statement succeeds here; it is the COMMIT itself that the database refuses."""
    database = trial.database
    for statement in FAILS_AT_COMMIT[type(database).__name__]:
        await database.write(lambda connection, sql=statement: connection.execute(sql))  # type: ignore[misc]
    if isinstance(database, SqliteDatabase):
        database._writing.execute("PRAGMA foreign_keys=ON")  # noqa: SLF001 - or SQLite defers nothing

    with pytest.raises(DatabaseError):
        await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    assert (await refused_read(trial, "o1")).status == 404


async def test_a_database_that_goes_away_fails_a_write_and_serves_the_next(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    with postgres.database(migrated_postgres) as name:
        url = postgres.url_of(name)
        store, other = await Store.open(url), await Store.open(url)
        await _interrupt(store, other)
        assert len(await transact(store, EVERYTHING, [put(patient())])) == 1
        await store.close()
        await other.close()


async def _interrupt(store: Store, other: Store) -> None:
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"

    async def interrupted(connection: Connection) -> None:
        await other.database.read(lambda beside: beside.fetch(f"{sql} AND datname = current_database()"))
        await connection.fetch("SELECT 1")

    with pytest.raises(DatabaseError):
        await store.database.write(interrupted, feeding=True)


async def test_instants_never_go_back(database_url: str) -> None:
    clock = iter([datetime(2026, 1, day, tzinfo=UTC) for day in (5, 3, 4, 7)])
    store = await Store.open(database_url, clock=lambda: next(clock))
    versions = [(await transact(store, EVERYTHING, [put(patient())]))[0] for _ in range(4)]
    await store.close()

    days = [version.last_updated - datetime(2026, 1, 5, tzinfo=UTC) for version in versions]
    assert days == [timedelta(0), timedelta(microseconds=1), timedelta(microseconds=2), timedelta(days=2)]


async def test_the_statements_of_a_transaction_do_not_grow_with_it(trial: Store) -> None:
    counts = []
    for size in (10, 1000):
        before = trial.database.statements
        await transact(trial, EVERYTHING, [put(c3("p1")) for _ in range(size)])
        counts.append(trial.database.statements - before)

    assert counts[0] == counts[1]
    assert counts[1] < 12


async def test_a_code_too_long_for_a_database_key_is_kept_but_not_a_key(trial: Store) -> None:
    long = c3("p1").replace(b"4485-9", b"4" * 5000)

    [version] = await transact(trial, EVERYTHING, [put(long)])

    assert version.document is not None
    assert b"4" * 5000 in version.document


async def test_a_titre_is_kept_as_sent(trial: Store) -> None:
    titre = codec.read(c3("p1")) | {"code": {"coding": [{"system": "http://loinc.org", "code": "5048-4"}]}}
    titre.pop("valueQuantity")
    titre["valueRatio"] = {"numerator": {"value": 1}, "denominator": {"value": 80}}

    [version] = await transact(trial, EVERYTHING, [put(titre)])

    sql = "SELECT value, received_value FROM measurement WHERE id = $1"
    [row] = await trial.database.read(lambda connection: connection.fetch(sql, version.id))
    assert tuple(row) == (80, "1:80")


ARMS = {"arm": [{"name": "cohort-2e6"}, {"name": "cohort-1e6"}]}


@pytest.mark.parametrize("element", ["assignedArm", "actualArm"])
async def test_a_subject_is_in_an_arm_its_study_has(trial: Store, element: str) -> None:
    await transact(trial, EVERYTHING, [put(study() | ARMS, "s1")])
    await transact(trial, EVERYTHING, [put(subject("p1") | {element: "cohort-2e6"}, "rs1")])

    refusal = await refused(trial, put(subject("p1") | {element: "cohort-9e9"}, "rs1"))

    assert refusal.status == 422
    assert [issue.expression for issue in refusal.issues] == [f"ResearchSubject.{element}"]
    assert "cohort-2e6, cohort-1e6" in refusal.issues[0].text


async def test_an_arm_may_come_with_the_study_that_has_it(trial: Store) -> None:
    new = subject("p1", study="s2") | {"assignedArm": "cohort-2e6"}

    assert len(await transact(trial, EVERYTHING, [put(new, "rs9"), put(study() | ARMS, "s2")])) == 2
    assert (await refused(trial, put(new, "rs8"), put(study(), "s2"))).status == 422
