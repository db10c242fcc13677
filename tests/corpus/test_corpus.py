"""Whatever is wrong with a request, its answer says what, where, and what to do; the corpus has the cases."""

from typing import Any

import httpx
import pytest

from tests.corpus.cases import MARK, Case, cases

CASES = cases()
SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUE_TYPES = """
invalid structure required value invariant security login unknown expired forbidden suppressed processing
not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly
business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational
"""
"""https://hl7.org/fhir/R4/valueset-issue-type.html"""


def issues_of(outcome: Any) -> list[tuple[str, str, str]]:
    """The code, place and words of each issue of what must be an OperationOutcome that helps."""
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    for issue in outcome["issue"]:
        assert issue.keys() == {"severity", "code", "diagnostics", "expression"}, issue
        assert issue["severity"] in SEVERITIES
        assert issue["code"] in ISSUE_TYPES.split()
        assert len(issue["expression"]) == 1
        assert len(issue["diagnostics"]) > len("no")
    return [(one["code"], one["expression"][0], one["diagnostics"]) for one in outcome["issue"]]


def outcome_of(case: Case, answer: httpx.Response) -> Any:
    """Where the answer says what is wrong: itself, or the entry of a batch, or of a search that goes on."""
    document = answer.json()
    if case.entry_status is not None:
        response = document["entry"][case.entry]["response"]
        assert response["status"].startswith(case.entry_status)
        return response["outcome"]
    if document["resourceType"] == "Bundle":
        [said] = [one["resource"] for one in document["entry"] if one["search"]["mode"] == "outcome"]
        return said
    return document


def newest(http: httpx.Client) -> Any:
    """What was stored last."""
    return http.get("/fhir/_history", params={"_count": 1}).json()["entry"][0]


def test_the_corpus_is_large_and_no_case_stands_twice() -> None:
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({(case.send, case.body, str(case.headers)) for case in CASES}) == len(CASES)


@pytest.mark.rule(24, 35, 41, 45, 46, 74)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_says_what_is_wrong_where_and_what_to_do(http: httpx.Client, case: Case) -> None:
    before = newest(http)

    answer = case.carried_out(http)

    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    found = issues_of(outcome_of(case, answer))
    assert [(code, where) for code, where, _ in found] == [(code, where) for code, where, _ in case.issues]
    for (_, _, said), (_, _, phrase) in zip(found, case.issues, strict=True):
        assert phrase in said
    assert MARK.split()[0] not in answer.text
    assert newest(http) == before


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.entry is not None and case.entry_status is None],
    ids=lambda case: case.name,
)
def test_the_places_of_a_transaction_lie_in_the_entry_that_is_wrong(case: Case) -> None:
    assert all(where.startswith(f"Bundle.entry[{case.entry}]") for _, where, _ in case.issues)
