"""The worked examples the protocol file carries (conventions §2.6): the file means what its author thinks."""

import pytest

from app.clinical.answers import wire
from app.protocol.candidates import EligibilityExample
from tests.clinical.make_candidate import MSC_SLE, answer, changed, chosen, findings


@pytest.mark.parametrize("example", MSC_SLE.eligibility_example, ids=lambda example: example.id)
def test_an_example_of_the_protocol_comes_out_as_it_says(example: EligibilityExample) -> None:
    history, by = changed(example.changed), chosen(example.choices)
    [result] = answer(history, by=by).results
    found = findings(history, by=by)

    assert result.verdict == example.expect, [
        (one.id, one.verdict, one.reasons, one.needs) for one in found.values()
    ]
    assert {name: wire(found[name].verdict) for name in example.because} == example.because
