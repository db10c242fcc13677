"""SMART scopes: what is written, what it allows, and what of it a client is granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.access import narrowing
from app.fhir_mapping.access.role import AUDIT, ROLES
from app.fhir_mapping.access.scope import LETTERS, Scope, granted, may, mentions, parse, spoken
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES

KINDS = ("*", "Observation", "Patient", "AdverseEvent")
TOKENS = (
    ("category", None, "laboratory"),
    ("category", "urn:a", "vital-signs"),
    ("code", "http://loinc.org", "4485-9"),
)
SCOPES = st.builds(
    Scope,
    st.sampled_from(KINDS),
    st.frozensets(st.sampled_from(LETTERS), min_size=1),
    st.lists(st.sampled_from(TOKENS), unique=True, max_size=2).map(tuple),
)


@pytest.mark.parametrize(
    ("version_1", "version_2"),
    [
        ("system/Observation.read", "system/Observation.rs"),
        ("system/Observation.write", "system/Observation.cud"),
        ("system/*.*", "system/*.cruds"),
        ("system/Patient.*", "system/Patient.cruds"),
    ],
)
def test_the_words_of_version_1_mean_letters_of_version_2(version_1: str, version_2: str) -> None:
    assert parse(version_1) == parse(version_2)
    assert spoken(parse(version_1)) == version_2


@pytest.mark.parametrize(
    "text",
    [
        "system/Observation.",
        "system/Observation.dus",
        "system/Observation.rr",
        "system/Observation.sr",
        "system/Observation.x",
        "system/Observation.readwrite",
        "system/Observation",
        "user/Observation.rs",
        "patient/Observation.rs",
        "launch/patient",
        "openid",
        "system/Observation.rs?",
        "system/Observation.rs?category",
        "system/Observation.rs?category=",
        "system/Observation.rs?category=a,b",
        "system/Observation.rs?_has:Patient:x=1",
        "system/Observation.rs\n",
        "System/Observation.rs",
        "system/Obs*.rs",
    ],
)
def test_what_is_no_scope_is_refused_rather_than_read_otherwise(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        Scope.of(text)
    assert caught.value.status == 400


@given(SCOPES)
def test_a_scope_is_read_as_it_is_written(scope: Scope) -> None:
    assert Scope.of(str(scope)) == scope


@given(
    st.lists(SCOPES, max_size=4),
    st.lists(SCOPES, max_size=4),
    st.sampled_from(LETTERS),
    st.sampled_from(KINDS[1:]),
)
def test_nothing_is_granted_that_was_not_held(
    asked: list[Scope], held: list[Scope], letter: str, kind: str
) -> None:
    found = granted(asked, held)

    for allows in (mentions, may):
        assert not allows(found, kind, letter) or (allows(asked, kind, letter) and allows(held, kind, letter))


@given(
    st.lists(SCOPES, max_size=3),
    st.lists(SCOPES, max_size=3),
    st.frozensets(st.sampled_from(TOKENS)),
    st.sampled_from(KINDS[1:]),
    st.sampled_from(LETTERS),
)
def test_of_one_resource_exactly_what_both_allow_is_granted(
    asked: list[Scope],
    held: list[Scope],
    bears: frozenset[tuple[str, str | None, str]],
    kind: str,
    letter: str,
) -> None:
    def allowed(scopes: list[Scope] | tuple[Scope, ...]) -> bool:
        return may(scopes, kind, letter, has=lambda token: token in bears)

    assert allowed(granted(asked, held)) == (allowed(asked) and allowed(held))


def test_a_narrowed_scope_allows_nothing_of_what_is_not_known_to_bear_its_tokens() -> None:
    scopes = parse("system/Observation.rs?category=laboratory")

    assert mentions(scopes, "Observation", "r")
    assert not may(scopes, "Observation", "r")
    assert may(scopes, "Observation", "r", has=lambda token: token == ("category", None, "laboratory"))


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
def test_a_role_speaks_of_types_there_are_and_nobody_writes_the_trail(role: object) -> None:
    from app.fhir_mapping.access.role import Role

    assert isinstance(role, Role)
    assert role.reads <= {*RESOURCES, *AUDIT}
    assert role.writes <= set(RESOURCES)
    assert role.writes <= role.reads


def test_the_sponsor_writes_nothing_that_is_about_a_patient() -> None:
    assert ROLES["sponsor"].writes == {"ResearchStudy", "ConceptMap", "Medication", "Organization"}


@pytest.mark.parametrize(
    ("scope", "may_be"),
    [
        ("system/Observation.rs?category=laboratory", True),
        ("system/Observation.rs?code=http://loinc.org|4485-9", True),
        ("system/Observation.rs", True),
        ("system/*.rs", True),
        ("system/Observation.rs?status=final", False),
        ("system/Observation.rs?date=2024", False),
        ("system/Observation.rs?colour=red", False),
        ("system/Banana.rs?code=x", False),
        ("system/Banana.rs", False),
        ("system/AuditEvent.rs", True),
        ("system/CodeSystem.rs", True),
        ("system/*.rs?category=laboratory", False),
    ],
)
def test_a_scope_is_narrowed_by_what_every_resource_is_indexed_by(scope: str, may_be: bool) -> None:
    assert (narrowing.problems(Scope.of(scope)) == []) is may_be
