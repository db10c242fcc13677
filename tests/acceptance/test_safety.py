"""From pushed adverse events and infusions to tolerance, dose and reporting, over HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.acceptance.lupus import Enrolled, Json, day, enrol, infusion, replace, send, urn

GUIDE = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/"
OURS = "https://trialbridge.example/fhir/StructureDefinition/"
THO = "http://terminology.hl7.org/CodeSystem/"
LATER = "2023-01-01"


def event(grade: int | None, *, on: str, cause: str | None, **more: Any) -> Json:
    """An adverse event of the patient of this Bundle, suspected of the infusion."""
    graded = [] if grade is None else [{"url": GUIDE + "ae-grade", "valueInteger": grade}]
    assessed = {"coding": [{"system": THO + "adverse-event-causality-assess", "code": cause}]}
    extensions = [*graded, *more.pop("extension", ())]
    suspect = {"instance": {"reference": urn("infusion")}}
    return {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "event": {"text": "fever"},
        "subject": {"reference": urn("patient")},
        "date": on,
        "suspectEntity": [suspect | ({} if cause is None else {"causality": [{"assessment": assessed}]})],
        **({"extension": extensions} if extensions else {}),
        **more,
    }


def ask(client: httpx.Client, address: str, **asked: str) -> Json:
    answer = client.get(f"/fhir/{address}", params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    return dict(codec.read(answer.content))


def of(answer: Json, **wanted: str) -> Iterator[Json]:
    return (one for one in answer["results"] if all(one.get(name) == value for name, value in wanted.items()))


def tolerated(client: httpx.Client, subject: Enrolled, **asked: str) -> tuple[str, ...]:
    answer = ask(client, f"{subject.addresses['subject']}/$tolerance", visit="D10", **asked)
    return tuple(one["verdict"] for one in answer["results"])


@pytest.mark.parametrize(
    ("grade", "on", "cause", "verdicts"),
    [
        (1, day(0), "Possible", ("met", "met")),
        (3, day(8), "unlikely", ("met", "not-met")),
        (3, "2021-03-11T23:00:00+01:00", "possible", ("not-met", "not-met")),
        (3, "2021-03-12T00:30:00+01:00", "possible", ("met", "met")),
        (3, day(3), None, ("undetermined", "not-met")),
    ],
)
def test_the_worked_examples_of_tolerance(
    http: httpx.Client, grade: int, on: str, cause: str | None, verdicts: tuple[str, str]
) -> None:
    subject = enrol(http, infusion=infusion(), event=event(grade, on=on, cause=cause))

    assert tolerated(http, subject) == verdicts


def test_a_worsening_counts_from_its_date(http: httpx.Client) -> None:
    parts = [{"url": "grade", "valueInteger": 3}, {"url": "date", "valueDateTime": day(11)}]
    worse = {"url": OURS + "grade-change", "extension": parts}
    reaction = event(2, on=day(0), cause="certain", extension=[worse])
    subject = enrol(http, infusion=infusion(), event=reaction)

    assert tolerated(http, subject) == ("met", "met")
    answer = ask(http, f"{subject.addresses['subject']}/$tolerance", visit="M1", rule="related")
    assert [one["verdict"] for one in answer["results"]] == ["not-met"]


def test_a_grade_that_comes_later_settles_it_and_the_past_is_answered_as_it_was(http: httpx.Client) -> None:
    subject = enrol(http, infusion=infusion(), event=event(None, on=day(2), cause="possible"))
    assert tolerated(http, subject) == ("undetermined", "undetermined")
    before = ask(http, f"{subject.addresses['subject']}/$tolerance")["asOf"]

    replace(http, subject.addresses["event"], extension=[{"url": GUIDE + "ae-grade", "valueInteger": 2}])

    assert tolerated(http, subject) == ("met", "met")
    assert tolerated(http, subject, asOf=before) == ("undetermined", "undetermined")


@pytest.mark.parametrize("where", ["extension", "modifierExtension"])
def test_a_report_entered_in_error_never_counts(http: httpx.Client, where: str) -> None:
    subject = enrol(http, infusion=infusion(), event=event(4, on=day(2), cause="certain"))
    assert tolerated(http, subject) == ("not-met", "not-met")

    replace(
        http,
        subject.addresses["event"],
        **{where: [{"url": GUIDE + "status", "valueCode": "entered-in-error"}]},
    )

    assert tolerated(http, subject) == ("met", "met")


def test_the_dose_of_cells_is_checked_against_arm_and_weight(http: httpx.Client) -> None:
    given = infusion() | {
        "dosage": {"dose": {"value": 117, "system": "http://unitsofmeasure.org", "code": "10*6"}}
    }
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": urn("patient")},
        "effectiveDateTime": day(-1),
        "valueQuantity": {"value": 58400, "system": "http://unitsofmeasure.org", "code": "g"},
    }
    subject = enrol(http, infusion=given, weight=body)
    http_subject = subject.addresses["subject"]
    assert next(of(ask(http, f"{http_subject}/$cell-dose"), name="cell-dose"))["verdict"] == "undetermined"

    document = codec.read(http.get(f"/fhir/{subject.addresses['study']}").content)
    arms = [{"name": "cohort-2e6"}]
    assert (
        send(http, "PUT", f"/fhir/{subject.addresses['study']}", document | {"arm": arms}).status_code == 200
    )
    replace(http, http_subject, assignedArm="cohort-2e6")

    found = next(of(ask(http, f"{http_subject}/$cell-dose"), name="cell-dose"))
    assert found["verdict"] == "met"
    shown = {one["name"]: one.get("value") for one in found["figures"]}
    assert (float(shown["given-per-kg"]), float(shown["planned-cells"])) == (2.00342, 116.8)


def test_a_study_answers_which_dose_comes_next_and_what_is_overdue(http: httpx.Client) -> None:
    serious = event(
        4,
        on=day(3),
        cause="possible",
        recordedDate=day(4),
        seriousness={
            "coding": [{"system": THO + "adverse-event-seriousness", "code": "SeriousResultsInDeath"}]
        },
        extension=[{"url": GUIDE + "expected-in-research-study", "valueBoolean": False}],
    )
    subject = enrol(http, infusion=infusion(), event=serious)
    study = subject.addresses["study"]

    overdue = ask(http, f"{study}/$overdue", name="report", on="2021-03-13")
    states = [one["figures"][0]["value"] for one in overdue["results"]]
    assert states == ["overdue", "overdue", "due"]

    summary = ask(http, f"{study}/$safety-summary")
    listed = next(of(summary, name="serious-event"))
    assert [one["id"] for one in listed["criteria"]] == [
        "sponsor-initial",
        "authority-initial",
        "authority-follow-up",
    ]

    following = next(of(ask(http, f"{study}/$dose-escalation"), name="next-dose"))
    assert following["arm"] == "cohort-2e6"  # by the cells given: no arm is recorded
    assert following["figures"][0]["value"] == "continue"
