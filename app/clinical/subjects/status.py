"""Where the subject stands, in one answer: what a partner site asks (trial domain §5).

It decides nothing of its own: each part comes from the records, or from the answer to another question,
whose criteria and evidence are asked for there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from app.clinical.answers import Answer, Figure, Finding, Result
from app.clinical.asked import Asked
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.subjects import standing
from app.clinical.subjects.not_understood import unusable
from app.clinical.subjects.standing import Standing
from app.clinical.truth import Truth
from app.protocol.definition import Protocol

Part = Callable[[Standing], Iterator[Result]]

SUPPORT = "Decision support: open each question (result.question) for its criteria and evidence."


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """Every part of the status, in the order a site reads them."""
    found = Standing(protocol=protocol, history=history, asked=asked)
    return Answer(
        question="status",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(result for part in PARTS for result in part(found)),
        on=asked.today.isoformat(),
        notes=(SUPPORT, *history.remarks()),
    )


def of_question(question: str, *figures: str, first: bool = False) -> Part:
    """The results of another question that are of now: those of no visit and those of the last one reached.

    `figures` are the ones to give, all where none is named; with `first` the first visit is given, too.
    """

    def part(found: Standing) -> Iterator[Result]:
        answered = found.ask(question)
        if answered is None:
            return
        of_now = _of_now(found, answered, first=first)
        for result in answered.results:
            if result.visit is None or result.visit in of_now:
                yield _brief(question, result, figures)

    return part


def _of_now(found: Standing, answered: Answer, *, first: bool) -> set[str]:
    """The last visit of the answer whose first day has come, and the first of all."""
    asked_at = {result.visit for result in answered.results}
    labels = [visit.label for visit in found.reached if visit.label in asked_at]
    return {*labels[-1:], *(labels[:1] if first else ())}


def _brief(question: str, result: Result, names: tuple[str, ...]) -> Result:
    """A result without its criteria, but with the names of those that decide it."""
    wanted = [one for one in result.figures if not names or one.name in names]
    deciding = {"not-met": Truth.NO, "undetermined": Truth.UNKNOWN}.get(result.verdict or "")
    several = result.findings[1:]
    ids = ", ".join(one.id for one in result.findings if several and one.verdict is deciding)
    return _briefly(question, result, wanted, ids)


def _briefly(question: str, result: Result, figures: Iterable[Figure], ids: str) -> Result:
    return replace(
        result,
        question=question,
        findings=(),
        evidence=(),
        notes=(),
        figures=(
            *(replace(one, evidence=()) for one in figures),
            *([Figure(name="decided-by", value=ids)] if ids else []),
        ),
    )


def eligibility(found: Standing) -> Iterator[Result]:
    """Whether the subject may enter, and the criteria that stand against it or leave it open."""
    answered = found.ask("eligibility")
    rules = found.protocol.rules_for(found.history.enrolment.assigned_arm)
    included = {criterion.id for criterion in rules.inclusion}
    for result in () if answered is None else answered.results:
        ids = [one.id for one in result.findings if _decides(one, result, included)]
        yield _briefly("eligibility", result, (), ", ".join(ids))


def _decides(criterion: Finding, result: Result, included: AbstractSet[str]) -> bool:
    """Whether a criterion is why somebody may not enter, or why that is not known."""
    if result.verdict == "undetermined":
        return criterion.verdict is Truth.UNKNOWN
    against = Truth.NO if criterion.id in included else Truth.YES
    return result.verdict == "ineligible" and criterion.verdict is against


def scores(found: Standing) -> Iterator[Result]:
    """Each score as it was last known, with its change from the baseline; its items are left out."""
    first = min(found.protocol.visits, key=lambda visit: visit.day)
    labels = tuple(visit.label for visit in found.reached)
    answered = found.ask("disease-activity")
    if answered is None:
        return
    at = {label: number for number, label in enumerate(labels)}
    last: dict[str | None, Result] = {}
    for result in sorted(answered.results, key=lambda one: at.get(one.visit or first.label, -1)):
        if result.visit in at and (result.name not in last or any(_is_known(one) for one in result.figures)):
            last[result.name] = result
    for result in last.values():
        figures = tuple(replace(one, evidence=()) for one in result.figures if _is_number(one))
        yield replace(
            result, question="disease-activity", figures=figures, evidence=(), notes=(), findings=()
        )


def _is_number(figure: Figure) -> bool:
    """Whether it is a score rather than one of its items; also the day it is of."""
    return isinstance(figure.value, Decimal | int | Interval | date) and not isinstance(figure.value, bool)


def _is_known(figure: Figure) -> bool:
    return isinstance(figure.value, Decimal | Interval)


def queries(found: Standing) -> Iterator[Result]:
    """What is worth asking the site: every remark on a record that the other answers made."""
    said = once(
        note
        for answered in found.answered.values()
        for result in answered.results
        for note in _notes(result)
        if _NAMES_A_RECORD.search(note)
    )
    if said:
        yield Result(name="data-queries", notes=said, figures=(Figure(name="queries", value=len(said)),))


_NAMES_A_RECORD = re.compile(r"/_history/\d+")


def _notes(result: Result) -> Iterator[str]:
    yield from result.notes
    findings = list(result.findings)
    while findings:
        finding = findings.pop(0)
        yield from finding.notes
        findings[:0] = finding.parts


def odd_results(found: Standing) -> Iterator[Result]:
    """The results no answer can use."""
    return unusable(found.protocol, found.history)


PARTS: Final[tuple[Part, ...]] = (
    standing.state,
    eligibility,
    standing.infused,
    of_question("cell-dose"),
    standing.visits,
    standing.adverse_events,
    of_question("tolerance", "events", "max-grade", first=True),
    scores,
    of_question("sri-status"),
    of_question("clinical-response"),
    of_question("steroid-exposure", first=True),
    of_question("treatment-failure"),
    of_question("survival"),
    queries,
    odd_results,
)
"""What is said of a subject, in this order; a part the protocol does not ask for is left out."""
