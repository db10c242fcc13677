"""What changed between two versions of a resource: each change with its place, as it was and as it is.

Nothing is a change but what the resource says: the order of members is nothing, 0.50 is not 0.5. An item of
a list is known again wherever it stands: by what it says, else by what names it (its id, url, code, …), else
by its place.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from app.fhir_mapping.codec import Document
from app.fhir_mapping.content import canonical
from app.fhir_mapping.definitions import Definition, definition
from app.fhir_mapping.primitives import EXPECTED

Kind = Literal["added", "removed", "replaced", "moved"]
Pointer = tuple[str | int, ...]

OF_SERVER: Final = ("versionId", "lastUpdated")
"""What the server itself says of every version, which is no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change at one place.

    `path` is the FHIRPath of the place in the later version; of what was removed, in the earlier one. What
    was moved within its list stood at `moved_from`, and bears no values. `type` is what R4 calls the value
    that is, or was removed, `type_before` the one that was; `before` and `after` are where it lies in the
    JSON of either version.
    """

    kind: Kind
    path: str
    was: Any = None
    is_: Any = None
    type_before: str = ""
    type: str = ""
    moved_from: str = ""
    before: Pointer | None = None
    after: Pointer | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value lies in a version: as JSON and as FHIRPath; and its type, "" where R4 knows none."""

    pointer: Pointer
    path: str
    type: str

    def member(self, name: str) -> "_Place":
        """Where a member of the object here lies; what stands beside a primitive has the path of it."""
        bare = name.removeprefix("_")
        known = self._known()
        element = known.elements.get(bare) if known is not None else None
        called = bare if element is None or element.choice is None else element.choice.removesuffix("[x]")
        kind = "" if element is None else "Element" if name != bare else element.type
        return _Place((*self.pointer, name), f"{self.path}.{called}", kind)

    def item(self, number: int) -> "_Place":
        """Where an item of the list here lies."""
        return _Place((*self.pointer, number), f"{self.path}[{number}]", self.type)

    def of(self, value: Any) -> "_Place":
        """The same place with the type of the very resource that lies there."""
        if self.type == "Resource" and isinstance(value, dict):
            return _Place(self.pointer, self.path, str(value.get("resourceType")))
        return self

    def _known(self) -> Definition | None:
        return definition("Element" if self.type in EXPECTED else self.type) if self.type else None


def changes(before: Document, after: Document) -> list[Change]:
    """Every change from one version to another of the same resource, in the order of the later one."""
    kind = str(after.get("resourceType"))
    place = _Place((), kind, kind)
    return list(_of_objects(_without_server(before), _without_server(after), (place, place)))


def _without_server(document: Document) -> Document:
    """The resource without the number and the instant of the version."""
    meta = {name: one for name, one in document.get("meta", {}).items() if name not in OF_SERVER}
    rest = {name: one for name, one in document.items() if name != "meta"}
    return rest | ({"meta": meta} if meta else {})


_Places = tuple[_Place, _Place]


def _of_values(was: Any, is_: Any, places: _Places) -> Iterator[Change]:
    """The changes within a value that stands in both versions."""
    if canonical(was) == canonical(is_):
        return
    if isinstance(was, dict) and isinstance(is_, dict):
        yield from _of_objects(was, is_, (places[0].of(was), places[1].of(is_)))
    elif isinstance(was, list) and isinstance(is_, list):
        yield from _of_lists(was, is_, places)
    else:
        yield _replaced(was, is_, places)


def _of_objects(was: Document, is_: Document, places: _Places) -> Iterator[Change]:
    """The changes of each member; a choice that has another type now is one change."""
    earlier, later = places
    gone = {(earlier.member(name).path, name[0] == "_"): name for name in was if name not in is_}
    for name, value in is_.items():
        there = later.member(name)
        if name in was:
            paired = _is_paired(name, was, is_)
            of_values = _of_paired if paired and isinstance(value, list) else _of_values
            yield from of_values(was[name], value, (earlier.member(name), there))
        elif (there.path, False) in gone and name[0] != "_":
            other = gone.pop((there.path, False))
            yield _replaced(was[other], value, (earlier.member(other), there))
        else:
            yield from _added(value, there)
    for name in gone.values():
        yield from _removed(was[name], earlier.member(name))


def _is_paired(name: str, was: Document, is_: Document) -> bool:
    """Whether a list has another one beside it, each item belonging to the one of the same number."""
    other = name.removeprefix("_") if name.startswith("_") else f"_{name}"
    return other in was or other in is_


def _of_paired(was: Any, is_: Any, places: _Places) -> Iterator[Change]:
    """The changes of a list of primitives with extensions beside them: item by item, in place."""
    earlier, later = places
    for number in range(max(len(was), len(is_))):
        if number >= len(is_):
            yield _one_removed(was[number], earlier.item(number))
        elif number >= len(was):
            yield _one_added(is_[number], later.item(number))
        else:
            yield from _of_values(was[number], is_[number], (earlier.item(number), later.item(number)))


def _of_lists(was: list[Any], is_: list[Any], places: _Places) -> Iterator[Change]:
    earlier, later = places
    pairs = _pairs(was, is_)
    staying = _longest_rising([pairs[number] for number in sorted(pairs)])
    for number, value in enumerate(is_):
        if number not in pairs:
            yield _one_added(value, later.item(number))
            continue
        old, new = earlier.item(pairs[number]), later.item(number)
        if pairs[number] not in staying:
            yield Change(
                kind="moved", path=new.path, moved_from=old.path, before=old.pointer, after=new.pointer
            )
        yield from _of_values(was[pairs[number]], value, (old, new))
    for number in sorted(set(range(len(was))) - set(pairs.values())):
        yield _one_removed(was[number], earlier.item(number))


def _pairs(was: Sequence[Any], is_: Sequence[Any]) -> dict[int, int]:
    """By number of an item that is, the number it had among those that were."""
    found: dict[int, int] = {}
    old, new = list(range(len(was))), list(range(len(is_)))
    for name_of in _NAMES:
        held: dict[Any, deque[int]] = defaultdict(deque)
        for number in old:
            held[name_of(was[number])].append(number)
        for number in new:
            name = name_of(is_[number])
            if name is not None and held.get(name):
                found[number] = held[name].popleft()
        taken = set(found.values())
        old = [number for number in old if number not in taken]
        new = [number for number in new if number not in found]
    return found


def _named_by(*members: str) -> Callable[[Any], Any]:
    def name(item: Any) -> bytes | None:
        if not isinstance(item, dict) or not all(member in item for member in members):
            return None
        return canonical([item[member] for member in members])

    return name


_NAMES: Final[tuple[Callable[[Any], Any], ...]] = (
    canonical,
    *(_named_by(*members) for members in (("id",), ("url",), ("linkId",), ("system", "code"), ("code",))),
    *(_named_by(*members) for members in (("system", "value"), ("system",))),
    type,  # whatever stood there before
)


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The most of these numbers that follow each other in rising order."""
    ends: list[int] = []
    above: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        above[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    found, last = set[int](), ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = above[last]
    return found


def _replaced(was: Any, is_: Any, places: _Places) -> Change:
    earlier, later = places
    return Change(
        kind="added" if was is None else "removed" if is_ is None else "replaced",
        path=later.path,
        was=was,
        is_=is_,
        type_before=earlier.type,
        type=later.type,
        before=earlier.pointer,
        after=later.pointer,
    )


def _added(value: Any, place: _Place) -> Iterator[Change]:
    """A member that was not there; each item of it where it is a list."""
    if isinstance(value, list):
        yield from (_one_added(one, place.item(number)) for number, one in enumerate(value))
    else:
        yield _one_added(value, place)


def _removed(value: Any, place: _Place) -> Iterator[Change]:
    if isinstance(value, list):
        yield from (_one_removed(one, place.item(number)) for number, one in enumerate(value))
    else:
        yield _one_removed(value, place)


def _one_added(value: Any, place: _Place) -> Change:
    return Change(kind="added", path=place.path, is_=value, type=place.type, after=place.pointer)


def _one_removed(value: Any, place: _Place) -> Change:
    return Change(kind="removed", path=place.path, was=value, type_before=place.type, before=place.pointer)
