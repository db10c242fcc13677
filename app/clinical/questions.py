"""Every question about one subject, by its name: the function that answers it from what is recorded."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.criteria import eligibility
from app.clinical.doses import cell_dose
from app.clinical.drugs import steroid_exposure
from app.clinical.failures import failure
from app.clinical.history import History
from app.clinical.markers import biomarkers
from app.clinical.responses import response, sri
from app.clinical.safety import tolerance
from app.clinical.scores import disease_activity
from app.clinical.subjects import follow_up, visit_matrix
from app.clinical.until import of_the_day
from app.protocol.definition import Protocol

Decide = Callable[[Protocol, History, Asked], Answer]


def by_the_day(decide: Decide) -> Decide:
    """The same question, answered from what had happened by the clinical day it is asked for."""
    return partial(_of_the_day, decide)


def _of_the_day(decide: Decide, protocol: Protocol, history: History, asked: Asked) -> Answer:
    return decide(protocol, of_the_day(history, asked), asked)


_DECIDED: Final[Mapping[str, Decide]] = {
    "sri-status": sri.answer,
    "eligibility": eligibility.answer,
    "clinical-response": response.answer,
    "disease-activity": disease_activity.answer,
    "biomarkers": biomarkers.answer,
    "steroid-exposure": steroid_exposure.answer,
    "treatment-failure": failure.answer,
    "visit-matrix": visit_matrix.answer,
    "tolerance": tolerance.answer,
    "survival": follow_up.answer,
    "cell-dose": cell_dose.answer,
}

QUESTIONS: Final[Mapping[str, Decide]] = {name: by_the_day(decide) for name, decide in _DECIDED.items()}
"""By the name of the operation, without its dollar."""
