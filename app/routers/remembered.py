"""What was answered about subjects, under the versions it rests on, so as not to decide the same twice.

Every question is answered from the versions the database says are there now; only what follows from them is
remembered. So nothing here can be out of date, and nobody is told what they may not see: their versions are
other ones. A version that was erased is there for no question any more, but what followed from it stays in
memory until it is displaced, something is asked on another day, or this process erases something.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from app.clinical.history import History
from app.store.records import Versions

if TYPE_CHECKING:
    from app.routers.trial_answers import Written

MOST: Final = 32 * 2**20
"""So many bytes are remembered by one process, as nearly as they can be counted."""

NAME: Final = 400
"""What the name of one version takes, in bytes."""

READ: Final = 4
"""How many times the bytes of a document what was read from it takes."""

BESIDE: Final = 5_000
"""What an answer takes beside its own bytes: its key, and what was read off the history for its day."""


@dataclass(slots=True)
class Known:
    """What follows from some versions: what is recorded of the subject, and the answers given so far."""

    history: History
    size: int
    answers: dict[Hashable, "Written"] = field(default_factory=dict)


class Memory:
    """What one process remembers of one day, in bytes `size`; what was not asked for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.size = 0
        self.times_forgotten = 0
        self._day: date | None = None
        self._known: OrderedDict[Versions, Known] = OrderedDict()

    def of(self, there: Versions, day: date) -> Known | None:
        """What is known by these versions on this day; what was known on another is forgotten."""
        if day != self._day:
            self.forget()
            self._day = day
        known = self._known.get(there)
        if known is not None:
            self._known.move_to_end(there)
        return known

    def keep(self, there: Versions, history: History, documents: int, *, since: int) -> Known:
        """Remember what these versions say, of so many bytes of documents.

        Not what was read before all was forgotten (`since` so many `times_forgotten`): it may be erased.
        """
        known = Known(history, READ * documents + NAME * len(there.rows))
        if since != self.times_forgotten:
            return known
        self._forget(there)
        self._known[there] = known
        self._grow(known.size)
        return known

    def answered(self, there: Versions, key: Hashable, answer: "Written") -> None:
        """Remember an answer, if what it rests on is remembered still."""
        known = self._known.get(there)
        if known is not None and key not in known.answers:
            known.answers[key] = answer
            known.size += answer.size + BESIDE
            self._grow(answer.size + BESIDE)

    def forget(self) -> None:
        """Remember nothing any more."""
        self._known.clear()
        self.size = 0
        self.times_forgotten += 1

    def _grow(self, size: int) -> None:
        self.size += size
        while self.size > self._most:
            self._forget(next(iter(self._known)))

    def _forget(self, there: Versions) -> None:
        known = self._known.pop(there, None)
        self.size -= known.size if known is not None else 0
