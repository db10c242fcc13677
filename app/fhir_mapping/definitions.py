"""What R4 says of every type: its elements, how many of each, of which types, with which codes.

Read from `r4/definitions.json`, which `tools/r4_definitions.py` distils from HL7's definitions. The compiled
gate and the explaining walk are both drawn from here, so they cannot mean different things.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_FILE = Path(__file__).parent / "r4" / "definitions.json"
_JSON_NAMES = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
_ELEMENT = re.compile(r"(\d+)\.\.(\S+) (.+)")
_TYPE = re.compile(r"([\w.]+)(?:\{(.+)\}|\((.+)\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One member a type may have in JSON; a choice such as value[x] is one Element for each type.

    `choice` is the name of the choice it belongs to. `codes` are the codes allowed, by system, where R4
    requires them. `targets` are the types a Reference may name; empty means any.
    """

    name: str
    type: str
    many: bool
    choice: str | None = None
    codes: dict[str, tuple[str, ...]] | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One type: its elements by JSON name, what must be there, and which members exclude each other.

    `required` maps what is required, as R4 names it (`status`, `value[x]`), to the members that satisfy it.
    `summary` are the members R4 counts among a summary, `modifiers` those that change what others mean.
    """

    name: str
    resource: bool
    elements: dict[str, Element]
    required: dict[str, tuple[str, ...]]
    choices: dict[str, tuple[str, ...]]
    summary: frozenset[str]
    modifiers: frozenset[str]

    def members(self, name: str) -> tuple[str, ...]:
        """The JSON members an R4 element name stands for: several where it is a choice."""
        return self.choices.get(name, (name,))


@cache
def _distilled() -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(_FILE.read_bytes())
    return document


@cache
def resource_types() -> frozenset[str]:
    """The 146 types a resource can be of."""
    abstract = {"Resource", "DomainResource"}
    types = _distilled()["types"]
    return frozenset(name for name, said in types.items() if said["kind"] == "resource") - abstract


@cache
def definition(name: str) -> Definition | None:
    """The type of that name: a datatype, a resource, a part such as `Observation.component`; else None."""
    said = _distilled()["types"].get(name)
    if said is None:
        return None
    elements: dict[str, Element] = {}
    required: dict[str, tuple[str, ...]] = {}
    choices: dict[str, tuple[str, ...]] = {}
    for element_name, text in _elements(name).items():
        variants = _variants(element_name, text)
        elements.update({variant.name: variant for variant in variants})
        names = tuple(variant.name for variant in variants)
        if element_name.endswith("[x]"):
            choices[element_name] = names
        if not text.startswith("0"):
            required[element_name] = names
    return Definition(
        name=name,
        resource=said["kind"] == "resource",
        elements=elements,
        required=required,
        choices=choices,
        summary=_marked("summary", name, choices),
        modifiers=_marked("modifiers", name, choices),
    )


def _marked(mark: str, name: str, choices: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """The members of a type and its bases that bear a mark."""
    document, found, kind = _distilled(), set[str](), name
    while kind:
        for element in document[mark].get(kind, "").split():
            found.update(choices.get(element, (element,)))
        kind = document["types"][kind]["base"]
    return frozenset(found)


def _elements(name: str) -> dict[str, str]:
    """The elements of a type with those of its bases, as the file spells them."""
    said = _distilled()["types"][name]
    inherited = _elements(said["base"]) if said["base"] else {}
    return {**inherited, **said["elements"]}


def _variants(name: str, text: str) -> tuple[Element, ...]:
    matched = _ELEMENT.fullmatch(text)
    assert matched is not None, text  # noqa: S101 - our own file
    most, types = matched[2], matched[3].split(", ")
    choice = name if name.endswith("[x]") else None
    return tuple(_variant(name, choice, one, most != "1") for one in types)


def _variant(name: str, choice: str | None, text: str, many: bool) -> Element:
    matched = _TYPE.fullmatch(text)
    assert matched is not None, text  # noqa: S101 - our own file
    kind, bound, targets = matched.groups()
    spelled = _JSON_NAMES.get(kind, kind)
    return Element(
        name=name.removesuffix("[x]") + spelled[0].upper() + spelled[1:] if choice else name,
        type=kind,
        many=many,
        choice=choice,
        codes=_codes(bound) if bound else None,
        targets=tuple(targets.split("|")) if targets else (),
    )


@cache
def _codes(bound: str) -> dict[str, tuple[str, ...]]:
    return {system: tuple(codes) for system, codes in _distilled()["codes"][bound].items()}
