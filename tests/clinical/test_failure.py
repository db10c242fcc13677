"""Treatment failure: every criterion with its confirmations (conventions §1.10, §5 rows 22 to 27)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.failures.failure import answer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Coding
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from tests.clinical.make import Measurements, at, day
from tests.clinical.make_kidneys import (
    DIALYSIS,
    ESRD,
    PLASMAPHERESIS,
    TRANSPLANTATION,
    casts,
    creatinine,
    diagnosis,
    done,
    protein,
    ratio,
    strips,
    unreadable,
)
from tests.clinical.make_treated import (
    ASTHMA,
    MSC_SLE,
    SLE,
    attested,
    dose,
    erroneous,
    taking,
    treated,
    with_parameters,
)

MET, NOT_MET, OPEN = "met", "not-met", "undetermined"
LATER = at(day(500)).first_day
QUIET = (creatinine({-1: 70, 300: 71}), protein({-1: "0.2", 300: "0.2"}))


def results(history: History, *, protocol: Protocol = MSC_SLE, on: int = 500) -> dict[str, Result]:
    asked = Asked(today=at(day(on)).first_day)
    return {str(one.name): one for one in answer(protocol, history, asked).results}


def of(name: str, *records: Any, protocol: Protocol = MSC_SLE, on: int = 500) -> Result:
    return results(treated(*records), protocol=protocol, on=on)[name]


def verdict(name: str, *records: Any, protocol: Protocol = MSC_SLE, on: int = 500) -> str | None:
    return of(name, *records, protocol=protocol, on=on).verdict


def figure(found: Result, name: str = "first-event") -> Any:
    return next((one.value for one in found.figures if one.name == name), None)


# ------------------------------------------------------------------------- TF1, end-stage renal failure


AMBIGUOUS, UNDATED, UNSURE = ("ambiguous-protocol",), ("partial-date",), ("missing-observation",)
ICD_10 = Coding("http://hl7.org/fhir/sid/icd-10", "N18.6")


@pytest.mark.parametrize(
    ("recorded", "records", "expected", "reasons"),
    [
        ("nothing", lambda: (), NOT_MET, ()),
        ("transplantation on day 200", lambda: [done(TRANSPLANTATION, 200)], MET, ()),
        ("dialysis, days 100 to 250", lambda: [done(DIALYSIS, 100, until=250)], MET, ()),
        ("dialyses on days 100 to 198, every 14", lambda: sessions(100, 199, every=14), MET, ()),
        ("dialyses on days 100 to 205, every 15", lambda: sessions(100, 206, every=15), OPEN, AMBIGUOUS),
        ("dialyses on days 100 to 184, every 14", lambda: sessions(100, 185, every=14), OPEN, AMBIGUOUS),
        ("dialyses on days 10 and 300", lambda: [done(DIALYSIS, 10), done(DIALYSIS, 300)], OPEN, AMBIGUOUS),
        (
            "a dialysis of days 10 to 20, one of days 200 to 300",
            lambda: [done(DIALYSIS, 10, until=20), done(DIALYSIS, 200, until=300)],
            MET,
            (),
        ),
        ("dialysis, days 100 to 110", lambda: [done(DIALYSIS, 100, until=110)], OPEN, AMBIGUOUS),
        (
            "dialysis, days 100 to 110, end-stage disease since day 120",
            lambda: [done(DIALYSIS, 100, until=110), diagnosis(ESRD, 120)],
            MET,
            (),
        ),
        ("end-stage disease since day 120", lambda: [diagnosis(ESRD, 120)], MET, ()),
        ("ICD-10 N18.6 since day 120", lambda: [diagnosis(ICD_10, 120)], MET, ()),
        ("end-stage disease since day -120", lambda: [diagnosis(ESRD, -120)], NOT_MET, ()),
        ("end-stage disease, no onset", lambda: [diagnosis(ESRD, None)], OPEN, UNDATED),
        ("end-stage disease since 2021", lambda: [diagnosis(ESRD, "2021")], OPEN, UNDATED),
        ("end-stage disease since 2021-06", lambda: [diagnosis(ESRD, "2021-06")], MET, ()),
        ("refuted", lambda: [diagnosis(ESRD, 120, verification="refuted")], NOT_MET, ()),
        ("provisional", lambda: [diagnosis(ESRD, 120, verification="provisional")], OPEN, UNSURE),
        ("not done", lambda: [done(TRANSPLANTATION, 200, status="not-done")], NOT_MET, ()),
        ("transplantation on day -200", lambda: [done(TRANSPLANTATION, -200)], NOT_MET, ()),
        ("on the last day of the window of M12", lambda: [done(TRANSPLANTATION, 395)], MET, ()),
        ("after the window of M12", lambda: [done(TRANSPLANTATION, 396)], NOT_MET, ()),
    ],
)
def test_tf1_is_a_dialysis_that_lasts_a_transplantation_or_the_diagnosis(
    recorded: str, records: Callable[[], list[Any]], expected: str, reasons: tuple[str, ...]
) -> None:
    found = of("TF1", *records())

    assert (found.verdict, found.reasons) == (expected, reasons), recorded


def sessions(first: int, last: int, *, every: int) -> list[Any]:
    """Dialyses of single days."""
    return [done(DIALYSIS, when) for when in range(first, last, every)]


def test_tf1_how_far_apart_the_sessions_of_one_dialysis_may_be_is_a_parameter() -> None:
    wider = with_parameters(tf1={"session_gap_days": 90})

    assert verdict("TF1", done(DIALYSIS, 100), done(DIALYSIS, 190), protocol=wider) == MET
    assert verdict("TF1", done(DIALYSIS, 100), done(DIALYSIS, 191), protocol=wider) == OPEN


def test_tf1_the_diagnosis_alone_suffices_unless_the_protocol_asks_for_more() -> None:
    stricter = with_parameters(tf1={"condition_suffices": False, "acute_days": 5})

    assert verdict("TF1", diagnosis(ESRD, 120), protocol=stricter) == NOT_MET
    assert verdict("TF1", diagnosis(ESRD, 120), done(DIALYSIS, 130), protocol=stricter) == MET
    assert verdict("TF1", done(DIALYSIS, 130, until=135), protocol=stricter) == MET


@pytest.mark.parametrize("when", [day(70), "2021-05", "2021"])
def test_tf1_a_dialysis_is_no_surer_for_being_dated_vaguely(when: str) -> None:
    found = of("TF1", done(DIALYSIS, when), *QUIET)

    assert (found.verdict, found.reasons[0]) == (OPEN, "ambiguous-protocol")


def test_tf1_a_dialysis_that_goes_on_may_still_last() -> None:
    begun = done(DIALYSIS, 380, status="in-progress")

    assert of("TF1", replace(begun, period=replace(begun.period, end=None)), on=400).reasons == (
        "ambiguous-protocol",
        "confirmation-pending",
    )
    assert verdict("TF1", replace(begun, period=replace(begun.period, end=None)), on=470) == MET


# ---------------------------------------------------------------------------- TF2, doubled creatinine


@pytest.mark.parametrize(
    ("values", "expected", "reasons"),
    [
        ({91: 150, 119: 145}, MET, ()),
        ({91: 150, 119: 130}, NOT_MET, ()),
        ({91: 150}, OPEN, ("confirmation-missing",)),
        ({91: 139}, NOT_MET, ()),
        ({91: 140, 112: 140}, MET, ()),  # 21 days later
        ({91: 140, 133: 140}, MET, ()),  # 42 days later
        ({91: 140, 111: 140, 134: 139}, OPEN, ("confirmation-missing",)),
        ({0: 150, 28: 150}, OPEN, ("confirmation-missing",)),  # day 0 without a time is before the infusion
        ({}, OPEN, ("missing-observation",)),
        ({91: "<139", 119: 100}, NOT_MET, ()),
        ({91: ">150", 119: 150}, MET, ()),
        ({91: "<150", 119: 150}, OPEN, ("missing-observation",)),
        ({396: 150, 424: 150}, NOT_MET, ()),  # after the time that is looked at
        ({390: 150, 418: 150}, MET, ()),
    ],
)
def test_tf2_is_a_creatinine_of_twice_the_lowest_that_lasts(
    values: dict[int, Any], expected: str, reasons: tuple[str, ...]
) -> None:
    usual = {} if 0 in values else {300: 80}
    after = creatinine({**usual, **values} if values else {})
    found = of("TF2", creatinine({-20: 70, -1: 80}), after)

    assert (found.verdict, set(found.reasons)) == (expected, set(reasons))


def test_tf2_is_dated_by_its_first_value() -> None:
    found = of("TF2", creatinine({-20: 70, -1: 80, 91: 150, 119: 145, 150: 160}))

    assert figure(found) == at(day(91)).first_day
    event = found.findings[0].parts[0]
    assert [(one.name, one.value) for one in event.figures] == [
        ("event", at(day(91)).first_day),
        ("confirmed", at(day(119)).first_day),
    ]
    assert event.threshold == (
        ">= 2 x 70 (the lowest of 2 from 2020-12-01 to 2021-03-01), again 21 to 42 days later"
    )
    assert event.observed == "150 (creatinine on 2021-05-31, day 91)"


def test_tf2_waits_for_its_confirmation() -> None:
    values = creatinine({-20: 70, -1: 80, 380: 150})

    assert of("TF2", values, on=422).reasons == ("confirmation-pending",)
    assert of("TF2", values, on=423).reasons == ("confirmation-missing",)
    assert "from 2022-04-06 to 2022-04-27" in of("TF2", values, on=423).missing[0]


@pytest.mark.parametrize(
    ("parameters", "values", "expected"),
    [
        ({"op": ">"}, {91: 140, 119: 140}, NOT_MET),
        ({"op": ">="}, {91: 140, 119: 140}, MET),
        ({"factor": "1.5"}, {91: 105, 119: 105}, MET),
        ({"confirm_days": 60}, {91: 140, 119: 140}, OPEN),
        ({"early_days": 0}, {91: 140, 112: 140}, OPEN),
        ({"late_days": 0}, {91: 140, 133: 140}, OPEN),
        ({"screening_days": 10}, {91: 150, 119: 150}, NOT_MET),  # against 80
    ],
)
def test_tf2_follows_the_protocol(parameters: dict[str, Any], values: Any, expected: str) -> None:
    protocol = with_parameters(tf2=parameters)

    assert verdict("TF2", creatinine({-20: 70, -1: 80}), creatinine(values), protocol=protocol) == expected


def test_tf2_without_a_baseline_is_open_and_with_one_value_uses_it() -> None:
    after = creatinine({91: 150, 119: 145})

    assert of("TF2", after).reasons == ("baseline-missing",)
    alone = of("TF2", creatinine({-1: 70}), after)
    assert alone.verdict == MET
    assert "only one value" in alone.findings[0].parts[0].notes[0]


def test_tf2_a_value_before_the_infusion_that_cannot_be_read_may_have_been_lower() -> None:
    after = creatinine({91: 100})

    assert "unit-not-convertible" in of("TF2", creatinine({-1: 70}), unreadable(-5), after).reasons
    assert verdict("TF2", creatinine({-1: 70}), unreadable(91), creatinine({119: 75})) == NOT_MET
    assert verdict("TF2", creatinine({-1: 70}), unreadable(91), creatinine({119: 150})) == OPEN


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2021-02", MET),
        ("2021-03", OPEN),
        ("2021", OPEN),
        (None, OPEN),
        ("2021-04", NOT_MET),
        ("2019", NOT_MET),
    ],
)
def test_tf2_a_lower_value_of_a_vague_date_counts_if_it_is_surely_or_perhaps_from_before(
    when: str | None, expected: str
) -> None:
    [low] = creatinine({-20: 50})
    vague = replace(low, when=None if when is None else at(when))

    assert verdict("TF2", creatinine({-3: 80, 91: 130, 119: 130, 300: 80}), (vague,)) == expected


def test_tf2_two_values_of_one_day_that_disagree_leave_it_open() -> None:
    torn = (creatinine({-1: 70, 91: 150}), creatinine({91: 100}), creatinine({119: 150}))

    assert "conflicting-values" in of("TF2", *torn).reasons


def test_tf2_a_result_on_a_day_not_known_matters_only_if_it_may_be_positive() -> None:
    def vague(value: int) -> Measurements:
        return tuple(replace(one, when=at("2021-06")) for one in creatinine({91: value}))

    assert of("TF2", creatinine({-1: 70, 200: 75}), vague(150)).reasons == ("partial-date",)
    assert verdict("TF2", creatinine({-1: 70, 200: 75}), vague(100)) == NOT_MET


# ------------------------------------------------------------------------------ TF3 i, proteinuria

LITERAL = {"require_doubling": False, "gap_rule": "undetermined"}


@pytest.mark.parametrize(
    ("p0", "p", "default", "literal"),
    [
        ("0.3", ("1.2", "1.3", "1.1"), MET, MET),
        ("0.3", ("0.9", "0.9", "0.9"), NOT_MET, NOT_MET),
        ("0.8", ("1.7", "1.8", "1.7"), MET, OPEN),
        ("0.8", ("1.5", "1.5", "1.5"), NOT_MET, OPEN),
        ("1.5", ("2.2", "2.3", "2.4"), NOT_MET, MET),
        ("1.5", ("3.2", "3.1", "3.3"), MET, MET),
        ("3.0", ("2.5", "2.4", "2.6"), NOT_MET, MET),
        ("0.3", ("1.2", "1.3"), OPEN, OPEN),
    ],
)
def test_tf3_proteinuria_by_its_baseline(p0: str, p: tuple[str, ...], default: str, literal: str) -> None:
    records = (protein({-1: p0}), protein({91 + 14 * n: value for n, value in enumerate(p)}), QUIET[0])

    assert verdict("TF3", *records) == default
    assert verdict("TF3", *records, protocol=with_parameters(tf3=LITERAL)) == literal


@pytest.mark.parametrize(
    ("parameters", "p0", "p", "expected"),
    [
        ({"gap_rule": "gt2"}, "0.8", {91: "1.7", 105: "1.8", 119: "1.7"}, NOT_MET),
        ({"gap_rule": "gt2"}, "0.8", {91: "2.1", 105: "2.1", 119: "2.1"}, MET),
        ({"gap_rule": "gt2", "require_doubling": False}, "1.0", {91: "2.1", 105: "2.1", 119: "2.1"}, MET),
        ({"gap_rule": "undetermined"}, "0.8", {91: "3", 105: "3", 119: "3"}, OPEN),
        ({"gap_rule": "undetermined"}, "0.8", {91: "1", 105: "1", 119: "1"}, NOT_MET),
        ({"require_doubling": False}, "3", {91: "2.1", 105: "2.1", 119: "2.1"}, MET),
        ({"confirmations": 1}, "0.3", {91: "1.2", 105: "1.3"}, MET),
        ({"confirmations": 2}, "0.3", {91: "1.2", 105: "1.3"}, OPEN),
        ({}, "0.3", {91: "1.2", 101: "1.3", 111: "1.3"}, MET),
        ({}, "0.3", {91: "1.2", 100: "1.3", 110: "1.3"}, OPEN),
        ({"tolerance_days": 5}, "0.3", {91: "1.2", 100: "1.3", 110: "1.3"}, MET),
        ({"interval_days": 28}, "0.3", {91: "1.2", 119: "1.3", 147: "1.3"}, MET),
        ({}, "0.3", {91: "1.2", 105: "0.4", 119: "1.3"}, OPEN),  # 119 begins anew
    ],
)
def test_tf3_follows_the_protocol(parameters: Any, p0: str, p: Any, expected: str) -> None:
    protocol = with_parameters(tf3=parameters)

    assert verdict("TF3", protein({-1: p0}), protein(p), QUIET[0], protocol=protocol) == expected


def test_tf3_says_what_the_protocol_leaves_open() -> None:
    protocol = with_parameters(tf3=LITERAL)
    records = (protein({-1: "0.8", 91: "1.7", 105: "1.8", 119: "1.7"}), QUIET[0])

    assert "ambiguous-protocol" in of("TF3", *records, protocol=protocol).reasons


def test_tf3_waits_for_its_confirmations() -> None:
    records = (protein({-1: "0.3", 370: "1.2", 384: "1.3"}), QUIET[0])

    assert of("TF3", *records, on=402).reasons == ("confirmation-pending",)
    assert of("TF3", *records, on=403).reasons == ("confirmation-missing",)


def test_tf3_without_a_baseline_only_a_low_proteinuria_says_something() -> None:
    low, high = protein({91: "0.9"}), protein({91: "1.1", 105: "1.1", 119: "1.1"})

    assert verdict("TF3", low, QUIET[0]) == NOT_MET
    assert of("TF3", high, QUIET[0]).reasons == ("baseline-missing",)
    assert verdict("TF3", protein({-1: "<0.3"}), high, QUIET[0]) == MET


def test_tf3_a_ratio_stands_for_a_collection_unless_the_protocol_forbids_it() -> None:
    refused = with_parameters(tf3={"accept_upcr": False})
    records = (ratio({-1: "0.3", 91: "1.2", 105: "1.3", 119: "1.1"}), QUIET[0])
    collected = (*records, protein({-1: "1.5", 91: "1.2", 105: "1.3", 119: "1.1"}))

    found = of("TF3", *records)
    assert found.verdict == MET
    assert any("tf3.accept_upcr" in note for note in found.findings[0].parts[0].parts[0].notes)
    assert of("TF3", *records, protocol=refused).reasons == ("missing-observation",)
    assert verdict("TF3", *collected) == NOT_MET


def test_tf3_is_of_lupus_unless_an_investigator_says_otherwise() -> None:
    risen = (protein({-1: "0.3", 91: "1.2", 105: "1.3", 119: "1.1"}), QUIET[0])
    asked = with_parameters(tf3={"assume_sle": False})

    def stated(truth: bool) -> Measurements:
        return attested("nephritis-due-to-sle", truth, 120)

    assert verdict("TF3", *risen) == MET
    assert verdict("TF3", *risen, stated(False)) == NOT_MET
    assert of("TF3", *risen, protocol=asked).reasons == ("attestation-missing",)
    assert verdict("TF3", *risen, stated(True), protocol=asked) == MET
    assert of("TF3", *risen, stated(True), stated(False)).reasons == ("conflicting-values",)


# --------------------------------------------------------------------------- TF3 ii, nephritic flare

DAYS = (91, 105, 119)
RAISED = creatinine({-1: 80, **dict.fromkeys(DAYS, 100)})
DOUBLED = protein({-1: "1.2", **dict.fromkeys(DAYS, "2.4")})  # i is met as well, so read by its own part
FLARE = (RAISED, DOUBLED, strips((*DAYS, *(one + 1 for one in DAYS))), casts(dict.fromkeys(DAYS, 2)))


def flare(*records: Any, **parameters: Any) -> tuple[Any, Any]:
    found = of("TF3", *records, protocol=with_parameters(tf3=parameters)).findings[0].parts[1]
    return found.verdict.name, found.reasons


def test_tf3_ii_takes_all_four_at_the_same_time() -> None:
    raised, doubled, blood, cells = FLARE

    assert flare(*FLARE) == ("YES", ())
    assert flare(creatinine({-1: 81, **dict.fromkeys(DAYS, 100)}), doubled, blood, cells)[0] == "NO"
    assert flare(raised, protein({-1: "1.2", **dict.fromkeys(DAYS, "2.3")}), blood, cells)[0] == "NO"
    assert flare(raised, protein({-1: "0.9", **dict.fromkeys(DAYS, "1.9")}), blood, cells)[0] == "NO"
    assert flare(raised, doubled, strips(DAYS, DAYS), cells)[0] == "NO"
    assert flare(raised, doubled, strips(DAYS), cells) == ("UNKNOWN", ("missing-observation",))
    assert flare(raised, doubled, blood, casts(dict.fromkeys(DAYS, 0)))[0] == "NO"
    assert flare(raised, doubled, blood) == ("UNKNOWN", ("missing-observation",))


def test_tf3_ii_by_the_other_readings() -> None:
    raised, doubled, _, _ = FLARE
    later = casts({day_ + 10: 2 for day_ in DAYS[2:]})

    assert flare(raised, doubled, nephritic_logic="any_of_three")[0] == "YES"
    assert flare(raised, protein({-1: "1.2", 91: "1.2"}), nephritic_logic="any_of_three")[0] == "UNKNOWN"
    assert flare(*FLARE, creatinine_factor="1.26")[0] == "NO"
    assert flare(*FLARE[:3], later, confirmations=1)[0] == "UNKNOWN"
    assert flare(*FLARE[:3], later, confirmations=1, simultaneous_days=40)[0] == "YES"


# ------------------------------------------------------------------------------------ TF4, rescue


M32 = Coding("http://hl7.org/fhir/sid/icd-10", "M32.1")
ANOTHER = Coding("urn:local", "x")
NO_REASON = ("causality-missing",)


@pytest.mark.parametrize(
    ("what", "given_"),
    [
        ("a pulse of steroids", lambda: dose("methylprednisolone", 500, 100, reason=SLE)),
        ("the same for ICD-10 M32.1", lambda: dose("methylprednisolone", 500, 100, reason=M32)),
        ("immunoglobulin", lambda: dose("J06BA02", 30, 100, unit="g", reason=SLE)),
        ("cyclophosphamide", lambda: dose("cyclophosphamide", 500, 100, reason=SLE)),
        ("rituximab", lambda: dose("rituximab", 1000, 100, reason=SLE)),
        (
            "mycophenolate, going on",
            lambda: taking("mycophenolate mofetil", 2000, 100, None, status="active", reason=SLE),
        ),
        ("anifrolumab", lambda: dose("L04AG11", 300, 100, reason=SLE)),
        (
            "a drug of the class that the protocol does not name",
            lambda: dose("L04AC03", 100, 100, reason=SLE),
        ),
        ("plasmapheresis", lambda: done(PLASMAPHERESIS, 100, reasons=(SLE,))),
    ],
)
def test_tf4_is_any_of_these_for_lupus(what: str, given_: Callable[[], Any]) -> None:
    found = of("TF4", given_())

    assert found.verdict == MET, what
    assert figure(found) == at(day(100)).first_day


def pulse(on: int = 100, **said: Any) -> Any:
    return dose("methylprednisolone", 500, on, **said)


@pytest.mark.parametrize(
    ("what", "given_", "expected", "reasons"),
    [
        ("no reason", pulse, OPEN, NO_REASON),
        ("asthma", lambda: pulse(reason=ASTHMA), NOT_MET, ()),
        ("a reason in another code system", lambda: pulse(reason=ANOTHER), OPEN, NO_REASON),
        ("the premedication of day 0", lambda: pulse(0, reason=SLE), NOT_MET, ()),
        ("before the infusion", lambda: pulse(-5, reason=SLE), NOT_MET, ()),
        ("after the window of M12", lambda: pulse(396, reason=SLE), NOT_MET, ()),
        ("swallowed", lambda: pulse(route="oral", reason=SLE), NOT_MET, ()),
        ("by a route not recorded", lambda: pulse(route=None, reason=SLE), OPEN, UNSURE),
        ("prednisone raised to 60 mg", lambda: taking("prednisone", 60, 100, 130, reason=SLE), NOT_MET, ()),
        ("not done", lambda: pulse(reason=SLE, status="not-done"), NOT_MET, ()),
        ("entered in error", lambda: erroneous(pulse(reason=SLE)), NOT_MET, ()),
        ("plasmapheresis, no reason", lambda: done(PLASMAPHERESIS, 100), OPEN, NO_REASON),
        ("plasmapheresis in 2021", lambda: done(PLASMAPHERESIS, "2021", reasons=(SLE,)), OPEN, UNDATED),
    ],
)
def test_tf4_needs_the_kind_the_time_and_the_reason(
    what: str, given_: Callable[[], Any], expected: str, reasons: tuple[str, ...]
) -> None:
    found = of("TF4", given_())

    assert (found.verdict, found.reasons) == (expected, reasons), what


def test_tf4_the_reason_may_be_a_diagnosis_that_is_named() -> None:
    lupus = diagnosis(SLE, -1000, name="lupus")

    assert verdict("TF4", lupus, pulse(reason_references=("Condition/lupus",))) == MET
    assert verdict("TF4", lupus, done(PLASMAPHERESIS, 100, references=("Condition/lupus/_history/1",))) == MET


def test_tf4_the_reason_may_be_attested() -> None:
    def stated(truth: bool, on: int = 101) -> Measurements:
        return attested("rescue-for-sle", truth, on)

    assert verdict("TF4", pulse(), stated(True)) == MET
    assert verdict("TF4", pulse(), stated(False)) == NOT_MET
    assert verdict("TF4", pulse(), stated(True, on=131)) == OPEN  # of another time
    assert of("TF4", pulse(reason=SLE), stated(False)).reasons == ("conflicting-values",)


def test_tf4_a_missing_reason_is_lupus_only_where_the_protocol_says_so() -> None:
    assumed = with_parameters(tf4={"assume_lupus": True})

    assert verdict("TF4", pulse(), protocol=assumed) == MET
    assert verdict("TF4", pulse(reason=ASTHMA), protocol=assumed) == NOT_MET


@pytest.mark.parametrize(
    ("before", "taken", "default", "counted"),
    [
        ("100 mg until then", lambda: taking("azathioprine", 100, -90, 99), NOT_MET, MET),
        ("150 mg until then", lambda: taking("azathioprine", 150, -90, 99), NOT_MET, NOT_MET),
        ("a dose not known", lambda: taking("azathioprine", None, -90, 99), NOT_MET, OPEN),
        ("100 mg until 31 days before", lambda: taking("azathioprine", 100, -90, -31), MET, MET),
        ("100 mg, ended nobody knows when", lambda: taking("azathioprine", 100, -90, None), OPEN, MET),
    ],
)
def test_tf4_150_mg_of_azathioprine_on_day_100_is_new_or_raised(
    before: str, taken: Callable[[], Any], default: str, counted: str
) -> None:
    raised = taking("azathioprine", 150, 100, 300, reason=SLE)
    counting = with_parameters(tf4={"count_dose_increase": True})

    assert verdict("TF4", taken(), raised) == default, before
    assert verdict("TF4", taken(), raised, protocol=counting) == counted, before


# ------------------------------------------------------------------------------- what is still needed


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({-1: "0.2", 300: "0.2"}, "NO"),
        ({-1: "0.2", 91: "0.3", 300: "1.9"}, "NO"),  # doubled, but below 2 g
        ({-1: "3.0", 91: "2.5", 105: "2.4", 119: "2.6"}, "NO"),  # the absurd row: not doubled
        ({-1: "0.2", 300: "2.0"}, "UNKNOWN"),  # it might be one of a flare
        ({300: "2.0"}, "UNKNOWN"),
        ({300: "1.9"}, "NO"),
        ({-1: "0.2"}, "UNKNOWN"),
    ],
)
def test_proteinuria_alone_may_rule_out_a_nephritic_flare(measured: dict[int, str], expected: str) -> None:
    assert flare(protein(measured))[0] == expected
    assert flare(protein(measured), nephritic_logic="any_of_three")[0] == "UNKNOWN"


def test_a_raised_creatinine_without_proteinuria_at_the_time_stays_open() -> None:
    raised = creatinine({-1: 80, **dict.fromkeys(DAYS, 100)})

    assert flare(raised, protein({-1: "0.2", 300: "0.2"}))[0] == "UNKNOWN"


def test_the_table_is_answered_without_creatinine() -> None:
    assert verdict("TF3", protein({-1: "0.3", 91: "0.9", 105: "0.9", 119: "0.9"})) == NOT_MET


@pytest.mark.parametrize(
    ("on", "reason", "needs"),
    [
        (
            105,
            "confirmation-pending",
            "proteinuria of 24 hours (or a protein/creatinine ratio) from 2021-06-10",
        ),
        (300, "confirmation-missing", "if there is a result not sent yet: that time is over"),
    ],
)
def test_a_confirmation_is_asked_for_by_its_analyte_and_its_time(on: int, reason: str, needs: str) -> None:
    found = of("TF3", protein({-1: "0.3", 91: "1.2"}), creatinine({-1: 70, 91: 71}), on=on)

    assert reason in found.reasons
    assert "proteinuria of 24 hours" in found.missing[0]
    assert needs in found.missing[0]


def test_what_came_in_an_unknown_unit_is_to_be_sent_again() -> None:
    found = of("TF2", creatinine({-1: 70}), unreadable(200))

    assert "in umol/L (received" in found.missing[0]


def test_after_a_death_nothing_more_is_asked_for() -> None:
    quiet = treated(*QUIET, died=day(310))
    rising = treated(creatinine({-1: 70, 305: 150}), protein({-1: "0.2", 300: "0.2"}), died=day(310))
    whole = results(quiet, on=320)["treatment-failure"]
    open_ = results(rising, on=320)["TF2"]

    assert (whole.verdict, whole.missing) == (NOT_MET, ())
    assert (open_.verdict, open_.reasons) == (OPEN, ("confirmation-missing",))
    assert "the subject died before it could be confirmed" in open_.missing[0]


def test_what_may_have_been_measured_before_a_death_is_asked_for() -> None:
    found = results(treated(died=day(310)), on=320)["TF2"]

    assert found.reasons == ("missing-observation",)
    assert found.missing == (f"creatinine since the infusion, up to the death of {at(day(310)).first_day}",)


# ------------------------------------------------------------------------------------ the whole


def test_any_criterion_is_a_failure_and_they_are_counted() -> None:
    found = of(
        "treatment-failure", *QUIET, done(TRANSPLANTATION, 200), dose("rituximab", 1000, 100, reason=SLE)
    )

    assert found.verdict == MET
    assert figure(found, "criteria-met") == Interval.of(2)
    assert figure(found) == at(day(100)).first_day
    assert [(one.id, one.verdict.name) for one in found.findings[0].parts] == [
        ("TF1", "YES"), ("TF2", "NO"), ("TF3", "NO"), ("TF4", "YES"),
    ]  # fmt: skip


def test_without_any_event_it_is_open_until_the_time_is_over() -> None:
    assert of("treatment-failure", *QUIET, on=395).reasons == ("window-open",)
    assert verdict("treatment-failure", *QUIET, on=396) == NOT_MET
    assert figure(of("treatment-failure", *QUIET, on=300), "criteria-met") == Interval.of(0, 4)


def test_a_failure_is_one_before_the_time_is_over() -> None:
    assert verdict("treatment-failure", done(TRANSPLANTATION, 200), on=201) == MET


def test_without_results_of_the_kidneys_it_is_open() -> None:
    found = of("treatment-failure")

    assert (found.verdict, found.reasons) == (OPEN, ("missing-observation",))


def test_without_an_infusion_it_is_open() -> None:
    found = results(treated(*QUIET, infused=False))["treatment-failure"]

    assert (found.verdict, found.reasons) == (OPEN, ("not-infused",))


def test_it_is_asked_by_name_and_only_of_a_protocol_that_has_it() -> None:
    asked = Asked(today=LATER, names=("TF2",))

    assert [one.name for one in answer(MSC_SLE, treated(*QUIET), asked).results] == ["TF2"]
    with pytest.raises(CannotAnswer, match="name 'TF5'"):
        answer(MSC_SLE, treated(), Asked(today=LATER, names=("TF5",)))
    with pytest.raises(CannotAnswer, match="MSC-SSc does not ask"):
        answer(load_all()["MSC-SSc"], treated(), Asked(today=LATER))
    with pytest.raises(CannotAnswer):
        answer(with_parameters(tf={"enabled": False}), treated(), Asked(today=LATER))


def test_every_criterion_speaks_both_languages() -> None:
    told = results(treated(*QUIET))

    assert told
    for name, found in told.items():
        assert found.findings, name
        assert all({"en", "fr"} == {language for language, _ in one.text} for one in found.findings), name


SERIES = st.dictionaries(
    st.integers(1, 60), st.sampled_from(["60", "139", "140", "<150", ">150"]), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(values=SERIES, urine=SERIES, data=st.data())
def test_the_order_of_arrival_never_matters(values: Any, urine: Any, data: Any) -> None:
    records = [
        creatinine({-1: 70, **{7 * n: value for n, value in values.items()}}),
        protein({-1: "70", **{7 * n: value for n, value in urine.items()}}),
    ]
    history = treated(*records)
    shuffled = replace(history, measurements=tuple(data.draw(st.permutations(history.measurements))))

    assert {name: (one.verdict, one.reasons) for name, one in results(history).items()} == {
        name: (one.verdict, one.reasons) for name, one in results(shuffled).items()
    }


@settings(max_examples=60, deadline=None)
@given(values=SERIES, data=st.data())
def test_an_exact_value_in_the_place_of_a_bound_never_flips_what_was_settled(values: Any, data: Any) -> None:
    exact = {"<150": ["0", "139", "149"], ">150": ["151", "900"]}
    known = {n: data.draw(st.sampled_from(exact.get(value, [value]))) for n, value in values.items()}

    def found(series: Any) -> Any:
        return verdict("TF2", creatinine({-1: 70, **{7 * n: value for n, value in series.items()}}))

    assert found(values) in (found(known), OPEN)


@settings(max_examples=40, deadline=None)
@given(values=SERIES)
def test_a_result_entered_in_error_never_counts(values: Any) -> None:
    right = (creatinine({-1: 70, 300: 75}), protein({-1: "0.3", 300: "0.3"}))
    wrong = creatinine({7 * n: value for n, value in values.items()}, status="entered-in-error")

    assert results(treated(*right)).keys() == results(treated(*right, wrong)).keys()
    assert verdict("TF2", *right, wrong) == verdict("TF2", *right) == NOT_MET
