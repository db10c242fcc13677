"""The subject's history as ordered, typed events, each with its study day and visit, ready to plot (§0.4).

It decides nothing. What has no exact day stands at the end, with the reason `partial-date`.
"""

from collections.abc import Iterable

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, among
from app.clinical.history import History
from app.clinical.records import Coding
from app.clinical.schedule import visit_of
from app.clinical.subjects import events, treatment_events
from app.clinical.subjects.events import Event
from app.clinical.timeline import Infusion, NotInfused, counted, infusion, infusions, order
from app.protocol.definition import Protocol

KINDS = (
    "enrolment",
    "consent",
    "diagnosis",
    "procedure",
    "infusion",
    "treatment-started",
    "treatment-changed",
    "treatment-stopped",
    "treatment-given",
    "assessment",
    "attestation",
    "results",
    "adverse-event",
    "death",
)
"""What an event can be; those of the same instant stand in this order."""


def answer(protocol: Protocol, history: History, asked: Asked) -> Answer:
    """Every event recorded, or those of the kinds asked for."""
    kinds = among(KINDS, asked.names, parameter="name")
    t0 = infusion(protocol, history)
    found = [event for event in everything(protocol, history, t0) if event.kind in kinds]
    no_day_0 = t0.remark("study days need") if isinstance(t0, NotInfused) else None
    return Answer(
        question="timeline",
        subject=history.enrolment.source,
        protocol=protocol.key,
        protocol_version=protocol.version,
        results=tuple(_result(protocol, event, t0) for event in sorted(found, key=_order)),
        notes=(*([no_day_0] if no_day_0 else []), *history.remarks()),
    )


def everything(protocol: Protocol, history: History, t0: Infusion | NotInfused) -> Iterable[Event]:
    """All events of a subject, in no order."""
    product = infusions(protocol, history)
    treatments = (one for one in history.administrations if one not in product)
    yield from events.of_enrolment(history)
    yield from events.of_care(history)
    yield from events.of_infusions(product, t0)
    yield from treatment_events.of_treatments(treatments)
    names = {Coding(code.system, code.code): one.name for one in protocol.markers for code in one.codes}
    yield from events.of_measurements(counted(protocol, history.measurements), names)
    yield from events.of_adverse_events(history)
    yield from events.of_death(history)


def _result(protocol: Protocol, event: Event, t0: Infusion | NotInfused) -> Result:
    """The event with its day, its study day and the visit it was recorded for or falls in."""
    visit, study_day = event.visit, None
    if isinstance(t0, Infusion):
        study_day = t0.study_day(event.when)
        planned = visit_of(protocol, t0, event.when)
        visit = visit or (None if planned is None else planned.label)
    return Result(
        name=event.kind,
        visit=visit,
        reasons=() if _is_exact(event) else ("partial-date",),
        evidence=event.evidence,
        figures=(*_dates(event), *events.told(study_day=study_day), *event.figures),
    )


def _dates(event: Event) -> tuple[Figure, ...]:
    when = event.when
    if when is None:
        return ()
    return events.told(date=when.day or when.text, time=when.text if when.has_time else None)


def _is_exact(event: Event) -> bool:
    return event.when is not None and event.when.day is not None


def _order(event: Event) -> tuple[object, ...]:
    """By day, those without one last; by time of day where there is one; by kind and source."""
    return (
        not _is_exact(event),
        *order(event.when, event.evidence[0])[:1],
        KINDS.index(event.kind),
        tuple(map(str, event.evidence)),
    )
