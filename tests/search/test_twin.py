"""Every search finds exactly what the slow oracle finds, parameter by parameter and all of them mixed."""

from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.search.asked import Asked
from tests.search.oracle import World
from tests.search.questions import Pair, about, beyond
from tests.search.standard import PARAMETERS, TYPES

LAW = settings(
    derandomize=True,
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SHOWN = 4
Questions = Callable[[str, str], list[Pair]]

_known: dict[str, Questions] = {}


def questions_of(world: World) -> Questions:
    """What may be asked of a server, by type and parameter; the same in each run but for its address."""

    @cache
    def of(kind: str, name: str) -> list[Pair]:
        return about(world, kind, name, Random(f"{kind} {name}"))

    return _known.setdefault(world.base, of)


def mistakes(asked: Asked, kind: str, question: list[Pair]) -> str:
    """How the server's answer differs from the oracle's; nothing where it does not."""
    expected = asked.world.answer(kind, question)
    try:
        found = asked.found(kind, question)
    except AssertionError as refused:
        return f"\n{kind}?{question}\n  {refused}"
    if found == expected:
        return ""
    return (
        f"\n{kind}?{'&'.join(f'{name}={text}' for name, text in question)}"
        f"\n  missed: {sorted(expected - found)[:SHOWN]}, found too many: {sorted(found - expected)[:SHOWN]}"
    )


@pytest.mark.rule(60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in TYPES for name in PARAMETERS[kind]])
def test_each_parameter_finds_what_it_should(asked: Asked, kind: str, name: str) -> None:
    wrong = [mistakes(asked, kind, [pair]) for pair in questions_of(asked.world)(kind, name)]

    assert not any(wrong), f"{sum(map(bool, wrong))} of {len(wrong)}: {''.join(wrong)}"


@st.composite
def pairs(draw: st.DrawFn, of: Questions, kind: str, depth: int = 2) -> Pair:
    """One part of a question: about the resource itself, or through references at most so deep."""
    if depth and draw(st.integers(0, 3)) == 0:
        before, other = draw(st.sampled_from(list(beyond(kind))))
        name, text = draw(pairs(of, other, depth - 1))
        return f"{before}{name}", text
    return draw(st.sampled_from(of(kind, draw(st.sampled_from(list(PARAMETERS[kind]))))))


@pytest.mark.rule(57, 70, 71)
@pytest.mark.parametrize("kind", TYPES)
@LAW
@given(data=st.data())
def test_questions_of_several_parts_find_what_all_of_them_find(
    asked: Asked, kind: str, data: st.DataObject
) -> None:
    question = data.draw(st.lists(pairs(questions_of(asked.world), kind), min_size=1, max_size=3))

    wrong = mistakes(asked, kind, question)

    assert not wrong, wrong


@pytest.mark.rule(71)
@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("AdverseEvent", "study._has:ResearchStudy:partof:_has:Observation:study:code", "4485-9"),
        ("Observation", f"{4 * 'has-member:Observation.'}code", "4485-9"),
        ("Observation", f"{3 * '_has:Observation:has-member:'}value-quantity", "gt1||g/L"),
        (
            "AdverseEvent",
            "study._has:ResearchStudy:partof:_has:Observation:study:code-value-quantity",
            "4485-9$gt0.2||g/L",
        ),
        (
            "Patient",
            "_has:Observation:focus:has-member:Observation.part-of:MedicationAdministration.lot",
            "A1",
        ),
        (
            "Patient",
            "_has:Observation:focus:_has:Observation:has-member:has-member:Observation.code-value-quantity",
            "777-3$gt100||10*9/L",
        ),
        (
            "ResearchStudy",
            "partof._has:Observation:study:_has:Observation:derived-from:combo-code-value-quantity",
            "4498-2$lt0.3||g/L,777-3$gt1||/uL",
        ),
    ],
)
def test_a_question_far_away_is_answered_or_called_too_costly(
    asked: Asked, kind: str, name: str, text: str
) -> None:
    answer = asked.http.get(kind, params=((name, text),))

    if answer.status_code == 400:
        assert [issue["code"] for issue in answer.json()["issue"]] == ["too-costly"]
    else:
        assert not mistakes(asked, kind, [(name, text)])


@pytest.mark.rule(71)
@pytest.mark.parametrize(
    ("kind", "before", "other"), [(kind, before, other) for kind in TYPES for before, other in beyond(kind)]
)
def test_each_way_to_another_resource_leads_there(asked: Asked, kind: str, before: str, other: str) -> None:
    chance = Random(f"{kind} {before}")
    of = questions_of(asked.world)
    inner = [chance.choice(of(other, name)) for name in PARAMETERS[other]]

    wrong = [mistakes(asked, kind, [(f"{before}{name}", text)]) for name, text in chance.sample(inner, 12)]

    assert not any(wrong), "".join(wrong)


@pytest.mark.parametrize("kind", TYPES)
def test_what_was_changed_or_deleted_is_found_as_it_is_now(changed: Asked, kind: str) -> None:
    chance = Random(f"changed {kind}")
    of = questions_of(changed.world)
    pairs = [pair for name in PARAMETERS[kind] for pair in chance.sample(of(kind, name), 3)]

    wrong = [mistakes(changed, kind, [pair]) for pair in pairs]

    assert not any(wrong), "".join(wrong)
