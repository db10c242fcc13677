"""Answers about subjects that were given, each under the versions it rests on, so as not to decide twice.

Who asks is answered from what the database says is there now; only what follows from that is remembered. So
nothing here can be out of date, and none is told what they may not see: their versions are other ones. A
version that was erased is named by no question any more, but what followed from it stays in memory until it
is displaced, the next day is asked about, or this process erases something, whichever comes first.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from app.clinical.history import History
from app.store.records import Versions

if TYPE_CHECKING:
    from app.routers.trial_answers import Written

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ANSWERS: Final = 16 * 2**20
"""So many bytes of answers are remembered, the names of what they rest on among them."""

HISTORIES: Final = 4 * 2**20
"""So many bytes of documents are remembered as what was read from them, which takes some times as many."""

NAME: Final = 400
"""What it takes to remember the name of one version, in bytes."""


class Remembered(Generic[K, V]):
    """What was made before, within a number of bytes; what nobody asked for longest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What was made under this key, if it is remembered."""
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """Remember what was made; never more than is held at most."""
        self._size += size - self._held.pop(key, (value, 0))[1]
        self._held[key] = value, size
        while self._size > self._most:
            _, (_, forgotten) = self._held.popitem(last=False)
            self._size -= forgotten

    def forget(self) -> None:
        """Remember nothing any more."""
        self._held.clear()
        self._size = 0


@dataclass(slots=True)
class Memory:
    """What one process remembers of the questions it was asked on one day."""

    answers: Remembered[Hashable, "Written"] = field(default_factory=lambda: Remembered(ANSWERS))
    histories: Remembered[Versions, History] = field(default_factory=lambda: Remembered(HISTORIES))
    day: date | None = None

    def on(self, day: date) -> None:
        """Forget what was asked on another day."""
        if day != self.day:
            self.forget()
            self.day = day

    def forget(self) -> None:
        """Remember nothing any more."""
        self.answers.forget()
        self.histories.forget()
