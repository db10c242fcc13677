"""What the demonstration trial answers, through mapping and pure functions (docs/demonstration.md)."""

from datetime import date

import pytest

from app.clinical.answers import Result
from app.clinical.criteria import eligibility
from app.clinical.records import Measurement
from app.clinical.responses import sri
from app.clinical.truth import Truth
from app.demo import TRIALS
from app.protocol.loader import load_all
from tests.demo.stories import history, records
from tools.demonstration.candidates import ATTESTED

VISITS = ("M3", "M6", "M9", "M12")
MET, NOT, OPEN = "met", "not-met", "undetermined"

BY_REGISTRY = {
    "msc-sle-01": (MET, MET, MET, MET),
    "msc-sle-02": (MET, MET, MET, MET),
    "msc-sle-03": (MET, MET, NOT, NOT),
    "msc-sle-04": (MET, NOT, MET, MET),
    "msc-sle-05": (MET, OPEN, NOT, MET),
    "msc-sle-06": (NOT, NOT, NOT, MET),
    "msc-sle-07": (NOT, OPEN, MET, MET),
    "msc-sle-08": (MET, OPEN, MET, OPEN),
}
ONLY_THE_SYNOPSIS_DIFFERS = {("msc-sle-01", "M6"): NOT}
REASONS = {
    ("msc-sle-05", "M6"): ("missing-observation",),
    ("msc-sle-07", "M6"): ("missing-observation",),
    ("msc-sle-08", "M6"): ("missing-observation",),
    ("msc-sle-08", "M12"): ("missing-observation",),
}

TABLE = [
    (
        subject,
        visit,
        rule,
        ONLY_THE_SYNOPSIS_DIFFERS.get((subject, visit), verdict) if rule == "synopsis" else verdict,
    )
    for subject, verdicts in BY_REGISTRY.items()
    for visit, verdict in zip(VISITS, verdicts, strict=True)
    for rule in ("registry", "synopsis", "published")
]


def answer(subject: str, visit: str, rule: str, *files: str) -> Result:
    protocol = load_all()["MSC-SLE"]
    return sri.status(protocol, history(subject, *files), visits=[visit], rules=[rule]).results[0]


@pytest.mark.parametrize(("subject", "visit", "rule", "verdict"), TABLE)
def test_the_index_of_a_treated_subject(subject: str, visit: str, rule: str, verdict: str) -> None:
    found = answer(subject, visit, rule)
    assert found.verdict == verdict
    assert found.reasons == (REASONS[subject, visit] if verdict == OPEN else ())


CANDIDATES = {
    "msc-sle-c01": ("ineligible", ["E6"]),
    "msc-sle-c02": ("undetermined", ["E5"]),
    "msc-sle-c03": ("eligible", []),
}


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_the_eligibility_of_a_candidate_on_the_day_of_screening(candidate: str) -> None:
    recorded = history(candidate)
    screened = recorded.enrolment.period.start
    assert screened is not None
    result = eligibility.assess(load_all()["MSC-SLE"], recorded, on=screened.first_day).results[0]
    as_wanted = {"I": Truth.YES, "E": Truth.NO}
    in_the_way = [one.id for one in result.findings if one.verdict is not as_wanted[one.id[0]]]
    assert (result.verdict, in_the_way) == CANDIDATES[candidate]


def test_an_undetermined_candidate_is_told_what_to_do() -> None:
    recorded = history("msc-sle-c02")
    result = eligibility.assess(load_all()["MSC-SLE"], recorded, on=date(2022, 10, 3)).results[0]
    assert [needed for needed in result.missing if "HTLV" in needed] == list(result.missing)


def test_no_criterion_of_the_protocol_asks_candidates_for_a_statement_they_lack() -> None:
    only_where_something_is_wrong = {
        code for code in load_all()["MSC-SLE"].attestations if "due-to-sle" in code or "excepted" in code
    }
    only_after_the_infusion = {"rescue-for-sle"}
    only_where_e2c_is_read_otherwise = {"liver-failure", "hepatitis"}
    asked = set(load_all()["MSC-SLE"].attestations) - only_where_something_is_wrong
    assert set(ATTESTED) == asked - only_after_the_infusion - only_where_e2c_is_read_otherwise


def test_subject_01_responds_at_m6_for_the_registry_and_not_for_the_synopsis() -> None:
    findings = answer("msc-sle-01", "M6", "synopsis").findings
    failed = [finding.id for finding in findings if finding.verdict is Truth.NO]
    assert failed == ["new-bilag-b-limit"]


def test_the_correction_of_a_pga_turns_an_answer_round() -> None:
    before = [name for name, _ in TRIALS if name != "msc-sle/corrections.json"]
    assert answer("msc-sle-04", "M3", "registry", *before).verdict == NOT
    assert answer("msc-sle-04", "M3", "registry").verdict == MET


def test_every_laboratory_result_is_read_in_its_canonical_unit() -> None:
    measured = [one for one in records() if isinstance(one, Measurement) and one.received_unit]
    assert {one.problem for one in measured} == {None}
    assert {"G/L", "/mm3", "UI/mL", "µmol/l", "g/24h", "mg/24h"} <= {one.received_unit for one in measured}
    platelets = [one.value for one in measured if one.is_coded("http://loinc.org", "777-3")]
    assert all(value is not None and 50 < value < 400 for value in platelets)
