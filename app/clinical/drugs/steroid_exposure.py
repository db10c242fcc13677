"""Whether the corticosteroids of one subject were reduced: at each visit, by each reading (§1.9).

The registry compares the mean daily dose before each visit with that before the infusion; the synopsis the
mean of weeks 40 to 52, which must also be low. The days before a visit are counted back from its assessment,
or from its planned day once its window has closed without one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from app.clinical.answers import Answer, Figure, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.calendar import shifted
from app.clinical.case import Judged, once
from app.clinical.choices import choices
from app.clinical.comparison import plain, six_digits
from app.clinical.drugs.steroid_days import Mean, SteroidDays, steroid_days
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.not_infused import without_day_0
from app.clinical.responses.survival import alive_at_visit
from app.clinical.scores.assessments import Chart, chart
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth, all_of
from app.protocol.definition import Protocol
from app.protocol.steroids import SteroidParameters, SteroidRule, Steroids

NAME = "steroid-exposure"
UNIT = "mg/d"
NOT_APPLICABLE = "not-applicable"


class Question(NamedTuple):
    """One rule at one visit; no rule at the reference, where the mean is only told."""

    visit: str
    rule: SteroidRule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The doses of one subject and the days of the visits, read once."""

    protocol: Protocol
    steroids: Steroids
    history: History
    t0: Infusion
    today: date
    days: SteroidDays
    chart: Chart

    @property
    def chosen(self) -> SteroidParameters:
        """Where the sources leave a choice open."""
        return self.protocol.parameters.steroid

    def before(self) -> Mean:
        """The mean before the infusion."""
        mean = self.days.mean(self.t0.date_of(-self.chosen.baseline_days), self.t0.date_of(-1))
        return mean if mean.enough else replace(mean, reasons=once(("baseline-missing", *mean.reasons)))

    def after(self, label: str, rule: SteroidRule) -> Mean:
        """The mean that a rule looks at for a visit."""
        if rule.over == "final_window":
            first, last = map(self.t0.date_of, self.chosen.final_window)
            return self.days.mean(first, last)
        visit, seen = self.protocol.visit(label), self.seen(label)
        ends, closes = seen or self.t0.date_of(visit.day), self.t0.date_of(visit.window[1])
        mean = self.days.mean(shifted(ends, 1 - self.chosen.window), ends)
        if seen is not None or self.today > closes:
            return mean
        needs = f"the assessment of {label}, expected by {closes}: the days are counted back from it"
        return replace(mean, low=None, high=None, enough=False, reasons=("window-open",), needs=needs)

    def seen(self, label: str) -> date | None:
        """The day of the assessment that stands for a visit."""
        return self.chart.seen(self.protocol.visit(label))

    def alive(self, label: str) -> tuple[Finding, ...]:
        """Whether the subject lived to be seen at the visit, for one who has died."""
        ends = self.t0.date_of(self.protocol.visit(label).window[1])
        return alive_at_visit(self.history.person, seen=self.seen(label), window_ends=ends)


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The mean daily doses as asked, and whether each reading calls them reduced."""
    steroids = protocol.steroids
    if steroids is None:
        raise CannotAnswer(f"{protocol.key} does not ask for the exposure to corticosteroids")
    questions, t0 = _questions(steroids, asked), infusion(protocol, history)
    overlaps: tuple[str, ...] = ()
    if isinstance(t0, NotInfused):
        results = tuple(_unanswered(question, t0) for question in questions)
    else:
        reading = Reading(
            protocol=protocol,
            steroids=steroids,
            history=history,
            t0=t0,
            today=asked.today,
            days=steroid_days(protocol, steroids, history, t0=t0, today=asked.today),
            chart=chart(protocol, history, t0, today=asked.today),
        )
        before = reading.before()
        results = tuple(_result(reading, before, question) for question in questions)
        overlaps = tuple(question.needs for question in reading.days.taken.overlaps)
    return Answer(
        question="steroid-exposure",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=results,
        notes=(*choices(steroid=protocol.parameters.steroid), *overlaps, *history.remarks()),
    )


def _questions(steroids: Steroids, asked: Asked) -> list[Question]:
    """The rules at their visits; the reference first, unless a rule was asked for."""
    labels = among((steroids.reference, *steroids.visits), asked.visits, parameter="visit")
    names = among([rule.name for rule in steroids.rules], asked.rules, parameter="rule")
    rules = [rule for rule in steroids.rules if rule.name in names]
    told = asked.rules is None and steroids.reference in labels
    return [
        *([Question(steroids.reference, None)] if told else []),
        *(Question(label, rule) for label in labels for rule in rules if label in rule.visits),
    ]


def _result(reading: Reading, before: Mean, question: Question) -> Result:
    """The mean at the reference, or what a rule says at a visit."""
    label, rule = question
    if rule is not None:
        return _judged(reading, before, label, rule)
    return Result(
        name=NAME,
        visit=label,
        figures=_figures(before),
        reasons=before.reasons,
        evidence=once((reading.t0.source, *before.evidence)),
        missing=() if before.needs is None else (before.needs,),
    )


def _judged(reading: Reading, before: Mean, label: str, rule: SteroidRule) -> Result:
    """Whether every condition of the rule is met; where nothing can be reduced, nothing is said."""
    after = reading.after(label, rule)
    findings = (*_conditions(reading.chosen, rule, before, after), *reading.alive(label))
    verdict = all_of(finding.verdict for finding in findings)
    if any(NOT_APPLICABLE in finding.reasons for finding in findings):
        verdict = Truth.UNKNOWN
    still = [one for one in findings if one.verdict is verdict is Truth.UNKNOWN]
    return Result(
        name=NAME,
        verdict=wire(verdict),
        findings=findings,
        visit=label,
        rule=rule.name,
        reasons=once(reason for finding in still for reason in finding.reasons),
        evidence=once((reading.t0.source, *(one for finding in findings for one in finding.evidence))),
        missing=once(finding.needs for finding in still if finding.needs is not None),
        figures=(*_figures(after), _dose("mean-at-reference", before), *_change(before, after)),
    )


def _unanswered(question: Question, why: NotInfused) -> Result:
    rule = None if question.rule is None else question.rule.name
    return without_day_0(why, name=NAME, visit=question.visit, rule=rule, decides=rule is not None)


def _conditions(chosen: SteroidParameters, rule: SteroidRule, before: Mean, after: Mean) -> Iterator[Finding]:
    yield _reduced(chosen, before, after).finding("reduction", rule.reduction)
    if rule.limit is not None:
        yield _below(chosen, after).finding("limit", rule.limit)


def _reduced(chosen: SteroidParameters, before: Mean, after: Mean) -> Judged:
    """Whether the mean fell by the share asked for; from nothing it cannot fall."""
    limit, mean = before.times(1 - chosen.reduction), after.value
    judged = Judged(
        truth=Truth.UNKNOWN,
        reasons=once((*before.reasons, *after.reasons)),
        needs="; ".join(filter(None, (before.needs, after.needs))),
        observed=_shown(after),
        evidence=once((*before.evidence, *after.evidence)),
    )
    if limit is None:
        return judged
    share = f"{plain((1 - chosen.reduction) * 100)} % of {before.value} {UNIT}"
    judged = replace(judged, threshold=f"<= {limit} {UNIT} ({share}, {before.first} to {before.last})")
    if limit.low == 0 and chosen.zero_baseline == "exclude":
        why = (NOT_APPLICABLE,) if limit.high == 0 else judged.reasons
        return replace(judged, reasons=why, needs=judged.needs if limit.high else None)
    return judged if mean is None else replace(judged, truth=mean.against("<=", limit))


def _below(chosen: SteroidParameters, after: Mean) -> Judged:
    """Whether the mean is below the limit."""
    mean = after.value
    return Judged(
        truth=Truth.UNKNOWN if mean is None else mean.holds(chosen.limit_op, chosen.limit_mg),
        reasons=after.reasons,
        needs=after.needs,
        observed=_shown(after),
        threshold=f"{chosen.limit_op} {plain(chosen.limit_mg)} {UNIT}",
        evidence=after.evidence,
    )


def _shown(mean: Mean) -> str:
    size = "a mean that is not known" if mean.value is None else f"{mean.value} {UNIT}"
    return f"{size}, {mean.first} to {mean.last} ({mean.known} of {mean.days} days known)"


def _figures(mean: Mean) -> tuple[Figure, ...]:
    return (
        _dose("mean-daily-dose", mean),
        Figure(name="days-known", value=mean.known, unit="d"),
        Figure(name="days-in-window", value=mean.days, unit="d"),
    )


def _dose(name: str, mean: Mean) -> Figure:
    return Figure(name=name, value=mean.value, unit=UNIT, evidence=mean.evidence, reasons=mean.reasons)


def _change(before: Mean, after: Mean) -> tuple[Figure, ...]:
    """By how many per cent the mean fell, where both are known."""
    if not (before.enough and after.enough) or not before.low or after.low is None:
        return ()
    if before.high is None or after.high is None:
        return ()
    least, most = (
        six_digits((reference - mean) / reference * 100)
        for reference, mean in ((before.low, after.high), (before.high, after.low))
    )
    return (Figure(name="reduction", value=Interval.of(least, most), unit="%"),)
