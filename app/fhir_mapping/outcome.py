"""The one error of the house: a Refusal with every reason, rendered as an OperationOutcome."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem, in FHIR's words: an IssueType code, a sentence that says what to do, and where.

    `expression` is a FHIRPath such as `Observation.component[2].valueQuantity`.
    """

    code: str
    text: str
    expression: str | None = None
    severity: Severity = "error"

    def document(self) -> dict[str, Any]:
        """As an OperationOutcome.issue."""
        issue: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "diagnostics": self.text,
        }
        if self.expression is not None:
            issue["expression"] = [self.expression]
        return issue


@dataclass(eq=False)
class Refusal(Exception):
    """A request that cannot be carried out, with all its reasons and its HTTP status."""

    status: int
    issues: tuple[Issue, ...]
    headers: dict[str, str] = field(default_factory=dict)

    def at(self, place: str) -> "Refusal":
        """The Refusal with this place for every reason that has none of its own."""
        issues = (issue if issue.expression else replace(issue, expression=place) for issue in self.issues)
        return Refusal(self.status, tuple(issues), self.headers)

    def within(self, name: str, where: str) -> "Refusal":
        """The Refusal of a resource that lies in another, its places given from there.

        `name` is the type they were given from, `where` the place the resource lies in
        (`Bundle.entry[3].resource`).
        """
        placed = (_moved(issue, name, where) for issue in self.issues)
        return Refusal(self.status, tuple(placed), self.headers)

    def __str__(self) -> str:
        return f"{self.status}: " + ", ".join(issue.code for issue in self.issues)


def _moved(issue: Issue, name: str, where: str) -> Issue:
    expression = issue.expression or name
    if expression.startswith(("Bundle.", "http.")):
        return issue
    return replace(issue, expression=where + expression.removeprefix(name))


def refusal(status: int, code: str, text: str, expression: str | None = None) -> Refusal:
    """A Refusal with a single issue.

    Its place is a FHIRPath, or `http.` and the name of a header or a parameter. Where none is given, the
    caller that knows the place fills it in (`Refusal.at`): the type, or `http.url`.
    """
    return Refusal(status, (Issue(code, text, expression),))


def passing(status: int, code: str, text: str, *, seconds: int, place: str = "http.url") -> Refusal:
    """A failure that passes: the same request may be sent again, unchanged, after so many seconds.

    Only these have a Retry-After, by which a client tells them from what it must not send again: 408, 429
    (`throttled`: more than is taken at once) and 503 (`transient`: the database is away or busy).
    """
    return Refusal(status, (Issue(code, text, place),), {"Retry-After": str(seconds)})


def not_found(reference: str, *, at: datetime | None = None) -> Refusal:
    """404: it never existed here (or did not by the moment asked about), or the asker may not see it."""
    known = "is not known here" if at is None else f"was not known here at {at.isoformat()}"
    return refusal(404, "not-found", f"{reference} {known}", reference.partition("/")[0])


def gone(reference: str) -> Refusal:
    """410: it existed and was deleted; its history can still be read."""
    text = f"{reference} was deleted; GET {reference}/_history shows its life"
    return refusal(410, "deleted", text, reference.partition("/")[0])


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The OperationOutcome that carries these issues."""
    return {"resourceType": "OperationOutcome", "issue": [issue.document() for issue in issues]}
