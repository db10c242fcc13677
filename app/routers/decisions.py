"""By operation, the pure function that answers it from what is recorded of one subject."""

from collections.abc import Callable, Mapping
from typing import Final

from app.clinical import eligibility, sri
from app.clinical.answers import Answer
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.subject_operations import ELIGIBILITY, SRI_STATUS
from app.protocol.definition import Protocol

Decide = Callable[[Protocol, History, Asked], Answer]

DECISIONS: Final[Mapping[str, Decide]] = {
    SRI_STATUS.name: sri.answer,
    ELIGIBILITY.name: eligibility.answer,
}
"""What each operation on a ResearchSubject is decided by."""


def cannot_answer(why: CannotAnswer) -> Refusal:
    """400 where a parameter names what the protocol does not have, 422 where it does not ask this at all."""
    if why.parameter is not None:
        return refusal(400, "value", str(why), f"http.{why.parameter}")
    return refusal(422, "business-rule", str(why))
