"""The SLE Responder Index where treatment failed before the visit (conventions §1.4, §5 rows 4 and 59)."""

import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Finding, Result
from app.clinical.asked import CannotAnswer
from app.clinical.responses.sri import NOT_FAILED, status
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.loader import LIBRARY, ProtocolError, load_all, read
from tests.clinical.make import at, bilag, day, pga, sledai
from tests.clinical.make_kidneys import creatinine, protein
from tests.clinical.make_treated import ASTHMA, SLE, dose, erroneous, treated

PROTOCOL = load_all()["MSC-SLE"]
LATER = at(day(500)).first_day
MET, NOT_MET, OPEN = "met", "not-met", "undetermined"
HEALTHY = (creatinine({-1: 70, 80: 71}), protein({-1: "0.2", 80: "0.2"}))


def asking(**changed: Any) -> Protocol:
    """MSC-SLE with another SRI section."""
    assert PROTOCOL.sri is not None
    return PROTOCOL.model_copy(update={"sri": PROTOCOL.sri.model_copy(update=changed)})


NON_RESPONDER = asking(intercurrent="non_responder")


def responding(score: int = 6) -> tuple[Any, ...]:
    """The three instruments of somebody who responds at M3 by every rule."""
    return (
        sledai(14, on=day(-3)),
        bilag({}, on=day(-3)),
        pga("2.0", on=day(-3)),
        sledai(score, on=day(91)),
        bilag({}, on=day(91)),
        pga("1.0", on=day(91)),
    )


def ask(*records: Any, protocol: Protocol = NON_RESPONDER, **who: Any) -> Result:
    answer = status(protocol, treated(*records, **who), visits=["M3"], rules=["registry"], today=LATER)
    return answer.results[0]


def failed(result: Result) -> Finding:
    return next(one for one in result.findings if one.id == NOT_FAILED)


def pulse(on: int = 50, **said: Any) -> Any:
    return dose("methylprednisolone", 500, on, **said)


@pytest.mark.parametrize(
    ("happened", "records", "ignored", "counted", "reasons"),
    [
        ("nothing", [], MET, MET, ()),
        ("a pulse for lupus on day 50", [pulse(reason=SLE)], MET, NOT_MET, ()),
        ("a pulse on the day before the visit", [pulse(90, reason=SLE)], MET, NOT_MET, ()),
        ("a pulse on the day of the visit", [pulse(91, reason=SLE)], MET, MET, ()),
        ("a pulse after the visit", [pulse(200, reason=SLE)], MET, MET, ()),
        ("a pulse for asthma", [pulse(reason=ASTHMA)], MET, MET, ()),
        ("a pulse, nobody says why", [pulse()], MET, OPEN, ("causality-missing",)),
        ("a pulse entered in error", [erroneous(pulse(reason=SLE))], MET, MET, ()),
        ("creatinine doubled and confirmed", [creatinine({40: 150, 68: 150})], MET, NOT_MET, ()),
    ],
)
def test_a_treatment_failure_before_the_visit_is_no_response_where_the_protocol_says_so(
    happened: str, records: list[Any], ignored: str, counted: str, reasons: tuple[str, ...]
) -> None:
    everything = (*responding(), *HEALTHY, *records)

    assert ask(*everything, protocol=PROTOCOL).verdict == ignored, happened
    result = ask(*everything)
    assert (result.verdict, result.reasons) == (counted, reasons), happened


def test_the_failure_is_told_with_what_it_rests_on() -> None:
    rescue = pulse(reason=SLE)

    result = ask(*responding(), *HEALTHY, rescue)

    found = failed(result)
    assert (found.verdict, found.threshold) == (Truth.NO, f"none up to {day(90)}")
    assert found.evidence == (rescue.source,)
    assert rescue.source in result.evidence
    assert [one.id for one in found.parts if one.verdict is Truth.YES] == ["TF4"]
    assert dict(found.text).keys() == {"en", "fr"}


def test_a_failure_that_is_open_matters_no_more_where_the_scores_settle_it() -> None:
    assert ask(*responding(13), *HEALTHY, pulse()).verdict == NOT_MET


def test_without_results_of_the_kidneys_the_failure_is_open() -> None:
    result = ask(*responding())

    assert result.verdict == OPEN
    assert "missing-observation" in result.reasons


@pytest.mark.parametrize(("died", "expected"), [(day(90), NOT_MET), (day(92), MET)])
@pytest.mark.parametrize("protocol", [PROTOCOL, NON_RESPONDER], ids=["ignore", "non_responder"])
def test_a_death_before_the_visit_is_no_response_in_both_readings(
    protocol: Protocol, died: str, expected: str
) -> None:
    assert ask(*responding(), *HEALTHY, protocol=protocol, died=died).verdict == expected


def test_asked_without_a_day_the_visit_is_looked_back_upon() -> None:
    history = treated(*responding(), *HEALTHY, pulse(reason=SLE))

    [result] = status(NON_RESPONDER, history, visits=["M3"], rules=["registry"]).results
    assert result.verdict == NOT_MET


def test_by_default_failures_play_no_part() -> None:
    assert NOT_FAILED not in [one.id for one in ask(*responding(), protocol=PROTOCOL).findings]


def test_failures_must_be_defined_where_they_count() -> None:
    file = tomllib.loads((LIBRARY / "msc-sle.toml").read_text("utf-8"), parse_float=Decimal)
    for fact, _ in PROTOCOL.other_readers:
        del file["attestations"][fact]
    del file["failure"]

    file["sri"]["intercurrent"] = "ignore"
    assert read(file, name="msc-sle.toml").failure is None
    file["sri"]["intercurrent"] = "non_responder"
    with pytest.raises(ProtocolError, match=r"there is no \[failure\]"):
        read(file, name="msc-sle.toml")


def test_the_visits_asked_are_the_protocols_and_week_24_is_one_of_them() -> None:
    everywhere, once = PROTOCOL, asking(visits=("M6",))

    def visits(protocol: Protocol) -> list[str | None]:
        return [one.visit for one in status(protocol, treated(), rules=["registry"]).results]

    assert visits(everywhere) == ["M3", "M6", "M9", "M12"]
    assert visits(once) == ["M6"]
    assert "sri.week_24 = M6" in status(PROTOCOL, treated()).notes
    with pytest.raises(CannotAnswer, match="is not one of M6"):
        status(once, treated(), visits=["M3"])


@pytest.mark.parametrize(("drop", "expected"), [(4, MET), (8, MET), (9, NOT_MET)])
def test_another_drop_may_be_asked_for(drop: int, expected: str) -> None:
    assert PROTOCOL.sri is not None
    rules = tuple(rule.model_copy(update={"sledai_drop": drop}) for rule in PROTOCOL.sri.rules)

    assert ask(*responding(), protocol=asking(rules=rules)).verdict == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, NOT_MET), ({"pga_worsening_threshold": Decimal("0.4")}, MET), ({"pga_worsening_op": ">"}, MET)],
)
def test_another_worsening_of_the_physicians_assessment_may_be_asked_for(
    changed: dict[str, Any], expected: str
) -> None:
    assert PROTOCOL.sri is not None
    rules = tuple(rule.model_copy(update=changed) for rule in PROTOCOL.sri.rules)
    worse = (*responding()[:-1], pga("2.3", on=day(91)))

    assert ask(*worse, protocol=asking(rules=rules)).verdict == expected


@given(st.permutations([*HEALTHY, pulse(reason=SLE), pulse(20), *responding()]))
def test_the_order_of_arrival_never_matters(records: list[Any]) -> None:
    assert ask(*records).verdict == NOT_MET


@given(reason=st.sampled_from([None, SLE, ASTHMA]), on=st.integers(1, 200))
def test_a_reason_that_is_learnt_never_flips_what_was_settled(reason: Any, on: int) -> None:
    before, after = (
        ask(*responding(), *HEALTHY, replace(pulse(on), reasons=() if why is None else (why,)))
        for why in (None, reason)
    )

    assert before.verdict in (OPEN, after.verdict)
