"""Write docs/clinical/examples.md: every worked example the tests of the clinical room hold, as tables.

python -m tools.worked_examples
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from io import StringIO
from pathlib import Path
from textwrap import shorten
from typing import Any

import pytest

TARGET = Path(__file__).parent.parent / "docs" / "clinical" / "examples.md"
EXAMPLES = Path(__file__).parent.parent / "tests" / "clinical"
WIDEST = 160
HEAD = """# Worked examples

What the service decides, example by example: each line is a test that runs. The numbers are those of the
protocols, the registry and the published definitions where these give any; `python -m tools.worked_examples`
writes this page from the tests, and a test holds it to them.
"""
_UNREADABLE = re.compile(r" at 0x[0-9a-f]+|\bSource\(type=")


@dataclass
class Collected:
    """The parametrized tests, in the order of the files."""

    found: list[pytest.Function] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep the tests that are examples of something."""
        self.found = [item for item in session.items if isinstance(item, pytest.Function) and _examples(item)]


def page() -> str:
    """The whole page."""
    collected = Collected()
    with redirect_stdout(StringIO()):
        pytest.main(
            ["--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", str(EXAMPLES)], [collected]
        )
    by_file: dict[str, dict[str, list[pytest.Function]]] = {}
    for item in collected.found:
        sentences = by_file.setdefault(item.path.stem, {})
        sentences.setdefault(item.originalname or item.name, []).append(item)
    return HEAD + "".join(line + "\n" for name in sorted(by_file) for line in _section(by_file[name]))


def _section(tests: Mapping[str, list[pytest.Function]]) -> Iterator[str]:
    first = next(iter(tests.values()))[0]
    about = (first.module.__doc__ or "").strip().splitlines()
    yield from ("", f"## {about[0].rstrip('.') if about else first.path.stem}")
    for name, items in tests.items():
        parameters = [one for one in items[0].callspec.params if one in _names(items)]
        yield from ("", f"### {name.removeprefix('test_').replace('_', ' ').capitalize()}", "")
        yield f"| | {' | '.join(parameters)} |"
        yield "|---|" + "---|" * len(parameters)
        for item in items:
            cells = [_shown(item.callspec.params[one]) for one in parameters]
            yield f"| {_escaped(item.callspec.id)} | {' | '.join(cells)} |"


def _examples(item: pytest.Function) -> bool:
    return hasattr(item, "callspec") and bool(_names([item]))


def _names(items: Iterable[pytest.Function]) -> list[str]:
    """The parameters that can be read as they are; fixtures, functions and whole records cannot."""
    return [
        name
        for name in next(iter(items)).callspec.params
        if all(not _UNREADABLE.search(repr(item.callspec.params[name])) for item in items)
    ]


def _shown(value: Any) -> str:
    return _escaped(shorten(_spelt(value), WIDEST, placeholder=" …"))


def _spelt(value: Any) -> str:
    """A value as a reader writes it: no quotes, no class names where the value speaks for itself."""
    match value:
        case str() | Decimal() | int() | date():
            return str(value)
        case None:
            return "–"
        case Enum():
            return value.name.lower()
        case dict():
            return ", ".join(f"{_spelt(name)}: {_spelt(inner)}" for name, inner in value.items())
        case tuple() | list() | set() | frozenset():
            said = map(_spelt, value)
            return ", ".join(sorted(said) if isinstance(value, set | frozenset) else said)
        case _:
            return repr(value)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Write the page, or with --check say whether it is what the tests say."""
    text = page()
    if "--check" in sys.argv[1:]:
        return int(TARGET.read_text("utf-8") != text)
    TARGET.write_text(text, "utf-8")
    sys.stdout.write(f"{TARGET.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
