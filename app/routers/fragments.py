"""The pieces an OpenAPI description is made of: bodies, answers, refusals, parameters."""

from collections.abc import Mapping
from typing import Any

from app.routers import examples
from app.routers.schemas import Schema, reference

Said = dict[str, Any]

FHIR_JSON = "application/fhir+json"
WHOLE = "Server"

STATUS = {
    "200": "What was asked for.",
    "201": "It came to be; Location says where.",
    "202": "Of a registered sender, about somebody not known here yet: parked, stored by itself later.",
    "204": "It is gone.",
    "304": "The version named by If-None-Match is still the current one.",
    "400": "The request is not FHIR R4; every problem is listed.",
    "403": "Who asks may not do this.",
    "404": "There is no such resource, or no such type.",
    "406": "Only JSON is served.",
    "409": "Another resource still refers to this one; or nothing says which content of a result is newer.",
    "410": "It was deleted.",
    "412": "If-Match names a version that is not current.",
    "413": "The body is too large.",
    "415": "The body is not FHIR JSON.",
    "422": "R4 allows it and this trial does not: identifying data, or a reference to nothing here.",
    "423": "What it belongs to is locked: the answer says since when, by whom and why.",
    "429": "More is under way than the server can hold: send it again after Retry-After.",
}
_TEXT: Schema = {"type": "string"}
_CONTROLS: Mapping[str, tuple[Any, ...]] = {
    "_count": ("At most so many on a page; 0 for the number alone.", {"type": "integer", "minimum": 0}, 20),
    "_sort": ("The keys to sort by, joined by commas; `-` before one for descending.", _TEXT),
    "_total": ("`accurate` to have the matches counted.", _TEXT),
    "_include": ("Add what a reference leads to: `Observation:patient`; `:iterate` goes on.", _TEXT),
    "_revinclude": ("Add what refers to the matches: `AdverseEvent:substance`.", _TEXT),
    "_summary": ("`true`, `text`, `data`, `count` or `false`.", _TEXT),
    "_elements": ("Only these elements, joined by commas; the required ones are always there.", _TEXT),
    "_format": ("`json`, for those who cannot send an Accept header.", _TEXT),
    "_pretty": ("`true` to have the answer indented.", _TEXT),
    "_explain": (
        (
            "`true` to be told how each parameter was understood and how many meet it; an id, or `Type/id`,"
            " to be told why that resource is not found."
        ),
        _TEXT,
    ),
}
CONTROLS = tuple(_CONTROLS)
"""The parameters that shape an answer, described once for all types."""

WRITTEN = ("202", "400", "409", "413", "415", "422", "423", "429")
"""What a write may be answered with instead of what it stores."""

VERSION = ("ETag", "Last-Modified", "Location")
PUSHED = ("X-Fate", "X-Inbox-Id", "X-Idempotent-Replay")
"""The headers of what is stored, and of what a registered sender pushed."""


def components() -> dict[str, Any]:
    """What many addresses share."""
    return {
        "parameters": {
            "Prefer": header_parameter(
                "Prefer", "`return=minimal`, `representation` or `OperationOutcome`; `handling=strict`."
            ),
            "If-Match": header_parameter(
                "If-Match", 'The version you saw, such as `W/"1"`; 412 if it has changed.'
            ),
            "If-None-Exist": header_parameter(
                "If-None-Exist",
                "Create only where this search finds nothing, such as `identifier=system|value`; 200 with"
                " what it finds, 412 where that is several.",
            ),
            "X-Change-Reason": header_parameter(
                "X-Change-Reason", "Why a registered sender corrects a result; the inbox keeps it."
            ),
            "X-Correlation-Id": header_parameter(
                "X-Correlation-Id", "Your number of the message: echoed, and kept in the inbox."
            ),
            "If-None-Match": header_parameter(
                "If-None-Match", 'The version you have, such as `W/"1"`; 304 if it is current.'
            ),
            **{name: query_parameter(name, *said) for name, said in _CONTROLS.items()},
        },
        "headers": {
            "ETag": {"description": 'The version, as `W/"1"`.', "schema": {"type": "string"}},
            "Last-Modified": {"description": "When it was stored.", "schema": {"type": "string"}},
            "Location": {"description": "The absolute address of the version.", "schema": {"type": "string"}},
            "X-Fate": {
                "description": "What became of a registered sender's result.",
                "schema": {"type": "string", "enum": ["stored", "late", "replayed", "parked"]},
            },
            "X-Inbox-Id": {"description": "Its row in the inbox.", "schema": {"type": "string"}},
            "X-Idempotent-Replay": {
                "description": "`true` where it was stored before.",
                "schema": {"type": "string"},
            },
        },
        "responses": {
            f"Refused{status}": refusal(STATUS[status])
            for status in STATUS
            if status == "202" or status >= "400"
        },
    }


def interaction(
    what: str,
    name: str,
    summary: str,
    about: str,
    *,
    answers: Mapping[str, Said],
    parameters: list[Said] | None = None,
    sends: Said | None = None,
    tag: str | None = None,
) -> Said:
    """One method of one address; 406 is possible everywhere."""
    said: Said = {"operationId": f"{what}{name}", "summary": summary, "description": about}
    said["tags"] = [tag or name or WHOLE]
    if parameters:
        said["parameters"] = parameters
    if sends is not None:
        said["requestBody"] = sends
    said["responses"] = dict(sorted({**answers, **refusals("406")}.items()))
    return said


def named(name: str) -> str:
    """The type with its article."""
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def body(name: str, example: Said) -> Said:
    """A body of that type, with one that works."""
    shown = {"example": {"summary": f"Example of {named(name)}", "value": example}}
    return {"required": True, "content": {FHIR_JSON: {"schema": reference(name), "examples": shown}}}


def stored(name: str, *headers: str) -> Said:
    """An answer that is a stored version, with these headers."""
    shared = {header: {"$ref": f"#/components/headers/{header}"} for header in headers}
    return {**answer(name, "The resource as it is stored."), "headers": shared}


def answer(name: str, about: str) -> Said:
    """An answer of that type."""
    return {"description": about, "content": {FHIR_JSON: {"schema": reference(name)}}}


def nothing(status: str) -> Said:
    """An answer without a body."""
    return {"description": STATUS[status]}


def refusals(*statuses: str) -> dict[str, Said]:
    """The refusals an interaction may answer with."""
    return {status: {"$ref": f"#/components/responses/Refused{status}"} for status in statuses}


def refusal(about: str) -> Said:
    """An OperationOutcome."""
    content = {"schema": reference("OperationOutcome"), "example": examples.REFUSED}
    return {"description": about, "content": {FHIR_JSON: content}}


def shared(name: str) -> Said:
    """A parameter many interactions take."""
    return {"$ref": f"#/components/parameters/{name}"}


def id_of(name: str, example: str | None = None) -> Said:
    """The id in the address, that of the demonstration trial where none is given."""
    return path_parameter("id", f"The id of the {name}.", example or examples.STORED[name])


def path_parameter(name: str, about: str, example: str | None) -> Said:
    """A part of the address; None where nobody knows one beforehand."""
    said = {"name": name, "in": "path", "required": True, "schema": reference("id"), "description": about}
    return said if example is None else said | {"example": example}


def header_parameter(name: str, about: str) -> Said:
    """A header of the request."""
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": about}


def query_parameter(name: str, about: str, schema: Schema, example: Any = None) -> Said:
    """A parameter of the query; Try it out starts with its example."""
    said: Said = {"name": name, "in": "query", "schema": schema, "description": about}
    return said if example is None else {**said, "example": example}
