"""From pushed FHIR to an explained SRI answer, over HTTP (worked examples SRI-1 to SRI-10)."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.acceptance.lupus import (
    BEFORE,
    M3,
    M6,
    Enrolled,
    Json,
    ask,
    bilag,
    criteria,
    enrol,
    infusion,
    pga,
    replace,
    results,
    sledai,
    sledai_items,
    value,
    values,
    verdicts,
)

MET, NOT, OPEN = "met", "not-met", "undetermined"
SOURCES_OF_RESPONSE = 7


def seen(on: str, *, sledai_total: int, pga_value: str | None, **grades: str) -> list[Json]:
    """What was assessed on one day."""
    found = [sledai(sledai_total, on=on), bilag(on=on, **grades)]
    return found if pga_value is None else [*found, pga(pga_value, on=on)]


def between_8_and_11(on: str) -> Json:
    """A form with 8 points for certain; fever (1) and DNA binding (2) are not known."""
    items = "organic-brain-syndrome visual-disturbance cranial-nerve lupus-headache cva vasculitis arthritis"
    more = "myositis urinary-casts haematuria proteinuria pyuria rash alopecia mucosal-ulcers pleurisy"
    rest = f"psychosis {items} {more} pericarditis low-complement thrombocytopenia leukopenia".split()
    return sledai_items(["seizure"], unknown=["fever", "dna-binding"], absent=rest, on=on)


def without_bilag(documents: list[Json]) -> list[Json]:
    return [one for one in documents if one["code"]["coding"][0]["code"] != "bilag-classic"]


def b4(**grades: str) -> list[Json]:
    return seen(BEFORE, sledai_total=14, pga_value="1.5", **grades)


EXAMPLES: list[tuple[str, list[Json], list[Json], tuple[str, str, str]]] = [
    (
        "SRI-1 a drop of exactly four, an A that becomes a B",
        seen(BEFORE, sledai_total=12, pga_value="2.0", musculoskeletal="B", mucocutaneous="A"),
        seen(M3, sledai_total=8, pga_value="1.2", musculoskeletal="C", mucocutaneous="B"),
        (MET, MET, MET),
    ),
    (
        "SRI-2 a drop of three",
        seen(BEFORE, sledai_total=12, pga_value="2.0"),
        seen(M3, sledai_total=9, pga_value="2.0"),
        (NOT, NOT, NOT),
    ),
    (
        "SRI-3 one new BILAG B divides the rules",
        b4(renal="C"),
        seen(M3, sledai_total=6, pga_value="1.5", renal="B"),
        (MET, NOT, MET),
    ),
    (
        "SRI-4 two new BILAG B",
        b4(renal="C", haematological="D"),
        seen(M3, sledai_total=6, pga_value="1.5", renal="B", haematological="B"),
        (NOT, NOT, NOT),
    ),
    (
        "SRI-5 a new BILAG A",
        b4(renal="B"),
        seen(M3, sledai_total=6, pga_value="1.5", renal="A"),
        (NOT, NOT, NOT),
    ),
    (
        "SRI-6 from 2.0 to 2.3, which binary numbers call less than 0.3",
        seen(BEFORE, sledai_total=14, pga_value="2.0"),
        seen(M3, sledai_total=6, pga_value="2.3"),
        (NOT, NOT, NOT),
    ),
    (
        "SRI-7 no BILAG at the visit",
        seen(BEFORE, sledai_total=14, pga_value="2.0"),
        without_bilag(seen(M3, sledai_total=6, pga_value="1.0")),
        (OPEN, OPEN, OPEN),
    ),
    (
        "SRI-8 no BILAG, and a drop of two settles it",
        seen(BEFORE, sledai_total=14, pga_value="2.0"),
        without_bilag(seen(M3, sledai_total=12, pga_value="1.0")),
        (NOT, NOT, NOT),
    ),
    (
        "SRI-9 a drop of three to six",
        seen(BEFORE, sledai_total=14, pga_value="2.0"),
        [between_8_and_11(M3), bilag(on=M3), pga("1.0", on=M3)],
        (OPEN, OPEN, OPEN),
    ),
    (
        "SRI-10 a baseline of three leaves no room",
        seen(BEFORE, sledai_total=3, pga_value="2.0"),
        seen(M3, sledai_total=0, pga_value="1.0"),
        (NOT, NOT, NOT),
    ),
]


def pushed(http: httpx.Client, *documents: Json, infused: bool = True) -> Enrolled:
    """A subject with these observations, in one transaction."""
    named: dict[str, Any] = {f"observation-{number}": one for number, one in enumerate(documents)}
    return enrol(http, **({"infusion": infusion()} if infused else {}), **named)


def responder(http: httpx.Client, **changes: Json) -> Enrolled:
    """A subject whom every rule calls a responder at M3, each document under a name."""
    named = {
        "infusion": infusion(),
        "sledai_m0": sledai(14, on=BEFORE),
        "sledai_m3": sledai(6, on=M3),
        "bilag_m0": bilag(on=BEFORE, renal="C"),
        "bilag_m3": bilag(on=M3, renal="C"),
        "pga_m0": pga("2.0", on=BEFORE),
        "pga_m3": pga("1.0", on=M3),
    }
    return enrol(http, **named | changes)


@pytest.mark.parametrize(
    ("before", "after", "expected"), [one[1:] for one in EXAMPLES], ids=[one[0] for one in EXAMPLES]
)
def test_a_worked_example_pushed_as_fhir_is_answered_as_the_protocol_says(
    http: httpx.Client, before: list[Json], after: list[Json], expected: tuple[str, str, str]
) -> None:
    subject = pushed(http, *before, *after)

    registry, synopsis, published = expected
    assert verdicts(http, subject.id) == {
        "registry": registry,
        "synopsis": synopsis,
        "published": published,
    }


def test_where_the_rules_disagree_the_answer_says_on_which_criterion(http: httpx.Client) -> None:
    subject = responder(http, bilag_m3=bilag(on=M3, renal="B"))

    found = results(ask(http, subject.id, visit="M3"))

    failed = {
        rule: [name for name, one in criteria(result).items() if value(one, "verdict") == NOT]
        for rule, result in found.items()
    }
    assert failed == {"registry": [], "synopsis": ["new-bilag-b-limit"], "published": []}


def test_the_float_trap_is_not_sprung_and_the_values_are_shown_as_received(http: httpx.Client) -> None:
    subject = responder(http, pga_m3=pga("2.30", on=M3))

    [result] = results(ask(http, subject.id, visit="M3", rule="registry")).values()
    criterion = criteria(result)["no-pga-worsening"]

    assert value(criterion, "verdict") == NOT
    assert value(criterion, "observed") == "M0 2.0, M3 2.30"
    assert "change 0.3" in value(criterion, "normalised")


def test_a_hair_below_the_threshold_is_no_worsening(http: httpx.Client) -> None:
    subject = responder(http, pga_m3=pga("2.2999999999999999999", on=M3))

    assert set(verdicts(http, subject.id).values()) == {MET}


def test_a_corrected_pga_flips_the_answer_and_the_moment_before_still_gives_the_old_one(
    http: httpx.Client,
) -> None:
    subject = responder(http, pga_m3=pga("2.3", on=M3))
    assert verdicts(http, subject.id)["registry"] == NOT

    said = pga("2.2", on=M3)["valueQuantity"]
    corrected = replace(http, subject.addresses["pga_m3"], status="corrected", valueQuantity=said)

    recorded = datetime.fromisoformat(corrected.json()["meta"]["lastUpdated"])
    before = (recorded - timedelta(microseconds=1)).isoformat()
    assert verdicts(http, subject.id)["registry"] == MET
    assert verdicts(http, subject.id, asOf=recorded.isoformat())["registry"] == MET
    assert verdicts(http, subject.id, asOf=before)["registry"] == NOT


def test_an_answer_of_an_earlier_moment_names_the_versions_of_then(http: httpx.Client) -> None:
    subject = responder(http)
    address = subject.addresses["pga_m3"]
    corrected = replace(http, address, status="corrected")
    before = datetime.fromisoformat(corrected.json()["meta"]["lastUpdated"]) - timedelta(microseconds=1)

    now = ask(http, subject.id, visit="M3", rule="registry")
    then = ask(http, subject.id, visit="M3", rule="registry", asOf=before.isoformat())

    assert f"{address}/_history/2" in evidence(now)
    assert f"{address}/_history/1" in evidence(then)
    assert f"{address}/_history/2" not in evidence(then)


def test_before_the_subject_was_known_there_is_nobody_to_answer_for(http: httpx.Client) -> None:
    subject = responder(http)

    answer = ask(http, subject.id, asOf="2021-06-01T00:00:00Z")

    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_pga_entered_in_error_does_not_count(http: httpx.Client) -> None:
    subject = responder(http)
    assert verdicts(http, subject.id)["registry"] == MET

    replace(http, subject.addresses["pga_m3"], status="entered-in-error")

    [result] = results(ask(http, subject.id, visit="M3", rule="registry")).values()
    assert value(result, "verdict") == OPEN
    assert values(result, "reason") == ["missing-observation"]
    assert ["M3" in needed for needed in values(result, "missing")] == [True]
    remarks = values(criteria(result)["no-pga-worsening"], "note")
    assert f"{subject.addresses['pga_m3']}/_history/2 was entered in error: it does not count" in remarks


def test_a_deleted_pga_does_not_count_either(http: httpx.Client) -> None:
    subject = responder(http)

    assert http.delete(f"/fhir/{subject.addresses['pga_m3']}").status_code == 204

    assert set(verdicts(http, subject.id).values()) == {OPEN}


def test_a_subject_without_infusion_gets_an_answer_with_the_reason(http: httpx.Client) -> None:
    subject = pushed(http, sledai(14, on=BEFORE), sledai(6, on=M3), infused=False)

    for result in results(ask(http, subject.id, visit="M3")).values():
        assert value(result, "verdict") == OPEN
        assert values(result, "reason") == ["not-infused"]
        assert ["MedicationAdministration" in needed for needed in values(result, "missing")] == [True]


def test_a_subject_without_baseline_gets_an_answer_with_the_reasons(http: httpx.Client) -> None:
    subject = pushed(http, *seen(M3, sledai_total=6, pga_value="1.0"))

    [result] = results(ask(http, subject.id, visit="M3", rule="published")).values()

    assert value(result, "verdict") == OPEN
    assert "baseline-missing" in values(result, "reason")
    assert all("M0" in needed for needed in values(result, "missing"))


def test_a_subject_of_whom_nothing_is_recorded_gets_all_twelve_results(http: httpx.Client) -> None:
    subject = enrol(http)

    answer = ask(http, subject.id)

    found = [(value(one, "visit"), value(one, "rule"), value(one, "verdict")) for one in every_result(answer)]
    rules = ("registry", "synopsis", "published")
    assert found == [(visit, rule, OPEN) for visit in ("M3", "M6", "M9", "M12") for rule in rules]


def test_a_subject_nobody_knows_is_not_found(http: httpx.Client) -> None:
    answer = ask(http, "nobody")

    assert answer.status_code == 404
    assert "ResearchSubject/nobody" in answer.json()["issue"][0]["diagnostics"]


def test_a_visit_the_protocol_does_not_have_is_refused_and_the_visits_are_named(http: httpx.Client) -> None:
    answer = ask(http, enrol(http).id, visit="M4")

    [issue] = answer.json()["issue"]
    assert answer.status_code == 400
    assert all(visit in issue["diagnostics"] for visit in ("M4", "M3", "M6", "M9", "M12"))


def test_a_rule_the_protocol_does_not_have_is_refused_and_the_rules_are_named(http: httpx.Client) -> None:
    answer = ask(http, enrol(http).id, rule="best")

    [issue] = answer.json()["issue"]
    assert answer.status_code == 400
    assert all(rule in issue["diagnostics"] for rule in ("registry", "synopsis", "published"))


def test_several_visits_and_rules_may_be_asked_for_at_once(http: httpx.Client) -> None:
    answer = ask(http, responder(http).id, visit="M3,M6", rule="registry")

    assert [(value(one, "visit"), value(one, "verdict")) for one in every_result(answer)] == [
        ("M3", MET),
        ("M6", OPEN),
    ]


def test_the_question_may_be_posted_as_parameters(http: httpx.Client) -> None:
    subject = responder(http)
    asked = {"resourceType": "Parameters", "parameter": [{"name": "visit", "valueCode": "M3"}]}

    answer = http.post(f"/fhir/ResearchSubject/{subject.id}/$sri-status", json=asked)

    assert {value(result, "verdict") for result in results(answer).values()} == {MET}


def test_the_plain_view_says_the_same_without_fhir(http: httpx.Client) -> None:
    subject = responder(http)

    fhir = results(ask(http, subject.id, visit="M3"))
    answer = ask(http, subject.id, visit="M3", view="plain")

    assert answer.headers["content-type"] == "application/json"
    plain = {result["rule"]: result for result in answer.json()["results"]}
    assert list(plain) == list(fhir)
    for rule, result in plain.items():
        assert result["verdict"] == value(fhir[rule], "verdict")
        assert {one["id"]: one["verdict"] for one in result["criteria"]} == {
            name: value(one, "verdict") for name, one in criteria(fhir[rule]).items()
        }
        assert result["evidence"] == [one["reference"] for one in values(fhir[rule], "evidence")]


def test_the_sentences_come_in_french_when_asked_for(http: httpx.Client) -> None:
    subject = responder(http)

    english, french = (
        ask(http, subject.id, visit="M3", rule="synopsis", view="plain", lang=language).json()
        for language in ("en", "fr")
    )

    texts = [[criterion["text"] for criterion in one["results"][0]["criteria"]] for one in (english, french)]
    assert len(texts[0]) == len(texts[1]) == 4
    assert not set(texts[0]) & set(texts[1])


def test_every_piece_of_evidence_can_be_read_in_the_version_that_was_used(http: httpx.Client) -> None:
    subject = responder(http)
    replace(http, subject.addresses["sledai_m3"], valueInteger=7)

    found = evidence(ask(http, subject.id, visit="M3", rule="registry"))

    assert len(found) == SOURCES_OF_RESPONSE
    assert f"{subject.addresses['sledai_m3']}/_history/2" in found
    for reference in found:
        kind, name, _, version = reference.split("/")
        document = http.get(f"/fhir/{reference}").json()
        assert (document["resourceType"], document["id"]) == (kind, name)
        assert document["meta"]["versionId"] == version


def test_an_answer_says_by_what_it_was_made(http: httpx.Client) -> None:
    subject = responder(http)

    answer = ask(http, subject.id, visit="M3").json()

    assert value(answer, "protocol") == "MSC-SLE"
    assert value(answer, "protocolVersion")
    assert value(answer, "subject")["reference"] == f"ResearchSubject/{subject.id}/_history/1"
    assert datetime.fromisoformat(value(answer, "asOf")).tzinfo is not None


def test_results_of_another_visit_leave_this_one_alone(http: httpx.Client) -> None:
    subject = responder(http, pga_m6=pga("3.0", on=M6))

    assert set(verdicts(http, subject.id, visit="M3").values()) == {MET}
    assert set(verdicts(http, subject.id, visit="M6").values()) == {NOT}


def evidence(answer: httpx.Response) -> list[str]:
    return [one["reference"] for result in every_result(answer) for one in values(result, "evidence")]


def every_result(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["parameter"] if one["name"] == "result"]
