"""What a token does not allow is not written, whatever way the write takes; and a correction says why."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.access.scope import parse
from app.fhir_mapping.change import Write
from app.fhir_mapping.outcome import Refusal
from app.store.session import Store
from app.store.transact import rehearse, transact
from app.store.visibility import EVERYTHING
from tests.store.conditions import create, criteria, delete_if, named, patch_if, setting, update
from tests.store.make import c3, delete, patient, put

REASON = "transcription error"


def actor(scopes: str, *, reason: str | None = REASON) -> Actor:
    return Actor(client="chu-a", role="site", scopes=parse(scopes), reason=reason)


async def refusal_of(store: Store, by: Actor, *writes: Write) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await transact(store, EVERYTHING, list(writes), by=by)
    return caught.value


@pytest.fixture
async def stored(trial: Store) -> Store:
    await transact(trial, EVERYTHING, [put(c3("p1"), "there"), put(named("known"), "px")])
    return trial


WRITES: Sequence[tuple[str, Write]] = [
    ("system/Observation.c", put(c3("p1"))),
    ("system/Observation.u", put(c3("p1", "0.9"), "there")),
    ("system/Observation.u", put(c3("p1"), "chosen-by-the-client")),
    ("system/Observation.u", setting("Observation", "there", status="amended")),
    ("system/Observation.d", delete("Observation", "there")),
    ("system/Observation.d", delete("Observation", "never-was")),
    ("system/Patient.cs", create(named("new"), criteria("new"))),
    ("system/Patient.cs", update(named("new"), criteria("new"))),
    ("system/Patient.us", update(named("known"), criteria("known"))),
    ("system/Patient.us", patch_if(criteria("known"), gender="male")),
    ("system/Patient.ds", delete_if(criteria("known"))),
]


@pytest.mark.parametrize(("needed", "write"), WRITES)
async def test_a_write_needs_exactly_its_letters(stored: Store, needed: str, write: Write) -> None:
    kind, letters = needed.removeprefix("system/").split(".")
    for letter in letters:
        rest = "".join(one for one in "cruds" if one != letter)
        lacking = await refusal_of(stored, actor(f"system/{kind}.{rest}"), write)
        assert lacking.status == 403
        assert f"system/{kind}.{letter}" in lacking.issues[0].text

    await transact(stored, EVERYTHING, [write], by=actor(needed))


async def test_in_a_transaction_every_entry_is_looked_at_and_nothing_is_stored(stored: Store) -> None:
    writes = [put(c3("p1")), put(patient(site="SLS"))]

    refused = await refusal_of(stored, actor("system/Observation.cruds"), *writes)

    assert refused.status == 403
    assert "system/Patient.c" in refused.issues[0].text
    assert len(await transact(stored, EVERYTHING, writes, by=actor("system/*.c"))) == 2


async def test_of_neighbours_in_one_commit_only_the_one_without_scope_is_refused(stored: Store) -> None:
    import asyncio

    may_not, may = actor("system/Patient.c"), actor("system/Observation.c")
    both = [transact(stored, EVERYTHING, [put(c3("p1"))], by=by) for by in (may_not, may) * 10]

    found = await asyncio.gather(*both, return_exceptions=True)

    assert [isinstance(one, Refusal) for one in found] == [True, False] * 10


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("system/Observation.c?code=4485-9", True),
        ("system/Observation.c?code=http://loinc.org|4485-9", True),
        ("system/Observation.c?code=urn:other|4485-9", False),
        ("system/Observation.c?code=2951-2", False),
        ("system/Observation.c?code=4485-9&code=C3N", True),
        ("system/Observation.c?code=4485-9&code=other", False),
    ],
)
async def test_a_narrowed_scope_stores_only_what_bears_its_tokens(
    stored: Store, scope: str, allowed: bool
) -> None:
    if allowed:
        await transact(stored, EVERYTHING, [put(c3("p1"))], by=actor(scope))
    else:
        assert (await refusal_of(stored, actor(scope), put(c3("p1")))).status == 403


@pytest.mark.parametrize(
    "write",
    [
        put(c3("p1", "0.9"), "there"),
        setting("Observation", "there", status="amended"),
        delete("Observation", "there"),
        update(named("known"), criteria("known")),
    ],
)
async def test_what_changes_something_stored_says_why(stored: Store, write: Write) -> None:
    silent = actor("system/*.cruds", reason=None)

    refused = await refusal_of(stored, silent, write)

    assert refused.status == 400
    assert (refused.issues[0].code, refused.issues[0].expression) == ("required", "http.x-change-reason")
    await transact(stored, EVERYTHING, [write], by=replace(silent, reason=REASON))


async def test_what_is_new_needs_no_reason(stored: Store) -> None:
    silent = actor("system/*.cruds", reason=None)

    for write in (put(c3("p1")), put(c3("p1"), "new"), create(named("known"), criteria("known"))):
        await transact(stored, EVERYTHING, [write], by=silent)


async def test_a_rehearsal_says_the_same_as_the_write_would(stored: Store) -> None:
    with pytest.raises(Refusal) as caught:
        await rehearse(stored, EVERYTHING, [put(c3("p1"))], by=actor("system/Patient.c"))
    assert caught.value.status == 403
