"""docs/clinical/coverage.md: every line of the documents of the two trials, with what answers it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from app.protocol.words import Frozen
from tests.replays.published import LINES
from tests.tables.named import shown

SEEDS = Path(__file__).with_name("coverage.toml")
REPLAYED = "tests/replays/test_replays.py::test_a_published_number_comes_out_again"
PUBLISHED = {f"{line.cohort}: {line.what}": line for line in LINES}

HEAD = """# Every line of the trials' documents, and what answers it

The two trials are known by five documents. Each of their objectives, criteria, endpoints, doses, visits,
statistical sentences and published results stands here in the order and the language of its document,
shortened, with the question that answers it and the tests that show the answer. A test holds that every
question named is served, with those parameters, that every criterion is in the protocol's file, and that
every test is there. `python -m tests.tables.page` draws this page.
"""


class Line(Frozen):
    """A line of a document, as the file has it."""

    place: str
    says: str
    visits: tuple[str, ...] = ()
    criterion: str | None = None
    replay: str | None = None
    asked: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


class Part(Frozen):
    """A part of a document; `asked` is what answers its lines where they say nothing else."""

    name: str
    asked: tuple[str, ...] = ()
    lines: tuple[Line, ...]


class Seed(Frozen):
    """One of the documents."""

    name: str
    title: str
    study: str
    part: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One line of a document with what answers it."""

    seed: str
    study: str
    part: str
    place: str
    says: str
    criterion: str | None
    replay: str | None
    asked: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def id(self) -> str:
        """What a test is called by."""
        return f"{self.seed}-{self.part}-{self.place}-{self.says}"


@cache
def seeds() -> tuple[Seed, ...]:
    """The documents, as the file has them."""
    return tuple(Seed.model_validate(one) for one in tomllib.loads(SEEDS.read_text("utf-8"))["seed"])


def lines() -> Iterator[Answered]:
    """Every line of every document."""
    for seed in seeds():
        for part in seed.part:
            for line in part.lines:
                yield from _each(seed, part, line)


def _each(seed: Seed, part: Part, line: Line) -> Iterator[Answered]:
    replayed = (REPLAYED,) if line.replay else ()
    for visit in line.visits or ("",):
        yield Answered(
            seed=seed.name,
            study=seed.study,
            part=part.name,
            place=line.place,
            says=line.says.replace("{visit}", visit),
            criterion=line.criterion,
            replay=line.replay,
            asked=tuple(one.replace("{visit}", visit) for one in line.asked or part.asked),
            tests=(*map(in_full, line.tests), *replayed),
        )


def in_full(test: str) -> str:
    """A test by its file: `tolerance::x` is tests/clinical/test_tolerance.py::test_x."""
    place, _, name = test.partition("::")
    room, _, file = place.rpartition("/")
    return f"tests/{room or 'clinical'}/test_{file}.py::test_{name}"


def parameters(asked: str) -> list[tuple[str, str]]:
    """The parameters a question is asked with."""
    return parse_qsl(asked.partition("?")[2])


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(text for seed in seeds() for text in _section(seed))])


def _section(seed: Seed) -> Iterator[str]:
    yield from (f"## {seed.name}. {seed.title}", "")
    for part in seed.part:
        yield from (
            f"### {part.name}",
            "",
            "| | What it says | Answered by | Shown by |",
            "|---|---|---|---|",
        )
        for line in lines():
            if (line.seed, line.part) == (seed.name, part.name):
                yield f"| {line.place} | {line.says} | {_answer(line)} | {'; '.join(_shown(line))} |"
        yield ""


def _answer(line: Answered) -> str:
    of = f", `{line.criterion}`" if line.criterion else ""
    return ", ".join(f"`{one}`" for one in line.asked) + of


def _shown(line: Answered) -> Iterator[str]:
    yield from (shown(test) for test in line.tests if test != REPLAYED)
    if line.replay:
        yield f"[replayed](../replays.md): {PUBLISHED[line.replay].published}"
