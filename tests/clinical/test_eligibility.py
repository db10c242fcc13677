"""Every criterion of MSC-SLE met, not met and open, and every boundary its sources draw."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.clinical.answers import Finding, wire
from app.clinical.criteria.eligibility import assess, default_day
from app.clinical.history import History
from app.clinical.records import Coding, Enrolment, Source, Span
from tests.clinical.make import at, enrolment, infusion, sledai
from tests.clinical.make_candidate import (
    MSC_SLE,
    ON,
    answer,
    candidate,
    chosen,
    dose,
    findings,
    negative,
    number,
    on,
    period,
    positive,
    result,
    statement,
    treatment,
    verdict,
)

MET, NOT_MET, OPEN = "met", "not-met", "undetermined"


def finding(name: str, *, choices: dict[str, Any] | None = None, day: date = ON, **changes: Any) -> Finding:
    return findings(candidate(**changes), by=chosen(choices or {}), day=day)[name]


def seen(name: str, **how: Any) -> tuple[str, tuple[str, ...]]:
    found = finding(name, **how)
    return wire(found.verdict), found.reasons


# ------------------------------------------------------------------------------------------ the whole


def test_the_candidate_is_eligible_and_nothing_is_missing() -> None:
    [said] = answer(candidate()).results

    assert (said.verdict, said.missing, said.reasons) == ("eligible", (), ())
    assert [one.id for one in said.findings] == [
        *(f"I{n}" for n in range(1, 10)),
        *(f"E{n}" for n in range(1, 13)),
    ]


def test_the_answer_names_the_question_the_day_and_the_protocol() -> None:
    said = answer(candidate())

    assert (said.question, said.on, said.protocol) == ("eligibility", "2024-06-01", "MSC-SLE")
    assert said.protocol_version == MSC_SLE.version
    assert said.subject == Source("ResearchSubject", "s", 1)
    assert "Decision support" in said.notes[0]


def test_one_failure_settles_it_whatever_is_missing_besides() -> None:
    [said] = answer(candidate(birth_date="2010-01-01", attested={"consent-signed": None})).results

    assert said.verdict == "ineligible"
    assert said.reasons == ()
    assert "; ".join(said.missing) == (
        "record the signed Consent (ResearchSubject.consent); "
        "have an investigator attest consent-signed: The informed consent is signed."
    )


def test_an_open_answer_lists_everything_that_is_missing_once() -> None:
    history = candidate(results={"loinc:22362-8": None, "loinc:2703-7": None, "loinc:2106-3": None})
    [said] = answer(history).results

    assert said.verdict == "undetermined"
    assert said.reasons == ("missing-observation",)
    assert said.missing == (
        "order a pregnancy test (LOINC 2106-3)",
        "order PaO2 at rest without oxygen (LOINC 2703-7)",
        "order HTLV-1/2 serology (LOINC 22362-8)",
    )


def test_every_finding_has_its_sentence_in_both_languages() -> None:
    for found in findings(candidate()).values():
        assert [language for language, text in found.text if text] == ["en", "fr"], found.id


def test_a_settled_finding_gives_no_reasons_and_an_open_one_always_does() -> None:
    nothing = History(enrolment=enrolment(), person=None, study=None)
    for history in (candidate(), nothing):
        for found in findings(history).values():
            assert bool(found.reasons) == (wire(found.verdict) == OPEN), found.id
            assert bool(found.needs) == (wire(found.verdict) == OPEN), found.id


def test_of_a_subject_of_whom_nothing_is_recorded_nothing_is_decided() -> None:
    nothing = History(enrolment=enrolment(), person=None, study=None)

    assert {wire(one.verdict) for one in answer(nothing).results[0].findings} == {OPEN}


def test_the_choices_made_are_named_at_the_criterion_and_at_its_part() -> None:
    found = findings(candidate(), by=chosen({"i4.op_strict": True}))

    assert "i4.op_strict = true" in found["I4"].notes
    assert "i4.op_strict = true" in found["I4b-ii"].notes
    assert "I4b-ii holds" in findings(candidate())["I4b"].notes


def test_the_day_asked_for_is_the_start_of_the_subjects_part_in_the_study() -> None:
    history = candidate()

    assert default_day(history) == ON
    assert default_day(replace(history, enrolment=enrolment())) is None
    assert default_day(replace(history, enrolment=enrolment(since="2024-06"))) is None


def test_evidence_names_the_version_of_each_record() -> None:
    assert [str(one) for one in finding("I1").evidence] == ["Patient/p/_history/1"]


# ------------------------------------------------------------------------------------ I1, birth dates


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2006-06-01", NOT_MET),  # the 18th birthday
        ("2006-05-31", MET),
        ("1954-06-01", NOT_MET),  # the 70th birthday
        ("1954-06-02", MET),
        ("1954", OPEN),
        ("1954-06", OPEN),
        ("1954-07", MET),
        ("1980", MET),
        ("2008", NOT_MET),
    ],
)
def test_age_is_over_18_and_under_70(born: str, expected: str) -> None:
    assert seen("I1", birth_date=born) == (expected, ("partial-date",) if expected == OPEN else ())


@pytest.mark.parametrize(
    ("born", "choice", "expected"),
    [
        ("2006-06-02", "age.min_inclusive", NOT_MET),
        ("2006-06-01", "age.min_inclusive", MET),  # the 18th birthday
        ("1954-06-01", "age.max_inclusive", MET),  # the 70th birthday
        ("1953-06-02", "age.max_inclusive", MET),  # 70 until the day before the 71st
        ("1953-06-01", "age.max_inclusive", NOT_MET),
    ],
)
def test_a_birthday_counts_where_the_bound_is_inclusive(born: str, choice: str, expected: str) -> None:
    assert seen("I1", birth_date=born, choices={choice: True})[0] == expected


def test_who_is_born_on_the_29th_of_february_comes_of_age_on_the_1st_of_march() -> None:
    for day, expected in [(date(2026, 3, 1), NOT_MET), (date(2026, 3, 2), MET), (date(2026, 2, 28), NOT_MET)]:
        assert seen("I1", birth_date="2008-02-29", day=day)[0] == expected
    assert seen("I1", birth_date="2004-02-29", day=date(2072, 3, 1))[0] == MET


def test_the_age_is_shown_with_the_birth_date_as_received() -> None:
    found = finding("I1", birth_date="1954")

    assert (found.observed, found.normalised) == ("born 1954", "69 or 70 years")
    assert found.threshold == "after the birthday of 18 years and before that of 70"
    assert found.needs == "record the day of birth (Patient.birthDate)"


def test_without_a_birth_date_the_age_is_open() -> None:
    assert seen("I1", birth_date=None) == (OPEN, ("missing-observation",))


# ------------------------------------------------------------------------------ I2, antibodies ever


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({"loinc:8061-4": negative()}, NOT_MET),
        ({"loinc:8061-4": None}, OPEN),
        ({"loinc:8061-4": None, "loinc:5048-4": number(80, unit="{titer}")}, MET),
        ({"loinc:8061-4": None, "loinc:5048-4": number(79, unit="{titer}")}, NOT_MET),
        ({"loinc:8061-4": None, "loinc:5048-4": number("<80", unit="{titer}")}, NOT_MET),
        ({"loinc:8061-4": None, "loinc:5048-4": number(">640", unit="{titer}")}, MET),
        ({"loinc:8061-4": None, "loinc:5048-4": number(">40", unit="{titer}")}, OPEN),
        ({"loinc:8061-4": negative(), "loinc:5048-4": number(320, unit="{titer}", day=-900)}, MET),
        ({"loinc:8061-4": positive(day=3)}, OPEN),  # after the day asked for
    ],
)
def test_antinuclear_antibodies_were_positive_at_any_time(tests: dict[str, Any], expected: str) -> None:
    assert seen("I2-ana", results=tests)[0] == expected


@pytest.mark.parametrize(("stated", "expected"), [(True, MET), (False, NOT_MET), (None, OPEN)])
def test_lupus_is_as_the_investigator_attests(stated: bool | None, expected: str) -> None:
    reasons = ("attestation-missing",) if expected == OPEN else ()

    assert seen("I2-attested", attested={"sle-acr-fulfilled": stated}) == (expected, reasons)
    assert seen("I2-acr", attested={"sle-acr-fulfilled": stated})[0] == expected


# --------------------------------------------------------------------------------------- I3, activity


@pytest.mark.parametrize(("score", "expected"), [(6, MET), (5, NOT_MET), (None, OPEN)])
def test_activity_is_at_least_6(score: int | None, expected: str) -> None:
    reasons = ("baseline-missing",) if expected == OPEN else ()

    assert seen("I3", score=score) == (expected, reasons)


def test_unknown_items_leave_activity_open_only_where_they_matter() -> None:
    arthritis = sledai(present=["arthritis"], unknown=["fever", "dna-binding"], rest="absent", on=on(-3))
    fever_only = sledai(present=["arthritis"], unknown=["fever"], rest="absent", on=on(-3))

    assert seen("I3", score=None, extra=arthritis) == (OPEN, ("missing-observation",))
    assert "dna-binding" in str(finding("I3", score=None, extra=arthritis).needs)
    assert seen("I3", score=None, extra=fever_only)[0] == NOT_MET


@pytest.mark.parametrize(("day", "expected"), [(0, MET), (-30, MET), (-31, OPEN), (1, OPEN)])
def test_before_the_infusion_baseline_is_the_day_asked_for(day: int, expected: str) -> None:
    assert seen("I3", score=None, extra=sledai(9, on=on(day)))[0] == expected


def test_once_infused_baseline_is_the_infusion() -> None:
    infused = (infusion(on(20)), *sledai(9, on=on(18)))

    assert seen("I3", score=None, extra=infused)[0] == MET


# ------------------------------------------------------------------------------------ I4, see exposure


@pytest.mark.parametrize(("stated", "expected"), [(True, MET), (False, NOT_MET), (None, OPEN)])
def test_the_failure_of_treatment_is_attested_once(stated: bool | None, expected: str) -> None:
    assert seen("I4-failure", attested={"sle-therapies-failed": stated})[0] == expected


@pytest.mark.parametrize(("second", "expected"), [(True, MET), (False, NOT_MET), (None, OPEN)])
def test_the_failure_of_treatment_may_be_asked_line_by_line(second: bool | None, expected: str) -> None:
    each = {"i4.failure_per": "each_line"}

    assert seen("I4-failure", choices=each, attested={"second-line-failed": second})[0] == expected


# ------------------------------------------------------------------------- I6 and E1, pregnancy


@pytest.mark.parametrize(
    ("test", "expected", "pregnant"),
    [
        (negative(day=-7), MET, NOT_MET),
        (negative(day=-8), OPEN, OPEN),
        (positive(), NOT_MET, MET),
        (None, OPEN, OPEN),
    ],
)
def test_a_woman_of_childbearing_age_needs_a_recent_negative_test(
    test: Any, expected: str, pregnant: str
) -> None:
    tests = {"loinc:2106-3": test}

    assert seen("I6", results=tests)[0] == expected
    assert seen("E1", results=tests)[0] == pregnant


@pytest.mark.parametrize(
    ("value", "high", "expected"), [("<2", 5, MET), (5, 5, MET), ("5.1", 5, NOT_MET), (3, None, OPEN)]
)
def test_quantitative_hcg_is_negative_up_to_its_upper_limit(value: Any, high: Any, expected: str) -> None:
    tests = {"loinc:2106-3": None, "loinc:21198-7": number(value, unit="[IU]/L", high=high)}

    assert seen("I6", results=tests)[0] == expected


@pytest.mark.parametrize(
    ("who", "applies", "expected"),
    [
        ({"gender": "male"}, NOT_MET, MET),
        ({"gender": "male", "attested": {"childbearing-potential": True}}, NOT_MET, MET),
        ({"birth_date": "1968-06-02"}, MET, OPEN),  # 55 years old
        ({"birth_date": "1968-06-01"}, NOT_MET, MET),  # 56 years old
        ({"birth_date": "1968-06"}, OPEN, OPEN),
        ({"birth_date": None}, OPEN, OPEN),
        ({"birth_date": "1960-01-01", "attested": {"childbearing-potential": True}}, MET, OPEN),
        ({"attested": {"childbearing-potential": False}}, NOT_MET, MET),
        ({"gender": None}, OPEN, OPEN),
        ({"gender": "other"}, OPEN, OPEN),
        ({"gender": "other", "attested": {"childbearing-potential": False}}, NOT_MET, MET),
    ],
)
def test_without_a_test_all_depends_on_childbearing_potential(
    who: dict[str, Any], applies: str, expected: str
) -> None:
    who = {**who, "results": {"loinc:2106-3": None}}

    assert seen("I6-applies", **who)[0] == applies
    assert seen("I6", **who)[0] == expected


def test_where_the_test_is_not_asked_for_the_answer_says_not_applicable() -> None:
    assert any("not-applicable" in note for note in finding("I6", gender="male").notes)


def test_a_negative_test_is_enough_also_where_it_may_not_apply() -> None:
    assert seen("I6", birth_date=None)[0] == MET


def test_the_status_of_pregnancy_counts_as_a_test_for_exclusion() -> None:
    said = candidate(results={"loinc:2106-3": None})
    status = result("loinc:82810-3", negative(), answers=(Coding("http://snomed.info/sct", "77386006"),))
    no_more = result("loinc:82810-3", negative(), answers=(Coding("http://snomed.info/sct", "60001007"),))

    for one, expected in [(status, MET), (no_more, NOT_MET)]:
        history = replace(said, measurements=(*said.measurements, one))
        assert wire(findings(history)["E1-pregnant"].verdict) == expected


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"attested": {"breastfeeding": True}}, MET),
        ({"attested": {"breastfeeding": None}}, OPEN),
        ({"attested": {"breastfeeding": None}, "gender": "male"}, NOT_MET),
        ({"attested": {"contraception-effective": False}}, MET),
        ({"attested": {"contraception-effective": None}}, OPEN),
        ({"gender": None}, NOT_MET),
    ],
)
def test_breastfeeding_or_no_contraception_excludes(who: dict[str, Any], expected: str) -> None:
    assert seen("E1", **who)[0] == expected


# --------------------------------------------------------------------- what the investigator attests

ATTESTED = [
    ("I7", "contraception-effective"),
    ("I8-attested", "consent-signed"),
    ("I9", "social-security"),
    ("E2b-failure", "clinical-heart-failure"),
    ("E2b-arrhythmia", "uncontrolled-ventricular-arrhythmia"),
    ("E2e", "severe-psychiatric-disorder"),
    ("E3-myelodysplasia-attested", "myelodysplasia"),
    ("E5-infection", "uncontrolled-infection"),
    ("E7", "substance-abuse"),
    ("E8", "research-exclusion-period"),
    ("E9", "incapable-of-consent"),
    ("E10-elsewhere", "in-another-study"),
    ("E11", "poor-compliance"),
    ("E12", "legal-protection"),
]


@pytest.mark.parametrize(("name", "code"), ATTESTED)
def test_an_attested_fact_is_as_it_is_stated(name: str, code: str) -> None:
    assert seen(name, attested={code: True}) == (MET, ())
    assert seen(name, attested={code: False}) == (NOT_MET, ())
    assert seen(name, attested={code: None}) == (OPEN, ("attestation-missing",))
    assert verdict(candidate(attested={code: None})) == "undetermined"


def test_the_latest_statement_counts() -> None:
    later = statement("consent-signed", truth=False, day=0)

    assert seen("I8", extra=(later,))[0] == NOT_MET
    assert seen("I8", extra=(statement("consent-signed", truth=False, day=-9),))[0] == MET
    assert seen("I8", extra=(statement("consent-signed", truth=False, day=1),))[0] == MET


def test_statements_of_one_day_that_contradict_each_other_leave_it_open() -> None:
    found = finding("I8-attested", extra=(statement("consent-signed", truth=False),))

    assert (wire(found.verdict), found.reasons) == (OPEN, ("conflicting-values",))
    assert {"true", "false"} == {word.split()[0] for word in str(found.observed).split("), ")}
    assert len(found.evidence) == 2
    assert seen("I8", extra=(statement("consent-signed", truth=True),))[0] == MET


def test_a_statement_with_a_time_is_later_than_one_of_the_same_day_with_an_earlier_time() -> None:
    morning = statement("consent-signed", truth=True, when=at("2024-05-31T08:00:00+02:00"))
    evening = statement("consent-signed", truth=False, when=at("2024-05-31T18:00:00+02:00"))

    assert seen("I8", attested={"consent-signed": None}, extra=(morning, evening))[0] == NOT_MET


def test_a_statement_without_a_date_cannot_be_placed() -> None:
    undated = statement("consent-signed", truth=True, when=None)

    assert seen("I8-attested", attested={"consent-signed": None}, extra=(undated,)) == (
        OPEN,
        ("partial-date",),
    )


def test_a_statement_that_says_neither_yes_nor_no_is_no_statement() -> None:
    silent = replace(statement("consent-signed", truth=True), truth=None, text="probably")

    assert seen("I8-attested", attested={"consent-signed": None}, extra=(silent,)) == (
        OPEN,
        ("attestation-missing",),
    )


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary", "unknown"])
def test_a_statement_that_is_not_final_never_counts(status: str) -> None:
    withdrawn = statement("consent-signed", truth=False, day=0, status=status)

    assert seen("I8", extra=(withdrawn,))[0] == MET


@pytest.mark.parametrize(("day", "expected"), [(-60, NOT_MET), (-61, OPEN)])
def test_a_statement_about_substance_abuse_holds_for_60_days(day: int, expected: str) -> None:
    old = statement("substance-abuse", truth=False, day=day)
    reasons = ("outside-window",) if expected == OPEN else ()

    assert seen("E7", attested={"substance-abuse": None}, extra=(old,)) == (expected, reasons)


# ---------------------------------------------------------------------------------- E2a, the kidneys

WOMAN = {"birth_date": "1960-01-01", "gender": "female"}  # 64 years
MAN = {"birth_date": "1974-01-01", "gender": "male"}  # 50 years


@pytest.mark.parametrize(
    ("who", "kg", "umol", "formula", "clearance", "expected"),
    [
        (WOMAN, 48, 140, "cockcroft_gault", "27.1935 mL/min", MET),
        (WOMAN, 48, 140, "ckdepi2021", "36.2336 mL/min/{1.73_m2}", NOT_MET),
        (MAN, 80, 250, "cockcroft_gault", "35.36 mL/min", NOT_MET),
        (MAN, 80, 250, "ckdepi2021", "26.3356 mL/min/{1.73_m2}", MET),
    ],
)
def test_the_formula_decides(  # noqa: PLR0917 - a table
    who: dict[str, Any], kg: int, umol: int, formula: str, clearance: str, expected: str
) -> None:
    tests = {"loinc:14682-9": number(umol, unit="umol/L"), "loinc:29463-7": number(kg, unit="kg")}
    found = finding("E2a", results=tests, choices={"crcl.formula": formula}, **who)

    assert (wire(found.verdict), found.normalised) == (expected, clearance)


def kidneys(**tests: Any) -> tuple[str, tuple[str, ...]]:
    names = {"creatinine": "loinc:14682-9", "weight": "loinc:29463-7", "reported": "loinc:35591-7"}
    return seen("E2a", results={names[name]: one for name, one in tests.items()})


def test_clearance_needs_creatinine_weight_age_and_sex() -> None:
    assert kidneys(creatinine=None) == (OPEN, ("missing-observation",))
    assert kidneys(weight=None) == (OPEN, ("missing-observation",))
    for who in ({"birth_date": None}, {"gender": None}):
        assert seen("E2a", **who) == (OPEN, ("missing-observation",))
    needs = finding("E2a", results={"loinc:14682-9": None, "loinc:29463-7": None}, gender=None).needs
    assert needs == (
        "order serum creatinine (LOINC 2160-0 or 14682-9); record the gender (Patient.gender); "
        "record a recent body weight"
    )


def test_creatinine_counts_for_30_days_and_weight_for_90() -> None:
    assert kidneys(creatinine=number(70, unit="umol/L", day=-30))[0] == NOT_MET
    assert kidneys(creatinine=number(70, unit="umol/L", day=-31)) == (OPEN, ("outside-window",))
    assert kidneys(weight=number(60, unit="kg", day=-90))[0] == NOT_MET
    assert kidneys(weight=number(60, unit="kg", day=-91)) == (OPEN, ("missing-observation",))


def test_a_creatinine_in_another_unit_or_of_zero_is_not_computed_with() -> None:
    problem = result("loinc:14682-9", number(1, unit="mg"), value=None, problem="unit-not-convertible")

    assert kidneys(creatinine=number(70, unit="mg/dL")) == (OPEN, ("unit-not-convertible",))
    assert kidneys(creatinine=number(0, unit="umol/L")) == (OPEN, ("missing-observation",))
    assert seen("E2a", results={"loinc:14682-9": None}, extra=(problem,)) == (OPEN, ("unit-not-convertible",))


def test_a_creatinine_below_a_limit_is_a_clearance_above_one() -> None:
    assert kidneys(creatinine=number("<50", unit="umol/L"))[0] == NOT_MET
    assert kidneys(creatinine=number(">900", unit="umol/L"))[0] == MET
    assert kidneys(creatinine=number(">50", unit="umol/L")) == (OPEN, ("missing-observation",))


def test_two_weights_of_one_day_must_agree_on_the_answer() -> None:
    creatinine = {"loinc:14682-9": number(180, unit="umol/L")}
    other = result("loinc:29463-7", number(40, unit="kg"))
    like = result("loinc:29463-7", number(61, unit="kg"))

    assert seen("E2a", results=creatinine, extra=(like,))[0] == NOT_MET
    assert seen("E2a", results=creatinine, extra=(other,)) == (OPEN, ("conflicting-values",))


def test_a_year_of_birth_is_enough_where_both_ages_agree() -> None:
    near = {"loinc:14682-9": number("191", unit="umol/L"), "loinc:29463-7": number(60, unit="kg")}

    assert seen("E2a", birth_date="1989")[0] == NOT_MET
    assert seen("E2a", birth_date="1975", results=near) == (OPEN, ("partial-date",))


def test_a_reported_clearance_counts_unless_a_creatinine_is_later() -> None:
    old = number(25, unit="mL/min", day=-9)
    same_day = number(25, unit="mL/min", day=-5)

    assert kidneys(reported=old)[0] == NOT_MET
    assert kidneys(reported=same_day)[0] == MET
    assert kidneys(reported=old, creatinine=None)[0] == MET
    assert kidneys(reported=number("<30", unit="mL/min", day=-1))[0] == MET
    assert kidneys(reported=number("<60", unit="mL/min", day=-1)) == (OPEN, ("missing-observation",))
    assert kidneys(reported=number(25, unit="L", day=-1)) == (OPEN, ("unit-not-convertible",))


def test_a_measured_clearance_is_never_computed() -> None:
    measured = {"crcl.formula": "measured"}

    assert seen("E2a", choices=measured) == (OPEN, ("missing-observation",))
    assert seen("E2a", choices=measured, results={"loinc:2164-2": number(30, unit="mL/min")})[0] == NOT_MET
    assert seen("E2a", choices=measured, results={"loinc:2164-2": number("29.9", unit="mL/min")})[0] == MET


# ------------------------------------------------------------------------ measured against a threshold


@pytest.mark.parametrize(
    ("name", "code", "unit", "said", "expected"),
    [
        ("E2b-lvef", "loinc:10230-1", "%", 40, NOT_MET),
        ("E2b-lvef", "loinc:10230-1", "%", 39, MET),
        ("E2d-pap", "loinc:8414-5", "mm[Hg]", 50, NOT_MET),
        ("E2d-pap", "loinc:8414-5", "mm[Hg]", 51, MET),
        ("E2d-pao2", "loinc:2703-7", "mm[Hg]", 70, NOT_MET),
        ("E2d-pao2", "loinc:2703-7", "mm[Hg]", "69.9975", MET),  # 9.3325 kPa
        ("E2d-pao2", "loinc:2703-7", "mm[Hg]", "70.0033", NOT_MET),  # 9.333 kPa
        ("E2d-paco2", "loinc:2019-8", "mm[Hg]", 50, NOT_MET),
        ("E2d-paco2", "loinc:2019-8", "mm[Hg]", "50.0041", MET),  # 6.6667 kPa
        ("E2d-paco2", "loinc:2019-8", "mm[Hg]", "49.9991", NOT_MET),  # 6.6660 kPa
        ("E4-neutrophil-count", "loinc:751-8", "10*9/L", "0.5", NOT_MET),
        ("E4-neutrophil-count", "loinc:751-8", "10*9/L", "0.49", MET),
        ("E4-platelet-count", "loinc:777-3", "10*9/L", 30, NOT_MET),
        ("E4-platelet-count", "loinc:777-3", "10*9/L", 29, MET),
        ("E4-haemoglobin-level", "loinc:718-7", "g/dL", "8.0", NOT_MET),
        ("E4-haemoglobin-level", "loinc:718-7", "g/dL", "7.9", MET),
        ("E4-cd4-count", "loinc:24467-3", "/uL", 200, NOT_MET),
        ("E4-cd4-count", "loinc:24467-3", "/uL", 199, MET),
    ],
)
def test_a_value_at_its_threshold_does_not_exclude(
    name: str, code: str, unit: str, said: Any, expected: str
) -> None:
    assert seen(name, results={code: number(said, unit=unit)}) == (expected, ())


def platelets(said: Any, **more: Any) -> tuple[str, tuple[str, ...]]:
    return seen("E4-platelet-count", results={"loinc:777-3": number(said, **{"unit": "10*9/L", **more})})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<30", MET),
        ("<=29", MET),
        ("<=30", OPEN),
        ("<31", OPEN),
        (">=30", NOT_MET),
        (">30", NOT_MET),
        (">29", OPEN),
        (">=29", OPEN),
    ],
)
def test_a_result_below_or_above_a_limit_counts_where_the_limit_settles_it(said: str, expected: str) -> None:
    assert platelets(said)[0] == expected


def test_a_value_counts_for_14_days_and_its_age_is_told() -> None:
    assert platelets(210, day=-14)[0] == NOT_MET
    assert platelets(210, day=-15) == (OPEN, ("outside-window",))
    assert platelets(210, day=1) == (OPEN, ("outside-window",))
    old = finding("E4-platelet-count", results={"loinc:777-3": number(210, unit="10*9/L", day=-15)})
    assert old.observed == "210 10*9/L (2024-05-17, 15 days before)"
    assert str(old.needs).endswith("the last one is 15 days old, 14 are allowed")
    late = finding("E4-platelet-count", results={"loinc:777-3": number(210, unit="10*9/L", day=2)})
    assert late.observed == "210 10*9/L (2024-06-03, 2 days after)"
    assert str(late.needs).endswith("the one of 2024-06-03 is later than the day asked for, 2024-06-01")


def test_a_value_in_a_unit_that_cannot_be_converted_stays_open() -> None:
    odd = result("loinc:777-3", number(1, unit="furlong"), value=None, problem="unit-not-convertible")

    assert seen("E4-platelet-count", results={"loinc:777-3": None}, extra=(odd,)) == (
        OPEN,
        ("unit-not-convertible",),
    )
    assert platelets(210, unit="/uL") == (OPEN, ("unit-not-convertible",))
    found = finding("E4-platelet-count", results={"loinc:777-3": None}, extra=(odd,))
    assert f"send {odd.source} in 10*9/L (received 1 furlong)" in str(found.needs)


def test_a_value_that_was_not_obtained_is_no_value() -> None:
    not_done = result("loinc:777-3", number(1, unit="10*9/L"), value=None, absent="not-performed")

    assert seen("E4-platelet-count", results={"loinc:777-3": None}, extra=(not_done,)) == (
        OPEN,
        ("missing-observation",),
    )


def test_the_latest_value_counts_and_the_corrected_one() -> None:
    today = result("loinc:26515-7", number(20, unit="10*9/L", day=0), status="corrected")

    assert seen("E4-platelet-count", extra=(today,))[0] == MET


def test_a_vague_date_that_may_be_the_latest_must_not_contradict() -> None:
    low = result("loinc:777-3", number(20, unit="10*9/L"), when=at("2024-05"))
    high = result("loinc:777-3", number(220, unit="10*9/L"), when=at("2024-05"))
    earlier = result("loinc:777-3", number(20, unit="10*9/L"), when=at("2024-04"))
    only = {"loinc:777-3": None}

    assert seen("E4-platelet-count", extra=(low,)) == (OPEN, ("partial-date",))
    assert seen("E4-platelet-count", extra=(high,))[0] == NOT_MET
    assert seen("E4-platelet-count", extra=(earlier,))[0] == NOT_MET
    assert seen("E4-platelet-count", results=only, extra=(low,)) == (OPEN, ("partial-date",))
    assert seen("E4-platelet-count", results=only, extra=(earlier,)) == (OPEN, ("outside-window",))


# ------------------------------------------------------------------------------- E2c, the liver


@pytest.mark.parametrize(
    ("alt", "due_to_sle", "expected"),
    [
        (number(81, unit="U/L", high=40), False, MET),
        (number(80, unit="U/L", high=40), None, NOT_MET),
        (number(81, unit="U/L", high=40), True, NOT_MET),
        (number(81, unit="U/L", high=40), None, OPEN),
        (number(">100", unit="U/L", high=40), False, MET),
    ],
)
def test_transaminases_above_twice_the_limit_exclude_unless_due_to_lupus(
    alt: Any, due_to_sle: bool | None, expected: str
) -> None:
    how: Any = {"results": {"loinc:1742-6": alt}, "attested": {"transaminases-due-to-sle": due_to_sle}}

    assert seen("E2c", **how)[0] == expected


def test_transaminases_without_a_reference_range_are_open() -> None:
    found = finding("E2c", results={"loinc:1920-8": number(25, unit="U/L")})

    assert (wire(found.verdict), found.reasons) == (OPEN, ("no-reference-range",))
    assert found.needs == "order AST with its reference range (LOINC 1920-8), with the upper limit of normal"


def test_the_limit_of_the_laboratory_is_shown() -> None:
    assert finding("E2c-alt").threshold == "> 80 U/L (2 x 40)"


# ------------------------------------------------------------------------------ E2d, the lungs


def test_a_blood_gas_on_oxygen_says_nothing() -> None:
    bad = {"loinc:2703-7": number(60, unit="mm[Hg]")}

    assert seen("E2d", results=bad)[0] == MET
    assert seen("E2d", results=bad, attested={"blood-gas-on-room-air": False}) == (
        OPEN,
        ("missing-observation",),
    )
    assert seen("E2d", attested={"blood-gas-on-room-air": None}) == (OPEN, ("attestation-missing",))


# -------------------------------------------------------------------------------- E3, neoplasm


@pytest.mark.parametrize(
    ("attested", "expected"),
    [
        ({"active-neoplasm": True, "neoplasm-excepted": False}, MET),
        ({"active-neoplasm": True, "neoplasm-excepted": True}, NOT_MET),
        ({"active-neoplasm": True}, OPEN),
        ({"active-neoplasm": None}, OPEN),
        ({"active-neoplasm": None, "neoplasm-excepted": True}, NOT_MET),
        ({"active-neoplasm": True, "neoplasm-excepted": True, "myelodysplasia": True}, MET),
    ],
)
def test_an_active_neoplasm_excludes_unless_it_is_excepted(
    attested: dict[str, bool | None], expected: str
) -> None:
    assert seen("E3", attested=attested)[0] == expected


# ---------------------------------------------------------------------------- E4, whose fault it is


@pytest.mark.parametrize(
    ("name", "code", "unit", "low", "cause"),
    [
        ("E4-neutrophils", "loinc:751-8", "10*9/L", "0.4", "neutropenia-due-to-sle"),
        ("E4-platelets", "loinc:777-3", "10*9/L", "25", "thrombopenia-due-to-sle"),
        ("E4-haemoglobin", "loinc:718-7", "g/dL", "7", "anaemia-due-to-sle"),
        ("E4-cd4", "loinc:24467-3", "/uL", "150", "cd4-lymphopenia-due-to-sle"),
    ],
)
def test_each_cytopenia_has_its_own_cause(name: str, code: str, unit: str, low: str, cause: str) -> None:
    results = {code: number(low, unit=unit)}
    all_four, cd4_only = {"e4.cause_scope": "all_four"}, {"e4.cause_scope": "cd4_only"}

    for stated, expected in [(True, NOT_MET), (False, MET), (None, OPEN)]:
        how: Any = {"results": results, "attested": {cause: stated}}
        assert seen(name, choices=all_four, **how)[0] == expected
        assert seen(name, choices=cd4_only, **how)[0] == (expected if name == "E4-cd4" else MET)


# ---------------------------------------------------------------------------------- E5, infections


@pytest.mark.parametrize(
    ("name", "code"),
    [("E5-hiv", "56888-1"), ("E5-hiv", "7918-6"), ("E5-htlv", "22362-8"), ("E5-hbv", "5196-1")],
)
def test_a_positive_serology_excludes(name: str, code: str) -> None:
    alone = {"loinc:56888-1": None, f"loinc:{code}": positive(day=-90)}

    assert seen(name, results=alone) == (MET, ())
    assert seen(name, results={**alone, f"loinc:{code}": negative(day=-90)}) == (NOT_MET, ())
    assert seen(name, results={**alone, f"loinc:{code}": negative(day=-91)}) == (OPEN, ("outside-window",))


@pytest.mark.parametrize(
    ("antibody", "rna", "by_pcr", "by_antibody"),
    [
        (negative(), None, NOT_MET, NOT_MET),
        (positive(), None, OPEN, MET),
        (positive(), positive(), MET, MET),
        (positive(), negative(), NOT_MET, MET),
        (None, None, OPEN, OPEN),
        (None, negative(), NOT_MET, OPEN),
        (negative(), positive(), MET, NOT_MET),  # infected, antibodies not yet there
    ],
)
def test_hepatitis_c_is_by_pcr_or_by_antibody(antibody: Any, rna: Any, by_pcr: str, by_antibody: str) -> None:
    results = {"loinc:13955-0": antibody, "loinc:11259-9": rna}

    assert seen("E5-hcv", results=results)[0] == by_pcr
    assert seen("E5-hcv", results=results, choices={"e5.hcv": "antibody"})[0] == by_antibody


@pytest.mark.parametrize(("load", "expected"), [(1200, MET), (0, NOT_MET), ("<15", OPEN), (">=15", MET)])
def test_a_viral_load_is_positive_above_zero(load: Any, expected: str) -> None:
    results = {"loinc:13955-0": positive(), "loinc:11011-4": number(load, unit="[IU]/mL")}

    assert seen("E5-hcv", results=results)[0] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"answers": (Coding("http://loinc.org", "LA6576-8"),)}, MET),
        ({"answers": (Coding("http://loinc.org", "LA11883-8"),)}, NOT_MET),
        ({"answers": (Coding("http://snomed.info/sct", "42425007"),)}, OPEN),  # equivocal
        ({"truth": True}, MET),
        ({"truth": False}, NOT_MET),
        ({"interpretations": ("POS",)}, MET),
        ({"interpretations": ("NR",)}, NOT_MET),
        ({"interpretations": ("POS", "NEG")}, OPEN),
        ({"interpretations": ("H",)}, OPEN),
        ({"text": "négatif"}, OPEN),
        ({"value": 3, "unit": "{index}"}, OPEN),
        ({"problem": "unit-not-convertible"}, OPEN),
    ],
)
def test_a_test_is_read_by_its_coded_answer_its_yes_or_no_or_its_flag(
    said: dict[str, Any], expected: str
) -> None:
    htlv = result("loinc:22362-8", negative(), **{"answers": (), **said})
    found = finding("E5-htlv", results={"loinc:22362-8": None}, extra=(htlv,))

    assert wire(found.verdict) == expected
    assert found.observed


def test_of_two_tests_at_one_time_an_unclear_one_leaves_it_open() -> None:
    unclear = result(
        "loinc:22362-8", negative(day=-10), answers=(Coding("http://snomed.info/sct", "42425007"),)
    )

    assert seen("E5-htlv", extra=(unclear,)) == (OPEN, ("missing-observation",))


# ---------------------------------------------------------------------------------- E6, biologics


@pytest.mark.parametrize(
    ("drug", "day", "expected"),
    [
        ("belimumab", -60, MET),
        ("belimumab", -61, NOT_MET),
        ("rituximab", -183, MET),
        ("rituximab", -184, NOT_MET),
        ("ocrelizumab", -100, MET),
        ("obinutuzumab", -100, MET),
        ("ofatumumab", -100, MET),
        ("inebilizumab", -100, MET),
        ("ublituximab", -100, MET),
        ("rituximab", 1, NOT_MET),  # after the day asked for
    ],
)
def test_a_biologic_excludes_as_long_as_it_works(drug: str, day: int, expected: str) -> None:
    assert seen("E6", treatments={drug: [dose(600, day)]}) == (expected, ())


def test_the_dose_and_the_route_of_a_biologic_do_not_matter_for_exclusion() -> None:
    unknown = treatment("rituximab", dose(1, -30), dose=None, dose_unit=None, routes=())

    assert seen("E6", extra=(unknown,))[0] == MET


def test_old_codes_of_a_drug_still_name_it() -> None:
    old = treatment("rituximab", dose(1000, -30), codings=(Coding("http://www.whocc.no/atc", "L01XC02"),))
    ingredient = Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "121191")

    assert seen("E6", extra=(old,))[0] == MET
    assert seen("E6", extra=(replace(old, codings=(ingredient,)),))[0] == MET


@pytest.mark.parametrize("status", ["entered-in-error", "not-done", "on-hold", "unknown"])
def test_a_dose_that_was_not_given_does_not_exclude(status: str) -> None:
    not_given = treatment("rituximab", dose(1000, -30), status=status)

    assert seen("E6", extra=(not_given,))[0] == NOT_MET


def test_without_a_complete_history_no_dose_recorded_means_nothing() -> None:
    nothing: Any = {"attested": {"treatment-history-complete": None}}
    denied: Any = {"attested": {"treatment-history-complete": False}}
    old = statement("treatment-history-complete", truth=True, day=-31)

    assert seen("E6", **nothing) == (OPEN, ("attestation-missing",))
    assert seen("E6", **denied) == (OPEN, ("attestation-missing",))
    assert seen("E6", **nothing, extra=(old,)) == (OPEN, ("outside-window",))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2024-05", MET),  # whichever day of May it was
        ("2024-04", OPEN),  # the window begins on the 2nd
        ("2024-03", NOT_MET),
        ("2024-06", OPEN),  # the window ends on the 1st
        (None, OPEN),
    ],
)
def test_a_vague_date_of_the_last_dose_leaves_it_open_where_it_matters(
    when: str | None, expected: str
) -> None:
    moment = None if when is None else at(when)
    vague = treatment("belimumab", dose(600, -30), period=Span(moment, moment))
    found = finding("E6-belimumab", extra=(vague,))

    assert (wire(found.verdict), found.reasons) == (expected, ("partial-date",) if expected == OPEN else ())


def test_a_course_that_may_have_reached_into_the_window_leaves_it_open() -> None:
    no_end = treatment("belimumab", period(200, "mg/wk", -200), status="completed")
    going_on = treatment("belimumab", period(200, "mg/wk", -200))

    assert seen("E6-belimumab", extra=(no_end,)) == (OPEN, ("partial-date",))
    assert seen("E6-belimumab", extra=(going_on,))[0] == MET


def test_the_months_are_counted_back_from_the_infusion_once_there_is_one() -> None:
    infused = infusion(on(40))

    assert seen("E6", treatments={"belimumab": [dose(600, -30)]}, extra=(infused,))[0] == OPEN
    told = statement("treatment-history-complete", truth=True, day=30)
    assert seen("E6", treatments={"belimumab": [dose(600, -30)]}, extra=(infused, told))[0] == NOT_MET
    assert seen("E6", treatments={"belimumab": [dose(600, 10)]}, extra=(infused, told))[0] == MET


# ----------------------------------------------------------------------------- E10, other studies


def another(*, status: str = "on-study", study: str = "other", **period_: Any) -> Enrolment:
    return replace(enrolment(**period_), study=study, status=status, source=Source("ResearchSubject", "o", 1))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (another(), MET),
        (another(status="pending-on-study", since=on(-9)), MET),
        (another(status="off-study"), NOT_MET),
        (another(status="candidate"), NOT_MET),
        (another(study="msc-sle"), NOT_MET),
        (another(since=on(-90), until=on(-1)), NOT_MET),
        (another(since=on(-90), until=on(0)), MET),
        (another(since=on(1)), NOT_MET),
        (another(since="2024-06"), OPEN),
        (another(since="2023", until="2024-06"), MET),
        (another(since="2023", until="2024"), OPEN),
    ],
)
def test_another_study_at_the_same_time_excludes(other: Enrolment, expected: str) -> None:
    found = finding("E10-here", extra=(other,))

    assert (wire(found.verdict), found.reasons) == (expected, ("partial-date",) if expected == OPEN else ())


# -------------------------------------------------------------------------------------- other days


def test_on_a_later_day_what_was_recorded_has_grown_old() -> None:
    later = ON + timedelta(days=20)
    [said] = assess(MSC_SLE, candidate(), on=later).results

    assert said.verdict == "undetermined"
    assert "outside-window" in said.reasons


def test_a_treatment_named_in_no_list_changes_nothing() -> None:
    paracetamol = treatment("prednisone", period(3, "g/d", -5), codings=(Coding("atc", "N02BE01"),))

    assert verdict(candidate(extra=(paracetamol,))) == "eligible"
