"""What has to be true of every answer, whatever was asked."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

Json = dict[str, Any]

FHIR_JSON = "application/fhir+json; charset=utf-8"
SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUE_TYPES = {
    *("invalid", "structure", "required", "value", "invariant"),
    *("security", "login", "unknown", "expired", "forbidden", "suppressed"),
    *("processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"),
    *("code-invalid", "extension", "too-costly", "business-rule", "conflict"),
    *("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"),
    "informational",
}
"""Every code of http://hl7.org/fhir/issue-type."""


async def looked_at(answer: httpx.Response) -> None:
    """Look at an answer as soon as it is there."""
    await answer.aread()
    assert answer.headers["x-request-id"]
    if answer.request.method == "HEAD" or not answer.content:
        return
    if answer.is_error:
        explained(answer)
    elif answer.headers["content-type"] == FHIR_JSON:
        named_by_its_headers(answer)
        for outcome in outcomes_within(answer.json()):
            explains(outcome)


def explained(answer: httpx.Response) -> None:
    """An error is an OperationOutcome that says where."""
    assert answer.headers["content-type"] == FHIR_JSON, answer.text
    explains(answer.json())


def explains(outcome: Json) -> None:
    """It has issues, each of R4's severities and codes; each that is a problem has its place."""
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    for issue in outcome["issue"]:
        assert issue["severity"] in SEVERITIES, issue
        assert issue["code"] in ISSUE_TYPES, issue
        assert issue["diagnostics"], issue
        if issue["severity"] in {"fatal", "error"}:
            [place, *_] = issue["expression"]
            assert place, issue


def outcomes_within(document: Json) -> Iterator[Json]:
    """The OperationOutcomes in the entries of a Bundle."""
    for entry in document.get("entry", ()):
        if outcome := entry.get("response", {}).get("outcome"):
            yield outcome


def named_by_its_headers(answer: httpx.Response) -> None:
    """A version has its number as ETag, and the second it was stored in as Last-Modified."""
    meta = answer.json().get("meta", {})
    if "versionId" not in meta or "lastUpdated" not in meta:
        return
    assert answer.headers["etag"] == f'W/"{meta["versionId"]}"'
    stored = parsedate_to_datetime(answer.headers["last-modified"])
    assert stored.isoformat()[:19] == meta["lastUpdated"][:19]
