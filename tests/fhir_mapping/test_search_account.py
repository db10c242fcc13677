"""Why something was not found is said in sentences: the answer first, and no value of any resource."""

from collections.abc import Sequence

import pytest

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import next_link, parse, self_link
from app.fhir_mapping.search_account import Account, Count, Counted, Expected, Verdict, lack
from app.fhir_mapping.search_explain import explanation
from app.fhir_mapping.served import SERVED, account
from tests.fhir_mapping.searching import BASE, search

FINAL, ABOVE, MALE = ("status", "final"), ("value-quantity", "gt5"), ("patient.gender", "male")
IS_FINAL = "status is final, in any system"
IS_ABOVE = "value-quantity is more than 5, in any unit"
IS_MALE = "patient leads to some Patient where gender is male, in any system"
MET: Verdict = "met"
UNMET: Verdict = "unmet"


def said(found: Account | None, *pairs: tuple[str, str]) -> list[str]:
    return [issue.text for issue in explanation(search(*pairs), found)]


def expected(*verdicts: Verdict) -> Expected:
    return Expected("o1", "current", verdicts)


@pytest.mark.parametrize(
    ("text", "explain", "own"),
    [
        ("true", True, None),
        ("false", False, None),
        ("o1", True, "o1"),
        ("Observation/o1", True, "o1"),
        ("Observation/true", True, "true"),
        ("019a1b2c-0000-7000-8000-00000000000a", True, "019a1b2c-0000-7000-8000-00000000000a"),
    ],
)
def test_it_is_asked_for_a_search_or_for_one_resource(text: str, *, explain: bool, own: str | None) -> None:
    asked = search(("_explain", text), strict=True)

    assert (asked.explain, asked.expected) == (explain, own)


@pytest.mark.parametrize("text", ["Patient/p1", "Observation/", "o1/_history/1", "a b", "x" * 65, "é"])
def test_it_is_not_asked_for_anything_else(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        search(("_explain", text))

    [issue] = caught.value.issues
    assert (caught.value.status, issue.expression) == (400, "http._explain")
    assert issue.text.endswith("it is true, false, or what was expected: an id or Observation/id")


def test_it_is_of_the_page_it_was_asked_with() -> None:
    asked = search(FINAL, ("_count", "1"), ("_explain", "Observation/o1"))
    onward = next_link(asked, ((), "o1"), key=b"k")

    assert self_link(asked) == f"{BASE}/Observation?status=final&_count=1&_explain=Observation/o1"
    assert onward.startswith(f"{BASE}/Observation?status=final&_count=1&_after=")


class TestCounts:
    def test_each_condition_has_its_numbers(self) -> None:
        assert said(Counted((Count(7, 7), Count(4, 2))), FINAL, ABOVE) == [
            f"{IS_FINAL}; met by 7 alone",
            f"{IS_ABOVE}; met by 4 alone, by 2 together with all before it",
        ]

    def test_the_condition_that_leaves_nothing_is_named_first(self) -> None:
        counts = Counted((Count(7, 7), Count(4, 2), Count(3, 0)))

        assert said(counts, FINAL, ABOVE, MALE)[0] == (
            "nothing is found: of the 2 Observation that meet all conditions before it,"
            f" none meets '{IS_MALE}'"
        )

    def test_so_is_one_that_nothing_meets_at_all(self) -> None:
        counts = Counted((Count(7, 7), Count(0, 0), Count(3, 0)))

        assert said(counts, FINAL, ABOVE, MALE)[0] == (
            f"nothing is found: no Observation known here meets '{IS_ABOVE}'"
        )

    def test_what_is_not_counted_is_said_so(self) -> None:
        assert said(Counted((Count(7, 7),)), FINAL, ABOVE)[1:] == [
            IS_ABOVE,
            "only the first 1 of 2 conditions are counted: ask for fewer",
        ]


class TestOneResource:
    def test_the_answer_comes_first_and_names_what_is_not_met(self) -> None:
        assert said(expected(MET, UNMET), FINAL, ABOVE) == [
            f"Observation/o1 is not found: it does not meet '{IS_ABOVE}'",
            f"{IS_FINAL}; met",
            f"{IS_ABOVE}; not met",
        ]

    @pytest.mark.parametrize(
        ("pair", "last"),
        [
            (ABOVE, f"{IS_ABOVE}; not met: it has no value-quantity"),
            (MALE, f"{IS_MALE}; not met: it has no patient"),
        ],
    )
    def test_what_has_no_value_to_meet_it_by_is_said_to_have_none(
        self, pair: tuple[str, str], last: str
    ) -> None:
        assert said(expected("lacking"), pair)[-1] == last

    def test_of_many_conditions_that_are_not_met_a_few_are_named(self) -> None:
        answer = said(expected(*[UNMET] * 5), *[FINAL] * 5)[0]

        assert answer.count(IS_FINAL) == 3
        assert answer.endswith(" nor 2 more of what follows")

    @pytest.mark.parametrize(
        ("found", "answer"),
        [
            (
                expected(MET),
                (
                    "Observation/o1 is found: it meets every condition;"
                    " where it is not on this page, it is on another"
                ),
            ),
            (
                Expected("o1", "deleted"),
                (
                    "Observation/o1 was deleted, so no search finds it;"
                    " GET Observation/o1/_history shows its life"
                ),
            ),
            (Expected("o1"), "Observation/o1 is not known here: look at its id and its type again"),
            (
                Expected("287017511600141"),
                "the Observation asked about is not known here: look at its id and its type again",
            ),
        ],
    )
    def test_what_is_found_or_is_not_there_is_told_at_once(self, found: Expected, answer: str) -> None:
        assert said(found, FINAL)[0] == answer
        assert said(found, FINAL)[1].startswith(IS_FINAL)

    def test_without_conditions_everything_is_asked_for(self) -> None:
        assert said(Expected("o1", "current"))[1:] == ["every Observation is asked for"]


@pytest.mark.parametrize(
    ("pair", "parameter"),
    [
        (FINAL, "status"),
        (MALE, "patient"),
        (("status:not", "final"), None),
        (("status:missing", "true"), None),
        (("code-value-quantity", "718-7$gt5"), None),
        (("patient._has:Observation:patient:status", "final"), "patient"),
    ],
)
def test_a_condition_may_be_unmet_for_want_of_a_value(pair: tuple[str, str], parameter: str | None) -> None:
    [condition] = search(pair).query.conditions
    lacking = lack(condition)

    assert (lacking.parameter.name if lacking else None) == parameter


class TestServedTypes:
    """What the server says of itself is looked through in memory, and explained alike."""

    def explained(self, own: str | None, *pairs: tuple[str, str]) -> Account:
        served = SERVED["SearchParameter"]
        return account(served, parse(served.resource, pairs, base=BASE).query, own)

    def test_conditions_are_counted(self) -> None:
        found = self.explained(None, ("base", "Observation"), ("type", "date"), ("code", "no-such"))

        assert isinstance(found, Counted)
        own = [one for one in RESOURCES["Observation"].search if one.kind == "date"]
        assert [count.together for count in found.counts][1:] == [len(own), 0]
        assert found.counts[1].alone > len(own)
        assert found.counts[2] == Count(0, 0)

    def test_one_is_looked_at(self) -> None:
        pairs: Sequence[tuple[str, str]] = [("base", "Observation"), ("type", "date"), ("base", "Patient")]
        [name] = [
            name
            for name, one in SERVED["SearchParameter"].documents().items()
            if one["code"] == "value-date" and "Observation" in one["base"]
        ]

        assert self.explained(name, *pairs) == Expected(name, "current", ("met", "met", "unmet"))
        assert self.explained("no-such", *pairs) == Expected("no-such")
