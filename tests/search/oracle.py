"""What a search must find, worked out slowly and obviously from R4's text, with no code of the service.

A question is a list of (name, text) as in a query string; every one of them must hold. `World.answer` looks
at each document in turn.
Source: https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.search.standard import COMPARTMENT, PARAMETERS, Parameter
from tests.search.values import any_value, date, quantity, split, string, token, unescaped

Json = dict[str, Any]
Question = list[tuple[str, str]]


@dataclass
class World:
    """All that a server holds, and the address it holds it at."""

    base: str
    documents: list[Json]

    def answer(self, kind: str, question: Question) -> set[str]:
        """The ids of the resources of that type for which every part of the question holds."""
        return {
            one["id"] for one in self.of(kind) if all(self.holds(one, name, text) for name, text in question)
        }

    def compartment(self, patient: str, kind: str) -> set[str]:
        """The ids of the resources of that type in the patient's compartment."""
        return {
            one["id"]
            for one in self.of(kind)
            if any(self.holds(one, name, f"Patient/{patient}") for name in COMPARTMENT[kind])
        }

    def of(self, kind: str) -> Iterator[Json]:
        return (one for one in self.documents if one["resourceType"] == kind)

    def holds(self, document: Json, name: str, text: str) -> bool:
        """Whether one part of a question holds for a document."""
        if name.startswith("_has:"):
            _, kind, link, rest = name.split(":", 3)
            here = f"{document['resourceType']}/{document['id']}"
            pointing = (one for one in self.of(kind) if here in self.addresses(one, link))
            return any(self.holds(one, rest, text) for one in pointing)
        link, is_chain, rest = name.partition(".")
        if is_chain:
            link, _, kind = link.partition(":")
            wanted = {one for one in self.addresses(document, link) if one.startswith(kind)}
            pointed = (one for one in self.documents if f"{one['resourceType']}/{one['id']}" in wanted)
            return any(self.holds(one, rest, text) for one in pointed)
        name, _, modifier = name.partition(":")
        parameter = PARAMETERS[document["resourceType"]][name]
        if modifier == "missing":
            return (text == "true") is not any(True for _ in self.present(document, parameter))
        found = any(self.matches(document, parameter, modifier, one) for one in split(text, ","))
        return not found if modifier == "not" else found

    def present(self, document: Json, parameter: Parameter) -> Iterator[Any]:
        """The elements a parameter looks at; for a composite, the parts that have all of its components."""
        if parameter.kind == "composite":
            yield from (part for path in parameter.paths for part in pairs(document, path))
            return
        for path in parameter.paths:
            for element in elements(document, path):
                if not parameter.target or self.address(element).startswith(f"{parameter.target}/"):
                    yield element

    def matches(self, document: Json, parameter: Parameter, modifier: str, text: str) -> bool:
        """Whether any element a parameter looks at is what one alternative of the text asks for."""
        return any(
            self.one(element, parameter, modifier, text) for element in self.present(document, parameter)
        )

    def one(self, element: Any, parameter: Parameter, modifier: str, text: str) -> bool:
        if parameter.kind == "composite":
            code, value = split(text, "$")
            return token(element[0], code) and any_value(element[1], value)
        return {
            "token": lambda: token(element, text, parameter.system),
            "string": lambda: string(element, unescaped(text), modifier),
            "uri": lambda: bool(element == unescaped(text)),
            "date": lambda: date(element, text),
            "number": lambda: quantity({"value": element}, text),
            "quantity": lambda: quantity(element, text),
            "reference": lambda: self.reference(element, modifier, text),
        }[parameter.kind]()

    # ---- References ------------------------------------------------------------------------------

    def address(self, element: Any) -> str:
        """`Type/id` of what a reference points to, its version left aside; a foreign address as it is."""
        if isinstance(element, str):
            return element.partition("|")[0]
        address = str(element.get("reference", "")).removeprefix(f"{self.base}/")
        return address if ":" in address else address.partition("/_history/")[0]

    def addresses(self, document: Json, link: str) -> set[str]:
        parameter = PARAMETERS[document["resourceType"]][link]
        return {self.address(element) for element in self.present(document, parameter)} - {""}

    def reference(self, element: Json, modifier: str, text: str) -> bool:
        if modifier == "identifier":
            return "identifier" in element and token(element["identifier"], text)
        address, asked = self.address(element), unescaped(text).removeprefix(f"{self.base}/")
        if modifier:
            return address == f"{modifier}/{asked}"
        if "/" in asked or ":" in asked:
            return address == asked
        return re.fullmatch("[A-Z][A-Za-z]+/" + re.escape(asked), address) is not None


# ---- Where things stand, and how a text is cut -------------------------------------------------------


def elements(value: Any, path: str) -> Iterator[Any]:
    """Everything at that path below a value; a list is every one of its items."""
    if path == "deceased()":
        yield value.get("deceasedBoolean", "deceasedDateTime" in value)
        return
    step, _, rest = re.fullmatch(r"([^.\[]+(?:\[[^\]]+\])?)(\.?)(.*)", path).groups()  # type: ignore[union-attr]
    name, _, condition = step.rstrip("]").partition("[")
    found = value.get(name, [])
    for one in found if isinstance(found, list) else [found]:
        key, _, wanted = condition.partition("=")
        if not condition or one.get(key) == wanted:
            yield from elements(one, rest) if rest else [one]


def pairs(document: Json, path: str) -> Iterator[tuple[Any, Any]]:
    """The code and the value of a composite, each two out of one and the same part of the document."""
    scope, _, names = path.rpartition("/")
    code, value = names.split("+")
    for part in elements(document, scope) if scope else [document]:
        if code in part and value in part:
            yield part[code], part[value]
