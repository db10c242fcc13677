"""A study is read whole: every subject once, as of one moment, in few statements."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from app.clinical.history import History
from app.fhir_mapping.outcome import Refusal
from app.store import of_study
from app.store.of_study import Subjects, subjects_of
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.make import c3, delete, of_subject, patient, put, study, subject

LATER = datetime(2200, 1, 1, tzinfo=UTC)


async def read(store: Store, *, size: int = 100, at: datetime = LATER) -> dict[str, History]:
    subjects = await subjects_of(store, EVERYTHING, "s1", at)
    return {one.enrolment.source.id: one async for page in subjects.pages(size) for one in page.histories()}


async def enrol(store: Store, numbers: Iterable[int]) -> None:
    writes = [
        write
        for number in numbers
        for write in (
            put(patient(), f"p-{number}"),
            put(subject(f"p-{number}"), f"rs-{number}"),
            put(c3(f"p-{number}"), f"c3-{number}"),
        )
    ]
    await transact(store, EVERYTHING, writes)


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_every_subject_is_read_once_and_as_alone(trial: Store, size: int) -> None:
    await transact(trial, EVERYTHING, [put(c3("p1"), "a"), put(c3("p2"), "b"), put(study(), "s2")])
    await transact(trial, EVERYTHING, [put(subject("p2", study="s2"), "elsewhere")])

    found = await read(trial, size=size)

    assert list(found) == ["rs1", "rs2"]
    for name, history in found.items():
        assert history == await of_subject(trial, EVERYTHING, name, None)
    assert [one.source.id for one in found["rs2"].other_enrolments] == ["elsewhere"]


async def test_a_study_is_read_as_it_was(trial: Store) -> None:
    [first] = await transact(trial, EVERYTHING, [put(c3("p1", "0.71"), "o1")])
    await transact(
        trial, EVERYTHING, [put(c3("p1", "1.20"), "o1"), put(subject("p1") | {"status": "candidate"}, "rs3")]
    )
    await transact(trial, EVERYTHING, [delete("ResearchSubject", "rs2")])

    then, now = await read(trial, at=first.last_updated), await read(trial)

    assert list(then) == ["rs1", "rs2"]
    assert list(now) == ["rs1", "rs3"]
    assert [one.received for one in then["rs1"].measurements] == ["0.71"]
    assert [one.received for one in now["rs1"].measurements] == ["1.20"]
    assert now["rs1"].measurements == now["rs3"].measurements


async def test_the_parts_of_a_study_belong_to_it(trial: Store) -> None:
    await transact(trial, EVERYTHING, [put(study(), "s2")])
    for part, whole in (("lyon", "s1"), ("lyon-sud", "lyon"), ("other", "s2")):
        document = study() | {"partOf": [{"reference": f"ResearchStudy/{whole}"}]}
        await transact(trial, EVERYTHING, [put(document, part)])
    await transact(trial, EVERYTHING, [put(subject("p1", study="lyon-sud"), "rs-lyon")])
    await transact(trial, EVERYTHING, [put(subject("p1", study="other"), "rs-other")])

    found = await read(trial)

    assert sorted(found) == ["rs-lyon", "rs1", "rs2"]
    assert found["rs-lyon"].study is not None
    assert found["rs-lyon"].study.source.id == "lyon-sud"


async def test_the_statements_do_not_grow_with_the_subjects(trial: Store) -> None:
    counts = []
    for numbers in (range(60), range(60, 600)):
        await enrol(trial, numbers)
        before = trial.database.statements
        await read(trial, size=600)
        counts.append(trial.database.statements - before)

    assert counts == [4, 5]  # studies, subjects, sizes; then a statement for each page: 62 patients, 602


@pytest.mark.parametrize(
    ("documents", "expected"),
    [(1, [1, 1, 1]), (8, [1, 1, 1]), (9, [2, 1]), (11, [2, 1]), (12, [3])],
)
async def test_a_page_holds_few_documents_unless_one_patient_has_more(
    trial: Store, monkeypatch: pytest.MonkeyPatch, documents: int, expected: list[int]
) -> None:
    await enrol(trial, [1])
    of_p1 = [put(c3("p1"), f"p1-{number}") for number in range(4)]
    of_p2 = [put(c3("p2"), "p2-0"), put(c3("elsewhere"), "p3-0")]
    await transact(trial, EVERYTHING, [put(patient(), "elsewhere"), *of_p1, *of_p2])
    monkeypatch.setattr(of_study, "DOCUMENTS", documents)

    subjects = await subjects_of(trial, EVERYTHING, "s1", LATER)
    pages = [page async for page in subjects.pages(100)]

    assert subjects.sizes == {"p-1": 3, "p1": 6, "p2": 3}
    assert [len(page.subjects) for page in pages] == expected
    assert [sum(map(len, page.documents.values())) for page in pages] == [
        sum(subjects.sizes[patient] for patient in of_page) for of_page in subjects.cut(100)
    ]


async def test_a_study_that_is_not_there_is_not_read(trial: Store) -> None:
    [deleted] = await transact(trial, EVERYTHING, [put(study(), "s2")])
    await transact(trial, EVERYTHING, [delete("ResearchStudy", "s2")])
    unborn = deleted.last_updated - timedelta(microseconds=1)

    for name, at, status in (("s9", LATER, 404), ("s2", LATER, 410), ("s2", unborn, 404)):
        with pytest.raises(Refusal) as refused:
            await subjects_of(trial, EVERYTHING, name, at)
        assert refused.value.status == status
    assert (await subjects_of(trial, EVERYTHING, "s2", deleted.last_updated)).study.source.version == 1


async def test_a_subject_deleted_while_the_study_is_read_is_left_out(trial: Store) -> None:
    subjects: Subjects = await subjects_of(trial, EVERYTHING, "s1", LATER)
    await transact(trial, EVERYTHING, [delete("ResearchSubject", "rs1")])

    found = [one.enrolment.source.id async for page in subjects.pages(9) for one in page.histories()]

    assert found == ["rs2"]


async def test_only_what_the_asker_may_see_is_read(trial: Store) -> None:
    of_other_study = Visibility(studies=frozenset({"s2"}))

    with pytest.raises(Refusal) as refused:
        await subjects_of(trial, of_other_study, "s1", LATER)

    assert refused.value.status == 404
