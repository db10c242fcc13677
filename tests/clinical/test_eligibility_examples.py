"""The worked examples the protocol files carry (conventions §2.6): a file means what its author thinks."""

from typing import Any

import pytest

from app.clinical.answers import wire
from app.protocol.candidates import EligibilityExample
from app.protocol.loader import load_all
from tests.clinical.make_candidate import answer, chosen, findings, of_example

FILES = {protocol.key: f"{protocol.key.lower()}.toml" for protocol in load_all().values()}
EXAMPLES: list[Any] = [
    pytest.param(protocol.key, arm, example, id=example.id)
    for protocol in load_all().values()
    for arm, criteria in ((None, protocol), *((one.name, one) for one in protocol.populations))
    for example in criteria.eligibility_example
]


@pytest.mark.parametrize(("key", "arm", "example"), EXAMPLES)
def test_an_example_of_the_protocol_comes_out_as_it_says(
    key: str, arm: str | None, example: EligibilityExample
) -> None:
    by = chosen(example.choices, FILES[key])
    history = of_example(by, example.changed, arm)
    [result] = answer(history, by=by).results
    found = findings(history, by=by)

    assert result.verdict == example.expect, [
        (one.id, one.verdict, one.reasons, one.needs) for one in found.values()
    ]
    assert {name: wire(found[name].verdict) for name in example.because} == example.because
