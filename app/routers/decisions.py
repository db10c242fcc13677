"""How a question of the trial is decided for one subject, and what is said where it cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.clinical.answers import Answer
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.composites import COMPOSED
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.protocol.definition import Protocol

ANSWERS: Final = {**QUESTIONS, **COMPOSED}
"""By the name of the operation, without its dollar: what answers it."""


def decide(operation: Operation, protocol: Protocol, history: History, asked: Asked) -> Answer:
    """The answer; refused where the protocol does not know what is asked."""
    with cannot_answer():
        return ANSWERS[operation.code](protocol, history, asked)


@contextmanager
def cannot_answer() -> Iterator[None]:
    """Refusal 400 where a parameter names what the protocol does not have, 422 where it does not ask this."""
    try:
        yield
    except CannotAnswer as why:
        if why.parameter is not None:
            raise refusal(400, "value", str(why), f"http.{why.parameter}") from None
        raise refusal(422, "business-rule", str(why)) from None
