"""What a change of the record changes in the answers: every question asked twice, and what differs.

Nothing is kept by hand: the questions are asked of the history as it is and as it would be, and the answers
are compared part by part. That another version of a resource is the evidence is no change of an answer.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.case import once
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.questions import QUESTIONS
from app.clinical.records import Source
from app.protocol.definition import Protocol

T = TypeVar("T")
Key = tuple[object, ...]
Facts = Mapping[str, Figure]

OWN_DAY = "no day is named: each question is answered for the day it takes when it is asked alone"
_VERSION = re.compile(r"/_history/\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The history of a subject as it is and as it would be, and the record in which they differ.

    `notes` say in words which two they are.
    """

    before: History
    after: History
    record: Source
    notes: tuple[str, ...]


def impact(protocol: Protocol, proposed: Proposed, asked: Asked) -> Answer:
    """Every result that changes, and those that rest on the record and do not."""
    before = answers(protocol, proposed.before, asked)
    after = answers(protocol, proposed.after, asked)
    found = tuple(changes(before, after, of=proposed.record))
    changed = sum(is_changed(result) for result in found)
    counts = {
        "questions": len(before.keys() | after.keys()),
        "changed": changed,
        "unchanged": len(found) - changed,
    }
    figures = tuple(Figure(name=name, value=value) for name, value in counts.items())
    return Answer(
        question="impact",
        subject=proposed.before.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(Result(name="summary", evidence=(proposed.record,), figures=figures), *found),
        on=None if asked.on is None else asked.on.isoformat(),
        notes=(*proposed.notes, *([OWN_DAY] if asked.on is None else ())),
    )


def answers(protocol: Protocol, history: History, asked: Asked) -> Mapping[str, Answer]:
    """The whole answer to every question the protocol asks about a subject."""
    found = {}
    for name, decide in QUESTIONS.items():
        try:
            found[name] = decide(protocol, history, Asked(today=asked.today, on=asked.on))
        except CannotAnswer:
            continue
    return found


def changes(
    before: Mapping[str, Answer], after: Mapping[str, Answer], *, of: Source | None = None
) -> Iterator[Result]:
    """Every result that differs between two sets of answers, and those that rest on `of` and do not."""
    for question in once((*before, *after)):
        now, then = _by_name(before.get(question)), _by_name(after.get(question))
        for key in once((*now, *then)):
            found = _compared(now.get(key), then.get(key))
            if is_changed(found) or (of is not None and _rests_on((now.get(key), then.get(key)), of)):
                yield replace(found, question=question)


def is_changed(result: Result) -> bool:
    """Whether it is one of the results that change."""
    return result.figures[0].value is True


def _compared(before: Result | None, after: Result | None) -> Result:
    """The result as it would be, with everything that is otherwise now."""
    figures = tuple(_differences(_of_result(before), _of_result(after)))
    findings = tuple(_changed(_findings(before), _findings(after)))
    one = after or before or Result()
    changed = bool(figures or findings)
    return replace(
        one,
        verdict=None if after is None else after.verdict,
        evidence=one.evidence if changed else (),
        missing=one.missing if changed else (),
        notes=(),
        figures=(Figure(name="changed", value=changed), *figures),
        findings=findings,
    )


def _changed(before: Mapping[Key, Finding], after: Mapping[Key, Finding]) -> Iterator[Finding]:
    """The criteria that differ, each as it would be."""
    for key in once((*before, *after)):
        now, then = before.get(key), after.get(key)
        figures = tuple(_differences(_of_finding(now), _of_finding(then)))
        one = then or now
        if figures and one is not None:
            yield replace(one, notes=(), figures=figures, parts=())


def _differences(before: Facts, after: Facts) -> Iterator[Figure]:
    """What differs, as two figures: `total-before` and `total-after`."""
    for name in once((*before, *after)):
        now, then = before.get(name), after.get(name)
        if _meaning(now) != _meaning(then):
            for when, figure in (("before", now), ("after", then)):
                if figure is not None:
                    yield replace(figure, name=f"{name}-{when}", evidence=())


def _meaning(figure: Figure | None) -> object:
    if figure is None:
        return None
    value = figure.value
    exact = value.low if isinstance(value, Interval) and value.low == value.high else value
    return exact, figure.unit, figure.reasons


def _of_result(result: Result | None) -> Facts:
    if result is None:
        return {}
    return _facts(
        {
            "verdict": result.verdict or "",
            "reasons": _words(result.reasons),
            "missing": _words(result.missing),
        },
        result.notes,
        result.figures,
    )


def _of_finding(finding: Finding | None) -> Facts:
    if finding is None:
        return {}
    said = {
        "verdict": wire(finding.verdict),
        "observed": _stable(finding.observed or ""),
        "normalised": _stable(finding.normalised or ""),
        "threshold": finding.threshold or "",
        "reasons": _words(finding.reasons),
    }
    return _facts(said, finding.notes, finding.figures)


def _facts(words: Mapping[str, str], notes: Sequence[str], figures: Sequence[Figure]) -> Facts:
    """Everything said, by name: the words there are, and the figures; those of one name counted through."""
    said = {name: Figure(name=name, value=text) for name, text in words.items() if text}
    told = {"notes": Figure(name="notes", value=_words(notes))} if notes else {}
    seen: Counter[str] = Counter()
    found = {}
    for figure in figures:
        seen[figure.name] += 1
        number = seen[figure.name]
        found[figure.name if number == 1 else f"{figure.name}-{number}"] = figure
    return said | told | found


def _words(several: Iterable[str]) -> str:
    return "; ".join(sorted(map(_stable, several)))


def _stable(text: str) -> str:
    """A sentence without the versions of the resources it names."""
    return _VERSION.sub("", text)


def _by_name(answer: Answer | None) -> Mapping[Key, Result]:
    """Results by what they are of; those that share a name are counted through."""
    results = () if answer is None else answer.results
    return _numbered(((one.name, one.arm, one.visit, one.rule), one) for one in results)


def _findings(result: Result | None) -> Mapping[Key, Finding]:
    """Every criterion of a result, and every part of one."""
    return _numbered(((one.id,), one) for one in _every(() if result is None else result.findings))


def _numbered(named: Iterable[tuple[Key, T]]) -> Mapping[Key, T]:
    seen: Counter[Key] = Counter()
    found: dict[Key, T] = {}
    for key, one in named:
        seen[key] += 1
        found[(*key, seen[key])] = one
    return found


def _every(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _every(finding.parts)


def _rests_on(pair: Iterable[Result | None], of: Source) -> bool:
    """Whether some version of a record is evidence of a result."""
    return any(
        (source.type, source.id) == (of.type, of.id)
        for result in pair
        if result is not None
        for source in _evidence(result)
    )


def _evidence(result: Result) -> Iterator[Source]:
    yield from result.evidence
    findings = list(_every(result.findings))
    for figure in (*result.figures, *(figure for one in findings for figure in one.figures)):
        yield from figure.evidence
    for finding in findings:
        yield from finding.evidence
