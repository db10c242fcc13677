"""What every question of the trial needs at the door: the clock, the protocol, and how it is answered."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.records import Study
from app.fhir_mapping import links
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.parameters import parameters
from app.fhir_mapping.plain import plain
from app.fhir_mapping.question import Question
from app.protocol.definition import Protocol
from app.protocol.loader import load_all, protocol_for
from app.routers.answers import FHIR_JSON, PLAIN_JSON, FhirResponse, Headers

_TRIAL_ZONE = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """When the question is asked."""
    return datetime.now(UTC)  # noqa: TID251 the clock of the door


def moment_of(question: Question) -> datetime:
    """The moment asked about, else now; Refusal 400 for a day that has not come: nobody knows its records."""
    asked, present = question.as_of, now()
    if asked is not None and today(asked) > today(present):
        text = f"asOf lies after today, {today(present)}: nobody knows what will be recorded by then"
        raise refusal(400, "value", text, "http.asOf")
    return asked or present


def today(as_of: datetime) -> date:
    """The clinical day of an instant."""
    return as_of.astimezone(_TRIAL_ZONE).date()


def narrowed(question: Question, as_of: datetime) -> Asked:
    """What the clinical room is asked with: the day named, else that of the moment asked about.

    The instant it is told only where the question is one of hours: any other is answered alike all day.
    """
    by_the_hour = question.operation.by_the_hour and question.on is None
    return Asked(
        today=question.on or today(as_of),
        at=as_of if by_the_hour else None,
        on=question.on,
        visits=question.visits,
        rules=question.rules,
        names=question.names,
    )


def protocol_of(study: Study | None, name: str) -> Protocol:
    """The protocol of a study, found by the study's registry number; Refusal 422 where there is none."""
    known = study.identifiers if study is not None else ()
    protocol = protocol_for((identifier.system, identifier.code) for identifier in known)
    if protocol is None:
        kept = "; ".join(
            f"{protocol.key} ({', '.join(f'{one.system}|{one.value}' for one in protocol.study.identifiers)})"
            for protocol in load_all().values()
        )
        text = f"{name} names no protocol by its identifiers; this server decides by {kept}"
        raise refusal(422, "business-rule", text, "ResearchStudy.identifier")
    return protocol


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as it is sent, but for the instant it is given at; its ETag tells what it says."""

    before: bytes
    after: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.before) + len(self.after)

    def given(self, as_of: datetime) -> FhirResponse:
        """The answer at an instant."""
        instant = links.instant(as_of).encode()
        return FhirResponse(200, b"".join((self.before, instant, self.after)), list(self.headers))


def written(question: Question, answer: Answer) -> Written:
    """The answer, as Parameters or plainly."""
    before, after = (plain if question.plain else parameters)(answer, language=question.language)
    said = sha256(before)
    said.update(after)
    etag = b'W/"%b"' % said.hexdigest()[:32].encode()
    return Written(before, after, [PLAIN_JSON if question.plain else FHIR_JSON, (b"etag", etag)])


def answered(question: Question, answer: Answer, as_of: datetime) -> FhirResponse:
    """The answer given at once."""
    return written(question, answer).given(as_of)
