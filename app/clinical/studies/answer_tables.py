"""The tables of a study that are computed: visits, scores and markers, endpoints."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from app.clinical.answers import Figure, Result
from app.clinical.asked import CannotAnswer
from app.clinical.interval import Interval
from app.clinical.markers import biomarkers
from app.clinical.scores import disease_activity
from app.clinical.studies.endpoints import Number, Outcome, Reached, reached
from app.clinical.studies.enrolment_summary import arm_of, is_treated
from app.clinical.studies.table import Cell, Column, Subject, Table
from app.clinical.studies.tables import EVENTS, EXPOSURES, SUBJECTS, joined
from app.clinical.subjects.visit_matrix import Cell as Planned
from app.clinical.subjects.visit_matrix import cells


def _visits(subject: Subject) -> Iterator[Planned]:
    return iter(cells(subject.protocol, subject.history, today=subject.asked.today))


class Score(NamedTuple):
    """One number of a score or a marker at a visit."""

    result: Result
    figure: Figure


def _scores(subject: Subject) -> Iterator[Score]:
    """Every score and every marker; nothing of those the protocol does not ask for."""
    for question in (disease_activity.answer, biomarkers.answer):
        try:
            results = question(subject.protocol, subject.history, subject.asked).results
        except CannotAnswer:
            continue
        yield from (Score(result, figure) for result in results for figure in result.figures)


class Reach(NamedTuple):
    """What a treated subject reached in one endpoint."""

    of: Subject
    reached: Reached


def _endpoints(subject: Subject) -> Iterator[Reach]:
    if is_treated(subject.protocol, subject.history):
        for one in reached(subject.protocol, subject.history, subject.asked):
            yield Reach(subject, one)


def _low(figure: Figure) -> Decimal | None:
    return figure.value.low if isinstance(figure.value, Interval) else None


def _high(figure: Figure) -> Decimal | None:
    return figure.value.high if isinstance(figure.value, Interval) else None


def _value(figure: Figure) -> Cell:
    if isinstance(figure.value, Interval):
        return figure.value.low if figure.value.low == figure.value.high else None
    return figure.value


def _verdict(one: Reach) -> str | None:
    return one.reached.verdict if isinstance(one.reached, Outcome) else None


def _number(one: Reach) -> Decimal | None:
    return one.reached.value if isinstance(one.reached, Number) else None


def _unit(one: Reach) -> str | None:
    return one.reached.unit if isinstance(one.reached, Number) else None


VISITS: Final[Table[Planned]] = Table(
    "visits",
    "One row for each planned assessment of each visit.",
    _visits,
    (
        Column("visit", "the planned visit", "protocol", lambda one: one.visit.label),
        Column("assessment", "what is planned at it", "protocol", lambda one: one.assessment),
        Column("due_from", "first day it may take place", "computed", lambda one: one.due and one.due[0]),
        Column("due_to", "last day it may take place", "computed", lambda one: one.due and one.due[1]),
        Column("state", "done, missing, still open, …", "computed", lambda one: one.state),
        Column("study_day", "day it was done, from the infusion", "computed", lambda one: one.study_day, "d"),
        Column("reasons", "why it is not done or not known", "computed", lambda one: joined(one.reasons)),
    ),
)

SCORES: Final[Table[Score]] = Table(
    "scores",
    "One row for each number of each score and marker at each visit.",
    _scores,
    (
        Column("visit", "the planned visit", "protocol", lambda one: one.result.visit),
        Column("instrument", "the score or marker", "protocol", lambda one: one.result.name),
        Column("item", "which number of it", "computed", lambda one: one.figure.name),
        Column(
            "value", "the number or grade where it is known", "Observation", lambda one: _value(one.figure)
        ),
        Column("low", "the least it can be", "computed", lambda one: _low(one.figure)),
        Column("high", "the most it can be", "computed", lambda one: _high(one.figure)),
        Column("unit", "its unit (UCUM)", "computed", lambda one: one.figure.unit),
        Column("reasons", "why it is not known", "computed", lambda one: joined(one.figure.reasons)),
        Column(
            "evidence", "what it rests on", "Observation", lambda one: joined(map(str, one.result.evidence))
        ),
    ),
)

ENDPOINTS: Final[Table[Reach]] = Table(
    "endpoints",
    "One row for each endpoint, visit and rule of each treated subject, as $endpoint-summary counts them.",
    _endpoints,
    (
        Column(
            "arm", "the arm followed, else assigned", "ResearchSubject", lambda one: arm_of(one.of.history)
        ),
        Column("endpoint", "the endpoint", "computed", lambda one: one.reached.key.name),
        Column("visit", "the planned visit", "protocol", lambda one: one.reached.key.visit),
        Column("rule", "the variant of the rule", "protocol", lambda one: one.reached.key.rule),
        Column("verdict", "met, not-met, undetermined", "computed", _verdict),
        Column("value", "the number, where it is one", "computed", _number),
        Column("unit", "its unit (UCUM)", "computed", _unit),
        Column("reasons", "why it is not known", "computed", lambda one: joined(one.reached.reasons)),
    ),
)

TABLES: Final = {table.name: table for table in (SUBJECTS, VISITS, SCORES, EVENTS, EXPOSURES, ENDPOINTS)}
"""Every table of a study, by its name."""
