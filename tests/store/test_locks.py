"""What is locked stays as it is, by whatever door; of a lock and a write the second sees the first."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.change import Version, Write
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Push
from app.store.locking import Locking, lock, locks_of, unlock
from app.store.locks import Lock
from app.store.replay import sweep
from app.store.senders import register
from app.store.session import Store
from app.store.transact import rehearse, transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store import pushing
from tests.store.make import c3, delete, patient, put, study, subject

AT = datetime(2026, 1, 2, tzinfo=UTC)
SUBJECT, STUDY = ("ResearchSubject", "rs1"), ("ResearchStudy", "s1")
VISIT = (datetime(2021, 9, 13, 22, tzinfo=UTC), datetime(2021, 9, 20, 22, tzinfo=UTC))


def asked(key: tuple[str, str] = SUBJECT, **more: Any) -> Locking:
    return Locking(key=key, by=Actor(client="sponsor", role="sponsor"), reason="complete", **more)


async def locked(store: Store, key: tuple[str, str] = SUBJECT, **more: Any) -> Lock:
    return await lock(store, EVERYTHING, asked(key, **more), at=AT)


async def stored(store: Store, *writes: Write) -> list[Version]:
    return await transact(store, EVERYTHING, writes)


async def refused(store: Store, *writes: Write) -> str:
    with pytest.raises(Refusal) as caught:
        await stored(store, *writes)
    assert caught.value.status == 423, caught.value.issues
    assert {issue.code for issue in caught.value.issues} == {"lock-error"}
    return caught.value.issues[0].text


@pytest.fixture
async def held(trial: Store) -> Store:
    """The trial with a result of each patient."""
    await stored(trial, put(c3("p1"), "o1"), put(c3("p2"), "o2"))
    return trial


NAMED = {"code": {"text": "a photograph"}, "subject": {"display": "a lamp"}, "status": "final"}
MOVED: Sequence[Sequence[Write]] = (
    (put({"resourceType": "Observation", **NAMED, "focus": [{"reference": "Patient/p1"}]}),),
    (put(c3("p1")),),
    (put(c3("p1", "0.8"), "o1"),),
    (put(c3("p1"), "named"),),
    (delete("Observation", "o1"),),
    (put(c3("p2"), "o1"),),  # out of it
    (put(c3("p1"), "o2"),),  # into it
    (put(patient(site="REN"), "p1"),),
    (put(subject("p1"), "rs1"),),
    (put(subject("p2"), "rs1"),),
    (put(c3("p2")), put(c3("p1"))),
)


@pytest.mark.parametrize("writes", MOVED, ids=range(len(MOVED)))
@pytest.mark.parametrize("key", [SUBJECT, STUDY], ids=lambda key: key[0])
async def test_nothing_of_a_locked_subject_or_study_changes(
    held: Store, key: tuple[str, str], writes: Sequence[Write]
) -> None:
    await locked(held, key)

    said = await refused(held, *writes)

    assert f"{key[0]}/{key[1]} is locked since 2026-01-02T00:00:00" in said
    assert "by client sponsor: complete" in said
    assert f"{key[0]}/{key[1]}/$unlock" in said


async def test_what_does_not_belong_to_it_goes_on(held: Store) -> None:
    await locked(held)

    await stored(held, put(c3("p2")), put(patient(), "p9"), delete("Observation", "o2"))


async def test_what_only_names_a_result_of_it_goes_on(held: Store) -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "a review"}}
    await locked(held)

    await stored(held, put(report | {"result": [{"reference": "Observation/o1"}]}))


async def test_the_study_itself_and_who_would_join_it_are_locked_with_it(held: Store) -> None:
    await stored(held, put(patient(), "p9"), put(study(), "other"))
    await locked(held, STUDY)

    await refused(held, put(study() | {"status": "completed"}, "s1"))
    await refused(held, put(subject("p9"), "rs9"))
    await stored(held, put(c3("p9")), put(subject("p9", study="other"), "rs9"))


async def test_the_parts_of_a_locked_study_are_locked_with_it(held: Store) -> None:
    part = study() | {"partOf": [{"reference": "ResearchStudy/s1"}]}
    await stored(held, put(part, "site"), put(patient(), "p9"), put(subject("p9", study="site"), "rs9"))
    await locked(held, STUDY)

    await refused(held, put(c3("p9")))
    await refused(held, put(part, "another-site"))
    assert [one.of for one in await locks_of(held, EVERYTHING, ("ResearchSubject", "rs9"))] == [
        "ResearchStudy/s1"
    ]


async def test_of_a_visit_what_is_dated_in_it_is_locked(held: Store) -> None:
    await locked(held, visit="M3", span=VISIT)

    assert "visit M3 of ResearchSubject/rs1" in await refused(held, put(c3("p1", on="2021-09-14")))
    await refused(held, put(c3("p1", on="2021-09")))  # may be in it
    await refused(held, put(c3("p1", on="2021-10-01"), "o1"))  # out of it
    await refused(held, delete("Observation", "o1"))
    await stored(held, put(c3("p1", on="2021-09-13"), "before"), put(c3("p1", on="2021-09-21")))
    await refused(held, put(c3("p1", on="2021-09-20"), "before"))  # into it
    await stored(held, put(subject("p1"), "rs1"), put(patient(), "p1"))


async def test_a_lock_is_set_once_and_ends_once_and_is_remembered(held: Store) -> None:
    first = await locked(held)
    assert await locked(held) == first
    visit = await locked(held, visit="M3", span=VISIT)
    assert visit != first

    ended, waiting = await unlock(held, EVERYTHING, replace(asked(), reason="query"), at=AT)

    assert (ended.unlocked, ended.unlock_reason, waiting) == (AT, "query", 0)
    with pytest.raises(Refusal) as caught:
        await unlock(held, EVERYTHING, asked(), at=AT)
    assert caught.value.status == 409
    assert "visit M3" in caught.value.issues[0].text
    assert await locks_of(held, EVERYTHING, SUBJECT) == [ended, visit]
    assert await locks_of(held, EVERYTHING, STUDY) == [ended, visit]


async def test_a_visit_of_a_subject_that_was_deleted_is_unlocked_all_the_same(held: Store) -> None:
    await locked(held, visit="M3", span=VISIT)
    await stored(held, delete("ResearchSubject", "rs1"))

    await refused(held, put(c3("p1")))
    ended, _ = await unlock(held, EVERYTHING, asked(visit="M3"), at=AT)

    assert ended.unlocked == AT
    await stored(held, put(c3("p1")))


async def test_nobody_is_told_of_a_locked_study_they_may_not_see(held: Store) -> None:
    await stored(held, put(study(), "other"), put(subject("p1", study="other"), "rs3"))
    await locked(held, STUDY)
    of_the_other = Visibility(studies=frozenset({"other"}))

    with pytest.raises(Refusal) as caught:
        await transact(held, of_the_other, [put(c3("p1"))])

    [issue] = caught.value.issues
    assert (caught.value.status, issue.code) == (423, "lock-error")
    assert "s1" not in issue.text
    assert "complete" not in issue.text


async def test_who_asks_after_the_locks_of_a_subject_is_told_of_no_study_out_of_sight(held: Store) -> None:
    """The same patient takes part in s1 as rs1, and as rs3 in a study the asker does see."""
    await stored(held, put(study(), "other"), put(subject("p1", study="other"), "rs3"))
    await locked(held, STUDY)
    await locked(held)
    of_the_other = Visibility(studies=frozenset({"other"}))
    own = ("ResearchSubject", "rs3")

    assert [one.of for one in await locks_of(held, EVERYTHING, own)] == ["ResearchStudy/s1"]
    assert await locks_of(held, of_the_other, own) == []
    with pytest.raises(Refusal) as caught:
        await unlock(held, of_the_other, asked(own), at=AT)
    assert caught.value.status == 409
    assert [issue.text for issue in caught.value.issues] == ["ResearchSubject/rs3 is not locked"]


async def test_a_rehearsal_says_it_too_and_a_replay_changes_nothing(held: Store) -> None:
    await register(held, pushing.LAB, at=AT)
    await stored(held, pushing.put(pushing.result()))
    await locked(held)

    with pytest.raises(Refusal) as caught:
        await rehearse(held, EVERYTHING, [put(c3("p1"))])
    assert caught.value.status == 423
    [again] = await stored(held, pushing.put(pushing.result()))
    assert again.delivered is not None
    assert again.delivered.fate == "replayed"


async def test_what_a_sender_brings_waits_for_the_end_of_the_lock(held: Store) -> None:
    await register(held, pushing.LAB, at=AT)
    held.desk.expire()
    await locked(held)
    await locked(held, STUDY)

    with pytest.raises(Refusal) as caught:
        await stored(held, pushing.put(pushing.result()))
    assert (caught.value.status, caught.value.headers["X-Fate"]) == (202, "parked")

    intake = Intake("refuse", years=False, base="http://127.0.0.1:8000/fhir")
    waited: dict[str, str] = {}
    for key in (SUBJECT, STUDY):
        assert (await sweep(held, intake)).fates == {}
        _, waiting = await unlock(held, EVERYTHING, asked(key), at=AT)
        waited = (await sweep(held, intake)).fates
        assert waiting == 1 or waited == {}
    assert list(waited.values()) == ["stored"]
    [again] = await stored(held, pushing.put(pushing.result()))
    assert again.delivered is not None
    assert again.delivered.fate == "replayed"


async def test_what_the_server_translates_again_is_refused_and_not_parked(held: Store) -> None:
    await register(held, pushing.LAB, at=AT)
    made = pushing.put(pushing.result())
    [version] = await stored(held, made)
    await locked(held)
    assert isinstance(made.push, Push)
    again = replace(
        put(codec.write(made.document | {"status": "amended"}), version.id),
        push=replace(made.push, translated_again=True),
    )

    await refused(held, again)


@pytest.mark.parametrize("key", [SUBJECT, STUDY], ids=lambda key: key[0])
async def test_of_a_lock_and_a_write_at_the_same_moment_the_second_sees_the_first(
    database_url: str, trial: Store, key: tuple[str, str]
) -> None:
    other = await Store.open(database_url)
    try:
        for number in range(20):
            race = await _race(trial, other, key, f"r{number}")
            await unlock(trial, EVERYTHING, asked(key), at=AT)
            assert race is None, f"round {number}: {race}"
    finally:
        await other.close()


async def _race(store: Store, other: Store, key: tuple[str, str], name: str) -> str | None:
    """What went wrong where something did: what was stored after the lock was answered."""
    counted: list[int] = []

    async def lock_it() -> None:
        await asyncio.sleep(0.002)
        await locked(store, key)
        counted.append(await _count(store, name))

    async def write(number: int) -> None:
        with suppress(Refusal):
            await stored(other, *(put(c3("p1"), f"{name}-{number}-{one}") for one in range(12)))

    async def writing() -> None:
        for number in range(4):
            await write(number)

    await asyncio.gather(lock_it(), writing())
    late = await _count(store, name) - counted[0]
    return f"{late} results were stored after the lock was answered" if late else None


async def _count(store: Store, name: str) -> int:
    sql = "SELECT count(*) FROM resource WHERE type = 'Observation' AND id LIKE $1"
    [[number]] = await store.database.read(lambda connection: connection.fetch(sql, f"{name}-%"))
    return int(number)
