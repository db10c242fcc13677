"""Corticosteroids and treatment failure, asked over HTTP of what was pushed as FHIR."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.lupus import Json, day, enrol, infusion, number, replace, urn
from tests.servers import Server

SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
OURS = "https://trialbridge.example/fhir/CodeSystem/"


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def statement(
    daily: str | None, first: int, last: int, *, drug: str = "H02AB07", status: str = "completed"
) -> Json:
    """A MedicationStatement of a drug by mouth once a day, or that it was not taken."""
    mg = {"value": number(daily or "0"), "unit": "mg", "system": UCUM, "code": "mg"}
    dosage = {
        "route": coded(SNOMED, "26643006"),
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": mg}],
    }
    return {
        "resourceType": "MedicationStatement",
        "status": status,
        "medicationCodeableConcept": coded("http://www.whocc.no/atc", drug),
        "subject": {"reference": urn("patient")},
        "effectivePeriod": {"start": day(first), "end": day(last)},
    } | ({"dosage": [dosage]} if daily else {})


def result(code: str, value: str, unit: str, on: int) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded("http://loinc.org", code),
        "subject": {"reference": urn("patient")},
        "effectiveDateTime": day(on),
        "valueQuantity": {"value": number(value), "unit": unit, "system": UCUM, "code": unit},
    }


def creatinine(mg_per_dl: str, on: int) -> Json:
    return result("2160-0", mg_per_dl, "mg/dL", on)


def pulse(on: int, **said: Any) -> Json:
    """Methylprednisolone into a vein."""
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": coded("http://www.whocc.no/atc", "H02AB04"),
        "subject": {"reference": urn("patient")},
        "effectiveDateTime": day(on),
        "dosage": {
            "route": coded(SNOMED, "47625008"),
            "dose": {"value": 500, "unit": "mg", "system": UCUM, "code": "mg"},
        },
    } | said


def ask(http: httpx.Client, subject: str, operation: str, **asked: str) -> dict[Any, Json]:
    """The results of an operation, plainly: the corticosteroids by visit and rule, others by their name."""
    address = f"/fhir/ResearchSubject/{subject}/${operation}"
    answer = http.get(address, params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["results"]
    named = "steroid-exposure"
    return {(one["visit"], one.get("rule")) if one["name"] == named else one["name"]: one for one in found}


def figures(found: Json) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in found["figures"]}


def test_statements_of_prednisone_give_the_mean_and_the_endpoint(http: httpx.Client) -> None:
    subject = enrol(
        http,
        infusion=infusion(),
        before=statement("20", -40, -1),
        weeks_40_to_43=statement("7.5", 280, 307),
        until_52=statement("5", 308, 365),
    )

    found = ask(http, subject.id, "steroid-exposure")

    assert found["M12", "synopsis"]["verdict"] == "met"
    assert found["M3", "registry"]["verdict"] == "undetermined"
    told = figures(found["M12", "synopsis"])
    assert str(told["mean-daily-dose"]) == "5.82353"
    assert (told["days-known"], told["days-in-window"]) == (85, 85)


def test_a_time_without_corticosteroids_is_declared_by_a_statement(http: httpx.Client) -> None:
    none = statement(None, 0, 365, drug="H02AB", status="not-taken")
    subject = enrol(http, infusion=infusion(), before=statement("20", -40, -1), after=none)

    found = ask(http, subject.id, "steroid-exposure")

    verdicts = {visit: one["verdict"] for (visit, rule), one in found.items() if rule == "registry"}
    assert verdicts == dict.fromkeys(("M3", "M6", "M9", "M12"), "met")
    assert found["M12", "synopsis"]["verdict"] == "met"
    assert str(figures(found["M0", None])["mean-daily-dose"]) == "20"


def test_a_creatinine_in_mg_per_dl_doubles_as_one_in_umol_per_l(http: httpx.Client) -> None:
    subject = enrol(
        http,
        infusion=infusion(),
        screening=creatinine("0.80", -20),
        baseline=result("14682-9", "80", "umol/L", -1),
        high=creatinine("1.60", 91),
        confirmed=result("14682-9", "141.5", "umol/L", 119),
    )

    found = ask(http, subject.id, "treatment-failure")

    assert found["TF2"]["verdict"] == found["treatment-failure"]["verdict"] == "met"
    assert figures(found["TF2"])["first-event"] == day(91)
    replace(http, subject.addresses["confirmed"], status="entered-in-error")
    again = ask(http, subject.id, "treatment-failure", name="TF2")["TF2"]
    assert (again["verdict"], again["reasons"]) == ("undetermined", ["confirmation-missing"])


def test_a_rescue_needs_its_reason_which_may_be_a_condition(http: httpx.Client) -> None:
    lupus = {
        "resourceType": "Condition",
        "code": coded(SNOMED, "55464009"),
        "subject": {"reference": urn("patient")},
    }
    unsaid = enrol(http, infusion=infusion(), pulse=pulse(100))
    for_lupus = pulse(100, reasonReference=[{"reference": urn("lupus")}])
    said = enrol(http, infusion=infusion(), lupus=lupus, pulse=for_lupus)

    assert ask(http, unsaid.id, "treatment-failure")["TF4"]["reasons"] == ["causality-missing"]
    assert ask(http, said.id, "treatment-failure")["TF4"]["verdict"] == "met"


@pytest.fixture(scope="module")
def shown(demonstration: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demonstration.url, timeout=60) as client:
        yield client


def test_the_demonstration_has_an_answer_for_every_subject(shown: httpx.Client) -> None:
    subjects = [f"msc-sle-0{n}" for n in range(1, 9)]
    doses = [ask(shown, subject, "steroid-exposure")["M12", "synopsis"] for subject in subjects]
    failures = [ask(shown, subject, "treatment-failure")["treatment-failure"] for subject in subjects]

    assert {one["verdict"] for one in doses} >= {"met", "not-met"}
    assert all(one["verdict"] != "undetermined" or one["reasons"] for one in doses + failures)
