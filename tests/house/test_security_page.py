"""The threat model names a test for each threat, and each of these exists."""

import ast
import re

import pytest

from tests.postgres import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in row.strip("|").split(" | ")]
    for row in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    if row.startswith("| ") and not row.startswith("| Threat")
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)*)`", PAGE)))


def names(file: str) -> set[str]:
    """Every test of a file, those of a class with its name before them."""
    found = set()
    for node in ast.parse((ROOT / file).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if hasattr(one, "name")}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def test_every_threat_has_what_stands_against_it_and_a_test() -> None:
    assert len(ROWS) > 25
    assert [row[0] for row in ROWS if len(row) != 3 or "`tests/" not in row[2]] == []


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named: str) -> None:
    file, _, name = named.partition("::")

    assert (ROOT / file).is_file()
    assert not name or name in names(file)
