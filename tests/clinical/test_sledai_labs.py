"""SLEDAI items read from laboratory results: worked examples SL-6 and SL-7, and data queries."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.records import Coding, Measurement
from app.clinical.responses.sri import status
from app.clinical.scores.sledai import assessments
from app.clinical.scores.sledai_labs import derived, queries
from app.clinical.truth import Truth
from app.protocol.loader import load_all
from tests.clinical.make import bilag, day, infusion, observation, pga, sledai, subject

PROTOCOL = load_all()["MSC-SLE"]
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


def result(code: str, value: str | None, **said: Any) -> Measurement:
    """One laboratory result in its canonical unit, four days before day 0 unless said otherwise."""
    on = said.pop("on", day(-4))
    number = None if value is None else Decimal(value)
    [measured] = observation(Coding("http://loinc.org", code), on=on, value=number, **said)
    return measured


def platelets(value: str | None, **said: Any) -> Measurement:
    return result("777-3", value, **said)


def c3(value: str | None, *, low: Decimal | None = Decimal("0.75"), **said: Any) -> Measurement:
    return result("4485-9", value, low=low, high=Decimal("1.40"), **said)


def c4(value: str) -> Measurement:
    return result("4498-2", value, low=Decimal("0.10"))


def anti_dsdna(value: str, **said: Any) -> Measurement:
    return result("5130-0", value, **said)


@pytest.mark.parametrize(
    ("item", "results", "present"),
    [
        pytest.param("thrombocytopenia", [platelets("100")], NO, id="SL-6-100"),
        pytest.param("thrombocytopenia", [platelets("99")], YES, id="SL-6-99"),
        pytest.param("thrombocytopenia", [], UNKNOWN, id="no platelets"),
        pytest.param("thrombocytopenia", [platelets(None)], UNKNOWN, id="no value"),
        pytest.param("thrombocytopenia", [platelets("150"), platelets("80")], YES, id="once in the days"),
        pytest.param("thrombocytopenia", [platelets("20", comparator="<")], YES, id="below 20"),
        pytest.param("thrombocytopenia", [platelets("50", comparator=">")], UNKNOWN, id="above 50"),
        pytest.param("low-complement", [c3("0.70")], YES, id="SL-7-low"),
        pytest.param("low-complement", [c3("0.80")], UNKNOWN, id="SL-7-in-range"),
        pytest.param("low-complement", [c3("0.80"), c4("0.20")], NO, id="both in range"),
        pytest.param("low-complement", [c3("0.80"), c4("0.05")], YES, id="one low"),
        pytest.param("low-complement", [c3("0.70", low=None), c4("0.20")], UNKNOWN, id="no range"),
        pytest.param("low-complement", [c3(None, interpretations=("L",))], YES, id="called low"),
        pytest.param("dna-binding", [anti_dsdna("45", high=Decimal(30))], YES, id="above its range"),
        pytest.param("dna-binding", [anti_dsdna("30", high=Decimal(30))], NO, id="at its limit"),
        pytest.param("dna-binding", [anti_dsdna("45")], UNKNOWN, id="no range for DNA"),
        pytest.param("dna-binding", [anti_dsdna("45", interpretations=("H",))], YES, id="called high"),
        pytest.param("dna-binding", [platelets("99")], UNKNOWN, id="another result"),
        pytest.param("urinary-casts", [result("5807-3", "1")], YES, id="red cell casts"),
        pytest.param("urinary-casts", [result("5807-3", "0")], UNKNOWN, id="granular casts not counted"),
        pytest.param("urinary-casts", [result("5807-3", "0"), result("5793-5", "0")], NO, id="no casts"),
        pytest.param("haematuria", [result("13945-1", "6")], YES, id="6 red cells per field"),
        pytest.param("haematuria", [result("13945-1", "5")], NO, id="5 red cells per field"),
        pytest.param("pyuria", [result("5821-4", "6")], YES, id="6 white cells per field"),
        pytest.param("pyuria", [result("5821-4", "5")], NO, id="5 white cells per field"),
        pytest.param("fever", [result("8310-5", "38.1")], YES, id="38.1 degrees"),
        pytest.param("fever", [result("8310-5", "38.0")], UNKNOWN, id="38.0 degrees on one day of ten"),
        pytest.param("leukopenia", [result("6690-2", "2.9")], YES, id="leukocytes of 2.9"),
        pytest.param("leukopenia", [result("26464-8", "3.0")], NO, id="leukocytes of 3.0"),
    ],
)
def test_an_item_is_read_from_results(item: str, results: list[Measurement], present: Truth) -> None:
    assert derived(item, results) is present


def protein(value: str, **said: Any) -> Measurement:
    return result("2889-4", value, **said)


def ratio(value: str) -> Measurement:
    return result("2890-2", value)


@pytest.mark.parametrize(
    ("now", "previous", "present"),
    [
        pytest.param([protein("0.51")], None, YES, id="at baseline any above 0.5"),
        pytest.param([protein("0.50")], None, NO, id="at baseline exactly 0.5"),
        pytest.param([protein("0.60")], [protein("0.40")], YES, id="new"),
        pytest.param([protein("0.90")], [protein("0.60")], NO, id="risen by 0.3"),
        pytest.param([protein("1.20")], [protein("0.60")], YES, id="risen by 0.6"),
        pytest.param([protein("1.10")], [protein("0.60")], NO, id="risen by exactly 0.5"),
        pytest.param([protein("0.60")], [], UNKNOWN, id="nothing measured at the visit before"),
        pytest.param([protein("0.40")], [], NO, id="too little, whatever was before"),
        pytest.param([ratio("0.60")], [ratio("0.20")], YES, id="by the ratio to creatinine"),
        pytest.param([protein("0.20"), ratio("0.60")], None, NO, id="24 hours before the ratio"),
        pytest.param([ratio("0.60")], [protein("0.20")], UNKNOWN, id="a ratio after 24 hours"),
        pytest.param([], [], UNKNOWN, id="no urine"),
        pytest.param([protein("0.3", comparator="<")], None, NO, id="below 0.3"),
        pytest.param([protein("0.3", comparator=">")], None, UNKNOWN, id="above 0.3"),
        pytest.param([protein("0.90")], [protein("0.6", comparator=">")], UNKNOWN, id="above 0.6 before"),
    ],
)
def test_proteinuria_is_new_or_risen(
    now: list[Measurement], previous: list[Measurement] | None, present: Truth
) -> None:
    assert derived("proteinuria", now, previous=previous) is present


def asked(form: Any, *results: Measurement) -> list[str]:
    """The data queries of one form."""
    [read] = assessments(PROTOCOL, form)
    return list(queries(read, results, lookback_days=10))


def test_a_form_that_denies_what_the_laboratory_found_is_queried() -> None:
    [query] = asked(sledai(rest="absent", on=day(0), name="form"), platelets("99", name="lab"))

    assert query == (
        "thrombocytopenia is absent in Observation/form/_history/1, "
        "but by the laboratory it is present (Observation/lab/_history/1)"
    )


def test_a_form_that_claims_what_the_laboratory_denies_is_queried() -> None:
    [query] = asked(sledai(present=["thrombocytopenia"], on=day(0)), platelets("180"))

    assert "is present in" in query
    assert "by the laboratory it is absent" in query


def test_an_item_the_form_does_not_know_is_queried_where_the_laboratory_does() -> None:
    [query] = asked(sledai(unknown=["thrombocytopenia"], rest="absent", on=day(0)), platelets("180"))

    assert "thrombocytopenia is not known in" in query


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(sledai(present=["thrombocytopenia"], on=day(0)), id="they agree"),
        pytest.param(sledai(12, on=day(0)), id="only a total"),
        pytest.param(sledai(rest="absent"), id="no date"),
        pytest.param(sledai(rest="absent", on="2021-03"), id="no day"),
        pytest.param(sledai(rest="absent", on=day(7)), id="eleven days later"),
        pytest.param(sledai(rest="absent", on=day(-5)), id="the day before"),
    ],
)
def test_there_is_nothing_to_query(form: Any) -> None:
    assert asked(form, platelets("99"), platelets("99", on=None), platelets("99", on="2021-02")) == []


def test_a_query_is_told_with_the_answer_and_changes_no_verdict() -> None:
    recorded = (
        infusion(),
        *(sledai(present=["vasculitis", "seizure"], rest="absent", on=day(0)), bilag({}, on=day(0))),
        *(pga("2.0", on=day(0)), pga("1.0", on=day(91)), bilag({}, on=day(91)), sledai(6, on=day(91))),
    )

    def answer(*more: Any) -> Any:
        return status(PROTOCOL, subject(*recorded, *more), visits=["M3"], rules=["registry"]).results[0]

    plain, queried = answer(), answer((platelets("99"),))

    assert queried.verdict == plain.verdict == "met"
    assert plain.findings[0].notes == ()
    assert "thrombocytopenia" in queried.findings[0].notes[0]
