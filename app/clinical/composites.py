"""Questions about one subject that decide nothing: they put together what is recorded and decided.

They stand apart from QUESTIONS, so that what asks every question in turn asks each only once.
"""

from collections.abc import Mapping
from typing import Final

from app.clinical.questions import Decide, by_the_day
from app.clinical.subjects import chronicle, status

COMPOSED: Final[Mapping[str, Decide]] = {
    "status": by_the_day(status.answer),
    "timeline": by_the_day(chronicle.answer),
}
"""By the name of the operation, without its dollar."""
