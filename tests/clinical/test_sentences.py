"""The sentences of the criteria: every one in both languages, and neither the half of the other."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.clinical.answers import Finding
from app.clinical.asked import Asked
from app.clinical.codes import PRODUCT
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.protocol.definition import Protocol
from tests.clinical.make import DAY_0, bilag, day, pga, sledai
from tests.clinical.make_safety import LUPUS, SCLEROSIS, infused, treated, weight

OURS = {"tolerance", "cell-dose", "survival"}
"""Questions whose sentences are not translated in the protocol itself."""
LEAST, MOST = 0.6, 1.8


def died(product: str) -> History:
    """Infused, seen before and after, and dead on day 200: so that every criterion is looked at."""
    cells = infused(until="2021-03-01T10:40:00+01:00", cells="120")
    history = treated(at=replace(cells, codings=(PRODUCT.coding(product),)), died=day(200))
    seen = (
        weight("60", day(-1)),
        sledai(12, on=day(-1)),
        bilag({"renal": "B"}, on=day(-1)),
        pga("2", on=day(-1)),
    )
    return replace(history, measurements=tuple(one for each in seen for one in each))


def sentences(protocol: Protocol, product: str) -> Iterator[tuple[str, Finding]]:
    for name in sorted(OURS):
        results = QUESTIONS[name](protocol, died(product), Asked(today=DAY_0.replace(year=2023))).results
        yield from ((name, finding) for one in results for finding in one.findings)


@pytest.mark.parametrize(("protocol", "product"), [(LUPUS, "uc-msc"), (SCLEROSIS, "bm-msc")])
def test_every_criterion_says_as_much_in_french_as_in_english(protocol: Protocol, product: str) -> None:
    found = list(sentences(protocol, product))

    assert {name for name, _ in found} >= OURS
    for name, finding in found:
        said = dict(finding.text)
        assert set(said) == {"en", "fr"}, (name, finding.id)
        assert LEAST < len(said["fr"]) / len(said["en"]) < MOST, (name, finding.id, said)
