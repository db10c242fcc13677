"""Records of care beside the trial: diagnoses, procedures and consents."""

from dataclasses import dataclass

from app.clinical.records import Coding, Moment, Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A diagnosis or problem; `clinical` and `verification` are R4's status codes, None where not said."""

    source: Source
    patient: str
    codings: tuple[Coding, ...]
    text: str | None
    clinical: str | None
    verification: str | None
    onset: Moment | None
    abatement: Moment | None
    recorded: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """Something done to the patient, such as a dialysis, a transplantation or a plasmapheresis."""

    source: Source
    patient: str
    study: str | None
    status: str
    codings: tuple[Coding, ...]
    text: str | None
    period: Span
    reasons: tuple[Coding, ...]
    reason_references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A Consent: `status` is R4's, `provision` permit or deny, `period` that of the provision."""

    source: Source
    patient: str
    study: str | None
    status: str
    scope: tuple[Coding, ...]
    when: Moment | None
    provision: str | None
    period: Span
