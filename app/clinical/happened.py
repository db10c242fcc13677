"""What counts as having been so: adverse events that happened, and diagnoses nobody took back."""

from app.clinical.care import Condition
from app.clinical.records import AdverseEvent

ERROR = "entered-in-error"
TAKEN_BACK = frozenset({"refuted", ERROR})


def happened(event: AdverseEvent) -> bool:
    """Whether an adverse event really happened: not one that nearly did, nor one entered in error."""
    return event.actuality == "actual" and event.status != ERROR


def stands(condition: Condition) -> bool:
    """Whether a diagnosis stands, sure or not: neither refuted nor entered in error."""
    return condition.verification not in TAKEN_BACK
