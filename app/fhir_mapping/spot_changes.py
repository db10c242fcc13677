"""How an element is put in, taken out, exchanged or moved, without leaving anything empty behind."""

from typing import Any

from app.fhir_mapping.codec import Document
from app.fhir_mapping.definitions import Element
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.spots import Spot, count


def insert(around: Document, element: Element, number: int, *, plain: Any, beside: Any) -> None:
    """Make a repeating element one longer."""
    length = count(around, element)
    sibling = f"_{element.name}"
    _items(around, element.name, length).insert(number, plain)
    if beside is not None or sibling in around:
        _items(around, sibling, length).insert(number, beside)


def move(around: Document, element: Element, source: int, *, destination: int) -> None:
    """Give one of a repeating element another place; `destination` counts without it."""
    length = count(around, element)
    for member in (element.name, f"_{element.name}"):
        if member in around:
            items = _items(around, member, length)
            items.insert(destination, items.pop(source))


def set_single(around: Document, element: Element, *, plain: Any, beside: Any) -> None:
    """Say what an element says that stands once."""
    for member, value in ((element.name, plain), (f"_{element.name}", beside)):
        if value is None:
            around.pop(member, None)
        else:
            around[member] = value


def exchange(spot: Spot, element: Element, *, plain: Any, beside: Any) -> None:
    """Put something else in the place of an element, under the name of its own type where it is a choice."""
    around, number = spot.around, spot.number
    if number is None:
        _rename(around, spot.element.name, element.name)
        set_single(around, element, plain=plain, beside=beside)
        return
    length, sibling = count(around, element), f"_{element.name}"
    _items(around, element.name, length)[number] = plain
    if beside is not None or sibling in around:
        _items(around, sibling, length)[number] = beside
        _leave_out_if_blank(around, sibling)


def remove(spot: Spot) -> None:
    """Take an element out, and all that holds nothing without it."""
    around, name = spot.around, spot.element.name
    for member in (name, f"_{name}"):
        if spot.number is None:
            around.pop(member, None)
        elif member in around:
            _items(around, member, count(around, spot.element)).pop(spot.number)
            _leave_out_if_blank(around, member)
    if not around and spot.above is not None:
        _emptied(spot.above, around)


def _emptied(spot: Spot, inside: Document) -> None:
    """The object of an element holds nothing any more: it is all of a complex one, but not of a primitive."""
    if spot.value is inside or spot.value is None:
        remove(spot)
        return
    member = f"_{spot.element.name}"
    if spot.number is None:
        del spot.around[member]
    else:
        spot.around[member][spot.number] = None
        _leave_out_if_blank(spot.around, member)


def _leave_out_if_blank(around: Document, member: str) -> None:
    if all(one is None for one in around[member]):
        del around[member]


def _items(around: Document, member: str, length: int) -> list[Any]:
    items = around.setdefault(member, [None] * length)
    if not isinstance(items, list) or len(items) != length:
        raise refusal(422, "structure", f"{member} is not the list it should be: replace the whole resource")
    return items


def _rename(around: Document, old: str, new: str) -> None:
    """Give a member another name in the same place."""
    if old == new:
        return
    members = list(around.items())
    around.clear()
    for name, value in members:
        around[{old: new, f"_{old}": f"_{new}"}.get(name, name)] = value
