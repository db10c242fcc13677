"""Every question about a whole study, by its name: how it is answered from one row for each subject."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Generic, TypeVar

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.doses import dose_escalation
from app.clinical.history import History, waiting
from app.clinical.records import Source, Study
from app.clinical.safety import overdue, safety_summary
from app.clinical.studies import endpoint_summary, enrolment_summary
from app.clinical.summary import Summary
from app.clinical.until import of_the_day
from app.protocol.definition import Protocol

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class _Row(Generic[Row]):
    """What a question needs of one subject, and the results of the subject that wait for a code."""

    own: Row
    unmapped: tuple[Source, ...]


def _row(
    row: Callable[[Protocol, History, Asked], Row], protocol: Protocol, history: History, asked: Asked
) -> _Row[Row]:
    """The row of a subject, from what had happened by the clinical day the question is asked for."""
    then = of_the_day(history, asked)
    return _Row(row(protocol, then, asked), then.unmapped())


def _answer(
    answer: Callable[[Protocol, Study, Sequence[Row], Asked], Answer],
    protocol: Protocol,
    study: Study,
    rows: Sequence[_Row[Row]],
    asked: Asked,
) -> Answer:
    """The answer from the rows, and how many results it could not rest on."""
    told = answer(protocol, study, [row.own for row in rows], asked)
    unmapped = [source for row in rows for source in row.unmapped]
    return replace(told, notes=(*told.notes, *waiting(unmapped)))


def _by_the_day(summary: Summary[Row]) -> Summary[_Row[Row]]:
    return Summary(row=partial(_row, summary.row), answer=partial(_answer, summary.answer))


STUDY_QUESTIONS: Final[Mapping[str, Summary[Any]]] = {
    "endpoint-summary": _by_the_day(endpoint_summary.SUMMARY),
    "enrolment": _by_the_day(enrolment_summary.SUMMARY),
    "dose-escalation": _by_the_day(dose_escalation.SUMMARY),
    "safety-summary": _by_the_day(safety_summary.SUMMARY),
    "overdue": _by_the_day(overdue.SUMMARY),
}
"""By the name of the operation, without its dollar."""
