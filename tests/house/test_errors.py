"""The page of errors knows every kind of issue the service can answer with."""

import ast
import re

from tests.postgres import ROOT

SAYING = {"Issue": 0, "refusal": 1}
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
