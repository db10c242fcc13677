"""Every question about a whole study, by its name: how it is answered from one row for each subject."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from app.clinical.asked import Asked
from app.clinical.doses import dose_escalation
from app.clinical.history import History
from app.clinical.safety import overdue, safety_summary
from app.clinical.studies import endpoint_summary, enrolment_summary
from app.clinical.summary import Summary
from app.clinical.until import of_the_day
from app.protocol.definition import Protocol

Row = TypeVar("Row")


def _of_the_day(
    row: Callable[[Protocol, History, Asked], Row], protocol: Protocol, history: History, asked: Asked
) -> Row:
    """The row of a subject, from what had happened by the clinical day the question is asked for."""
    return row(protocol, of_the_day(history, asked), asked)


def _by_the_day(summary: Summary[Row]) -> Summary[Row]:
    return replace(summary, row=partial(_of_the_day, summary.row))


STUDY_QUESTIONS: Final[Mapping[str, Summary[Any]]] = {
    "endpoint-summary": _by_the_day(endpoint_summary.SUMMARY),
    "enrolment": _by_the_day(enrolment_summary.SUMMARY),
    "dose-escalation": _by_the_day(dose_escalation.SUMMARY),
    "safety-summary": _by_the_day(safety_summary.SUMMARY),
    "overdue": _by_the_day(overdue.SUMMARY),
}
"""By the name of the operation, without its dollar."""
