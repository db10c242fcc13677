"""Questions about a subject as FHIR operations: declared once, and defined for clients.

Source: https://hl7.org/fhir/R4/operations.html
"""

from dataclasses import dataclass

from app.fhir_mapping.resource import Document

CANONICAL = "https://trialbridge.example/fhir/OperationDefinition/"
"""Where our OperationDefinitions are named, wherever they are served from."""

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationParameter:
    """What an operation may be asked with: its FHIR type, and the words it may be where they are fixed."""

    name: str
    kind: str
    about: str
    values: tuple[str, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A question that can be asked about one resource; `example` is a query that shows it."""

    name: str
    resource: str
    title: str
    about: str
    parameters: tuple[OperationParameter, ...]
    example: str = ""

    @property
    def code(self) -> str:
        """The name without its dollar."""
        return self.name.removeprefix("$")

    @property
    def id(self) -> str:
        """The id of its OperationDefinition."""
        return f"{self.resource}-{self.code}"

    @property
    def canonical(self) -> str:
        """The address its OperationDefinition is known by."""
        return CANONICAL + self.id


VISIT = OperationParameter(
    name="visit",
    kind="code",
    about="The visit asked about (M3, M6, M9, M12); all visits of the protocol where none is named.",
    repeats=True,
)
RULE = OperationParameter(
    name="rule",
    kind="code",
    about="The variant of the rule (registry, synopsis, published); all of them, side by side, where none"
    " is named.",
    repeats=True,
)
ON = OperationParameter(
    name="on",
    kind="date",
    about="The clinical day the question is asked for; the day of screening, else today.",
)
AS_OF = OperationParameter(
    name="asOf",
    kind="dateTime",
    about="Answer as it would have been answered then, from what was recorded up to this instant. A day alone"
    " means its end, in Europe/Paris.",
)
VIEW = OperationParameter(
    name="view",
    kind="code",
    about="plain: compact plain JSON instead of Parameters.",
    values=("fhir", "plain"),
)
LANG = OperationParameter(
    name="lang", kind="code", about="The language of the protocol's sentences.", values=LANGUAGES
)

SRI_STATUS = Operation(
    name="$sri-status",
    resource="ResearchSubject",
    title="Response by the SLE Responder Index",
    about="Whether the subject responded, at each visit and by each variant of the rule, with each condition,"
    " the values it rests on, and what is missing where it cannot be decided.",
    parameters=(VISIT, RULE, AS_OF, VIEW, LANG),
    example="visit=M6",
)
ELIGIBILITY = Operation(
    name="$eligibility",
    resource="ResearchSubject",
    title="Eligibility for the trial",
    about="Whether the candidate meets every inclusion criterion and no exclusion criterion, one by one. It"
    " supports the investigator's decision and changes nothing.",
    parameters=(ON, AS_OF, VIEW, LANG),
    example="",
)
OPERATIONS = (SRI_STATUS, ELIGIBILITY)
"""Every operation."""


def named(resource: str, name: str) -> Operation | None:
    """The operation of that name (`$sri-status`) on that type, None where there is none."""
    return next((one for one in OPERATIONS if (one.resource, one.name) == (resource, name)), None)


def definition(operation: Operation, *, base: str) -> Document:
    """The operation as an OperationDefinition."""
    return {
        "resourceType": "OperationDefinition",
        "id": operation.id,
        "url": operation.canonical,
        "name": "".join(part.capitalize() for part in operation.code.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "affectsState": False,
        "description": operation.about,
        "code": operation.code,
        "comment": f"GET {base}/{operation.resource}/{{id}}/{operation.name}"
        + (f"?{operation.example}" if operation.example else ""),
        "resource": [operation.resource],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [*map(_defined, operation.parameters), _RETURN],
    }


_RETURN: Document = {
    "name": "return",
    "use": "out",
    "min": 1,
    "max": "1",
    "documentation": "One parameter `result` per question, with its verdict, criteria and evidence.",
    "type": "Parameters",
}


def _defined(parameter: OperationParameter) -> Document:
    words = f" One of: {', '.join(parameter.values)}." if parameter.values else ""
    return {
        "name": parameter.name,
        "use": "in",
        "min": 0,
        "max": "*" if parameter.repeats else "1",
        "documentation": parameter.about + words,
        "type": parameter.kind,
    }
