"""Recipients and donors of MSC-SSc: every criterion, every boundary and every choice of its sources."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Finding, wire
from app.clinical.codes import SCORE
from app.clinical.records import Measurement
from app.clinical.scores.form_codes import MRSS_SITE
from app.clinical.timeline import NotInfused, infusion
from app.clinical.truth import Truth
from tests.clinical.make import at, observation
from tests.clinical.make import infusion as infused
from tests.clinical.make import number as shown
from tests.clinical.make_candidate import (
    MSC_SSC,
    answer,
    chosen,
    dose,
    findings,
    negative,
    number,
    of_protocol,
    on,
    positive,
    result,
    statement,
    treatment,
)

MET, NOT_MET, OPEN = "met", "not-met", "undetermined"
FVC, DLCO, TLC = "loinc:19872-1", "loinc:98130-8", "lung:tlc-percent-predicted"
SBP, DBP, ALT = "loinc:8480-6", "loinc:8462-4", "loinc:1742-6"


def finding(name: str, *, choices: dict[str, Any] | None = None, **changes: Any) -> Finding:
    return findings(of_protocol(MSC_SSC, **changes), by=chosen(choices or {}, "msc-ssc.toml"))[name]


def seen(name: str, **how: Any) -> tuple[str, tuple[str, ...]]:
    found = finding(name, **how)
    return wire(found.verdict), found.reasons


def percent(value: str | int, day: int = -20) -> Any:
    return number(value, day=day, unit="%")


# ------------------------------------------------------------------------------------------ the whole


def test_recipients_and_donors_have_their_own_criteria() -> None:
    recipient, donor = (answer(of_protocol(MSC_SSC, arm=arm), by=MSC_SSC) for arm in (None, "donor"))

    assert [one.id for one in recipient.results[0].findings] == [
        *(f"RI{n}" for n in range(1, 7)),
        *(f"RE{n}" for n in range(1, 12)),
    ]
    assert [one.id for one in donor.results[0].findings] == [
        *(f"DI{n}" for n in range(1, 6)),
        *(f"DE{n}" for n in range(1, 5)),
    ]
    assert recipient.results[0].verdict == donor.results[0].verdict == "eligible"
    assert "judged by the criteria of marrow donors" in donor.notes
    assert len(recipient.notes) == 1


def test_every_sentence_is_said_in_both_languages() -> None:
    for arm in (None, "donor"):
        for found in findings(of_protocol(MSC_SSC, arm=arm), by=MSC_SSC).values():
            assert [language for language, text in found.text if text] == ["en", "fr"], found.id


def test_nobody_asks_when_a_donor_is_infused() -> None:
    """What the other questions are told of a donor: not that the infusion is missing."""
    asked = infusion(MSC_SSC, of_protocol(MSC_SSC, arm="donor", extra=(infused(product="bm-msc"),)))

    assert isinstance(asked, NotInfused)
    assert (asked.reason, asked.missing, asked.notes) == (
        "not-applicable",
        (),
        ("marrow donors are not infused",),
    )


# ------------------------------------------------------------------------------------ RI1, RI2, RI3-skin


@pytest.mark.parametrize(
    ("born", "strict", "inclusive"),
    [
        ("2006-06-01", NOT_MET, MET),
        ("2006-05-31", MET, MET),
        ("1954-06-01", NOT_MET, MET),
        ("1954-06-02", MET, MET),
        ("1953-06-02", NOT_MET, MET),
        ("1953-06-01", NOT_MET, NOT_MET),
    ],
)
def test_age_is_over_18_and_under_70(born: str, strict: str, inclusive: str) -> None:
    open_ended = {"age.min_inclusive": True, "age.max_inclusive": True}

    assert seen("RI1", birth_date=born)[0] == strict
    assert seen("RI1", birth_date=born, choices=open_ended)[0] == inclusive


@pytest.mark.parametrize(
    ("score", "above", "at_least"),
    [(14, NOT_MET, NOT_MET), (15, NOT_MET, MET), (16, MET, MET), (None, OPEN, OPEN)],
)
def test_the_skin_score_is_above_15(score: int | None, above: str, at_least: str) -> None:
    results = {"score:mrss": None if score is None else number(score, day=-10)}

    assert seen("RI3-skin", results=results)[0] == above
    assert seen("RI3-skin", results=results, choices={"ssc.mrss_op": ">="})[0] == at_least


def test_a_skin_score_counts_for_30_days() -> None:
    assert seen("RI3-skin", results={"score:mrss": number(20, day=-30)})[0] == MET
    assert seen("RI3-skin", results={"score:mrss": number(20, day=-31)}) == (OPEN, ("outside-window",))


@pytest.mark.parametrize(
    ("sites", "unknown", "total", "expected"),
    [
        (17, 0, None, MET),  # one point each: 17
        (15, 0, None, NOT_MET),
        (16, 1, None, MET),  # 16 to 19
        (13, 1, None, OPEN),  # 13 to 16
        (10, 1, None, NOT_MET),  # 10 to 13
        (17, 0, 17, MET),
        (17, 0, 12, OPEN),  # the form contradicts itself
    ],
)
def test_the_skin_score_may_be_known_by_its_sites(
    sites: int, unknown: int, total: int | None, expected: str
) -> None:
    named = MRSS_SITE.codes
    points = [*([1] * sites), *([None] * unknown), *([0] * (17 - sites - unknown))]
    components = (
        {"codings": (MRSS_SITE.coding(site),), **shown(point)}
        for site, point in zip(named, points, strict=True)
        if point is not None
    )
    form = observation(SCORE.coding("mrss"), *components, on=on(-10), **shown(total))

    assert seen("RI3-skin", results={"score:mrss": None}, extra=form)[0] == expected


@pytest.mark.parametrize(
    ("day", "days", "expected"), [(-182, 182, NOT_MET), (-183, 182, MET), (-183, 183, NOT_MET)]
)
def test_cyclophosphamide_ended_at_least_six_months_ago(day: int, days: int, expected: str) -> None:
    given_then = {"cyclophosphamide": [dose(750, day)]}

    assert seen("RI3-cyclophosphamide", treatments=given_then, choices={"ri3.cyc_days": days})[0] == expected


def test_only_cyclophosphamide_by_the_vein_is_asked_for() -> None:
    by_mouth = treatment("cyclophosphamide", dose(50, -20, route="oral"), by=MSC_SSC)
    unsaid = treatment("cyclophosphamide", dose(50, -20, route=None), by=MSC_SSC)

    assert seen("RI3-cyclophosphamide", extra=(by_mouth,))[0] == MET
    assert seen("RI3-cyclophosphamide", extra=(unsaid,)) == (OPEN, ("missing-observation",))


# ---------------------------------------------------------------------------------------- RI3a, the lung


@pytest.mark.parametrize(
    ("fvc", "dlco", "expected"),
    [
        (71, 59, MET),
        (71, 60, NOT_MET),
        (70, 60, MET),
        (71, 30, MET),
    ],
)
def test_the_lung_is_affected_by_dlco_below_60_or_fvc_up_to_70(fvc: int, dlco: int, expected: str) -> None:
    earlier = tuple(
        result(code, percent(value, -365)) for code, value in ((FVC, fvc), (DLCO, dlco), (TLC, 80))
    )
    tests = {FVC: percent(fvc), DLCO: percent(dlco), TLC: percent(80)}

    assert seen("RI3a-function", results=tests, extra=earlier)[0] == expected


@pytest.mark.parametrize(("dlco", "included", "excluded"), [(30, MET, NOT_MET), (29, MET, MET)])
def test_a_dlco_from_30_to_60_is_the_band(dlco: int, included: str, excluded: str) -> None:
    tests = {DLCO: percent(dlco)}

    assert seen("RI3a-dlco", results=tests)[0] == included
    assert seen("RE2a-dlco", results=tests)[0] == excluded


@pytest.mark.parametrize(
    ("before", "now", "relative", "absolute"),
    [
        (90, 80, MET, NOT_MET),  # 11.1 % of it, 10 points
        (100, 90, NOT_MET, NOT_MET),  # exactly 10 %
        (100, 89, MET, MET),
        (80, 90, NOT_MET, NOT_MET),  # a rise
    ],
)
def test_a_change_is_relative_or_in_points(before: int, now: int, relative: str, absolute: str) -> None:
    how: dict[str, Any] = {"results": {FVC: percent(now)}, "extra": (result(FVC, percent(before, -365)),)}

    assert seen("RI3a-fvc-change", **how)[0] == relative
    assert seen("RI3a-fvc-change", **how, choices={"ssc.change": "absolute"})[0] == absolute


def test_a_rise_is_a_change_where_any_change_counts() -> None:
    how: dict[str, Any] = {"results": {FVC: percent(95)}, "extra": (result(FVC, percent(80, -365)),)}

    assert seen("RI3a-fvc-change", **how)[0] == NOT_MET
    assert seen("RI3a-fvc-change", **how, choices={"ri3a.direction": "any"})[0] == MET


def test_dlco_must_change_by_more_than_15_per_cent_and_tlc_by_more_than_10() -> None:
    def changed(name: str, code: str, before: int, now: int) -> str:
        extra = (result(code, percent(before, -365)),)
        return seen(name, results={code: percent(now)}, extra=extra)[0]

    assert changed("RI3a-dlco-change", DLCO, 100, 85) == NOT_MET
    assert changed("RI3a-dlco-change", DLCO, 100, 84) == MET
    assert changed("RI3a-tlc-change", TLC, 100, 90) == NOT_MET
    assert changed("RI3a-tlc-change", TLC, 100, 89) == MET


@pytest.mark.parametrize(
    ("day", "expected"),
    [(-182, OPEN), (-183, MET), (-365, MET), (-548, MET), (-549, OPEN)],
)
def test_the_earlier_value_is_of_6_to_18_months_before(day: int, expected: str) -> None:
    said = seen("RI3a-fvc-change", results={FVC: percent(70)}, extra=(result(FVC, percent(90, day)),))

    assert said == (expected, () if expected == MET else ("baseline-missing",))


def test_the_earlier_value_nearest_to_a_year_is_compared_with() -> None:
    near, far = result(FVC, percent(80, -350)), result(FVC, percent(95, -500))
    found = finding("RI3a-fvc-change", results={FVC: percent(80)}, extra=(near, far))

    assert wire(found.verdict) == NOT_MET
    assert near.source in found.evidence
    assert far.source not in found.evidence


def test_earlier_values_of_one_day_or_a_vague_date_must_agree() -> None:
    one, other = result(FVC, percent(80, -365)), result(FVC, percent(95, -365))
    vague = result(FVC, percent(95, -365), when=at("2023-05"))
    now = {FVC: percent(80)}

    assert seen("RI3a-fvc-change", results=now, extra=(one, other)) == (OPEN, ("conflicting-values",))
    assert seen("RI3a-fvc-change", results=now, extra=(one, vague)) == (OPEN, ("partial-date",))
    agreeing = result(FVC, percent(82, -365), when=at("2023-05"))
    assert seen("RI3a-fvc-change", results=now, extra=(one, agreeing))[0] == NOT_MET


@pytest.mark.parametrize(
    ("disease", "function", "both", "either"),
    [
        (True, 55, MET, MET),
        (False, 55, NOT_MET, MET),
        (True, 65, OPEN, MET),  # the change is not known
        (None, 55, OPEN, MET),
    ],
)
def test_lung_function_and_interstitial_disease(
    disease: bool | None, function: int, both: str, either: str
) -> None:
    how: dict[str, Any] = {
        "results": {DLCO: percent(function)},
        "attested": {"interstitial-lung-disease": disease},
    }

    assert seen("RI3a", **how)[0] == both
    assert seen("RI3a", **how, choices={"ri3a.ild": "any-of"})[0] == either


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("reversible-heart-failure", "RI3b"),
        ("recurrent-arrhythmia", "RI3b"),
        ("atrioventricular-block", "RI3b"),
        ("large-pericardial-effusion", "RI3b"),
        ("urinary-sediment-abnormal", "RI3c"),
        ("microangiopathic-anaemia", "RI3c"),
    ],
)
def test_the_heart_or_the_kidney_will_do_where_other_causes_are_excluded(code: str, part: str) -> None:
    cause = {"RI3b": "heart-other-causes-excluded", "RI3c": "kidney-other-causes-excluded"}[part]

    assert seen(part)[0] == NOT_MET
    assert seen(part, attested={code: True})[0] == MET
    assert seen(part, attested={code: True, cause: False})[0] == NOT_MET
    assert seen(part, attested={code: True, cause: None}) == (OPEN, ("attestation-missing",))
    without_lung = {DLCO: percent(80), FVC: percent(90)}
    assert seen("RI3-organ", attested={code: True}, results=without_lung)[0] == MET


# ------------------------------------------------------------------------- RI3c, pressure and creatinine


def pressures(*readings: tuple[str | int, str], code: str = SBP) -> dict[str, Any]:
    extra = tuple(
        replace(result(code, number(value, unit="mm[Hg]")), when=at(when)) for value, when in readings
    )
    return {"results": {code: None}, "extra": extra}


@pytest.mark.parametrize(
    ("readings", "expected", "reasons"),
    [
        ([], OPEN, ("missing-observation",)),
        ([(128, "2024-05-27")], NOT_MET, ()),
        ([(165, "2024-05-27T08:00:00+02:00")], OPEN, ("confirmation-missing",)),
        ([(165, "2024-05-31T20:00:00+02:00")], OPEN, ("confirmation-pending",)),
        ([(165, "2024-05-27T08:00:00+02:00"), (170, "2024-05-27T19:59:00+02:00")], OPEN, None),
        ([(165, "2024-05-27T08:00:00+02:00"), (170, "2024-05-27T20:00:00+02:00")], MET, ()),
        ([(165, "2024-05-27T08:00:00+02:00"), (160, "2024-05-28T08:00:00+02:00")], NOT_MET, ()),
        ([(165, "2024-05-27"), (170, "2024-05-28")], OPEN, ("partial-date",)),
        ([(165, "2024-05-27"), (170, "2024-05-29")], MET, ()),
        ([(165, "2024-05-01"), (170, "2024-05-29")], OPEN, ("confirmation-missing",)),  # the first too old
        ([(">150", "2024-05-20"), (170, "2024-05-29")], OPEN, ("missing-observation",)),
    ],
)
def test_hypertension_is_measured_twice_at_least_12_hours_apart(
    readings: list[tuple[str | int, str]], expected: str, reasons: tuple[str, ...] | None
) -> None:
    verdict, why = seen("RI3c-systolic", **pressures(*readings))

    assert verdict == expected
    assert reasons is None or why == reasons


def test_a_diastolic_pressure_above_110_counts_by_itself() -> None:
    assert seen("RI3c-diastolic", **pressures((111, "2024-05-20"), (112, "2024-05-25"), code=DBP))[0] == MET
    assert seen("RI3c-diastolic", **pressures((110, "2024-05-20"), (112, "2024-05-25"), code=DBP))[0] == OPEN


def test_recent_renal_failure_is_a_creatinine_that_rose_above_normal() -> None:
    raised = {"loinc:14682-9": number(130, unit="umol/L", high=90)}

    assert seen("RI3c-failure", results=raised, attested={"creatinine-risen-recently": True})[0] == MET
    assert seen("RI3c-failure", results=raised)[0] == NOT_MET
    normal = {"loinc:14682-9": number(90, unit="umol/L", high=90)}
    assert seen("RI3c-failure", results=normal, attested={"creatinine-risen-recently": True})[0] == NOT_MET


# --------------------------------------------------------------------------------------------- exclusions


@pytest.mark.parametrize(
    ("name", "code", "unit", "out", "inside"),
    [
        ("RE2a-spap", "loinc:8440-0", "mm[Hg]", "41", "40"),
        ("RE2c-lvef", "loinc:10230-1", "%", "34.9", "35"),
        ("RE5-neutrophils", "loinc:751-8", "10*9/L", "0.49", "0.5"),
        ("RE5-platelets", "loinc:777-3", "10*9/L", "49", "50"),
        ("RE5-haemoglobin", "loinc:718-7", "g/dL", "7.9", "8"),
        ("RE5-cd4", "loinc:24467-3", "/uL", "199", "200"),
        ("RE2a-dlco", DLCO, "%", "29.9", "30"),
    ],
)
def test_a_value_at_its_threshold_does_not_exclude(
    name: str, code: str, unit: str, out: str, inside: str
) -> None:
    assert seen(name, results={code: number(out, unit=unit)})[0] == MET
    assert seen(name, results={code: number(inside, unit=unit)})[0] == NOT_MET
    assert seen(name, results={code: None})[0] == OPEN


@pytest.mark.parametrize(
    ("code", "received", "unit", "canonical", "expected"),
    [
        ("loinc:2703-7", "8", "kPa", "60.0049", NOT_MET),  # the threshold as it was reported
        ("loinc:2703-7", "7.99", "kPa", "59.9299", MET),
        ("loinc:2703-7", "60", "mm[Hg]", "60", NOT_MET),
        ("loinc:2703-7", "59.9", "mm[Hg]", "59.9", MET),
        ("loinc:2019-8", "6.7", "kPa", "50.2541", NOT_MET),  # 50.25 mmHg, and not above 6.7 kPa
        ("loinc:2019-8", "6.71", "kPa", "50.3291", MET),
        ("loinc:2019-8", "50.2", "mm[Hg]", "50.2", MET),
    ],
)
def test_a_blood_gas_is_compared_in_the_unit_it_was_reported_in(
    code: str, received: str, unit: str, canonical: str, expected: str
) -> None:
    name = {"loinc:2703-7": "RE2a-pao2", "loinc:2019-8": "RE2a-paco2"}[code]
    gas = result(code, number(canonical, unit="mm[Hg]"), received=received, received_unit=unit)
    found = finding(name, results={code: None}, extra=(gas,))

    assert wire(found.verdict) == expected
    assert unit in str(found.threshold)


def test_a_blood_gas_on_oxygen_says_nothing() -> None:
    assert seen("RE2a", attested={"blood-gas-on-room-air": False})[0] == OPEN


def test_a_mean_pressure_counts_after_a_catheterisation() -> None:
    raised = {"loinc:8414-5": number(26, unit="mm[Hg]", day=-20)}

    assert seen("RE2a-catheter", results=raised, attested={"right-heart-catheterised": True})[0] == MET
    assert seen("RE2a-catheter", results=raised)[0] == NOT_MET
    assert seen("RE2a-catheter", attested={"right-heart-catheterised": True})[0] == OPEN
    at_25 = {"loinc:8414-5": number(25, unit="mm[Hg]", day=-20)}
    assert seen("RE2a-catheter", results=at_25, attested={"right-heart-catheterised": None})[0] == NOT_MET


def test_the_unit_of_the_clearance_decides() -> None:
    """A woman of 72 and 45 kg with 200 µmol/L: 16.8 mL/min by Cockcroft-Gault, 22.9 by CKD-EPI."""
    frail: dict[str, Any] = {
        "birth_date": "1952-03-14",
        "results": {
            "loinc:14682-9": number(200, unit="umol/L"),
            "loinc:29463-7": number(45, unit="kg"),
        },
    }

    assert seen("RE2b-clearance", **frail)[0] == NOT_MET
    assert seen("RE2b-clearance", **frail, choices={"ssc.crcl_unit": "ml_min"})[0] == MET


@pytest.mark.parametrize(
    ("values", "at_least", "above"),
    [
        ([(120, -20), (120, -6)], MET, NOT_MET),
        ([(121, -20), (121, -6)], MET, MET),
        ([(121, -20), (121, -7)], OPEN, OPEN),  # 13 days apart
        ([(121, -20), (60, -12), (121, -6)], OPEN, OPEN),  # not persistent, and raised again since
        ([(121, -20), (60, -6)], NOT_MET, NOT_MET),
        ([(60, -20), (121, -6)], OPEN, OPEN),
        ([(119, -20), (119, -6)], NOT_MET, NOT_MET),
    ],
)
def test_transaminases_stay_at_three_times_normal(
    values: list[tuple[int, int]], at_least: str, above: str
) -> None:
    extra = tuple(result(ALT, number(value, unit="U/L", high=40, day=day)) for value, day in values)
    how: dict[str, Any] = {"results": {ALT: None}, "extra": extra}

    assert seen("RE2d-alt", **how)[0] == at_least
    assert seen("RE2d-alt", **how, choices={"re2d.op": ">"})[0] == above


def test_transaminases_without_a_limit_are_open() -> None:
    assert seen("RE2d-alt", results={ALT: number(121, unit="U/L")}) == (OPEN, ("no-reference-range",))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("RE2b-cystopathy", "cyclophosphamide-cystopathy"),
        ("RE2c-failure", "refractory-heart-failure"),
        ("RE2c-arrhythmia", "uncontrolled-ventricular-arrhythmia"),
        ("RE2c-effusion", "effusion-with-compromise"),
        ("RE3", "uncontrolled-psychiatric-disorder"),
        ("RE6", "uncontrolled-hypertension"),
        ("RE7-infection", "uncontrolled-infection"),
        ("RE9", "toxic-exposure"),
        ("RE9", "eosinophilia-myalgia"),
        ("RE9", "eosinophilic-fasciitis"),
        ("RE10", "poor-compliance"),
    ],
)
def test_an_attested_exclusion_is_as_it_is_stated(name: str, code: str) -> None:
    assert [seen(name, attested={code: stated})[0] for stated in (True, False, None)] == [MET, NOT_MET, OPEN]


@pytest.mark.parametrize(
    ("antibody", "rna", "expected"),
    [
        (positive(), positive(), MET),
        (positive(), None, OPEN),
        (positive(), negative(), NOT_MET),
        (negative(), None, NOT_MET),
        (None, None, OPEN),
    ],
)
def test_hepatitis_c_is_chronic_by_pcr(antibody: Any, rna: Any, expected: str) -> None:
    assert seen("RE8-hcv", results={"loinc:13955-0": antibody, "loinc:11259-9": rna})[0] == expected


def test_a_man_is_not_asked_for_contraception() -> None:
    man: dict[str, Any] = {"gender": "male", "attested": {"contraception-effective": None}}

    assert seen("RI6", **man)[0] == MET
    assert seen("RE1", **man)[0] == NOT_MET
    assert seen("RE1", attested={"contraception-effective": False})[0] == MET


def test_social_security_is_asked_for_twice() -> None:
    without = {"social-security": False}

    assert [seen(name, attested=without)[0] for name in ("RI5", "RE11")] == [NOT_MET, MET]


# ------------------------------------------------------------------------------------------------- donors


@pytest.mark.parametrize(
    ("born", "inclusive", "strict"),
    [
        ("2006-06-01", MET, NOT_MET),
        ("2006-06-02", NOT_MET, NOT_MET),
        ("1959-06-01", MET, NOT_MET),
        ("1959-05-31", MET, NOT_MET),
        ("1958-06-02", MET, NOT_MET),  # 65 until the day before the 66th birthday
        ("1958-06-01", NOT_MET, NOT_MET),
    ],
)
def test_a_donor_is_18_to_65(born: str, inclusive: str, strict: str) -> None:
    line = finding("DI1", arm="donor", birth_date=born)
    assert line.threshold == "from the birthday of 18 years and before that of 66"
    assert "18 to 65 inclusive: from the 18th birthday until the day before the 66th" in line.notes
    assert seen("DI1", arm="donor", birth_date=born)[0] == inclusive
    choices = {"donor.age_inclusive": False}
    assert seen("DI1", arm="donor", birth_date=born, choices=choices)[0] == strict


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("DE2a", "loinc:22362-8"),
        ("DE2a", "loinc:5196-1"),
        ("DE2a", "loinc:13955-0"),
        ("DE2a", "loinc:56888-1"),
        ("DE2a", "loinc:24110-9"),
        ("DE2b", "loinc:20447-9"),
        ("DE2b", "loinc:48398-2"),
        ("DE2b", "loinc:11259-9"),
    ],
)
def test_a_donor_is_tested_by_serology_and_by_pcr(part: str, code: str) -> None:
    assert seen(part, arm="donor")[0] == NOT_MET
    assert seen(part, arm="donor", results={code: positive()})[0] == MET
    assert seen(part, arm="donor", results={code: None})[0] == OPEN


@pytest.mark.parametrize(
    ("name", "code", "stated", "expected"),
    [
        ("DI2", "donor-in-family", False, NOT_MET),
        ("DI3", "consent-signed", None, OPEN),
        ("DI4", "social-security", False, NOT_MET),
        ("DE1", "lidocaine-allergy", True, MET),
        ("DE1", "lidocaine-allergy", None, OPEN),
        ("DE2", "donation-contraindicated", True, MET),
        ("DE4", "social-security", False, MET),
    ],
)
def test_what_is_attested_of_a_donor(name: str, code: str, stated: bool | None, expected: str) -> None:
    assert seen(name, arm="donor", attested={code: stated})[0] == expected


def test_a_woman_who_donates_is_not_pregnant_and_uses_contraception() -> None:
    woman: dict[str, Any] = {"arm": "donor", "gender": "female", "results": {"loinc:2106-3": negative(-2)}}

    assert seen("DI5", **woman)[0] == OPEN
    careful = woman | {"attested": {"contraception-effective": True}}
    assert (seen("DI5", **careful)[0], seen("DE3", **careful)[0]) == (MET, NOT_MET)
    pregnant = careful | {"results": {"loinc:2106-3": positive(-2)}}
    assert seen("DE3", **pregnant)[0] == MET


# --------------------------------------------------------------------------------------------------- laws

FEW = settings(max_examples=40, deadline=None)
days = st.integers(-600, 3)
tests = st.one_of(
    st.builds(percent, st.integers(20, 120), days),
    st.builds(lambda value, day: number(value, day=day, unit="U/L", high=40), st.integers(10, 200), days),
    st.builds(lambda value, day: number(value, day=day, unit="mm[Hg]"), st.integers(20, 200), days),
)
extras = st.lists(
    st.one_of(
        st.builds(result, st.sampled_from([FVC, DLCO, TLC, SBP, DBP, ALT, "score:mrss"]), tests),
        st.builds(
            lambda code, truth, day: statement(code, truth=truth, day=day),
            st.sampled_from(sorted(MSC_SSC.attestations)),
            st.booleans(),
            st.integers(-60, 3),
        ),
    ),
    max_size=6,
).map(tuple)


def verdicts(extra: tuple[Measurement, ...], **how: Any) -> dict[str, Truth]:
    found = findings(of_protocol(MSC_SSC, extra=extra, **how), by=MSC_SSC)
    return {name: one.verdict for name, one in found.items()}


@FEW
@given(extras, st.randoms(use_true_random=False))
def test_the_order_in_which_things_arrive_does_not_matter(
    extra: tuple[Measurement, ...], shuffled: Any
) -> None:
    history = of_protocol(MSC_SSC, extra=extra)
    measurements = list(history.measurements)
    shuffled.shuffle(measurements)
    other = replace(history, measurements=tuple(measurements))

    assert {name: one.verdict for name, one in findings(other, by=MSC_SSC).items()} == verdicts_of(history)


def verdicts_of(history: Any) -> dict[str, Truth]:
    return {name: one.verdict for name, one in findings(history, by=MSC_SSC).items()}


@FEW
@given(extras)
def test_what_was_entered_in_error_changes_nothing(extra: tuple[Measurement, ...]) -> None:
    wrong = tuple(replace(one, status="entered-in-error") for one in extra)

    assert verdicts(wrong) == verdicts(())


@FEW
@given(extras)
def test_an_open_criterion_says_why_and_what_is_needed(extra: tuple[Measurement, ...]) -> None:
    for found in findings(of_protocol(MSC_SSC, extra=extra), by=MSC_SSC).values():
        is_open = found.verdict is Truth.UNKNOWN
        assert bool(found.reasons) == bool(found.needs) == is_open, found.id


@FEW
@given(st.sets(st.sampled_from(sorted(MSC_SSC.attestations))), st.data())
def test_more_statements_never_flip_what_is_settled(known: set[str], data: Any) -> None:
    """But for childbearing potential: it overrides the age that stands in for it."""
    asked = MSC_SSC.attestations.keys() - known - {"childbearing-potential"}
    unsaid = dict.fromkeys(sorted(asked))
    before = verdicts((), attested=unsaid)
    after = verdicts((), attested={code: data.draw(st.booleans()) for code in unsaid})

    for name, truth in before.items():
        assert truth in {after[name], Truth.UNKNOWN}, name
