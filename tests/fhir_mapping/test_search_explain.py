"""A search says how it was understood, and shows no text that may be a patient's."""

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.fhir_mapping.search_explain import explained, explanation
from tests.fhir_mapping.searching import BASE, OBSERVATION


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("status", "final,|x", "status is final, in any system or is x, without a system"),
        ("code:not", "http://loinc.org|718-7", "code has no value that is 718-7 of http://loinc.org"),
        ("code", "http://loinc.org|", "code is any code of http://loinc.org"),
        ("code:missing", "true", "code has no value"),
        ("patient", "1,Patient/2", "patient leads to 1, of any type it may lead to or leads to Patient/2"),
        (
            "date",
            "ge2024-03-05T10:20Z",
            (
                "date reaches beyond 2024-03-05T10:21:00.000000Z or lies within"
                " [2024-03-05T10:20:00.000000Z, 2024-03-05T10:21:00.000000Z)"
            ),
        ),
        ("value-quantity", "5.4", "value-quantity is at least 5.35 and below 5.45, in any unit"),
        (
            "value-quantity",
            "lt0.50||mL/min",
            "value-quantity is less than 0.50 mL/min, or the same in mL/s, L/min",
        ),
        ("value-quantity", "lt5||Jean Dupont", "value-quantity is less than 5, in the unit asked for"),
        (
            "code-value-quantity",
            "718-7$gt5",
            (
                "code-value-quantity has, in one and the same part, code is 718-7, in any system"
                " and value-quantity is more than 5, in any unit"
            ),
        ),
        ("patient.gender", "male", "patient leads to some Patient where gender is male, in any system"),
        (
            "patient._has:ResearchSubject:individual:status",
            "candidate",
            (
                "patient leads to some Patient where there is some ResearchSubject whose individual"
                " leads to it and where status is candidate, in any system"
            ),
        ),
        (
            "patient:identifier",
            "urn:x|7",
            "patient names its target by an identifier that is 7 of urn:x",
        ),
    ],
)
def test_a_condition_is_put_into_a_sentence(name: str, text: str, sentence: str) -> None:
    search = parse(OBSERVATION, [(name, text)], base=BASE)

    assert explained(search) == ((search.query.conditions[0], sentence),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("code", "Jean Dupont|2870175116001"),
        ("code", "287017511600141"),
        ("value-string", "Jean Dupont"),
        ("value-string:exact", "Jean Dupont"),
        ("value-string:contains", "Jean Dupont"),
        ("patient", "http://x.example/Jean%20Dupont"),
        ("patient", "http://x.example/287017511600141"),
        ("patient:identifier", "urn:oid:287017511600141|Jean Dupont"),
        ("value-quantity", "5||Jean Dupont"),
    ],
)
def test_no_text_is_shown_again_that_may_be_a_patient_s(name: str, text: str) -> None:
    [(_, sentence)] = explained(parse(OBSERVATION, [(name, text)], base=BASE))

    assert not {"Jean", "Dupont", "287017511600141", "2870175116001"} & set(sentence.split())
    assert "Jean" not in sentence
    assert "28701" not in sentence


def test_an_order_is_explained_and_so_is_a_question_without_conditions() -> None:
    search = parse(RESOURCES["Observation"], [("_sort", "-date,_id")], base=BASE)

    assert [issue.severity for issue in explanation(search)] == ["information"] * 2
    assert [issue.text for issue in explanation(search)] == [
        "every Observation is asked for",
        (
            "sorted by date (greatest first), then by _id (smallest first);"
            " what has no such value comes last, and ids decide between equals"
        ),
    ]
