"""One result that says positive and negative at once settles nothing (decision 19)."""

from dataclasses import replace
from typing import Any

import pytest

from app.clinical.truth import Truth
from app.protocol.candidates import Recorded
from tests.clinical.make_candidate import candidate, findings, negative, positive, result


@pytest.mark.parametrize(
    ("said", "more"),
    [
        (negative(), {"interpretations": ("POS",)}),
        (negative(), {"truth": True}),
        (positive(), {"interpretations": ("NEG",)}),
        (positive(), {"truth": False}),
    ],
)
def test_a_serology_that_contradicts_itself_is_not_known(said: Recorded, more: dict[str, Any]) -> None:
    test = replace(result("loinc:22362-8", said), **more)

    found = findings(candidate(results={"loinc:22362-8": None}, extra=(test,)))["E5-htlv"]

    assert found.verdict is Truth.UNKNOWN
    assert found.reasons == ("conflicting-values",)
    assert found.needs is not None
    assert str(test.source) in found.needs
