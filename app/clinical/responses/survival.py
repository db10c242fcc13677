"""Whether a subject lived to be seen at a visit."""

from datetime import date

from app.clinical.answers import Finding
from app.clinical.calendar import shifted
from app.clinical.records import Person
from app.clinical.truth import Truth

TEXT = (("en", "Alive at the visit"), ("fr", "En vie à la visite"))


def alive_at_visit(person: Person | None, *, seen: date | None, window_ends: date) -> tuple[Finding, ...]:
    """Whether a subject who has died was alive at the visit; nothing for one not known to have died.

    A death before the assessment, or where there is none by the end of the visit's window, means that
    the visit did not take place alive: no response (clinical conventions §1.4).
    """
    if person is None or not person.deceased:
        return ()
    reached = seen if seen is not None else shifted(window_ends, 1)
    died = person.deceased_at
    verdict = Truth.UNKNOWN
    if died is not None and (died.last_day < reached or died.first_day >= reached):
        verdict = Truth.of(died.first_day >= reached)
    is_open = verdict is Truth.UNKNOWN
    finding = Finding(
        id="alive",
        verdict=verdict,
        text=TEXT,
        observed="died" if died is None else f"died {died.text}",
        threshold=f"not before {reached.isoformat()}",
        evidence=(person.source,),
        reasons=("partial-date",) if is_open else (),
        needs="the exact day of death" if is_open else None,
    )
    return (finding,)
