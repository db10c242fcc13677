"""Markers at their visits: value, reference range, and change from baseline (conventions §1.12)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.markers.biomarkers import answer, per_cent
from app.clinical.records import Coding, Measurement, Source
from app.fhir_mapping.observation import OBSERVATION
from app.protocol.loader import load_all
from app.protocol.parameters import Parameters
from app.protocol.scoring import CytokineParameters
from tests.clinical.make import Measurements, at, day, infusion, number, observation, subject

PROTOCOL = load_all()["MSC-SLE"]
LONG_AFTER = date(2030, 1, 1)
UNITS = {marker.name: marker.unit for marker in PROTOCOL.markers}
CODES = {marker.name: marker.codes[0].code for marker in PROTOCOL.markers}


def lab(marker: str, result: str, on: int, /, **said: Any) -> Measurements:
    """One result of a marker."""
    said = {"unit": UNITS[marker], **number(result), **said}
    return observation(Coding("http://loinc.org", CODES[marker]), on=day(on), **said)


def told(name: str, answer_: str | None, on: int, **said: Any) -> Measurements:
    """One result that is positive or negative."""
    snomed = {"positive": "10828004", "negative": "260385009"}
    answers = () if answer_ is None else (Coding("http://snomed.info/sct", snomed[answer_]),)
    return observation(Coding("http://loinc.org", CODES[name]), on=day(on), answers=answers, **said)


def ask(history: History, **narrowed: Any) -> Answer:
    """The answer as asked."""
    return answer(PROTOCOL, history, Asked(today=narrowed.pop("today", LONG_AFTER), **narrowed))


def one(history: History, name: str, visit: str = "M3", **more: Any) -> Result:
    """The one result of a marker and a visit."""
    [result] = ask(history, names=(name,), visits=(visit,), **more).results
    return result


def figures(result: Result) -> dict[str, Figure]:
    """Its figures by name."""
    return {figure.name: figure for figure in result.figures}


def values(result: Result) -> dict[str, Any]:
    """The values of its figures."""
    return {figure.name: figure.value for figure in result.figures}


def test_a_marker_has_its_value_its_range_and_its_change() -> None:
    history = subject(
        infusion(),
        lab("c3", "0.50", -3, low=Decimal("0.9"), high=Decimal("1.8")),
        lab("c3", "0.71", 91, low=Decimal("0.9"), high=Decimal("1.8")),
    )

    assert values(one(history, "c3")) == {
        "value": Decimal("0.71"),
        "received": "0.71 g/L",
        "study-day": 91,
        "reference-low": Decimal("0.9"),
        "reference-high": Decimal("1.8"),
        "reference-range": "below",
        "change": Decimal("0.21"),
        "change-percent": Decimal("42.0000"),
    }


@pytest.mark.parametrize(
    ("value", "flags", "bounds", "expected"),
    [
        ("0.9", (), ("0.9", "1.8"), "within"),
        ("1.8", (), ("0.9", "1.8"), "within"),
        ("1.81", (), ("0.9", "1.8"), "above"),
        ("0.3", (), (None, "0.5"), "within"),
        ("<0.3", (), (None, "0.5"), "within"),
        ("<0.6", (), (None, "0.5"), None),
        (">0.6", (), (None, "0.5"), "above"),
        (">0.4", (), (None, "0.5"), None),
        ("0.3", ("H",), (None, None), "above"),
        ("0.3", ("L",), (None, None), "below"),
        ("0.3", ("N",), (None, None), "within"),
        ("0.3", (), (None, None), None),
        ("2.0", ("N",), ("0.9", "1.8"), "above"),
    ],
)
def test_the_reference_range_of_the_laboratory_decides_else_its_flag(
    value: str, flags: tuple[str, ...], bounds: tuple[str | None, str | None], expected: str | None
) -> None:
    low, high = (None if bound is None else Decimal(bound) for bound in bounds)
    result = lab("c3", value, 91, interpretations=flags, low=low, high=high)

    assert values(one(subject(infusion(), result), "c3"))["reference-range"] == expected


def test_without_a_reference_range_it_says_so() -> None:
    result = one(subject(infusion(), lab("c3", "0.7", 91)), "c3")

    assert figures(result)["reference-range"].reasons == ("no-reference-range",)


def test_without_a_baseline_the_change_is_not_known() -> None:
    result = one(subject(infusion(), lab("c3", "0.7", 91)), "c3")

    assert figures(result)["value"].value == Decimal("0.7")
    assert figures(result)["change"].reasons == ("baseline-missing",)
    assert result.missing == ("Complement C3 at M0 (2021-01-30 to 2021-03-01)",)


def test_the_baseline_itself_has_no_change() -> None:
    assert "change" not in values(one(subject(infusion(), lab("c3", "0.7", -3)), "c3", "M0"))


def test_a_result_below_a_bound_is_a_range_and_so_is_its_change() -> None:
    history = subject(infusion(), lab("proteinuria", "1.0", -3), lab("proteinuria", "<0.3", 91))
    found = values(one(history, "proteinuria"))

    assert (str(found["value"]), str(found["change"])) == ("0 to 0.3", "-1.0 to -0.7")
    assert str(found["change-percent"]) == "-100 to -70.0000" or found["change-percent"] == Interval.of(
        -100, -70
    )


def test_a_result_above_a_bound_has_no_known_change() -> None:
    history = subject(infusion(), lab("anti-dsdna", "100", -3), lab("anti-dsdna", ">500", 91))
    found = values(one(history, "anti-dsdna"))

    assert (found["value"], found["change"], found["change-percent"]) == (">500", None, None)


def test_nothing_is_a_share_of_none() -> None:
    history = subject(infusion(), lab("il-6", "0", -3), lab("il-6", "4", 91))
    found = figures(one(history, "il-6"))

    assert found["change"].value == Decimal(4)
    assert found["change-percent"].reasons == ("not-applicable",)


@pytest.mark.parametrize(
    ("then", "now", "change"),
    [
        ("positive", "negative", "positive to negative"),
        ("positive", "positive", "none"),
        (None, "positive", None),
    ],
)
def test_antinuclear_antibodies_are_positive_or_negative(
    then: str | None, now: str | None, change: str | None
) -> None:
    found = values(one(subject(infusion(), told("ana", then, -3), told("ana", now, 91)), "ana"))

    assert (found["value"], found["change"]) == (now, change)


def test_the_flag_or_a_truth_value_says_it_too() -> None:
    flagged = told("ana", None, 91, interpretations=("POS",))
    true = told("ana", None, 91, truth=True)

    assert values(one(subject(infusion(), flagged), "ana"))["value"] == "positive"
    assert values(one(subject(infusion(), true), "ana"))["value"] == "positive"


def test_a_unit_that_cannot_be_converted_is_no_value() -> None:
    wrong = lab("c3", "70", 91, value=None, problem="unit-not-convertible", received_unit="mmol")
    result = one(subject(infusion(), lab("c3", "0.7", -3), wrong), "c3")

    assert result.reasons == ("unit-not-convertible",)
    assert (values(result)["value"], values(result)["received"]) == (None, "70 mmol")
    assert result.missing == (f"send {wrong[0].source} in g/L (received 70 mmol)",)


def test_a_result_of_a_vague_date_is_to_be_dated() -> None:
    vague = replace(lab("c3", "0.7", 91)[0], when=at("2021-06"))
    result = one(subject(infusion(), lab("c3", "0.7", -3), (vague,)), "c3")

    assert "partial-date" in result.reasons
    assert result.missing[0].startswith(f"the exact day of {vague.source}, which may be ")


def test_results_of_one_time_that_disagree_are_no_value() -> None:
    history = subject(infusion(), lab("c3", "0.7", 91, name="a"), lab("c3", "0.8", 91, name="b"))
    result = one(history, "c3")

    assert "conflicting-values" in result.reasons
    assert "a/_history/1 and Observation/b/_history/1 are of the same time and disagree" in result.notes[0]


def test_of_two_codes_of_one_sample_the_first_named_counts() -> None:
    molar = observation(Coding("http://loinc.org", "14682-9"), on=day(91), unit="umol/L", **number("88"))
    mass = observation(Coding("http://loinc.org", "2160-0"), on=day(91), unit="umol/L", **number("88.4"))

    for order in ((molar, mass), (mass, molar)):
        assert values(one(subject(infusion(), *order), "creatinine"))["value"] == Decimal(88)


def test_what_is_not_final_or_in_error_does_not_count() -> None:
    result = one(subject(infusion(), lab("c3", "0.7", 91, status="entered-in-error", name="x")), "c3")

    assert result.reasons == ("missing-observation", "baseline-missing")
    assert result.notes == ("Observation/x/_history/1 was entered in error: it does not count",)


def test_a_window_that_is_open_says_so() -> None:
    assert "window-open" in one(subject(infusion()), "c3", today=date(2021, 6, 1)).reasons


def test_cytokines_are_due_at_the_union_of_both_plans_or_as_the_parameter_says() -> None:
    fewer = Parameters(cytokine=CytokineParameters(visits=("M0", "M1", "M3")))
    other = PROTOCOL.model_copy(update={"parameters": fewer})

    def visits(protocol: Any) -> list[str | None]:
        found = answer(protocol, subject(infusion()), Asked(today=LONG_AFTER, names=("il-6",))).results
        return [result.visit for result in found]

    assert visits(PROTOCOL) == ["M0", "M1", "M3", "M6", "M12"]
    assert visits(other) == ["M0", "M1", "M3"]


def test_the_other_markers_are_due_at_every_quarter() -> None:
    found = ask(subject(infusion()), names=("c3",)).results

    assert [result.visit for result in found] == ["M0", "M3", "M6", "M9", "M12"]


def test_an_optional_marker_is_missed_nowhere() -> None:
    assert ask(subject(infusion()), names=("ana-titre",)).results == ()
    assert len(ask(subject(infusion(), lab("ana-titre", "320", 91)), names=("ana-titre",)).results) == 1


def test_without_an_infusion_no_visit_is_known() -> None:
    assert {result.reasons for result in ask(subject(lab("c3", "0.7", -3))).results} == {("not-infused",)}


@pytest.mark.parametrize("narrowed", [{"visits": ("D10",)}, {"names": ("ferritin",)}])
def test_what_the_protocol_does_not_know_is_refused(narrowed: Any) -> None:
    with pytest.raises(CannotAnswer):
        ask(subject(infusion()), **narrowed)


def test_a_protocol_without_markers_says_so() -> None:
    with pytest.raises(CannotAnswer, match="does not ask for markers"):
        answer(PROTOCOL.model_copy(update={"markers": ()}), subject(), Asked(today=LONG_AFTER))


def _sent(code: str, value: str, unit: str, on: int, name: str) -> tuple[Measurement, ...]:
    quantity = {"value": Decimal(value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    document = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": day(on),
        "valueQuantity": quantity,
    }
    found = OBSERVATION.to_records(document, Source("Observation", name, 1))
    return tuple(one for one in found if isinstance(one, Measurement))


def test_a_change_of_unit_never_matters() -> None:
    same = subject(
        infusion(), _sent("2160-0", "1.00", "mg/dL", -3, "a"), _sent("2160-0", "1.50", "mg/dL", 91, "b")
    )
    mixed = subject(
        infusion(), _sent("2160-0", "88.4", "umol/L", -3, "a"), _sent("2160-0", "1.50", "mg/dL", 91, "b")
    )

    for history in (same, mixed):
        found = values(one(history, "creatinine"))
        assert (found["change"], found["change-percent"]) == (Decimal("44.2"), Decimal(50))
        assert found["received"] == "1.50 mg/dL"


@given(then=st.decimals("0.1", 1000, places=2), now=st.decimals(0, 1000, places=2))
def test_the_share_is_exact_to_six_digits(then: Decimal, now: Decimal) -> None:
    share = per_cent(Interval.of(then), Interval.of(now))

    assert isinstance(share, Decimal)
    assert abs(share - (now - then) / then * 100) <= abs(share) * Decimal("0.00001")


@given(data=st.data())
def test_the_order_of_arrival_never_matters(data: st.DataObject) -> None:
    results = [
        lab("c3", f"0.{number_}", on, name=f"result-{number_}")
        for number_, on in enumerate((-3, 80, 91, 91, 183), 5)
    ]
    shuffled = data.draw(st.permutations(results))
    given_in_order = ask(subject(infusion(name="i"), *results), names=("c3",))

    assert ask(subject(infusion(name="i"), *shuffled), names=("c3",)) == given_in_order
