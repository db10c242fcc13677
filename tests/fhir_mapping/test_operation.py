"""What an operation is asked with, and how it is defined."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

import pytest
from fhir.resources.R4B.operationdefinition import OperationDefinition

from app.fhir_mapping import check, codec
from app.fhir_mapping.operation import Operation, definition
from app.fhir_mapping.operations import OPERATIONS, named
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.question import Question, from_parameters, parse
from app.fhir_mapping.subject_operations import ELIGIBILITY, SRI_STATUS


def refused(operation: Operation, *parameters: tuple[str, str]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(operation, parameters)
    assert caught.value.status == 400
    return caught.value


def test_nothing_asked_leaves_every_choice_open() -> None:
    assert parse(SRI_STATUS, []) == Question(operation=SRI_STATUS)


def test_visits_and_rules_are_repeated_or_listed() -> None:
    asked = parse(
        SRI_STATUS, [("visit", "M6,M3"), ("visit", "M6"), ("rule", "published"), ("_format", "json")]
    )

    assert (asked.visits, asked.rules) == (("M6", "M3"), ("published",))


def test_view_and_language_are_chosen_by_name() -> None:
    asked = parse(SRI_STATUS, [("view", "plain"), ("lang", "fr")])

    assert (asked.plain, asked.language) == (True, "fr")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-03T10:20:30Z", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("2024-05-03T10:20:30.123456+02:00", datetime(2024, 5, 3, 8, 20, 30, 123456, tzinfo=UTC)),
        ("2024-05-03T10:20:30", datetime(2024, 5, 3, 8, 20, 30, tzinfo=UTC)),
        ("2024-05-03", datetime(2024, 5, 3, 21, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_as_of_is_an_instant_and_a_day_means_its_end_in_paris(text: str, expected: datetime) -> None:
    assert parse(SRI_STATUS, [("asOf", text)]).as_of == expected


def test_on_is_a_day() -> None:
    assert parse(ELIGIBILITY, [("on", "2024-05-03")]).on == date(2024, 5, 3)


@pytest.mark.parametrize("name", ["on", "asOf"])
@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_no_trial_is_asked_about_is_refused(name: str, text: str) -> None:
    [issue] = refused(ELIGIBILITY, (name, text)).issues

    assert (issue.code, issue.expression) == ("value", f"http.{name}")
    assert "between 1900-01-01 and 2200-12-31" in issue.text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-14:00"])
def test_an_instant_no_trial_is_asked_about_is_refused(text: str) -> None:
    [issue] = refused(SRI_STATUS, ("asOf", text)).issues

    assert (issue.code, issue.expression) == ("value", "http.asOf")


@pytest.mark.parametrize("text", ["1900-01-01", "2200-12-31"])
def test_the_outermost_days_may_be_asked_about(text: str) -> None:
    asked = parse(ELIGIBILITY, [("on", text), ("asOf", text)])

    assert asked.on == date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("asOf", "2024"),
        ("asOf", "2024-05"),
        ("asOf", "yesterday"),
        ("asOf", "2024-05-03T10:20:30 02:00"),
        ("on", "2024-05"),
        ("on", "2024-05-03T10:20:30Z"),
        ("on", "2024-02-30"),
        ("view", "pretty"),
        ("lang", "de"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, text: str) -> None:
    [issue] = refused(ELIGIBILITY, (name, text)).issues

    assert (issue.code, issue.expression) == ("value", f"http.{name}")


def test_every_problem_is_said_at_once_with_the_names_there_are() -> None:
    issues = refused(
        SRI_STATUS, ("visits", "M3"), ("asOf", "x"), ("view", "fhir"), ("view", "plain"), ("visit", "M3,")
    ).issues

    assert [issue.expression for issue in issues] == ["http.visits", "http.asOf", "http.view", "http.visit"]
    assert "did you mean visit?" in issues[0].text
    assert "asOf" in issues[0].text


def test_a_parameter_of_another_operation_is_unknown() -> None:
    assert refused(ELIGIBILITY, ("visit", "M3")).issues[0].code == "not-supported"


def test_an_empty_value_is_as_none() -> None:
    assert parse(SRI_STATUS, [("visit", ""), ("asOf", "")]) == Question(operation=SRI_STATUS)


def test_a_body_of_parameters_asks_as_a_query_does() -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "visit", "valueCode": "M3"},
            {"name": "visit", "valueCode": "M6"},
            {"name": "asOf", "valueDateTime": "2024-05-03"},
        ],
    }

    assert from_parameters(body) == [("visit", "M3"), ("visit", "M6"), ("asOf", "2024-05-03")]
    assert from_parameters({"resourceType": "Parameters"}) == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_operation_is_defined_as_r4_wants(operation: Operation) -> None:
    document = definition(operation)

    OperationDefinition.model_validate_json(codec.write(document))
    assert check.problems("OperationDefinition", document) == ()
    assert [parameter["name"] for parameter in document["parameter"]] == [
        *(parameter.name for parameter in operation.parameters),
        "return",
    ]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_the_example_of_an_operation_can_be_asked(operation: Operation) -> None:
    parse(operation, parse_qsl(operation.example))


def test_an_operation_is_found_by_its_type_and_name() -> None:
    assert named("ResearchSubject", "$sri-status") is SRI_STATUS
    assert named("Patient", "$sri-status") is None
