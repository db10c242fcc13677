"""The state of a ResearchSubject: since when, why, and which change of it an update may make."""

from collections.abc import Iterator

from app.clinical.records import Moment
from app.clinical.subjects.state_codes import CORRECTION
from app.clinical.subjects.state_codes import STATE_REASON as REASONS
from app.clinical.subjects.states import (
    ENROLLED,
    ON_STUDY,
    TRANSITIONS,
    may_follow,
    next_states,
    states_before,
)
from app.fhir_mapping.datatypes import codings, concept_text, extension, meant, moment, target_id
from app.fhir_mapping.extensions import STATE_DATE, STATE_REASON
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document


def since(document: Document) -> Moment | None:
    """The day on which the subject came into the status."""
    said = extension(document, STATE_DATE) or {}
    return meant(moment(said.get("valueDateTime") or said.get("valueDate")))


def why(document: Document) -> str | None:
    """Why the subject came into the status, as a reader knows it."""
    said = extension(document, STATE_REASON) or {}
    concept = said.get("valueCodeableConcept")
    text = said.get("valueString") or concept_text(concept)
    if text is not None:
        return str(text)
    code = next(iter(codings(concept)), None)
    if code is None:
        return None
    own = code.system == REASONS.url and code.code in REASONS.codes
    return REASONS.concept(code.code).en if own else code.code


def corrects(document: Document) -> bool:
    """Whether the reason is that the status before was entered by mistake."""
    said = extension(document, STATE_REASON) or {}
    return REASONS.coding(CORRECTION) in codings(said.get("valueCodeableConcept"))


def consent(document: Document) -> str | None:
    """The reference to the Consent, as it is written."""
    said = document.get("consent")
    return said.get("reference") if isinstance(said, dict) else None


def is_enrolled(document: Document) -> bool:
    """Whether this part in the study goes on."""
    return document.get("status") in ENROLLED


def needs_consent(before: Document, after: Document) -> bool:
    """Whether a change brings the subject on the study, or another patient in the subject's place."""
    changed = before.get("status") != after.get("status") or _whose(before) != _whose(after)
    return changed and after.get("status") in ON_STUDY


def lacking(document: Document) -> tuple[Issue, ...]:
    """What a ResearchSubject may be stored without, and will be asked for."""
    named = {
        "assignedArm": "the subject is assigned to no arm: its dose cannot be checked against a plan",
        "consent": "the subject names no Consent: it comes on the study only with one, or with consent-signed"
        " attested",
    }
    return tuple(
        Issue("informational", text, f"ResearchSubject.{name}", severity="warning")
        for name, text in named.items()
        if name not in document
    )


def refused(before: Document, after: Document, *, where: str) -> tuple[Issue, ...]:
    """Why an update may not change the subject so; what it leaves alone is not asked about."""
    moved = tuple(_moved(before, after, where))
    if before.get("status") == after.get("status"):
        return moved
    return (*moved, *_no_step(before, after, where), *_unsaid(before, after, where), *_unread(after, where))


def without_consent(after: Document, *, where: str) -> Issue:
    """That nobody comes on the study without a consent in force."""
    text = (
        f"nobody becomes {after['status']} without a consent: name an active Consent of the patient to this"
        " study, dated by then and not ended, in ResearchSubject.consent, or have an investigator attest"
        " consent-signed"
    )
    return Issue("business-rule", text, f"{where}.consent")


def enrolled_twice(*, where: str) -> Issue:
    """That the patient has a part in the study that goes on; not which, for not everyone may see it."""
    text = (
        "the patient is already enrolled in this study: a patient has one part"
        f" in one study that is {', '.join(ENROLLED[:-1])} or {ENROLLED[-1]}; end that first"
    )
    return Issue("business-rule", text, f"{where}.status")


def _no_step(before: Document, after: Document, where: str) -> Iterator[Issue]:
    then, now = str(before.get("status")), str(after.get("status"))
    if then not in TRANSITIONS or may_follow(then, now, correction=corrects(after)):
        return
    if corrects(after):
        back = ", ".join(states_before(then)) or "none"
        text = f"a correction goes back to a state before {then}: {back}; {now} is none of them"
    else:
        following = ", ".join(next_states(then))
        may = (
            f"may become {following}" if following else "has ended its part in the study: the state is final"
        )
        text = (
            f"a subject that is {then} {may}, not {now}; a state entered by mistake is taken back with the"
            f" reason {CORRECTION} of {REASONS.url}"
        )
    yield Issue("business-rule", text, f"{where}.status")


def _whose(document: Document) -> tuple[str | None, str | None]:
    """The patient and the study."""
    return (
        target_id(document.get("individual"), "Patient"),
        target_id(document.get("study"), "ResearchStudy"),
    )


def _moved(before: Document, after: Document, where: str) -> Iterator[Issue]:
    """A subject is one patient's part in one study, unless it was entered for the wrong one."""
    if corrects(after):
        return
    for name, then, now in zip(("individual", "study"), _whose(before), _whose(after), strict=True):
        if then != now:
            text = (
                f"a subject keeps its {name}: register another ResearchSubject; one entered by mistake is put"
                f" right with the reason {CORRECTION} of {REASONS.url} in the extension {STATE_REASON}"
            )
            yield Issue("business-rule", text, f"{where}.{name}")


def _unread(after: Document, where: str) -> Iterator[Issue]:
    """A reason of ours that does not exist, or a day that is none."""
    said = extension(after, STATE_REASON) or {}
    given = [code for code in codings(said.get("valueCodeableConcept")) if code.system == REASONS.url]
    if any(code.code not in REASONS.codes for code in given):
        text = f"the reasons of {REASONS.url} are {', '.join(REASONS.codes)}"
        yield Issue("code-invalid", text, f"{where}.extension")
    day = since(after)
    if day is not None and day.day is None:
        text = "state-date is a whole day, such as 2024-05-03: the state began on one"
        yield Issue("value", text, f"{where}.extension")


def _unsaid(before: Document, after: Document, where: str) -> Iterator[Issue]:
    """A change of state without its own reason and day."""
    place = f"{where}.extension"
    reason, day = why(after), since(after)
    if reason is None:
        text = f"a change of status says why: add the extension {STATE_REASON} (valueCodeableConcept)"
        yield Issue("required", text, place)
    if day is None:
        text = f"a change of status says since when: add the extension {STATE_DATE} (valueDate)"
        yield Issue("required", text, place)
    if reason is None or day is None:
        return
    earlier = since(before)
    if earlier is None:
        return
    if day.last_day < earlier.first_day and not corrects(after):
        text = f"{day.text} lies before {earlier.text}, when the subject came into the state before"
        yield Issue("business-rule", text, place)
    elif (reason, day) == (why(before), earlier):
        text = "state-reason and state-date are those of the state before: say why and when this one began"
        yield Issue("business-rule", text, place)
