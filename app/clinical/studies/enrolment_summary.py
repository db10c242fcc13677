"""Who takes part in a study: how many are planned, candidates, screened and infused, where and when.

Sources: clinical conventions §4.1 and §4.2 (the queries "enrolled / planned", "first and last inclusion",
"enrolled by sex"), §5 row 47: both the planned and the treated number are said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.records import Moment, Study
from app.clinical.summary import Summary
from app.clinical.timeline import Infusion, infusion
from app.protocol.definition import Protocol

UNKNOWN: Final = "unknown"
BEFORE_ENTRY: Final = frozenset({"candidate", "potential-candidate", "screening", "eligible", "ineligible"})
"""The states of R4 before a subject is on the study."""
SCREENED: Final = BEFORE_ENTRY - {"candidate", "potential-candidate"}


@dataclass(frozen=True, slots=True)
class Part:
    """What is counted of one subject: where they stand, and the days they entered and were infused."""

    status: str
    arm: str | None
    sex: str | None
    entered: date | None
    infused: bool
    infused_on: date | None
    population: str | None = None  # of those who are not to be infused


def part(protocol: Protocol, history: History, _asked: Asked) -> Part:
    """One subject's part in the study."""
    enrolment, t0 = history.enrolment, infusion(protocol, history)
    return Part(
        status=enrolment.status,
        arm=arm_of(history),
        sex=history.person.gender if history.person is not None else None,
        entered=_day(enrolment.period.start),
        infused=is_treated(protocol, history),
        infused_on=t0.day if isinstance(t0, Infusion) else None,
        population=population_of(protocol, history),
    )


def arm_of(history: History) -> str | None:
    """The arm the subject followed, or else was assigned to."""
    return history.enrolment.actual_arm or history.enrolment.assigned_arm


def population_of(protocol: Protocol, history: History) -> str | None:
    """Whom the subject belongs to beside those who are to be infused, such as donors; None for these."""
    population = protocol.population(history.enrolment.assigned_arm)
    return None if population is None else population.name


def is_treated(protocol: Protocol, history: History) -> bool:
    """Whether the study's product was given, though its exact day may not be known."""
    t0 = infusion(protocol, history)
    return isinstance(t0, Infusion) or t0.given


def _day(moment: Moment | None) -> date | None:
    return moment.day if moment is not None else None


def answer(protocol: Protocol, study: Study, every: Sequence[Part], _asked: Asked) -> Answer:
    """The study as a whole, then by status, by arm and by month; those not to be infused by themselves."""
    parts = [one for one in every if one.population is None]
    return Answer(
        question="enrolment",
        subject=study.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=(
            Result(name="study", figures=(*_of_study(protocol, study, parts),)),
            Result(name="status", figures=_counts(one.status or UNKNOWN for one in parts)),
            *_by_arm(protocol, parts),
            *_by_month(parts),
            *_beside(protocol, every),
        ),
        notes=(*_remarks(study, parts), *_differences(protocol)),
    )


def _of_study(protocol: Protocol, study: Study, parts: Sequence[Part]) -> Iterator[Figure]:
    yield Figure(name="status", value=study.status, evidence=(study.source,))
    yield Figure(name="recruitment-ended", value=study.status in ENDED, evidence=(study.source,))
    yield Figure(name="planned", value=protocol.study.planned)
    yield from (Figure(name="start-date", value=one.on) for one in protocol.study.start[:1])
    yield Figure(name="subjects", value=len(parts))
    yield from _progress(parts)
    days = {
        "entry": [one.entered for one in parts if one.entered is not None and one.infused],
        "infusion": [one.infused_on for one in parts if one.infused_on is not None],
    }
    for name, known in days.items():
        if known:
            yield Figure(name=f"first-{name}", value=min(known))
            yield Figure(name=f"last-{name}", value=max(known))
    infused = Counter(one.sex or UNKNOWN for one in parts if one.infused)
    yield from (Figure(name=f"infused-{sex}", value=number) for sex, number in sorted(infused.items()))


def _progress(parts: Sequence[Part]) -> Iterator[Figure]:
    """How far the subjects have come; who was infused has been screened."""
    waiting = [one for one in parts if not one.infused]
    candidates = sum(one.status in BEFORE_ENTRY - SCREENED for one in waiting)
    yield Figure(name="candidates", value=candidates)
    yield Figure(name="screened", value=len(parts) - candidates)
    yield Figure(name="screen-failures", value=sum(one.status == "ineligible" for one in waiting))
    yield Figure(name="infused", value=len(parts) - len(waiting))


def _by_arm(protocol: Protocol, parts: Sequence[Part]) -> Iterator[Result]:
    """Every arm of the protocol, then those it does not know."""
    named = {one.arm for one in parts if one.arm is not None}
    known = [arm.name for arm in protocol.arms]
    for arm in (*known, *sorted(named - set(known))):
        of_arm = [one for one in parts if one.arm == arm]
        figures = (Figure(name="subjects", value=len(of_arm)), *_progress(of_arm))
        yield Result(name="arm", arm=arm, figures=figures)


def _beside(protocol: Protocol, parts: Sequence[Part]) -> Iterator[Result]:
    """Those who take part and are not to be infused, such as donors: they are in no other number."""
    for population in protocol.populations:
        of_population = [one for one in parts if one.population == population.name]
        figures = (Figure(name="subjects", value=len(of_population)), *_progress(of_population))
        yield Result(name="population", arm=population.name, figures=figures)


def _by_month(parts: Sequence[Part]) -> Iterator[Result]:
    """How many entered and were infused in each month in which any was."""
    happened: Mapping[str, Counter[str]] = {
        "entered": Counter(_month(one.entered) for one in parts if one.entered is not None),
        "infused": Counter(_month(one.infused_on) for one in parts if one.infused_on is not None),
    }
    for month in sorted({month for counter in happened.values() for month in counter}):
        figures = tuple(Figure(name=name, value=counter[month]) for name, counter in happened.items())
        yield Result(name=f"month-{month}", figures=figures)


def _month(day: date) -> str:
    return day.strftime("%Y-%m")


def _counts(words: Iterable[str]) -> tuple[Figure, ...]:
    return tuple(Figure(name=word, value=number) for word, number in sorted(Counter(words).items()))


CLOSED: Final = {
    "closed-to-accrual": "takes in no more subjects; those there are still treated",
    "closed-to-accrual-and-intervention": "takes in and treats no more subjects; those there are followed",
    "temporarily-closed-to-accrual": "takes in no subjects for the time being",
    "temporarily-closed-to-accrual-and-intervention": "takes in and treats no subjects for the time being",
}
"""The states of R4 in which a study does not recruit, and is not over."""

ENDED: Final = frozenset(
    {
        "closed-to-accrual",
        "closed-to-accrual-and-intervention",
        "completed",
        "administratively-completed",
        "withdrawn",
        "disapproved",
    }
)
"""The states of R4 in which a study will recruit no more."""


def _remarks(study: Study, parts: Sequence[Part]) -> Iterator[str]:
    if study.status in CLOSED:
        said = "has ended" if study.status in ENDED else "is suspended"
        yield f"recruitment {said}: the study {CLOSED[study.status]}"
    undated = sum(one.infused and one.infused_on is None for one in parts)
    if undated:
        yield f"{undated} infused on a day that is not known exactly"
    unassigned = sum(one.infused and one.arm is None for one in parts)
    if unassigned:
        yield f"{unassigned} infused without an arm being recorded"


def _differences(protocol: Protocol) -> Iterator[str]:
    """What other sources say of the study as a whole than the one that is followed."""
    known = protocol.study
    for used in known.start[:1]:
        yield from (
            f"the study began on {used.on} by {used.source}; {other.source} says {other.on}"
            for other in known.start[1:]
        )
    for followed in known.design[:1]:
        yield f"design: {followed.says.en} ({followed.source})"
        yield from (f"{other.source} says: {other.says.en}" for other in known.design[1:])


SUMMARY: Final = Summary(row=part, answer=answer)
