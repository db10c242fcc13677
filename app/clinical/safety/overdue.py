"""What is overdue in a study: reports of serious events due or past due, and visits that were missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from app.clinical.answers import Answer, Figure, Result, wire
from app.clinical.asked import Asked, among
from app.clinical.history import History
from app.clinical.records import Source, Study
from app.clinical.safety import reporting
from app.clinical.safety.reporting import DUE, OPEN, OVERDUE, Duty
from app.clinical.safety.safety_rows import Happened, watched
from app.clinical.safety.safety_summary import told
from app.clinical.subjects import visit_matrix
from app.clinical.summary import Summary
from app.clinical.truth import Truth
from app.protocol.definition import Protocol

REPORT, VISIT = "report", "visit"
WAITING: Final = (OVERDUE, DUE, OPEN)
"""How a report may stand that was not sent, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A visit whose window is over, and the assessments of it that are not there."""

    visit: str
    due: date
    assessments: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What is waiting for one subject."""

    source: Source
    arm: str | None
    events: tuple[tuple[Happened, Duty], ...]
    visits: tuple[Missed, ...]
    unsaid: tuple[Source, ...]  # events of which nobody said whether they are serious


def row(protocol: Protocol, history: History, asked: Asked) -> Behind:
    """The reports not sent and the visits missed of one subject."""
    names = among((REPORT, VISIT), asked.names, parameter="name")
    subject = watched(protocol, history, asked)
    waiting = tuple(
        (event, duty)
        for event in subject.events
        for duty in event.duties
        if REPORT in names and event.serious is Truth.YES and duty.state in WAITING
    )
    unsaid = tuple(event.source for event in subject.events if event.serious is Truth.UNKNOWN)
    missed = tuple(_missed(protocol, history, asked.today)) if VISIT in names else ()
    return Behind(subject.source, subject.arm, waiting, missed, unsaid)


def _missed(protocol: Protocol, history: History, today: date) -> Iterator[Missed]:
    cells = visit_matrix.cells(protocol, history, today=today)
    for visit, of_visit in groupby(cells, key=lambda cell: cell.visit):
        planned = [cell for cell in of_visit if cell.state != "computed"]
        behind = visit_matrix.behind(planned, today)
        if behind:
            names = tuple(cell.assessment for cell in behind)
            due = max(cell.due[1] for cell in behind if cell.due)
            yield Missed(visit.label, due, names, visit_matrix.how_far(planned))


def answer(protocol: Protocol, study: Study, rows: Sequence[Behind], asked: Asked) -> Answer:
    """What is overdue, the longest first; then what is due."""
    names = among((REPORT, VISIT), asked.names, parameter="name")
    reports = sorted(
        ((one, event, duty) for one in rows for event, duty in one.events),
        key=lambda found: _urgency(*found[1:]),
    )
    visits = sorted(
        ((one, missed) for one in rows for missed in one.visits), key=lambda found: _since(*found)
    )
    return Answer(
        question="overdue",
        subject=study.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            *(_report(protocol, *found) for found in reports if REPORT in names),
            *(_visit(*found) for found in visits if VISIT in names),
        ),
        on=asked.today.isoformat(),
        notes=tuple(f"{source} does not say whether it is serious" for one in rows for source in one.unsaid),
    )


def _urgency(event: Happened, duty: Duty) -> tuple[int, date, str, str]:
    return WAITING.index(duty.state), duty.due or date.max, str(event.source), duty.kind


def _since(subject: Behind, missed: Missed) -> tuple[date, str]:
    return missed.due, str(subject.source)


def _report(protocol: Protocol, subject: Behind, event: Happened, duty: Duty) -> Result:
    """A report that was not sent: not met where it is overdue."""
    found = reporting.finding(duty)
    return Result(
        name=REPORT,
        arm=subject.arm,
        rule=protocol.study.regime,
        verdict=wire(found.verdict),
        findings=(found,),
        reasons=found.reasons,
        missing=() if found.needs is None else (found.needs,),
        evidence=(event.source, subject.source),
        figures=(Figure(name="state", value=duty.state), Figure(name="due", value=duty.due), *told(event)),
    )


def _visit(subject: Behind, missed: Missed) -> Result:
    """A visit with nothing of it there, or with a part of it missing."""
    return Result(
        name=VISIT,
        arm=subject.arm,
        visit=missed.visit,
        evidence=(subject.source,),
        figures=(
            Figure(name="state", value=missed.state),
            Figure(name="due", value=missed.due),
            *(Figure(name="missing", value=name) for name in missed.assessments),
        ),
    )


SUMMARY = Summary(row=row, answer=answer)
