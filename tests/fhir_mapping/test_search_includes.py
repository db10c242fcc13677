"""What `_include` and `_revinclude` add, and what is said of what they cannot."""

import pytest

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import Include
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse, self_link
from app.fhir_mapping.search_includes import includable, reverse_includable
from tests.fhir_mapping.searching import BASE

Asked = tuple[str, str | None, str | None, bool, bool]


def included(kind: str, *pairs: tuple[str, str]) -> tuple[Include, ...]:
    return parse(RESOURCES[kind], pairs, base=BASE, strict=True).query.includes


def told(include: Include) -> Asked:
    parameter = include.parameter.name if include.parameter is not None else None
    return include.source.name, parameter, include.target, include.reverse, include.iterate


@pytest.mark.parametrize(
    ("kind", "name", "text", "expected"),
    [
        (
            "Observation",
            "_include",
            "Observation:patient",
            ("Observation", "patient", None, False, False),
        ),
        (
            "Observation",
            "_include",
            "Observation:subject:Patient",
            ("Observation", "subject", "Patient", False, False),
        ),
        ("Observation", "_include", "*", ("Observation", None, None, False, False)),
        ("Observation", "_include", "Observation:*", ("Observation", None, None, False, False)),
        (
            "Observation",
            "_include:iterate",
            "ResearchStudy:partof",
            ("ResearchStudy", "partof", None, False, True),
        ),
        (
            "Patient",
            "_revinclude",
            "ResearchSubject:individual",
            ("ResearchSubject", "individual", None, True, False),
        ),
        (
            "Patient",
            "_revinclude",
            "Observation:subject:Patient",
            ("Observation", "subject", "Patient", True, False),
        ),
        ("Patient", "_revinclude", "Observation:*", ("Observation", None, None, True, False)),
        (
            "Patient",
            "_revinclude:iterate",
            "ResearchStudy:partof",
            ("ResearchStudy", "partof", None, True, True),
        ),
    ],
)
def test_what_is_declared_can_be_added(kind: str, name: str, text: str, expected: Asked) -> None:
    assert [told(include) for include in included(kind, (name, text))] == [expected]


def test_everything_that_refers_to_it_can_be_added() -> None:
    assert {told(include) for include in included("Patient", ("_revinclude", "*"))} == {
        (name, None, None, True, False) for name in RESOURCES
    }


@pytest.mark.verifies("fhir.search.include-declared")
@pytest.mark.parametrize(
    ("kind", "name", "text", "said"),
    [
        ("Observation", "_include", "Observation:code", "there are "),
        ("Observation", "_include", "Observation:pateint", "did you mean Observation:patient?"),
        ("Observation", "_include", "patient", "there are "),
        ("Observation", "_include", "Observation", "there are "),
        ("Observation", "_include", "ResearchSubject:study", "there are "),
        ("Observation", "_include", "Observation:patient:Patient:more", "there are "),
        ("Observation", "_include", "Observation:patient:Group", "leads to Patient alone"),
        ("Observation", "_include", "Group:member", "there are "),
        ("Observation", "_include:bogus", "Observation:patient", "iterate"),
        ("Patient", "_revinclude", "ResearchSubject:study", "ResearchSubject:individual"),
        ("Patient", "_revinclude", "Observation:subject:ResearchStudy", "leads to Patient alone"),
    ],
)
def test_what_is_not_declared_is_refused_with_what_is(kind: str, name: str, text: str, said: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(RESOURCES[kind], [(name, text)], base=BASE)

    assert caught.value.status == 400
    assert said in caught.value.issues[0].text


@pytest.mark.parametrize("kind", list(RESOURCES))
def test_all_that_is_declared_is_served(kind: str) -> None:
    for text in includable(RESOURCES[kind]):
        assert included(kind, ("_include", text))
    for text in reverse_includable(RESOURCES[kind]):
        assert included(kind, ("_revinclude", text))


def test_a_link_keeps_what_is_added_after_the_question() -> None:
    pairs = [
        ("_include", "Observation:patient"),
        ("_count", "3"),
        ("code", "a"),
        ("_include", "Observation:*"),
    ]

    link = self_link(parse(RESOURCES["Observation"], pairs, base=BASE))

    assert link.endswith("/Observation?code=a&_count=3&_include=Observation:patient&_include=Observation:%2A")
