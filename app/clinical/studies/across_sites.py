"""A question about a study answered from all its sites to who sees only some, with small counts suppressed.

Told are counts and what rests on many (told_counts.py says which): no result of a subject, no evidence, no
subject's day, no remark that rests on any subject. What is suppressed has no value and the reason
`suppressed`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked
from app.clinical.interval import Interval
from app.clinical.records import Study
from app.clinical.studies.suppression import Count, K
from app.clinical.studies.told_counts import PERHAPS, TELLING, Frame, Table
from app.clinical.summary import Summary
from app.protocol.definition import Protocol

SUPPRESSED: Final = "suppressed"
SCOPE: Final = f"scope: all sites of the study, counts under {K} suppressed"
RULE: Final = (
    f"rule: k = {K}: suppressed is what would tell of 1 to {K - 1} subjects, in all or of those you do not"
    " see, by itself or by subtraction, and what rests on it; donors, single subjects and single events are"
    " left out"
)
_BY_CHANCE: Final = ("reason-", "infused-", "not-applicable")
"""How the names of counts begin that there are only where somebody is counted."""


def across_sites(
    summary: Summary[Any],
    protocol: Protocol,
    study: Study,
    rows: tuple[Sequence[Any], Sequence[Any]],
    asked: Asked,
) -> Answer:
    """The answer from the rows of every site, for an asker who sees those that come second."""
    everyone, own, nobody = (summary.answer(protocol, study, of, asked) for of in (*rows, ()))
    return suppressed(everyone, own, nobody=nobody, arms=[arm.name for arm in protocol.arms])


def suppressed(everyone: Answer, own: Answer, *, nobody: Answer, arms: Collection[str]) -> Answer:
    """The answer about everyone as it may be told to who gets `own` when asking.

    `nobody` is the answer where there are no subjects: what is said there is of none of them. `arms` are
    those of the protocol: others are told only if they are the asker's own.
    """
    if SCOPE in everyone.notes:
        return everyone
    known = {None, *arms, *(result.arm for result in own.results)}
    asked_about = [one for one in everyone.results if one.arm in known and _is_of_many(one)]
    told = dict(TELLING[everyone.question](_table(asked_about, own)))
    public, theirs = _figures(nobody), _figures(own)
    results = []
    for result in asked_about:
        frame = _frame(result)
        names = told.get(frame, ())
        if frame in public or frame in theirs or _tells(result, names):
            said = _result(result, names, public.get(frame, {}), theirs.get(frame, {}))
            results.append(said)
    return Answer(
        question=everyone.question,
        subject=everyone.subject,
        protocol=everyone.protocol,
        protocol_version=everyone.protocol_version,
        results=tuple(results),
        notes=(SCOPE, RULE, *nobody.notes),
    )


def _is_of_many(result: Result) -> bool:
    """Not one subject's, and not about donors."""
    return (
        result.verdict is None and not result.findings and result.name not in ("population", "serious-event")
    )


def _tells(result: Result, names: Collection[str]) -> bool:
    """Whether any figure is told that is not merely nothing."""
    return any(figure.name in names and figure.value not in (0, Interval.of(0)) for figure in result.figures)


def _frame(result: Result) -> Frame:
    return Frame(result.name, result.arm, result.visit, result.rule)


def _figures(answer: Answer) -> Mapping[Frame, Mapping[str, Figure]]:
    return {_frame(one): {figure.name: figure for figure in one.figures} for one in answer.results}


def _table(results: Sequence[Result], own: Answer) -> Table:
    """The counts of every result, with how many of them the asker does not see."""
    theirs = {_frame(one): _counted(one) for one in own.results}
    treated = {frame.arm: found.get("n", 0) for frame, found in theirs.items() if frame.name == "treated"}
    counts = {}
    for result in results:
        frame, found = _frame(result), _counted(result)
        seen = theirs.get(frame)
        if seen is None:  # none of the asker's reached it, so all of them are undetermined
            seen = dict.fromkeys(("n", "undetermined"), treated.get(result.arm, 0)) if "met" in found else {}
        names = dict.fromkeys((*found, *seen))
        counts[frame] = {
            name: Count(found.get(name, 0), found.get(name, 0) - seen.get(name, 0)) for name in names
        }
    return Table(counts)


def _counted(result: Result) -> dict[str, int]:
    """The counts of a result; one that lies between two bounds is two."""
    found: dict[str, int] = {}
    for figure in result.figures:
        match figure.value:
            case bool():
                pass
            case int(number) if figure.name != "planned":
                found[figure.name] = number
            case Interval(low, high) if figure.unit is None and figure.name not in ("max-grade", "quartiles"):
                found |= {figure.name: int(low), figure.name + PERHAPS: int(high - low)}
    return found


def _result(
    result: Result, told: Collection[str], public: Mapping[str, Figure], own: Mapping[str, Figure]
) -> Result:
    figures = []
    for figure in result.figures:
        said_anyway = public.get(figure.name) == figure and not _is_none(figure)
        if figure.name in told or said_anyway:
            reasons = figure.reasons
            figures.append(Figure(name=figure.name, value=figure.value, unit=figure.unit, reasons=reasons))
        elif figure.name in own or not _is_by_chance(result, figure):
            figures.append(Figure(name=figure.name, value=None, reasons=(SUPPRESSED,)))
    return Result(
        name=result.name, arm=result.arm, visit=result.visit, rule=result.rule, figures=tuple(figures)
    )


def _is_none(figure: Figure) -> bool:
    """Whether a figure counts nobody: that it does for nobody's answer, too, says nothing."""
    return not isinstance(figure.value, bool) and figure.value in (0, Interval.of(0))


def _is_by_chance(result: Result, figure: Figure) -> bool:
    """Whether there would be no such figure if nobody were counted in it."""
    return result.name == "status" or figure.name.startswith(_BY_CHANCE)
