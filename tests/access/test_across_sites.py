"""What a study's answer tells of all sites to who sees one of them: nothing of fewer than five."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Answer, Figure
from app.clinical.asked import Asked
from app.clinical.interval import Interval
from app.clinical.records import Source, Study
from app.clinical.safety import safety_summary
from app.clinical.safety.safety_rows import Happened, Watched
from app.clinical.studies import endpoint_summary, enrolment_summary
from app.clinical.studies.across_sites import SCOPE, across_sites, suppressed
from app.clinical.studies.endpoint_summary import Subject
from app.clinical.studies.endpoints import Key, Number, Outcome
from app.clinical.studies.enrolment_summary import Part
from app.clinical.studies.suppression import K
from app.clinical.summary import Summary
from app.clinical.truth import Truth
from app.protocol.loader import load_all

PROTOCOL = load_all()["MSC-SLE"]
ASKED = Asked(today=date(2026, 1, 1))
STUDY = Study(
    source=Source("ResearchStudy", "msc-sle", 1), identifiers=(), status="active", title=None, arms=()
)
ARMS = [arm.name for arm in PROTOCOL.arms]
FEW = range(1, K)
SRI, PGA = Key("sri", "M6", "registry"), Key("disease-activity.pga.total", "M6", None)


def told(summary: Summary[Any], every: Sequence[Any], own: Sequence[Any]) -> Answer:
    return across_sites(summary, PROTOCOL, STUDY, (every, own), ASKED)


def values(answer: Answer) -> dict[tuple[Any, ...], Any]:
    return {
        (one.name, one.arm, one.visit, one.rule, figure.name): figure.value
        for one in answer.results
        for figure in one.figures
    }


STATES = ("candidate", "ineligible", "on-study", "withdrawn")
DAYS = (date(2024, 1, 3), date(2024, 2, 3))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    infused = draw(st.booleans())
    return Part(
        status=draw(st.sampled_from(STATES)),
        arm=draw(st.sampled_from((None, *ARMS[:2]))),
        sex=draw(st.sampled_from(("female", "male"))),
        entered=draw(st.sampled_from((None, *DAYS))),
        infused=infused,
        infused_on=draw(st.sampled_from((None, *DAYS))) if infused else None,
    )


@st.composite
def reached(draw: st.DrawFn) -> Subject:
    found: list[Outcome | Number] = []
    verdict = draw(st.sampled_from(("met", "not-met", "undetermined", "not-applicable", "")))
    if verdict:
        reasons = ("missing-observation",) if verdict == "undetermined" else ()
        found.append(Outcome(SRI, verdict, reasons))
    value = draw(st.sampled_from((None, Decimal(1), Decimal(2))))
    found.append(Number(PGA, value, "{score}", () if value is not None else ("window-open",)))
    return Subject(draw(st.sampled_from((None, *ARMS[:2]))), draw(st.booleans()), tuple(found))


def happened(**said: Any) -> Happened:
    fixed: dict[str, Any] = {
        "source": Source("AdverseEvent", "theirs", 1),
        "name": "theirs",
        "when": "2024-01-03",
        "study_day": 1,
        "periods": (Truth.NO, Truth.YES, Truth.NO, Truth.YES),
        "related": Truth.YES,
        "opinions": "theirs",
        "grade": Interval.of(2),
        "organ": None,
        "system": "Theirs",
        "serious": Truth.NO,
        "criteria": (),
        "expected": None,
        "outcome": None,
        "duties": (),
    }
    return Happened(**(fixed | said))


@st.composite
def watched(draw: st.DrawFn) -> Watched:
    treated = draw(st.booleans())
    truths = st.sampled_from((Truth.YES, Truth.NO, Truth.UNKNOWN))
    events = [
        happened(related=draw(truths), serious=draw(truths), grade=Interval.of(draw(st.integers(1, 5))))
        for _ in range(draw(st.integers(0, 2)))
    ]
    verdict = draw(st.sampled_from(("toxic", "tolerated", "met", "not-met", "undetermined")))
    return Watched(
        source=Source("ResearchSubject", "theirs", 1),
        arm=draw(st.sampled_from((None, *ARMS[:2]))),
        treated=treated,
        events=tuple(events) if treated else (),
        tolerated=tuple((rule, verdict) for rule in ("registry", "synopsis", "published")),
    )


def of_both(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[list[Any], list[Any]]]:
    """The asker's own rows and those of the others: few kinds of them, each many times."""
    some = st.lists(st.tuples(rows, st.sampled_from((1, 2, 4, 5, 9))), max_size=4)
    many = some.map(lambda pairs: [row for row, times in pairs for _ in range(times)])
    return st.tuples(many, many)


QUESTIONS = [
    pytest.param(enrolment_summary.SUMMARY, parts(), id="enrolment"),
    pytest.param(endpoint_summary.SUMMARY, reached(), id="endpoint-summary"),
    pytest.param(safety_summary.SUMMARY, watched(), id="safety-summary"),
]


@pytest.mark.parametrize(("summary", "rows"), QUESTIONS)
def test_no_count_of_few_others_is_told(summary: Summary[Any], rows: st.SearchStrategy[Any]) -> None:
    @given(of_both(rows))
    @settings(max_examples=60, deadline=None)
    def holds(both: tuple[list[Any], list[Any]]) -> None:
        own, others = both
        if summary is endpoint_summary.SUMMARY and not _has_endpoints(own):
            return  # refused: the asker's own come to nothing
        known = values(summary.answer(PROTOCOL, STUDY, own, ASKED))
        found = values(told(summary, [*own, *others], own))
        assert not any(left in FEW for left in _in_no_arm(found))
        for key, value in found.items():
            for name, number in _counts(key[-1], value):
                mine = dict(_counts(key[-1], known.get(key, 0))).get(name, 0)
                assert number not in FEW or key[-1] == "planned", key
                if key in known:
                    assert number - mine not in FEW, (key, number, mine)

    holds()


def _in_no_arm(found: Mapping[tuple[Any, ...], Any]) -> Iterator[int]:
    """What is left of every count when those of the arms are subtracted, where they are told."""
    for key, value in found.items():
        name = "arm" if key[0] == "study" else key[0]
        of_arms = [found.get((name, arm, *key[2:])) for arm in ARMS]
        if isinstance(value, int) and key[1] is None and any(one is not None for one in of_arms):
            yield value - sum(one for one in of_arms if isinstance(one, int))


def _has_endpoints(own: Sequence[Subject]) -> bool:
    treated = [one for one in own if one.treated]
    return not treated or any(one.reached for one in treated)


def _counts(name: str, value: Any) -> Iterator[tuple[str, int]]:
    if name.startswith(("share", "rate", "quartiles", "max-grade")) or isinstance(value, bool):
        return
    if isinstance(value, Interval):
        yield from ((name, int(value.low)), (f"{name}?", int(value.high - value.low)))
    elif isinstance(value, int):
        yield name, value


@pytest.mark.parametrize(("summary", "rows"), QUESTIONS)
def test_what_is_suppressed_stays_as_it_is(summary: Summary[Any], rows: st.SearchStrategy[Any]) -> None:
    nobody = summary.answer(PROTOCOL, STUDY, (), ASKED)

    @given(of_both(rows))
    @settings(max_examples=15, deadline=None)
    def holds(both: tuple[list[Any], list[Any]]) -> None:
        own, others = both
        if summary is endpoint_summary.SUMMARY and not _has_endpoints(own):
            return
        once = told(summary, [*own, *others], own)
        mine = summary.answer(PROTOCOL, STUDY, own, ASKED)
        assert suppressed(once, mine, nobody=nobody, arms=ARMS) == once
        assert "theirs" not in repr(once) or "class-theirs" in repr(mine)
        assert not any(one.evidence or one.missing or one.findings for one in once.results)

    holds()


def many(number: int, **said: Any) -> list[Part]:
    fixed: dict[str, Any] = {
        "status": "on-study",
        "arm": ARMS[0],
        "sex": "female",
        "entered": DAYS[0],
        "infused": True,
        "infused_on": DAYS[0],
    }
    return [Part(**(fixed | said))] * number


def test_where_all_counts_are_none_or_many_nothing_is_suppressed_but_the_days() -> None:
    own = [*many(5), *many(6, sex="male", arm=ARMS[1], entered=DAYS[1], infused_on=DAYS[1])]
    answer = told(enrolment_summary.SUMMARY, own * 3, own)

    hidden = {figure.name for one in answer.results for figure in one.figures if figure.reasons}
    assert hidden == {"first-entry", "last-entry", "first-infusion", "last-infusion"}
    assert values(answer)["study", None, None, None, "infused-male"] == 18
    assert values(answer)["month-2024-02", None, None, None, "entered"] == 18


def test_a_site_without_subjects_is_told_the_rates_of_many() -> None:
    every = [
        Subject(ARMS[0], True, (Outcome(SRI, verdict, ()),))
        for verdict in ("met", "not-met")
        for _ in range(8)
    ]
    found = values(told(endpoint_summary.SUMMARY, every, []))

    assert found[(SRI.name, None, SRI.visit, SRI.rule, "rate-observed")] == 50
    assert found[(SRI.name, ARMS[0], SRI.visit, SRI.rule, "met")] == 8


def test_own_subjects_who_did_not_reach_an_endpoint_are_the_askers_all_the_same() -> None:
    """Seven are counted, of whom three are the asker's: four others would be told."""
    others = [Subject(ARMS[0], True, (Outcome(SRI, "met", ()),))] * 4
    own = [Subject(ARMS[0], True, (Number(PGA, Decimal(1), "{score}", ()),))] * 3
    found = values(told(endpoint_summary.SUMMARY, [*own, *others], own))

    assert found[("treated", None, None, None, "n")] is None
    assert not any(value for key, value in found.items() if key[0] == "sri")


def test_an_arm_of_another_sites_own_words_is_not_told() -> None:
    answer = told(enrolment_summary.SUMMARY, many(30, arm="theirs"), many(0))

    assert "theirs" not in repr(answer)
    assert values(answer)["study", None, None, None, "subjects"] == 30


def test_many_events_of_few_subjects_are_not_told() -> None:
    few = [Watched(Source("ResearchSubject", "s", 1), ARMS[0], True, (happened(),) * 6, ())] * 2
    none = [Watched(Source("ResearchSubject", "t", 1), ARMS[0], True, (), ())] * 10
    found = values(told(safety_summary.SUMMARY, [*few, *none], []))

    assert found["events-whole-follow-up", None, None, "any", "of"] == 12
    assert found["events-whole-follow-up", None, None, "any", "events"] is None
    assert found["events-whole-follow-up", None, None, "any", "share"] is None


def test_events_of_many_are_told_with_their_share() -> None:
    had = [Watched(Source("ResearchSubject", "s", 1), ARMS[0], True, (happened(),), ())] * 6
    none = [Watched(Source("ResearchSubject", "t", 1), ARMS[0], True, (), ())] * 6
    found = values(told(safety_summary.SUMMARY, [*had, *none], []))

    assert found["events-whole-follow-up", None, None, "any", "share"] == Interval.of(50)
    assert found["events-whole-follow-up", None, None, "any", "events-grade-2"] is None
    assert found["events-whole-follow-up", None, None, "any", "events-grade-3"] == Interval.of(0)


def test_the_answer_says_of_whom_it_is_and_what_is_suppressed() -> None:
    answer = told(enrolment_summary.SUMMARY, many(9), many(7))
    [study] = [one for one in answer.results if one.name == "study"]

    assert answer.notes[0] == SCOPE == "scope: all sites of the study, counts under 5 suppressed"
    assert answer.notes[1].startswith("rule: k = 5")
    assert Figure(name="subjects", value=None, reasons=("suppressed",)) in study.figures
    assert Figure(name="planned", value=PROTOCOL.study.planned) in study.figures
