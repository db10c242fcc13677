"""What may be asked or done beside the interactions: FHIR operations, declared once and defined for clients.

Source: https://hl7.org/fhir/R4/operations.html
"""

from dataclasses import dataclass
from typing import Literal

from app.fhir_mapping.resource import Document

CANONICAL = "https://trialbridge.example/fhir/OperationDefinition/"
"""Where our OperationDefinitions are named, wherever they are served from."""

STANDARD = "http://hl7.org/fhir/OperationDefinition/"
"""Where HL7 names the operations of R4."""

Level = Literal["instance", "type", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationParameter:
    """What an operation may be asked with: its FHIR type, and the words it may be where they are fixed."""

    name: str
    kind: str
    about: str
    values: tuple[str, ...] = ()
    repeats: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, on one resource (`instance`), on a whole type (`type`) or on the server (`system`).

    `methods` are how it is asked over HTTP; `acts` says that it changes something. `standard` is HL7's
    definition it follows, None where the operation is our own. `searches` says that the search parameters
    of the type narrow it, too. `returns` is the type of its answer and `answer` what that holds; `example`
    is a query that shows it. `by_the_hour` says that its answer may change within a day though nothing new is
    recorded. `also` are the media types it answers in beside FHIR JSON. `rests_on` are the types its answer
    rests on: who may not read them all may not ask, for the answer would be another; what is asked of the
    server is asked by who may read some of them.
    """

    name: str
    resources: tuple[str, ...]
    title: str
    about: str
    parameters: tuple[OperationParameter, ...] = ()
    levels: tuple[Level, ...] = ("instance",)
    methods: tuple[str, ...] = ("GET", "POST")
    standard: str | None = None
    searches: bool = False
    returns: str = "Parameters"
    answer: str = "The answer."
    example: str = ""
    also: tuple[str, ...] = ()
    acts: bool = False
    by_the_hour: bool = False
    rests_on: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The name without its dollar."""
        return self.name.removeprefix("$")

    @property
    def id(self) -> str:
        """The id of its OperationDefinition."""
        if not self.resources:
            return f"System-{self.code}"
        return f"{self.resources[0] if len(self.resources) == 1 else 'Resource'}-{self.code}"

    @property
    def canonical(self) -> str:
        """The address its OperationDefinition is known by."""
        return CANONICAL + self.id


def definition(operation: Operation) -> Document:
    """The operation as an OperationDefinition."""
    document: Document = {
        "resourceType": "OperationDefinition",
        "id": operation.id,
        "url": operation.canonical,
        "name": "".join(part.capitalize() for part in operation.code.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "affectsState": operation.acts,
        "description": operation.about,
        "code": operation.code,
        "comment": f"{operation.methods[0]} {_address(operation)}"
        + (f"?{operation.example}" if operation.example else ""),
        "base": operation.standard,
        "resource": list(operation.resources) or None,
        "system": "system" in operation.levels,
        "type": "type" in operation.levels,
        "instance": "instance" in operation.levels,
        "parameter": [*map(_defined, operation.parameters), _returned(operation)],
    }
    return {name: value for name, value in document.items() if value is not None}


def _address(operation: Operation) -> str:
    """Where it is asked, of the first type where there are several."""
    if not operation.resources:
        return f"[base]/{operation.name}"
    asked = "/{id}/" if "instance" in operation.levels else "/"
    return f"[base]/{operation.resources[0]}{asked}{operation.name}"


def _returned(operation: Operation) -> Document:
    return {
        "name": "return",
        "use": "out",
        "min": 1,
        "max": "1",
        "documentation": operation.answer,
        "type": operation.returns,
    }


def _defined(parameter: OperationParameter) -> Document:
    words = f" One of: {', '.join(parameter.values)}." if parameter.values else ""
    return {
        "name": parameter.name,
        "use": "in",
        "min": int(parameter.required),
        "max": "*" if parameter.repeats else "1",
        "documentation": parameter.about + words,
        "type": parameter.kind,
    }
