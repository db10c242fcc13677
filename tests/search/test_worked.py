"""The server answers each worked example of R4's search page as R4 says, and refuses what cannot be read."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.search.asked import Asked
from tests.search.population import Json
from tests.search.worked import DATES, NAME, NUMBERS, QUANTITIES, STRINGS, TOKENS

Example = tuple[Json, str, str, bool]
"""A document, the name of a parameter, what is asked of it, and whether the document is found."""

CODE = {"code": {"text": "worked"}, "status": "final"}


def dated(sent: Any) -> Json:
    if isinstance(sent, str):
        return CODE | {"valueDateTime": sent}
    return CODE | ({"effectiveTiming": sent} if "event" in sent else {"valuePeriod": sent})


def coded(sent: Any) -> tuple[Json, str]:
    """An element of its own kind for a token, and the parameter that looks at it."""
    if sent is True:
        return {"resourceType": "Patient", "active": True}, "active"
    if isinstance(sent, str):
        return CODE, "status"
    if sent.get("system") == "phone":
        return {"resourceType": "Patient", "telecom": [sent]}, "telecom"
    if "value" in sent:
        return CODE | {"identifier": [sent]}, "identifier"
    return CODE | {"valueCodeableConcept": sent}, "value-concept"


def examples() -> Iterator[Example]:
    for asked, sent, found in DATES:
        document = dated(sent)
        yield document, "date" if "effectiveTiming" in document else "value-date", asked, found
    for asked, value, found in NUMBERS:
        yield CODE | {"valueQuantity": {"value": Decimal(value)}}, "value-quantity", asked, found
    for asked, sent, found in QUANTITIES:
        yield laboratory(sent), "value-quantity", asked, found
    for asked, sent, found in TOKENS:
        document, name = coded(sent)
        yield document, name, asked, found
    for asked, modifier, found in STRINGS:
        patient = {"resourceType": "Patient", "name": [NAME]}
        yield patient, f"name:{modifier}" if modifier else "name", asked, found


def laboratory(sent: Json) -> Json:
    """85 of a unit, as a complement or a number of platelets."""
    code = "777-3" if sent.get("unit") == "G/L" else "4485-9"
    return {
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": 85} | sent,
    }


EXAMPLES = list(examples())


@pytest.fixture(scope="session")
def stored(busy: Asked) -> Asked:
    """A server that holds the documents of the examples."""
    busy.load([{"resourceType": "Observation", "id": f"w-{n}"} | one[0] for n, one in enumerate(EXAMPLES)])
    return busy


@pytest.mark.rule(60, 61, 62, 63, 64, 65, 66, 68)
@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: "{1}={2}-{3}".format(*EXAMPLES[n]))
def test_a_worked_example_is_answered_as_the_specification_says(stored: Asked, number: int) -> None:
    document, name, text, found = EXAMPLES[number]

    answered = stored.found(
        document.get("resourceType", "Observation"), [("_id", f"w-{number}"), (name, text)]
    )

    assert answered == ({f"w-{number}"} if found else set())


@pytest.mark.rule(46, 62)
@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        *(
            ("Observation", "date", text)
            for text in (
                "2024-13",
                "2024-02-30",
                "2024-1-1",
                "24",
                "2024-03-05T10",
                "2024-03-05T10Z",
                "2024-03-05T24:00",
                "2024-03-05T10:60",
                "2024-03-05T10:20+25:00",
                "2024-03-05T10:20 02:00",
                "2024-03-05 10:20",
                "2024-W10",
                "xx2024",
                "GE2024",
                "ge",
                "today",
                "٢٠٢٤",
            )
        ),
        *(
            ("Observation", "value-quantity", text)
            for text in (
                "abc",
                "gt",
                "1,5x",
                "1..5",
                "0x10",
                "1e",
                "NaN",
                "inf",
                "+-1",
                "5|a|b|c",
                "5|a",
                "||g/L",
                "٣",
            )
        ),
        ("AdverseEvent", "grade", "severe"),
        ("Observation", "status:missing", "maybe"),
        ("Observation", "status:missing", "TRUE"),
        ("Patient", "identifier", "a|b|c"),
        ("Observation", "code-value-quantity", "a"),
        ("Observation", "code-value-quantity", "a$1$2"),
        ("Observation", "code-value-quantity", "a$b"),
        ("Observation", "subject:Patient", "Group/1"),
        ("Observation", "subject", "Patient/"),
        ("Observation", "subject", "patient/1/2/3"),
    ],
)
def test_what_cannot_be_read_is_refused(asked: Asked, kind: str, name: str, text: str) -> None:
    answer = asked.http.get(kind, params=((name, text),), headers={"Prefer": "handling=lenient"})

    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.rule(45, 59)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Observation", "code:bogus"),
        ("Observation", "date:exact"),
        ("Observation", "date:not"),
        ("Observation", "subject:contains"),
        ("Observation", "subject:Nothing"),
        ("Observation", "subject:ResearchStudy"),
        ("Observation", "patient:Group"),
        ("Observation", "value-quantity:exact"),
        ("Observation", "code:Patient"),
        ("Patient", "name:not"),
        ("Patient", "name:identifier"),
        ("Patient", "gender:exact"),
        ("Patient", "_id:contains"),
        ("Observation", "code:in"),
        ("Observation", "code-value-quantity:not"),
        ("Observation", "patient.foo"),
        ("Observation", "code.foo"),
        ("Observation", "patient:Patient.foo"),
        ("Observation", "subject:Group.name"),
        ("Patient", "_has:Observation:patient:foo"),
        ("Patient", "_has:Observation:code:code"),
        ("Patient", "_has:Nothing:patient:code"),
        ("Patient", "_has:Observation:patient"),
        ("ResearchStudy", "_has:Observation:patient:code"),
    ],
)
def test_what_a_parameter_has_no_meaning_for_is_refused(asked: Asked, kind: str, name: str) -> None:
    answer = asked.http.get(kind, params=((name, "1"),), headers={"Prefer": "handling=lenient"})

    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.rule(60, 64)
@pytest.mark.parametrize(
    ("name", "sent", "asked", "found"),
    [
        ("value-quantity", 100, "ap100", True),
        ("value-quantity", 95, "ap100", True),
        ("value-quantity", 105, "ap100", True),
        ("value-quantity", 120, "ap100", False),
        ("value-quantity", 80, "ap100", False),
        ("value-date", "2013-03-14", "ap2013-03-14", True),
        ("value-date", "2013-03", "ap2013-03-14", True),
        ("value-date", {"start": "2013-03-01"}, "ap2013-03-14", True),
        ("value-date", "1999-01-21", "ap2013-03-14", False),
        ("value-date", "2025-06-15", "ap2013-03-14", False),
    ],
)
def test_what_is_near_is_approximately_the_same_and_what_is_far_is_not(
    busy: Asked, name: str, sent: Any, asked: str, found: bool
) -> None:
    document = {"resourceType": "Observation", "id": "near"} | (
        CODE | {"valueQuantity": {"value": sent}} if isinstance(sent, int) else dated(sent)
    )
    busy.load([document])

    assert busy.found("Observation", [("_id", "near"), (name, asked)]) == ({"near"} if found else set())
