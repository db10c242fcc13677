"""What was recorded by a moment is what an answer as of that moment rests on."""

import asyncio

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import c3, delete, of_subject, put


async def c3_values(store: Store, as_of: object = None) -> list[tuple[str | None, int]]:
    history = await of_subject(store, EVERYTHING, "rs1", as_of)  # type: ignore[arg-type]
    return sorted((one.received, one.source.version) for one in history.measurements)


async def test_a_corrected_value_replaces_the_old_one_but_not_its_past(trial: Store) -> None:
    [first] = await transact(trial, EVERYTHING, [put(c3("p1", "0.71"), "o1")])
    await asyncio.sleep(0.002)
    [second] = await transact(trial, EVERYTHING, [put(c3("p1", "1.20", status="corrected"), "o1")])
    [gone] = await transact(trial, EVERYTHING, [delete("Observation", "o1")])

    assert await c3_values(trial) == []
    assert await c3_values(trial, first.last_updated) == [("0.71", 1)]
    assert await c3_values(trial, second.last_updated) == [("1.20", 2)]
    assert await c3_values(trial, gone.last_updated) == []


async def test_a_history_holds_the_person_the_study_and_only_their_own(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1")), put(c3("p2"))])

    history = await of_subject(trial, EVERYTHING, "rs1", None)

    assert history.enrolment.patient == "p1"
    assert history.person is not None
    assert history.person.source.id == "p1"
    assert history.study is not None
    assert history.study.identifiers[0].code == "NCT03562065"
    assert {one.patient for one in history.measurements} == {"p1"}


async def test_a_subject_that_did_not_exist_then_is_not_found_then(trial: Store) -> None:
    history = await of_subject(trial, EVERYTHING, "rs1", None)
    [later] = await transact(trial, EVERYTHING, [delete("ResearchSubject", "rs1")])
    before = later.last_updated.replace(year=2000)

    with pytest.raises(Refusal) as unborn:
        await of_subject(trial, EVERYTHING, history.enrolment.source.id, before)
    with pytest.raises(Refusal) as deleted:
        await of_subject(trial, EVERYTHING, "rs1", None)
    assert (unborn.value.status, deleted.value.status) == (404, 410)


@pytest.mark.parametrize(
    "modifier",
    [
        b'"modifierExtension":[{"url":"http://x/negated","valueBoolean":true}]',
        b'"implicitRules":"http://x/r"',
    ],
)
async def test_what_carries_a_modifier_we_do_not_know_is_kept_and_left_out(
    trial: Store, modifier: bytes
) -> None:
    odd = c3("p1").replace(b"{", b"{" + modifier + b",", 1)
    await transact(trial, EVERYTHING, [put(odd, "odd"), put(c3("p1", "0.9"), "plain")])

    history = await of_subject(trial, EVERYTHING, "rs1", None)

    assert [one.source.id for one in history.measurements] == ["plain"]
    assert [str(source) for source in history.not_understood] == ["Observation/odd/_history/1"]
    assert "Observation/odd/_history/1" in history.remarks()[0]
