"""Questions about a whole study: one small row for each subject, and what the rows say together.

The rows are made one subject at a time, so that a study of any size is read in pieces; they hold only what
the answer needs, and can be sent from one process to another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.records import Study
from app.protocol.definition import Protocol

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Summary(Generic[Row]):
    """How a study-level question is answered: `row` for each subject, then `answer` from all rows."""

    row: Callable[[Protocol, History, Asked], Row]
    answer: Callable[[Protocol, Study, Sequence[Row], Asked], Answer]
