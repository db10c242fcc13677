"""Every protocol of the library keeps its own promises: its worked examples come out as it says."""

from decimal import Decimal

import pytest

from app.clinical.codes import SLEDAI_ITEM
from app.clinical.interval import Interval
from app.clinical.responses.sri import status
from app.clinical.scores import bilag, sledai
from app.protocol.definition import Protocol
from app.protocol.examples import Assessed, BilagExample, SledaiExample, SriExample
from app.protocol.loader import load_all
from app.protocol.parameters import WEIGHTS
from tests.clinical import make

EXAMPLES = [
    pytest.param(protocol, example, id=f"{protocol.key} {example.id}")
    for protocol in load_all().values()
    for example in protocol.example
]


@pytest.mark.parametrize(("protocol", "example"), EXAMPLES)
def test_a_worked_example_comes_out_as_the_protocol_says(
    protocol: Protocol, example: SledaiExample | BilagExample | SriExample
) -> None:
    match example:
        case SledaiExample():
            assert sledai.score(example.present, example.unknown) == Interval.of(*example.expect)
        case BilagExample():
            found = bilag.total(example.grades, bilag.SYSTEMS[example.variant], WEIGHTS[example.variant])
            assert found == Interval.of(*example.expect)
        case SriExample():
            assert verdicts(protocol, example) == example.expect


def verdicts(protocol: Protocol, example: SriExample) -> dict[str, str]:
    """What each named rule says of the example."""
    history = make.subject(
        make.infusion(),
        *observations(example.baseline, on=make.day(-1)),
        *observations(example.visit, on=make.day(91)),
    )
    results = status(protocol, history, visits=["M3"], rules=list(example.expect)).results
    return {str(result.rule): str(result.verdict) for result in results}


def observations(given: Assessed, *, on: str) -> list[make.Measurements]:
    """The assessments of an example as observations."""
    found: list[make.Measurements] = []
    if isinstance(given.sledai, tuple):
        found.append(between(*given.sledai, on=on))
    elif given.sledai is not None:
        found.append(make.sledai(given.sledai, on=on))
    if given.bilag is not None:
        found.append(make.bilag(given.bilag, on=on))
    if given.pga is not None:
        found.append(make.pga(given.pga, of=given.pga_scale_max, on=on))
    return found


def between(low: int, high: int, *, on: str) -> make.Measurements:
    """A form whose unknown items leave the total between two numbers."""
    items = {concept.code: concept.weight or 0 for concept in SLEDAI_ITEM.concepts}
    present = worth(low, items)
    unknown = worth(high - low, {item: weight for item, weight in items.items() if item not in present})
    return make.sledai(present=present, unknown=unknown, rest="absent", on=on)


def worth(points: int, items: dict[str, int]) -> list[str]:
    """Items that weigh so much together, the heaviest first."""
    chosen = []
    for item, weight in items.items():
        if weight <= points:
            chosen.append(item)
            points -= weight
    assert points == 0
    return chosen


def test_an_example_that_is_wrong_would_be_noticed() -> None:
    protocol = load_all()["MSC-SLE"]
    example = next(one for one in protocol.example if isinstance(one, SriExample))
    spoilt = example.model_copy(update={"visit": example.visit.model_copy(update={"pga": Decimal(3)})})

    assert verdicts(protocol, spoilt) != example.expect
