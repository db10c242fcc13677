"""Bodies to send: the examples of the Swagger page, changed where a test needs it."""

from typing import Any

import httpx

from app.fhir_mapping import codec
from app.fhir_mapping.registry import MAPPED
from app.routers import examples

TYPES = (*MAPPED, "DiagnosticReport")
"""The types the interactions are shown of, rule by rule: one kept type stands for all (test_kept)."""

HEADERS = {"Content-Type": "application/fhir+json"}
NEEDED = (("Patient", "msc-sle-p08"), ("ResearchStudy", "msc-sle"))
"""What the examples refer to."""


def body(kind: str, **changes: Any) -> bytes:
    """The example of a type, with members added or exchanged."""
    return codec.write({**examples.BODIES[kind], **changes})


def bundle_of(kind: str, *entries: dict[str, Any]) -> bytes:
    """A transaction or batch."""
    return codec.write({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


async def created(client: httpx.AsyncClient, kind: str, **changes: Any) -> str:
    """The id of a resource just created."""
    answer = await client.post(f"/fhir/{kind}", content=body(kind, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def issues(answer: httpx.Response) -> list[dict[str, Any]]:
    """The issues of an OperationOutcome; fails where the answer is none, or an issue does not say where."""
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    document = answer.json()
    assert document["resourceType"] == "OperationOutcome"
    found: list[dict[str, Any]] = document["issue"]
    assert found
    problems = [issue for issue in found if issue["severity"] in ("fatal", "error")]
    assert all(issue.get("expression") for issue in problems), problems
    return found
