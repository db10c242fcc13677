"""The rules of R4 this service is held to, and the page that says which test proves each."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

FILE = Path(__file__).with_name("rules.toml")

HELD, EXCEPTION, NOT_HELD = "held", "exception", "**NOT held**"
COLUMNS = ("| | Rule | Verdict | Databases | Tests |", "|-|-|-|-|-|")
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

HEAD = """\
# Conformance to FHIR R4, rule by rule

Here are the rules of the FHIR R4 REST contract that servers most often break, how this service holds each,
and the tests that prove it. Where R4 leaves a choice, the rule says what was chosen.

This page is written by the tests themselves: `make test` rewrites it, and fails if what it said before was
not true any more. Nothing in it is a certificate: neither Inferno nor Touchstone nor the HL7 validator was
run. To see a rule proved, run its tests: `.venv/bin/python -m pytest <test>`.

held: every test that bears the rule passed, on the databases named. exception: not held, for the reason
given. **NOT held**: a test failed, or there is none.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in a sentence, the page of R4 it comes from, and why it is not held if it is not."""

    number: int
    section: str
    says: str
    source: str
    exception: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """How the runs of one test ended, and on which databases."""

    test: str
    passed: bool
    databases: frozenset[str] = frozenset()


def rules() -> list[Rule]:
    """All of them, in order."""
    return [Rule(**said) for said in tomllib.loads(FILE.read_text())["rule"]]


def page(listed: Sequence[Rule], proofs: Mapping[int, Sequence[Proof]]) -> str:
    """docs/conformance.md: the same text for the same rules and proofs, whenever it is made."""
    verdicts = Counter(verdict(rule, proofs.get(rule.number, ())) for rule in listed)
    summary = ", ".join(f"{said}: {verdicts[said]}" for said in (HELD, EXCEPTION, NOT_HELD))
    parts = [HEAD, f"Of {len(listed)} rules, {summary}.\n"]
    for section, members in groupby(listed, key=lambda rule: rule.section):
        rows = (_row(rule, proofs.get(rule.number, ())) for rule in members)
        parts.append("\n".join([f"## {section}\n", *COLUMNS, *rows, ""]))
    return "\n".join(parts)


def verdict(rule: Rule, proofs: Sequence[Proof]) -> str:
    """Whether the rule is held; a rule that no test proves is not."""
    if any(not proof.passed for proof in proofs) or not (proofs or rule.exception):
        return NOT_HELD
    return EXCEPTION if rule.exception else HELD


def _row(rule: Rule, proofs: Sequence[Proof]) -> str:
    said = verdict(rule, proofs) + (f": {rule.exception}" if rule.exception else "")
    tests = "<br>".join(
        f"`{proof.test}`" + ("" if proof.passed else " **failed**")
        for proof in sorted(proofs, key=lambda proof: proof.test)
    )
    used = frozenset().union(*(proof.databases for proof in proofs))
    databases = ", ".join(name for engine, name in ENGINES.items() if engine in used)
    says = rule.says.replace("|", "\\|")
    return f"| [{rule.number}]({rule.source}) | {says} | {said} | {databases} | {tests} |"
