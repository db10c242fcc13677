"""What is known of a subject's life: when they were last seen, and whether they died (conventions §1.16).

A subject is known alive up to the last day on which anything was assessed of, or given to, or happened to
them. The day a record was written, and the end of the part in the study, show nothing of that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.clinical.case import once
from app.clinical.happened import happened
from app.clinical.history import History
from app.clinical.records import AdverseEvent, Moment, Source
from app.clinical.safety.grading import is_fatal
from app.clinical.timeline import GIVEN, counted
from app.protocol.definition import Protocol

ALIVE, DEAD, UNKNOWN = "alive", "dead", "unknown"


@dataclass(frozen=True, slots=True)
class Contact:
    """The last day a subject is known to have been alive by a record, and that record."""

    day: date
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is known of a subject's life: contacts, and the death where one is recorded.

    `earliest` and `latest` are the bounds of the day of death, as far as they are known.
    """

    contact: Contact | None
    status: str
    earliest: date | None = None
    latest: date | None = None
    evidence: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def died_on(self) -> date | None:
        """The day of death, where it is known exactly."""
        return self.earliest if self.earliest == self.latest else None

    @property
    def known_until(self) -> date | None:
        """The end of what is known: the death, else the last contact."""
        if self.status == DEAD:
            return self.died_on
        return None if self.contact is None else self.contact.day


def life(protocol: Protocol, history: History, *, today: date) -> Life:
    """What is known of the subject's life up to a day."""
    contact = _last_contact(protocol, history, today)
    person = history.person
    fatal = [one for one in history.adverse_events if _is_fatal(one, today)]
    sources = once((*([person.source] if person else ()), *(one.source for one in fatal)))
    died = person.deceased_at if person is not None and person.deceased else None
    if person is not None and person.deceased and (died is None or died.first_day <= today):
        return _death(contact, died, sources)
    if fatal:
        began = [one.when.first_day for one in fatal if one.when is not None]
        told = person is not None and person.deceased is False
        note = ("an adverse event was fatal, while the Patient is recorded as not deceased",) if told else ()
        return Life(
            contact=contact,
            status=UNKNOWN if told else DEAD,
            earliest=max(began, default=None),
            evidence=sources,
            notes=note,
        )
    return Life(
        contact=contact,
        status=UNKNOWN if contact is None else ALIVE,
        evidence=() if contact is None else (contact.source,),
    )


def _death(contact: Contact | None, died: Moment | None, sources: tuple[Source, ...]) -> Life:
    late = contact is not None and died is not None and contact.day > died.last_day
    notes = (f"{contact.source} is dated after the death",) if contact is not None and late else ()
    if died is None:
        return Life(contact=contact, status=DEAD, evidence=sources)
    return Life(
        contact=None if late else contact,
        status=DEAD,
        earliest=died.first_day,
        latest=died.last_day,
        evidence=sources,
        notes=notes,
    )


def _is_fatal(event: AdverseEvent, today: date) -> bool:
    """Whether an event that had begun by a day ended in death."""
    began = event.when is None or event.when.first_day <= today
    return happened(event) and began and is_fatal(event)


def _last_contact(protocol: Protocol, history: History, today: date) -> Contact | None:
    """The latest day, of those that are certain, on which the subject was seen."""
    seen = (
        Contact(when.first_day, source)
        for source, when in _dated(protocol, history)
        if when is not None and when.first_day <= today
    )
    return max(seen, key=lambda one: (one.day, str(one.source)), default=None)


def _dated(protocol: Protocol, history: History) -> Iterator[tuple[Source, Moment | None]]:
    for result in counted(protocol, history.measurements):
        yield result.source, result.when
    for event in history.adverse_events:
        if happened(event):
            yield event.source, event.when
    for given in history.administrations:
        if given.status in GIVEN and given.source.type == "MedicationAdministration":
            yield given.source, given.period.start
            yield given.source, given.period.end
    for procedure in history.procedures:
        if procedure.status in GIVEN:
            yield procedure.source, procedure.period.start
            yield procedure.source, procedure.period.end
