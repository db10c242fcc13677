"""The page of errors knows every kind of issue the service can answer with."""

import ast
import re

from tests.postgres import ROOT

SAYING = {"Issue": 0, "refusal": 1, "passing": 1}
PAGE = (ROOT / "docs" / "errors.md").read_text("utf-8")


def codes() -> set[str]:
    """The code of each Issue and each refusal in the application."""
    found: set[str] = set()
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                place = SAYING[node.func.id]
                if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                    found.add(str(node.args[place].value))  # type: ignore[attr-defined]
    return found


def test_every_kind_of_issue_has_a_section() -> None:
    sections = set(re.findall(r"^## (\S+)$", PAGE, re.MULTILINE))

    assert len(codes()) > 10
    assert codes() <= sections


def calls(name: str) -> list[list[object]]:
    """What each call of this name in the application is given, of the constants among it."""
    return [
        [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        for file in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


KINDS = {
    int(status): (kind, retry)
    for statuses, kind, retry in re.findall(
        r"^\| ([\d, ]+) \| (permanent|transient|unknown)[^|]* \| [^|]* \| (always|never) \|$",
        PAGE,
        re.MULTILINE,
    )
    for status in statuses.split(", ")
}
TRANSIENT = {(408, "timeout"), (429, "throttled"), (503, "transient")}


def test_what_may_be_sent_again_is_told_by_retry_after() -> None:
    assert {status for status, (_, retry) in KINDS.items() if retry == "always"} == {408, 429, 503}
    assert all((kind == "transient") == (retry == "always") for kind, retry in KINDS.values())


def test_only_what_passes_bears_a_transient_status() -> None:
    assert {(status, code) for status, code, *_ in calls("passing")} == TRANSIENT
    permanent = {given[0] for name in ("refusal", "Refusal") for given in calls(name) if given} - {None}
    assert permanent
    assert not permanent & {408, 429, 503}


def test_every_status_that_is_no_success_is_said_to_be_one_or_the_other() -> None:
    refused = {given[0] for name in ("refusal", "Refusal", "passing") for given in calls(name) if given}

    assert {status for status in refused if isinstance(status, int) and status >= 400} <= KINDS.keys()
