"""Major and partial clinical response by BILAG (RCM, RCP), by both definitions (clinical conventions §1.5).

`visit-adapted` answers at every visit; `explorer-sustained` once, at the visit that stands for week 52. A
visit that is missing leaves the flares open, unless what is known settles the answer all the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from app.clinical.answers import Answer, Finding, Result, wire
from app.clinical.asked import Asked, CannotAnswer, among
from app.clinical.case import apart, once
from app.clinical.history import History
from app.clinical.not_infused import without_day_0
from app.clinical.responses.course import Course, course
from app.clinical.responses.flares import figures, relapse
from app.clinical.responses.response_conditions import Conditions
from app.clinical.responses.survival import alive_at_visit
from app.clinical.scores.assessments import chart
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.clinical.truth import Truth, all_of
from app.protocol.definition import Protocol
from app.protocol.response import Response
from app.protocol.words import Sentence

ADAPTED, SUSTAINED = "visit-adapted", "explorer-sustained"
RULES = (ADAPTED, SUSTAINED)
MAJOR, PARTIAL, FLARE = NAMES = ("major", "partial", "flare")
WHATEVER = "the answer is the same whatever the missing grades are"
NOT_APPLICABLE = (
    "not-applicable: no organ system was A or B at inclusion, so that there is nothing to respond"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One definition at one visit: the findings of a major and of a partial response."""

    rule: str
    label: str
    active: Finding
    major: tuple[Finding, ...]
    partial: tuple[Finding, ...]
    alive: tuple[Finding, ...]

    def findings(self, name: str) -> tuple[Finding, ...]:
        """All that decides a response of this name."""
        return (self.active, *(self.major if name == MAJOR else self.partial), *self.alive)

    def verdict(self, name: str) -> Truth:
        """The conjunction; not known where there was nothing to respond. Who died before did not respond."""
        if self.active.verdict is Truth.UNKNOWN and self.alive:
            return all_of(finding.verdict for finding in self.alive) & Truth.UNKNOWN
        if self.active.verdict is not Truth.YES:
            return Truth.UNKNOWN
        return all_of(finding.verdict for finding in self.findings(name))


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The clinical response as asked: major and partial, at each visit and by each definition."""
    response = protocol.response
    if response is None:
        raise CannotAnswer(f"{protocol.key} does not ask for a clinical response")
    known = once((*protocol.parameters.response.visits, response.week_52))
    visits = among(known, asked.visits, parameter="visit")
    rules = among(RULES, asked.rules, parameter="rule")
    names = among(NAMES, asked.names, parameter="name")
    t0 = infusion(protocol, history)
    if isinstance(t0, NotInfused):
        results = _not_infused(protocol, response, t0)
    else:
        results = _results(protocol, response, history, t0, asked)
    wanted = [
        one for one in results if one.visit in visits and one.name in names and (one.rule or ADAPTED) in rules
    ]
    return Answer(
        question="clinical-response",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(wanted),
        notes=(*_choices(protocol), *history.remarks()),
    )


def in_force(protocol: Protocol) -> str:
    """The definition this protocol goes by, as `rule` spells it."""
    return protocol.parameters.response.definition.replace("_", "-")


def _results(
    protocol: Protocol, response: Response, history: History, t0: Infusion, asked: Asked
) -> Iterator[Result]:
    labels = protocol.parameters.response.visits
    recorded = chart(protocol, history, t0, today=asked.today)
    bilag = course(
        protocol,
        recorded,
        reference=response.reference,
        asked=(*labels, response.week_24, response.week_52),
    )
    responded: str | None = None
    ask = Conditions(response.text, bilag)
    for label in labels:
        [major, minor] = _answered(
            protocol, response, ask, partial(_adapted, protocol, response, history, label)
        )
        yield from (major, minor)
        yield _flares(bilag, response, label, responded=responded)
        if responded is None and "met" in (major.verdict, minor.verdict):
            responded = label
    yield from _answered(protocol, response, ask, partial(_sustained, protocol, response, history, asked))


def _adapted(
    protocol: Protocol, response: Response, history: History, label: str, ask: Conditions
) -> _Question:
    """What is asked at one visit."""
    bilag = ask.course
    since = bilag.between(response.reference, label)
    active = ask.active(required=_active_required(protocol))
    major = (ask.clear(label), ask.no_severe_flare(since))
    alive = _alive(protocol, history, bilag, label)
    minor = (
        ask.not_major((active, *major, *alive)),
        ask.no_a(label),
        ask.either(ask.limited(label, since), ask.reduced(label, since)),
    )
    return _Question(rule=ADAPTED, label=label, active=active, major=major, partial=minor, alive=alive)


def _sustained(
    protocol: Protocol, response: Response, history: History, asked: Asked, ask: Conditions
) -> _Question:
    """What is asked once, of week 24 and of what followed up to week 52."""
    bilag = ask.course
    half, end = response.week_24, response.week_52
    early, late = bilag.between(response.reference, half), bilag.between(half, end)
    active = ask.active(required=_active_required(protocol))
    alive = _alive(protocol, history, bilag, end)
    major = (ask.clear(half), ask.no_severe_flare(early), ask.maintained(late))
    minor = (
        ask.not_major((active, *major, *alive)),
        ask.either(
            ask.for_sixteen_weeks(half, end, today=asked.today),
            ask.with_one_b(half, late),
            ask.with_two_b(half, late),
        ),
    )
    return _Question(rule=SUSTAINED, label=end, active=active, major=major, partial=minor, alive=alive)


def _active_required(protocol: Protocol) -> bool:
    return protocol.parameters.response.baseline_min == "one_a_or_b"


def _alive(protocol: Protocol, history: History, bilag: Course, label: str) -> tuple[Finding, ...]:
    chosen = bilag.at(label).side.choice.chosen
    seen = max((item.when.last_day for item in chosen if item.when is not None), default=None)
    ends = bilag.t0.date_of(protocol.visit(label).window[1])
    return alive_at_visit(history.person, seen=seen, window_ends=ends)


def _answered(
    protocol: Protocol, response: Response, known: Conditions, ask: Callable[[Conditions], _Question]
) -> tuple[Result, Result]:
    """Both responses; where few grades are missing, settled if the answer is the same whatever they are."""
    question = ask(known)
    is_open = Truth.UNKNOWN in (question.verdict(MAJOR), question.verdict(PARTIAL))
    possible = known.course.completions(question.label) if is_open else ()
    worlds = [ask(Conditions(response.text, one)) for one in possible]
    highlight = question.label == protocol.parameters.response.highlighted and question.rule == ADAPTED
    objective = (response.objective,) if highlight else ()
    return (
        _result(MAJOR, question, worlds, (response.major, *objective, *response.remarks)),
        _result(PARTIAL, question, worlds, (response.partial, *response.remarks)),
    )


def _result(name: str, question: _Question, worlds: list[_Question], said: Iterable[Sentence]) -> Result:
    """The conjunction of the conditions; a subject with nothing to respond is neither met nor not met."""
    findings = question.findings(name)
    verdict = question.verdict(name)
    possible = {world.verdict(name) for world in worlds}
    settled = verdict is Truth.UNKNOWN and len(possible) == 1 and Truth.UNKNOWN not in possible
    verdict = possible.pop() if settled else verdict
    is_open = [finding for finding in findings if finding.verdict is Truth.UNKNOWN]
    still = is_open if verdict is Truth.UNKNOWN else []
    floor = question.active.verdict is Truth.NO
    return Result(
        name=name,
        verdict=wire(verdict),
        visit=question.label,
        rule=question.rule,
        findings=findings,
        reasons=("not-applicable",) if floor else once(why for one in still for why in one.reasons),
        missing=() if floor else apart(one.needs for one in still),
        evidence=once(source for one in findings for source in one.evidence),
        notes=(
            *([NOT_APPLICABLE] if floor else []),
            *([WHATEVER] if settled else []),
            *(sentence.en for sentence in said),
        ),
    )


def _flares(bilag: Course, response: Response, label: str, *, responded: str | None) -> Result:
    """How often the disease flared since the injection, and whether it did after the first response."""
    since = bilag.between(response.reference, label)
    after = None if responded is None else bilag.between(responded, label)
    return Result(name=FLARE, visit=label, figures=(*figures(since), relapse(after)))


def _not_infused(protocol: Protocol, response: Response, t0: NotInfused) -> Iterator[Result]:
    labels = protocol.parameters.response.visits
    places = [*((ADAPTED, label) for label in labels), (SUSTAINED, response.week_52)]
    for rule, label in places:
        for name in (MAJOR, PARTIAL):
            yield without_day_0(t0, name=name, visit=label, rule=rule)


def _choices(protocol: Protocol) -> tuple[str, ...]:
    """Where the sources leave a choice open, what was chosen, by the parameter's name."""
    chosen = protocol.parameters
    return (
        f"response.definition = {chosen.response.definition}",
        f"response.baseline_min = {chosen.response.baseline_min}",
        f"bilag.variant = {chosen.bilag.variant}",
        f"bilag.flare_reference = {chosen.bilag.flare_reference}",
        f"visit.baseline_lookback_days = {chosen.visit.baseline_lookback_days}",
    )
