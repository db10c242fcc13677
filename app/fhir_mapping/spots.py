"""Where in a resource an element lies, so that it can be changed there: what FHIRPath itself never says.

A primitive and the `_name` beside it, which carries its id and extensions, are one element and stay together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from app.fhir_mapping.codec import Document
from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.fhirpath import Index, Literal, Name, OfType, Path, Step, Where
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.primitives import EXPECTED
from app.fhir_mapping.wording import did_you_mean, quoted, some

MOST_PASSED = 200_000
"""Elements that all the paths of one patch may pass."""

_QUANTITIES = ("SimpleQuantity", "MoneyQuantity")


@dataclass(frozen=True, slots=True)
class Spot:
    """One element: the object it lies in, what R4 says of it, which item it is where it repeats.

    `above` is the element whose object that is; the resource itself has none.
    """

    around: Document
    element: Element
    number: int | None = None
    above: "Spot | None" = None

    @property
    def value(self) -> Any:
        """What the element says; None where it has extensions alone."""
        return self._of(self.element.name)

    @property
    def beside(self) -> Any:
        """What stands beside a primitive."""
        return self._of(f"_{self.element.name}")

    def _of(self, member: str) -> Any:
        held = self.around.get(member)
        if not isinstance(held, list):
            return held
        return held[self.number] if self.number is not None and self.number < len(held) else None

    @property
    def inside(self) -> Document | None:
        """The object its own elements lie in; None where there are none."""
        held = self.beside if self.element.type in EXPECTED else self.value
        return held if isinstance(held, dict) else None

    @property
    def known(self) -> Definition:
        """What R4 says of its type."""
        kind, held = self.element.type, self.value
        if kind == "Resource" and isinstance(held, dict):
            kind = str(held.get("resourceType"))
        found = definition("Element" if kind in EXPECTED else kind)
        if found is None:
            raise refusal(422, "not-found", "this is of no type R4 knows: send the whole resource instead")
        return found


def resource(document: Document) -> Spot:
    """The resource itself."""
    return Spot({"": document}, Element(name="", type=document["resourceType"], many=False))


def element_of(known: Definition, name: str, kind: str | None = None) -> Element:
    """What R4 says of an element; where it is a choice, of the one of that type. Refusal 422 if unknown."""
    options = _options(known, name)
    if not options:
        text = f"{quoted(name, 'this')} is not an element of {known.name}"
        raise refusal(422, "not-found", text + did_you_mean(name, known.elements))
    if options[0].choice is None:
        return options[0]
    fitting = [option for option in options if is_of(option, kind)]
    if not fitting:
        kinds = some(option.type for option in options)
        raise refusal(422, "value", f"{known.name}.{options[0].choice} must be one of these types: {kinds}")
    return fitting[0]


def _options(known: Definition, name: str) -> list[Element]:
    stem = name.removesuffix("[x]")
    members = known.choices.get(f"{stem}[x]", (stem,))
    return [known.elements[member] for member in members if member in known.elements]


def is_of(element: Element, kind: str | None) -> bool:
    """Whether an element is of that type; two profiles of Quantity are Quantities."""
    return element.type == kind or (kind == "Quantity" and element.type in _QUANTITIES)


def count(around: Document, element: Element) -> int:
    """How often an element stands in an object."""
    held = [around.get(member) for member in (element.name, f"_{element.name}")]
    return max(len(one) if isinstance(one, list) else one is not None for one in held)


class Search:
    """Paths followed through one resource, all the elements passed being counted."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.room = MOST_PASSED

    def found(self, path: Path) -> list[Spot]:
        """The elements a path leads to; it may begin with the type."""
        spots = [resource(self.document)]
        if path and path[0] == Name(self.document["resourceType"]):
            path = path[1:]
        for step in path:
            spots = self._step(spots, step)
        return spots

    def _step(self, spots: list[Spot], step: Step) -> list[Spot]:
        match step:
            case Name(name):
                return self._children(spots, name)
            case Index(number):
                return spots[number:][:1]
            case OfType(kind):
                return [spot for spot in spots if is_of(spot.element, kind) or _is_resource(spot, kind)]
            case Where(criteria):
                return [spot for spot in spots if self._meets(spot, criteria)]

    def _meets(self, spot: Spot, criteria: Iterable[tuple[tuple[str, ...], Literal]]) -> bool:
        for names, wanted in criteria:
            spots = [spot]
            for name in names:
                spots = self._children(spots, name)
            if len(spots) != 1 or not _equal(spots[0].value, wanted):
                return False
        return True

    def _children(self, spots: list[Spot], name: str) -> list[Spot]:
        found = [child for spot in spots for child in _children(spot, name)]
        self.room -= len(spots) + len(found)
        if self.room < 0:
            self._refuse()
        return found

    def _refuse(self) -> NoReturn:
        text = (
            f"the paths of a patch may pass {MOST_PASSED} elements: send several patches, or a whole resource"
        )
        raise refusal(422, "too-costly", text)


def _children(spot: Spot, name: str) -> list[Spot]:
    options = _options(spot.known, name)
    if not options:
        element_of(spot.known, name)
    inside = spot.inside
    if inside is None:
        return []
    return [
        Spot(inside, element, number if element.many else None, spot)
        for element in options
        for number in range(count(inside, element))
    ]


def _is_resource(spot: Spot, kind: str) -> bool:
    value = spot.value
    return isinstance(value, dict) and value.get("resourceType") == kind


def _equal(said: Any, wanted: Literal) -> bool:
    if isinstance(wanted, Decimal):
        return isinstance(said, int | Decimal) and not isinstance(said, bool) and said == wanted
    return type(said) is type(wanted) and bool(said == wanted)
