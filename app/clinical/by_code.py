"""The measurements of one subject, found by their codes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.clinical.records import Coding, Measurement


@dataclass(slots=True, init=False, eq=False)
class ByCode:
    """Measurements in the order in which they are recorded, and where those of each code stand."""

    every: Sequence[Measurement]
    _places: dict[Coding, list[int]] = field(repr=False)

    def __init__(self, every: Sequence[Measurement] = ()) -> None:
        self.every = every
        places: defaultdict[Coding, list[int]] = defaultdict(list)
        for place, one in enumerate(every):
            for coding in (*one.codings, *one.panel):
                places[coding].append(place)
        self._places = dict(places)

    def coded(self, codes: Iterable[Coding]) -> tuple[Measurement, ...]:
        """Those with any of these codes, of their own or of their panel, each once and in their order."""
        found = {place for code in codes for place in self._places.get(code, ())}
        return tuple(self.every[place] for place in sorted(found))
