"""Every rule has a test or a reason, and the page says what the tests said."""

import pytest

from tests.conformance.report import marked
from tests.conformance.rules import Proof, Rule, page, rules
from tests.postgres import ROOT

RULES = rules()
MARKED = {number for file in (ROOT / "tests").rglob("test_*.py") for number in marked(file)}


def test_there_are_eighty_rules_in_order() -> None:
    assert [rule.number for rule in RULES] == list(range(1, 81))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.number))
def test_a_rule_is_a_sentence_with_its_page_of_r4(rule: Rule) -> None:
    assert rule.says.endswith(".")
    assert rule.source.startswith("https://hl7.org/fhir/R4/")
    assert "\n" not in rule.says + rule.section + (rule.exception or "")


def test_every_rule_has_a_test_or_a_reason_why_it_has_none() -> None:
    assert [rule.number for rule in RULES if rule.number not in MARKED and not rule.exception] == []


def test_what_the_tests_bear_are_rules() -> None:
    assert {rule.number for rule in RULES} >= MARKED


ONE = Rule(1, "One", "It is so, a|b.", "https://hl7.org/fhir/R4/http.html")
REASONED = Rule(2, "Two", "It is not.", "https://hl7.org/fhir/R4/http.html", exception="Not yet.")


@pytest.mark.parametrize(
    ("rule", "proofs", "said"),
    [
        (ONE, [Proof("t::a", passed=True, databases=frozenset({"sqlite"}))], "| held | SQLite | `t::a` |"),
        (ONE, [Proof("t::b", passed=True), Proof("t::a", passed=True)], "| held |  | `t::a`<br>`t::b` |"),
        (ONE, [Proof("t::a", passed=True), Proof("t::b", passed=False)], "| **NOT held** |"),
        (ONE, [], "| **NOT held** |  |  |"),
        (REASONED, [], "| exception: Not yet. |  |  |"),
        (REASONED, [Proof("t::a", passed=True)], "| exception: Not yet. |  | `t::a` |"),
        (REASONED, [Proof("t::a", passed=False)], "| **NOT held**: Not yet. |  | `t::a` **failed** |"),
    ],
)
def test_the_page_says_what_the_tests_said(rule: Rule, proofs: list[Proof], said: str) -> None:
    text = page([rule], {rule.number: proofs})

    assert said in text
    assert f"| [{rule.number}]({rule.source}) |" in text


def test_the_page_counts_its_verdicts() -> None:
    text = page([ONE, REASONED], {1: [Proof("t::a", passed=False)]})

    assert "Of 2 rules, held: 0, exception: 1, **NOT held**: 1." in text
