"""FHIRPath Patch: a resource changed by a list of operations on its elements, sent as Parameters.

Source: https://hl7.org/fhir/R4/fhirpatch.html
"""

from app.fhir_mapping import spot_changes
from app.fhir_mapping.codec import Document
from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.fhirpath import Name, Path
from app.fhir_mapping.fhirpath_operation import Operation, Value, operations
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.patching import copied, settled
from app.fhir_mapping.spots import Search, Spot, count, element_of


def apply(document: Document, parameters: Document) -> Document:
    """The resource after all the operations, in order; the one given stays as it is.

    Refusal 400 where the Parameters are no FHIRPath Patch, naming every fault; 422 where an operation cannot
    be done.
    """
    search = Search(copied(document))
    for operation in operations(parameters):
        try:
            _carry_out(search, operation)
        except Refusal as problem:
            raise problem.at(operation.where) from None
    return settled(document, search.document)


def _carry_out(search: Search, operation: Operation) -> None:
    match operation.type:
        case "add":
            _add(search, operation)
        case "insert":
            _insert(search, operation)
        case "delete":
            _delete(search, operation)
        case "replace":
            _replace(search, operation)
        case _:
            _move(search, operation)


def _add(search: Search, operation: Operation) -> None:
    with operation.part("path"):
        spot = _one(search, operation.path)
    with operation.part("name"):
        _put(_inside(spot), spot.known, operation.name, operation.value)


def _insert(search: Search, operation: Operation) -> None:
    with operation.part("path"):
        around, element = _list(search, operation.path)
    number = operation.numbers["index"]
    length = count(around, element)
    if number > length:
        text = f"this list has {length}: insert at 0 to {length}"
        raise refusal(422, "value", text, operation.places["index"])
    plain, beside = _content(element, operation.value)
    spot_changes.insert(around, element, number, plain=plain, beside=beside)


def _delete(search: Search, operation: Operation) -> None:
    with operation.part("path"):
        spots = search.found(operation.path)
        if spots:
            spot_changes.remove(_below_the_resource(_only(spots)))


def _replace(search: Search, operation: Operation) -> None:
    with operation.part("path"):
        spot = _below_the_resource(_one(search, operation.path))
    with operation.part("value"):
        element = spot.element
        if element.choice is not None and spot.above is not None:
            element = element_of(spot.above.known, element.choice, operation.value.kind)
        plain, beside = _content(element, operation.value)
    spot_changes.exchange(spot, element, plain=plain, beside=beside)


def _move(search: Search, operation: Operation) -> None:
    with operation.part("path"):
        around, element = _list(search, operation.path)
    length = count(around, element)
    for name in ("source", "destination"):
        if operation.numbers[name] >= length:
            text = f"this list has {length}, counted from 0: {name} must be less than {length}"
            raise refusal(422, "value", text, operation.places[name])
    source, destination = operation.numbers["source"], operation.numbers["destination"]
    spot_changes.move(around, element, source, destination=destination)


def _one(search: Search, path: Path) -> Spot:
    spots = search.found(path)
    if not spots:
        raise refusal(
            422, "not-found", "this path leads to nothing: read the resource again, or add it first"
        )
    return _only(spots)


def _only(spots: list[Spot]) -> Spot:
    if len(spots) > 1:
        text = f"this path leads to {len(spots)} elements: choose one of them, by [0] or where()"
        raise refusal(422, "multiple-matches", text)
    return spots[0]


def _below_the_resource(spot: Spot) -> Spot:
    if spot.above is None:
        text = "this path leads to the whole resource: use PUT or DELETE, or name an element of it"
        raise refusal(422, "not-supported", text)
    return spot


def _list(search: Search, path: Path) -> tuple[Document, Element]:
    """The object a list lies in, and which element it is; the list may still be empty."""
    if not path or not isinstance(path[-1], Name):
        raise refusal(422, "value", "this path must end in the name of a list, as in Patient.identifier")
    spot = _one(search, path[:-1])
    element = element_of(spot.known, path[-1].name)
    if not element.many:
        raise refusal(422, "value", "this element stands once: use add or replace for it")
    return _inside(spot), element


def _inside(spot: Spot) -> Document:
    """The object an element's own elements lie in, made where a primitive had none."""
    inside = spot.inside
    if inside is None:
        inside = {}
        spot_changes.exchange(spot, spot.element, plain=spot.value, beside=inside)
    return inside


def _put(around: Document, known: Definition, name: str, value: Value) -> None:
    """Add an element to an object: at the end of a list, or where there was none."""
    element = element_of(known, name, value.kind)
    plain, beside = _content(element, value)
    if element.many:
        spot_changes.insert(around, element, count(around, element), plain=plain, beside=beside)
        return
    members = known.members(element.choice or element.name)
    if any(count(around, known.elements[member]) for member in members):
        raise refusal(422, "duplicate", "this element is there already, and stands once: use replace")
    spot_changes.set_single(around, element, plain=plain, beside=beside)


def _content(element: Element, value: Value) -> tuple[object, object]:
    """What an element is to say, and what is to stand beside it; named parts make up an object."""
    if not value.parts:
        return copied(value.plain), copied(value.beside)
    known = definition(element.type)
    if known is None or element.type == "Resource":
        text = f"{element.name} has no parts: say it by one value of its type, such as valueString"
        raise refusal(422, "value", text, value.where)
    made: Document = {}
    for name, part in value.parts:
        try:
            _put(made, known, name, part)
        except Refusal as problem:
            raise problem.at(part.where) from None
    return made, None
