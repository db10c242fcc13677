"""Tests named as `tests/clinical/test_sri.py::test_x`: whether they are there."""

import ast
from functools import cache

from tests.postgres import ROOT


@cache
def functions(path: str) -> frozenset[str]:
    """The tests of one file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = ast.walk(ast.parse(file.read_text("utf-8")))
    tests = (one for one in found if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(one.name for one in tests if one.name.startswith("test_"))


def is_there(test: str) -> bool:
    """Whether the file holds a test of that name."""
    path, _, name = test.partition("::")
    return name in functions(path)


def shown(test: str) -> str:
    """A test as a page names it: its sentence, and its file to look it up in."""
    path, _, name = test.partition("::")
    return f"{name.removeprefix('test_').replace('_', ' ')} (`{path.removeprefix('tests/')}`)"
