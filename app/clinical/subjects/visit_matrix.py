"""For each visit and each assessment planned at it: done, out of its window, missing, still to come (§0.5).

It says what is recorded, not what it is worth: an assessment of which some record says something is done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.subjects.events import told
from app.clinical.subjects.recognised import Found, Recorded
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.visits import Clock, clock
from app.protocol.assessed import Assessment
from app.protocol.definition import Protocol, Visit

State = Literal[
    "done", "partial", "out-of-window", "missing", "open", "not-due-yet", "not-applicable", "computed"
]
"""`partial`: not all of its results are there. `open`: it may still come. `not-applicable`: the subject had
left before. `computed`: nothing is recorded for it, an answer says it."""

LEFT = frozenset({"withdrawn", "off-study"})
"""The states of those who are seen no more, from the end of their part in the study."""


NOTHING = Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One assessment at one visit; `due` are the first and the last day on which it may take place.

    `state` is None where it cannot be told, and `reasons` say why.
    """

    visit: Visit
    assessment: str
    state: State | None
    due: tuple[date, date] | None = None
    study_day: int | None = None
    found: Found = NOTHING
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """Every planned assessment of every visit, as of the day asked for."""
    names = once(name for visit in protocol.visits for name in visit.assessed)
    if not names:
        raise CannotAnswer(f"{protocol.key} plans no assessments at its visits")
    labels = among([visit.label for visit in protocol.visits], asked.visits, parameter="visit")
    wanted = among(names, asked.names, parameter="name")
    every = cells(protocol, history, today=asked.today)
    t0 = infusion(protocol, history)
    needs = (t0.remark("when visits are due needs"),) if isinstance(t0, NotInfused) else ()
    return Answer(
        question="visit-matrix",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(
            _result(one) for one in every if one.visit.label in labels and one.assessment in wanted
        ),
        on=asked.today.isoformat(),
        notes=(*needs, *history.remarks()),
    )


def cells(protocol: Protocol, history: History, *, today: date) -> Sequence[Cell]:
    """Every planned assessment of every visit, in the order of the protocol."""
    declared = {one.name: one for one in protocol.assessments}
    recorded = Recorded(protocol=protocol, history=history)
    t0 = infusion(protocol, history)
    grid = None
    if isinstance(t0, Infusion):
        grid = _Grid(recorded, clock(protocol, history, t0, today), today, _left(history))
    found = []
    for visit, name in _planned(protocol):
        assessment = declared.get(name)
        if assessment is None:
            found.append(_undeclared(visit, name))
        elif grid is None:
            found.append(_without_day_0(recorded, visit, assessment, t0))
        else:
            found.append(grid.cell(visit, assessment))
    return found


def behind(found: Iterable[Cell], today: date) -> tuple[Cell, ...]:
    """The planned assessments of a visit that are missing, or miss a part, though its window is over."""
    return tuple(
        one
        for one in found
        if one.state in {"missing", "partial"} and one.due is not None and one.due[1] < today
    )


def how_far(found: Iterable[Cell]) -> str:
    """Whether a visit that is behind was missed, or something of it is there."""
    planned = (one.state for one in found if one.state != "computed")
    return "missed" if all(state == "missing" for state in planned) else "incomplete"


def _planned(protocol: Protocol) -> Iterator[tuple[Visit, str]]:
    return ((visit, name) for visit in protocol.visits for name in visit.assessed)


@dataclass(frozen=True, slots=True)
class _Grid:
    """What is recorded, on the clock of the infusion, up to the day asked for; `left`: the day of leaving."""

    recorded: Recorded
    clock: Clock
    today: date
    left: date | None

    def cell(self, visit: Visit, assessment: Assessment) -> Cell:
        """One assessment at one visit."""
        first, last = (self.clock.t0.date_of(day) for day in visit.window)
        if assessment.answered_by:
            waited = self._absent(first, last)
            state: State = "computed" if waited == "missing" else waited
            at = (f"${assessment.answered_by} computes it",)
            return Cell(visit=visit, assessment=assessment.name, state=state, due=(first, last), notes=at)
        found = self.recorded.at(self.clock, visit, assessment)
        exact = [self.clock.t0.study_day(one.when) for one in found.chosen if not assessment.drugs]
        days = [day for day in exact if day is not None]
        given = _done(found, visit, days) if found.chosen else self._not_chosen(found, first, last)
        return Cell(
            visit=visit,
            assessment=assessment.name,
            state=given,
            due=(first, last),
            study_day=min(days, default=None),
            found=found,
            reasons=found.reasons if given in {None, "missing", "partial", "out-of-window"} else (),
            notes=found.notes,
        )

    def _not_chosen(self, found: Found, first: date, last: date) -> State | None:
        """What an assessment is of which nothing stands for the visit; None where a vague date may."""
        state = self._absent(first, last)
        if state != "missing":
            return state
        if "partial-date" in found.reasons:
            return None
        return "out-of-window" if found.outside else "missing"

    def _absent(self, first: date, last: date) -> State:
        """What an assessment is that is not recorded."""
        if self.left is not None and self.left < first:
            return "not-applicable"
        if self.today < first:
            return "not-due-yet"
        return "open" if self.today <= last else "missing"


def _done(found: Found, visit: Visit, days: Sequence[int]) -> State:
    first, last = visit.window
    if any(not first <= day <= last for day in days):
        return "out-of-window"
    return "partial" if found.missing else "done"


def _without_day_0(
    recorded: Recorded, visit: Visit, assessment: Assessment, t0: Infusion | NotInfused
) -> Cell:
    """Without an infusion only what was recorded for a visit by its label can be placed."""
    found = NOTHING if assessment.answered_by else recorded.labelled(visit, assessment)
    reasons = (t0.reason,) if isinstance(t0, NotInfused) else ()
    if found.chosen:
        state: State = "partial" if found.missing else "done"
        return Cell(visit=visit, assessment=assessment.name, state=state, found=found)
    return Cell(visit=visit, assessment=assessment.name, state="not-due-yet", reasons=reasons)


def _undeclared(visit: Visit, name: str) -> Cell:
    note = f"the protocol does not say how {name} is recognised"
    return Cell(visit=visit, assessment=name, state=None, reasons=("ambiguous-protocol",), notes=(note,))


def _left(history: History) -> date | None:
    """The last day on which the subject could be seen: that of death or of leaving, where it is known."""
    person, enrolment = history.person, history.enrolment
    died = person.deceased_at if person is not None and person.deceased else None
    ended = enrolment.period.end if enrolment.status in LEFT else None
    return min((moment.last_day for moment in (died, ended) if moment is not None), default=None)


def _result(cell: Cell) -> Result:
    due_from, due_to = cell.due or (None, None)
    state = Figure(name="state", value=cell.state, reasons=cell.reasons if cell.state is None else ())
    recorded = cell.found.of - len(cell.found.missing) if cell.found.of > 1 else None
    return Result(
        name=cell.assessment,
        visit=cell.visit.label,
        reasons=cell.reasons,
        evidence=cell.found.evidence,
        missing=cell.found.missing if cell.state in {"missing", "partial"} else (),
        notes=cell.notes,
        figures=(
            state,
            *told(due_from=due_from, due_to=due_to, study_day=cell.study_day),
            *told(recorded=recorded, of=cell.found.of if recorded is not None else None),
        ),
    )
