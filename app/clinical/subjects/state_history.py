"""The states a subject has been in, drawn from the versions of the ResearchSubject, and what may follow.

A state lasts over all versions that keep it. When it began is what its last version says, for that may put
right what an earlier one said; when it was recorded is when its first version was stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.clinical.answers import Answer, Figure, Result, Value
from app.clinical.asked import Asked
from app.clinical.case import once
from app.clinical.criteria.consent_gate import SIGNED, is_refusal, of_the_study
from app.clinical.history import History
from app.clinical.records import Enrolment, Moment, Source
from app.clinical.subjects.life import DEAD, life
from app.clinical.subjects.states import TRANSITIONS, next_states
from app.clinical.timeline import Infusion, counted, infusion
from app.protocol.definition import Protocol

STATE, NEXT, MILESTONE = "state", "next-state", "milestone"
NOBODY = "who changed a state is not recorded: requests carry no identity yet"
NO_ARM = "the subject is assigned to no arm (assignedArm)"
NO_CONSENT = "the subject names no Consent (consent)"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One version of a ResearchSubject: when it was stored, and what it said; None for a deletion."""

    at: str
    enrolment: Enrolment | None


@dataclass(frozen=True, slots=True)
class Spell:
    """A state and the versions that kept it; `taken_back` says that a correction followed."""

    versions: tuple[Enrolment, ...]
    recorded: str
    taken_back: bool = False

    @property
    def last(self) -> Enrolment:
        """What was said of it last."""
        return self.versions[-1]


def answer(protocol: Protocol, history: History, versions: Sequence[Recorded], asked: Asked) -> Answer:
    """Every state since when and why, the states that may follow, and the milestones beside them."""
    found = spells(versions)
    following = [*found[1:], None]
    lacking = [(history.enrolment.assigned_arm, NO_ARM), (history.enrolment.consent, NO_CONSENT)]
    return Answer(
        question="status-history",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            *(_state(one, then) for one, then in zip(found, following, strict=True)),
            _next(history.enrolment),
            *_milestones(protocol, history, asked.today),
        ),
        notes=(NOBODY, *(said for value, said in lacking if value is None), *history.remarks()),
    )


def spells(versions: Sequence[Recorded]) -> list[Spell]:
    """The states in their order; a subject deleted and made again begins anew."""
    found: list[Spell] = []
    running = False
    for one in versions:
        now = one.enrolment
        if now is not None and running and found[-1].last.status == now.status:
            found[-1] = replace(found[-1], versions=(*found[-1].versions, now))
        elif now is not None:
            if running and now.corrects:
                found[-1] = replace(found[-1], taken_back=True)
            found.append(Spell((now,), one.at))
        running = now is not None
    return found


def _state(spell: Spell, then: Spell | None) -> Result:
    ended = None if then is None else then.last.since
    figures = [
        Figure(name="status", value=spell.last.status),
        since(spell.last),
        Figure(name="recorded", value=spell.recorded),
        Figure(name="version", value=spell.versions[0].source.version),
        _said("reason", spell.last.why),
    ]
    if then is not None:
        figures.insert(2, _day("until", None if ended is None else ended.day, ended))
    if spell.taken_back:
        figures.append(Figure(name="taken-back", value=True))
    return Result(
        name=STATE,
        figures=tuple(figures),
        evidence=once(one.source for one in (spell.versions[0], spell.last)),
    )


def since(enrolment: Enrolment) -> Figure:
    """When the subject came into its state, as it is said of the state, not of the part in the study."""
    moment = enrolment.since
    return _day("since", None if moment is None else moment.day, moment)


def _day(name: str, day: date | None, moment: Moment | None) -> Figure:
    why = "missing-observation" if moment is None else "partial-date"
    return Figure(name=name, value=day, reasons=(why,) if day is None else ())


def _said(name: str, value: Value | None) -> Figure:
    return Figure(name=name, value=value, reasons=("missing-observation",) if value is None else ())


def _next(enrolment: Enrolment) -> Result:
    """The states that may follow the present one, each with what happens then."""
    arrows = TRANSITIONS.get(enrolment.status, {})
    final = () if next_states(enrolment.status) else (f"{enrolment.status} is final",)
    return Result(
        name=NEXT,
        figures=tuple(Figure(name=state, value=happens) for state, happens in arrows.items()),
        evidence=(enrolment.source,),
        notes=final,
    )


def _milestones(protocol: Protocol, history: History, today: date) -> Iterator[Result]:
    """The days that matter beside the states, as far as they are recorded by the day asked for."""
    for name, day, source in _days(protocol, history, today):
        if day is not None and day <= today:
            figures = (Figure(name="what", value=name), Figure(name="day", value=day, evidence=(source,)))
            yield Result(name=MILESTONE, figures=figures, evidence=(source,))


def _days(protocol: Protocol, history: History, today: date) -> Iterator[tuple[str, date | None, Source]]:
    for consent in of_the_study(history.enrolment, history.consents):
        if consent.status == "active" and not is_refusal(consent) and consent.when is not None:
            yield "consent", consent.when.day, consent.source
    for one in counted(protocol, history.measurements):
        if SIGNED in one.codings and one.truth is True and one.when is not None:
            yield "consent-attested", one.when.day, one.source
    period = history.enrolment.period
    if period.start is not None:
        yield "part-began", period.start.day, history.enrolment.source
    t0 = infusion(protocol, history)
    if isinstance(t0, Infusion):
        yield "infusion", t0.day, t0.source
    if period.end is not None:
        yield "part-ended", period.end.day, history.enrolment.source
    known = life(protocol, history, today=today)
    if known.status == DEAD and known.evidence:
        yield "death", known.died_on, known.evidence[0]
