"""How a question about a whole study is decided: page by page, away from the event loop.

What can be asked is listed in the clinical room (STUDY_QUESTIONS). A small study is decided on a thread; a
large one by processes of their own, as many as there are processors, for as long as the question lasts.
"""

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.doses.part_of_study import of_a_part
from app.clinical.history import History
from app.clinical.study_questions import STUDY_QUESTIONS
from app.clinical.summary import Summary
from app.fhir_mapping.operation import Operation
from app.protocol.definition import Protocol
from app.routers.decisions import cannot_answer
from app.store.of_study import PAGE, Page, Subjects

T = TypeVar("T")

PROCESSES: Final = os.cpu_count() or 1


async def decide_study(
    operation: Operation, protocol: Protocol, subjects: Subjects, asked: Asked, *, turn: asyncio.Lock
) -> Answer:
    """The answer to a question about a study; Refusal 400 or 422 where it cannot be asked.

    Large studies are decided one after the other (`turn`), however many are asked about. An answer that is
    not about all subjects, because the asker does not see all of them, says so; who does not see every site
    is told no decision about the study. Donors were given nothing: without them it can be decided.
    """
    summary = STUDY_QUESTIONS[operation.code]
    with cannot_answer():
        rows = await every_row(summary, protocol, subjects, asked, turn=turn)
        answer = await asyncio.to_thread(summary.answer, protocol, subjects.study, rows, asked)
    if subjects.visibility.sites is not None:
        answer = of_a_part(answer)
    scope = subjects.visibility.scope
    return answer if scope is None else replace(answer, notes=(scope, *answer.notes))


async def every_row(
    summary: Summary[T], protocol: Protocol, subjects: Subjects, asked: Asked, *, turn: asyncio.Lock
) -> list[T]:
    """The row of every subject."""
    work = partial(_rows, summary.row, protocol, asked)
    async with turn if len(subjects.patients) > PAGE else nullcontext():
        return [row async for of_page in decided(subjects, work) for row in of_page]


def _rows(
    row: Callable[[Protocol, History, Asked], T], protocol: Protocol, asked: Asked, page: Page
) -> list[T]:
    """The row of every subject on a page."""
    return [row(protocol, history, asked) for history in page.histories()]


async def decided(subjects: Subjects, work: Callable[[Page], T]) -> AsyncIterator[T]:
    """What `work` makes of every page, in order; no more pages are held than are being worked on."""
    loop = asyncio.get_running_loop()
    waiting: deque[asyncio.Future[T]] = deque()
    with _workers(len(subjects.patients)) as workers:
        async for page in subjects.pages(PAGE):
            waiting.append(loop.run_in_executor(workers, work, page))
            if len(waiting) > PROCESSES:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()


@contextmanager
def _workers(patients: int) -> Iterator[Executor | None]:
    """The threads at hand for a page, processes for more; who stops waiting stops them."""
    if patients <= PAGE:
        yield None
        return
    pool = ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
