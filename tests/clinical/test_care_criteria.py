"""Diagnoses, consents and reasons for stopping: read from their records, else from the investigator."""

from dataclasses import replace
from typing import Any

import pytest

from app.clinical.answers import Finding, wire
from app.clinical.care import Condition, Consent, Procedure
from app.clinical.codes import STOP_REASON
from app.clinical.records import Coding, Measurement
from tests.clinical.make import at, enrolment, infusion
from tests.clinical.make_candidate import (
    MSC_SLE,
    MSC_SSC,
    candidate,
    chosen,
    findings,
    number,
    of_protocol,
    on,
    period,
    result,
    treatment,
)
from tests.clinical.make_care import condition, consent, having, procedure

MET, NOT_MET, OPEN = "met", "not-met", "undetermined"
ACR = {"sle-acr-fulfilled": None}
NO_NEOPLASM = {"active-neoplasm": None}


def finding(name: str, *records: Condition | Consent | Procedure, **changes: Any) -> Finding:
    by = chosen(changes.pop("choices", {}))
    return findings(having(candidate(**changes), *records), by=by)[name]


def seen(name: str, *records: Condition | Consent | Procedure, **changes: Any) -> tuple[str, tuple[str, ...]]:
    found = finding(name, *records, **changes)
    return wire(found.verdict), found.reasons


def criteria(count: int) -> tuple[Measurement, ...]:
    """So many ACR criteria fulfilled."""
    return (result("score:acr-1997", number(count, day=-30)),)


# ------------------------------------------------------------------------------------- I2, the diagnosis


@pytest.mark.parametrize(
    ("records", "count", "stated", "expected"),
    [
        ((), None, None, OPEN),
        ((), None, True, MET),
        ([condition("snomed:55464009")], 4, None, MET),
        ([condition("icd10:M32.1")], 4, None, MET),
        ([condition("snomed:55464009")], 3, None, NOT_MET),
        ([condition("snomed:55464009")], None, None, OPEN),
        ([condition("snomed:55464009", verification="provisional")], 5, None, OPEN),
        ([condition("snomed:55464009", verification=None)], 5, None, OPEN),
        ([condition("snomed:55464009", verification="refuted")], 5, None, OPEN),
        ([condition("snomed:55464009", clinical="remission")], 5, None, OPEN),
        ([condition("snomed:55464009", onset=at(on(3)))], 5, None, OPEN),
        ([condition("snomed:55464009")], 5, True, MET),
    ],
)
def test_lupus_is_a_confirmed_condition_with_four_criteria_or_attested(
    records: list[Condition], count: int | None, stated: bool | None, expected: str
) -> None:
    extra = () if count is None else criteria(count)

    assert seen("I2-acr", *records, attested={"sle-acr-fulfilled": stated}, extra=extra)[0] == expected


def test_a_count_of_criteria_that_contradicts_the_investigator_leaves_it_open() -> None:
    found = finding("I2-acr", condition("snomed:55464009"), extra=criteria(2))

    assert (wire(found.verdict), found.reasons) == (OPEN, ("conflicting-values",))
    assert "contradict" in str(found.needs)
    assert len(found.evidence) == 2


# ---------------------------------------------------------------------------------------- E3, neoplasms


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (condition("snomed:363346000"), MET),
        (condition("icd10:C50.9"), MET),
        (condition("icd10:C44"), OPEN),  # basal and squamous cell carcinomas of the skin are coded so, too
        (condition("icd10:C44 snomed:254701007"), OPEN),  # known to be a basal cell carcinoma: excepted
        (condition("snomed:254651007"), OPEN),
        (condition("icd10:C50.9", clinical="remission"), OPEN),
        (condition("icd10:C50.9", clinical=None), OPEN),
        (condition("icd10:C50.9", verification="entered-in-error"), OPEN),
        (condition("icd10:D46.1"), OPEN),
    ],
)
def test_an_active_malignant_neoplasm_excludes_unless_it_is_excepted(
    record: Condition, expected: str
) -> None:
    assert seen("E3-neoplasm", record, attested=NO_NEOPLASM)[0] == expected


def test_a_condition_is_no_proof_that_there_is_no_other() -> None:
    excepted = condition("snomed:254701007")

    assert seen("E3-neoplasm", excepted, attested=NO_NEOPLASM)[1] == (
        "missing-observation",
        "attestation-missing",
    )
    assert seen("E3-neoplasm", excepted)[0] == NOT_MET  # the investigator says there is none


def test_a_neoplasm_the_investigator_denies_leaves_it_open() -> None:
    assert seen("E3-neoplasm", condition("icd10:C50.9")) == (OPEN, ("conflicting-values",))
    assert seen("E3-neoplasm", condition("icd10:C50.9"), attested={"active-neoplasm": True})[0] == MET


def test_a_myelodysplasia_is_a_condition_or_attested() -> None:
    nobody = {"myelodysplasia": None}

    assert seen("E3-myelodysplasia", condition("icd10:D46.9"), attested=nobody)[0] == MET
    assert seen("E3-myelodysplasia", condition("snomed:109995007"), attested=nobody)[0] == MET
    assert seen("E3-myelodysplasia", attested=nobody)[0] == OPEN


def test_a_cancer_that_is_over_still_excludes_from_msc_ssc() -> None:
    over = having(
        of_protocol(MSC_SSC, attested={"cancer-ever": None}), condition("icd10:C50", clinical="resolved")
    )

    assert wire(findings(over, by=MSC_SSC)["RE4"].verdict) == MET


# ------------------------------------------------------------------------------------------- the consent


UNSIGNED = {"consent-signed": None}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([consent()], MET),
        ([consent(0)], MET),
        ([consent(1)], NOT_MET),  # after the day asked for
        ([consent(status="inactive")], NOT_MET),
        ([consent(status="rejected")], NOT_MET),
        ([consent(provision="deny")], NOT_MET),
        ([consent(status="draft")], OPEN),
        ([consent(None)], OPEN),
        ([consent(status="entered-in-error")], OPEN),
        ([consent(study="msc-ssc")], OPEN),
        ([consent(study=None)], OPEN),  # says nothing of research
        ([consent(study=None, scope=(Coding("s", "research"),))], MET),
        ([consent(when=at("2024-06"))], OPEN),
        ([consent(), procedure(-4)], NOT_MET),  # the study had begun
        ([consent(), procedure(-3)], MET),
        ([consent(), procedure(-4, status="not-done")], MET),
        ([consent(), procedure(-4, study=None)], MET),
        ([consent(-30, status="inactive"), consent()], MET),  # signed again
    ],
)
def test_a_consent_in_force_was_signed_before_the_study_began(records: list[Any], expected: str) -> None:
    assert seen("I8", *records, attested=UNSIGNED)[0] == expected


@pytest.mark.parametrize(("signed", "expected"), [(-3, NOT_MET), (-5, MET)])
def test_a_consent_signed_after_the_infusion_is_none(signed: int, expected: str) -> None:
    infused = candidate(attested=UNSIGNED, extra=(infusion(on(-5)),))
    history = having(replace(infused, enrolment=enrolment(since=on(-9))), consent(signed))

    assert wire(findings(history)["I8"].verdict) == expected


def test_the_consent_the_subject_names_is_the_one_that_counts() -> None:
    named, other = consent(status="inactive"), consent()
    mine = replace(enrolment(), consent=f"Consent/{named.source.id}")
    history = having(replace(candidate(attested=UNSIGNED), enrolment=mine), named, other)

    assert wire(findings(history)["I8"].verdict) == NOT_MET


def test_a_withdrawn_consent_stands_before_what_was_attested() -> None:
    assert seen("I8", consent(status="inactive"))[0] == NOT_MET
    assert seen("I8")[0] == MET


def test_the_age_of_the_consent_is_told() -> None:
    ages = [figure for figure in finding("I8", consent(-3)).figures if figure.name == "age-of-evidence"]

    assert [(str(age.value), age.unit) for age in ages] == [("3", "d")]


# ------------------------------------------------------------------------------ I4, why treatment stopped


def stopped(drug: str, reason: str) -> Any:
    made = treatment(drug, period(20, "mg/d", -200, -100), status="stopped")
    return replace(made, status_reasons=(STOP_REASON.coding(reason),))


UNSTATED = {"sle-therapies-failed": None, "first-line-failed": None, "second-line-failed": None}


def test_a_treatment_stopped_for_inefficacy_or_side_effects_has_failed() -> None:
    for reason in STOP_REASON.codes:
        extra = (stopped("azathioprine", reason),)
        assert seen("I4-failure", attested=UNSTATED, extra=extra)[0] == MET
    side_effects = replace(
        stopped("azathioprine", "inefficacy"), status_reasons=(Coding("http://snomed.info/sct", "182864000"),)
    )
    assert seen("I4-failure", attested=UNSTATED, extra=(side_effects,))[0] == MET


def test_line_by_line_each_line_must_have_failed() -> None:
    line = {"i4.failure_per": "each_line"}
    second = stopped("azathioprine", "inefficacy")

    assert seen("I4-failure", attested=UNSTATED, extra=(second,), choices=line)[0] == OPEN
    both = (second, stopped("prednisone", "adverse-effect"))
    assert seen("I4-failure", attested=UNSTATED, extra=both, choices=line)[0] == MET
    first = UNSTATED | {"first-line-failed": True}
    assert seen("I4-failure", attested=first, extra=(second,), choices=line)[0] == MET


@pytest.mark.parametrize("status", ["entered-in-error", "not-done"])
def test_a_record_that_does_not_count_tells_no_reason(status: str) -> None:
    wrong = replace(stopped("azathioprine", "inefficacy"), status=status)

    assert seen("I4-failure", attested=UNSTATED, extra=(wrong,)) == (
        OPEN,
        ("missing-observation", "attestation-missing"),
    )


# -------------------------------------------------------------------- E2c, vi: readings the sources leave


@pytest.mark.parametrize(
    ("definition", "stated", "expected"),
    [
        ("transaminases", {}, MET),
        ("liver_failure", {"liver-failure": False}, NOT_MET),
        ("liver_failure", {"liver-failure": True}, MET),
        ("liver_failure", {}, OPEN),
        ("hepatitis", {"hepatitis": False}, NOT_MET),
        ("hepatitis", {"hepatitis": True}, MET),
    ],
)
def test_the_liver_is_judged_by_the_definition_chosen(
    definition: str, stated: dict[str, bool], expected: str
) -> None:
    raised = {"loinc:1742-6": number(95, unit="U/L", high=40)}
    attested = {"transaminases-due-to-sle": False} | stated

    found = seen("E2c", results=raised, attested=attested, choices={"e2c.def": definition})
    assert found[0] == expected


def test_rituximab_twice_a_day_is_what_the_sources_say_literally() -> None:
    two = [
        treatment("rituximab", replace_single(1000, -150)),
        treatment("rituximab", replace_single(1000, -136)),
    ]
    daily = [treatment("rituximab", period(2000, "mg/d", -150, -137, "intravenous"))]
    literal = {"vi.two_dose": "literal"}

    assert seen("I4b-vi-two", extra=tuple(two))[0] == MET
    assert seen("I4b-vi-two", extra=tuple(two), choices=literal)[0] == NOT_MET
    assert seen("I4b-vi-two", extra=tuple(daily))[0] == NOT_MET
    assert seen("I4b-vi-two", extra=tuple(daily), choices=literal)[0] == MET


def replace_single(milligrams: int, day: int) -> Any:
    return period(milligrams, "mg", day, day, "intravenous").model_copy(update={"single": True})


# ------------------------------------------------------------------------------------- what is said beside


def test_a_preliminary_result_that_waits_is_mentioned() -> None:
    waiting = result("loinc:777-3", number(20, unit="10*9/L"), status="preliminary")
    found = finding("E4-platelet-count", results={"loinc:777-3": None}, extra=(waiting,))

    assert wire(found.verdict) == OPEN
    assert f"{waiting.source} is preliminary: it counts once it is final" in found.notes


def test_the_age_of_the_evidence_stands_beside_the_age_allowed() -> None:
    found = finding("E4-platelet-count", results={"loinc:777-3": number(60, unit="10*9/L", day=-14)})
    shown = {figure.name: (str(figure.value), figure.unit) for figure in found.figures}

    assert shown == {"age-of-evidence": ("14", "d"), "age-allowed": ("14", "d")}
    late = finding("E4-platelet-count", results={"loinc:777-3": number(60, unit="10*9/L", day=-15)})
    assert late.reasons == ("outside-window",)
    assert [str(figure.value) for figure in late.figures] == ["15", "14"]


def test_every_choice_is_named_in_the_answer_it_was_made_for() -> None:
    assert {choice.name for choice in MSC_SLE.choices} == {
        note.partition(" = ")[0]
        for found in findings(candidate()).values()
        for note in found.notes
        if " = " in note and note.partition(" = ")[0] in {choice.name for choice in MSC_SLE.choices}
    }


# --------------------------------------------------------------------------------- E10, another study


@pytest.mark.parametrize(
    ("out_of_sight", "expected"), [(False, (NOT_MET, ())), (True, (OPEN, ("out-of-sight",)))]
)
def test_a_study_the_asker_may_not_see_is_not_taken_for_none(
    out_of_sight: bool, expected: tuple[str, tuple[str, ...]]
) -> None:
    asked = replace(candidate(), out_of_sight=out_of_sight)

    found = findings(asked)["E10-here"]

    assert (wire(found.verdict), found.reasons) == expected
