"""What is erased is in no table any more; what is left says that, by whom and why."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Message
from app.store import models
from app.store.documents import history, read, vread
from app.store.erasing import Erasing, erase
from app.store.locking import Locking, lock, unlock
from app.store.rebuild import rebuild
from app.store.retranslate import retranslate
from app.store.senders import register
from app.store.session import Store
from app.store.tombstones import Tombstone
from app.store.transact import transact
from app.store.verify import Verification
from app.store.visibility import EVERYTHING, Visibility
from tests.store import pushing
from tests.store.make import c3, delete, of_subject, patient, put, study, subject

AT = datetime(2026, 1, 2, tzinfo=UTC)
DPO = Actor(client="dpo", role="administrator")
CANARY = "Quetzalcoatl"
NUMBER = "LAB-" + CANARY


def asked(kind: str, name: str, version: int | None = None) -> Erasing:
    return Erasing(key=(kind, name), version=version, by=DPO, reason="asked for by the person")


async def erased(store: Store, kind: str, name: str, version: int | None = None) -> list[Tombstone]:
    return await erase(store, asked(kind, name, version), writing=EVERYTHING, at=AT)


async def refused(store: Store, kind: str, name: str, version: int | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await erased(store, kind, name, version)
    return caught.value


async def tables_with(store: Store, text: str) -> set[str]:
    """The tables in which a text is found, in whatever column and case."""
    found = set()
    for table in models.metadata.sorted_tables:
        sql = f"SELECT * FROM {table.name}"
        rows = await store.database.read(lambda c, sql=sql: c.fetch(sql))  # type: ignore[misc]
        values = (value for row in rows for value in tuple(row))
        if any(text.encode().lower() in _bytes(value).lower() for value in values):
            found.add(table.name)
    return found


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def result(**changes: Any) -> dict[str, Any]:
    """A pushed result with the canary wherever it may stand."""
    code = {"coding": [{"system": "http://loinc.org", "code": "4485-9"}], "text": CANARY}
    return pushing.result(NUMBER, code=code, note=[{"text": CANARY}], **changes)


@pytest.fixture
async def laboratory(trial: Store) -> Store:
    """The trial with a registered laboratory."""
    await register(trial, pushing.LAB, at=AT)
    trial.desk.expire()
    return trial


async def test_no_byte_of_what_is_erased_remains_in_any_table(laboratory: Store) -> None:
    said = Message(number=CANARY, change_reason=CANARY)
    [first] = await transact(laboratory, EVERYTHING, [pushing.put(result(), message=said)])
    await transact(
        laboratory,
        EVERYTHING,
        [pushing.put(result(status="corrected", issued="2021-09-15T10:00:00+02:00"), message=said)],
    )
    assert {"resource", "version", "identity", "inbox", "search_token"} <= await tables_with(
        laboratory, CANARY
    )
    own = sha256(first.document or b"").digest()

    stones = await erased(laboratory, "Observation", first.id)

    assert await tables_with(laboratory, CANARY) == set()
    assert [(one.version, one.client, one.reason) for one in stones] == [
        (1, "dpo", "asked for by the person"),
        (2, "dpo", "asked for by the person"),
    ]
    assert stones[0].digest == own
    assert await erased(laboratory, "Observation", first.id) == stones


ASKED = Visibility(sites=frozenset({"SLS"}), donors=False)


@pytest.mark.rule(78)
@pytest.mark.parametrize("version", [None, 1])
async def test_a_donor_whose_part_is_erased_stays_hidden(trial: Store, version: int | None) -> None:
    part = subject("p9", study="donors") | {"assignedArm": "donor"}
    with_donors = study() | {"arm": [{"name": "donor"}]}
    await transact(
        trial, EVERYTHING, [put(patient(site="SLS"), "p9"), put(with_donors, "donors"), put(part, "rs9")]
    )
    await transact(trial, EVERYTHING, [delete("ResearchSubject", "rs9")])

    await erased(trial, "ResearchSubject", "rs9", version)

    assert (await read(trial, EVERYTHING, "Patient", "p9")).version == 1
    with pytest.raises(Refusal) as caught:
        await read(trial, ASKED, "Patient", "p9")
    assert caught.value.status == 404


async def test_no_content_of_an_erased_version_is_known_any_more(laboratory: Store) -> None:
    [first] = await transact(laboratory, EVERYTHING, [pushing.put(result())])
    later = result(status="corrected", issued="2021-09-15T10:00:00+02:00")
    await transact(laboratory, EVERYTHING, [pushing.put(later)])

    await erased(laboratory, "Observation", first.id, 1)

    rows = await laboratory.database.read(lambda c: c.fetch("SELECT version FROM content"))
    assert [tuple(row) for row in rows] == [(2,)]


async def test_no_letter_that_waits_with_it_remains(laboratory: Store) -> None:
    [first] = await transact(laboratory, EVERYTHING, [pushing.put(result())])
    await lock(
        laboratory,
        EVERYTHING,
        Locking(key=("ResearchSubject", "rs1"), by=DPO, reason="complete"),
        at=AT,
    )
    later = result(status="corrected", issued="2021-09-15T10:00:00+02:00")
    with pytest.raises(Refusal):
        await transact(laboratory, EVERYTHING, [pushing.put(later)])
    assert (await refused(laboratory, "Observation", first.id)).status == 423
    await unlock(
        laboratory,
        EVERYTHING,
        Locking(key=("ResearchSubject", "rs1"), by=DPO, reason="erasure"),
        at=AT,
    )

    await erased(laboratory, "Observation", first.id)

    assert await tables_with(laboratory, CANARY) == set()


async def test_a_patient_goes_after_what_is_about_them_and_takes_the_letters_along(
    laboratory: Store,
) -> None:
    await transact(laboratory, EVERYTHING, [put(patient() | {"language": CANARY.lower()}, "p9")])
    await transact(laboratory, EVERYTHING, [put(c3("p9"), "o9")])

    answer = await refused(laboratory, "Patient", "p9")
    assert (answer.status, "Observation/o9" in answer.issues[0].text) == (409, True)

    await erased(laboratory, "Observation", "o9")
    await erased(laboratory, "Patient", "p9")
    assert await tables_with(laboratory, CANARY) == set()


async def test_one_earlier_version_is_erased_alone(trial: Store) -> None:
    wrong = c3("p1").replace(b"{", b'{"language":"' + CANARY.encode() + b'",', 1)
    await transact(trial, EVERYTHING, [put(wrong, "o1")])
    answer = await refused(trial, "Observation", "o1", 1)
    assert (answer.status, "stands" in answer.issues[0].text) == (409, True)
    await transact(trial, EVERYTHING, [put(c3("p1"), "o1")])

    [stone] = await erased(trial, "Observation", "o1", 1)

    assert await tables_with(trial, CANARY) == set()
    assert (stone.version, (await read(trial, EVERYTHING, "Observation", "o1")).version) == (1, 2)
    with pytest.raises(Refusal) as caught:
        await vread(trial, EVERYTHING, "Observation", "o1", 1)
    assert caught.value.status == 410
    assert "erased on 2026-01-02T00:00:00" in caught.value.issues[0].text
    assert "by dpo because: asked for by the person" in caught.value.issues[0].text
    page = await history(trial, EVERYTHING, "Observation", "o1", count=10)
    assert [(one.version, one.erased, one.deleted, one.created) for one in page.versions] == [
        (2, False, False, False),
        (1, True, False, False),
    ]
    assert (await refused(trial, "Observation", "o1", 3)).status == 404
    assert (await refused(trial, "Observation", "nothing")).status == 404


async def test_everything_else_copes_with_what_was_erased(laboratory: Store) -> None:
    [first] = await transact(laboratory, EVERYTHING, [pushing.put(result())])
    await erased(laboratory, "Observation", first.id)
    await erased(laboratory, "ResearchSubject", "rs2")

    await rebuild(laboratory)
    await retranslate(laboratory)
    known = await of_subject(laboratory, EVERYTHING, "rs1", None)
    assert known.measurements == ()
    again = await transact(
        laboratory, EVERYTHING, [pushing.put(result()), put(subject("p2"), "rs2"), delete("Patient", "no")]
    )
    assert (again[0].id != first.id, again[1].version) == (True, 3)
    assert [one.document is None for one in (await _all(laboratory, "rs2"))] == [False, True, True]
    assert [one async for one in Verification(laboratory.database).faults()] == []


async def _all(store: Store, name: str) -> list[Any]:
    return (await history(store, EVERYTHING, "ResearchSubject", name, count=10)).versions
