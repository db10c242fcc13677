"""What the name of a search parameter asks: modifiers, chains, `_has`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import (
    AnyOf,
    Chained,
    Clause,
    Condition,
    IdentifierValue,
    Missing,
    ReferenceValue,
    Reverse,
    StringValue,
    TokenValue,
    clauses,
)
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter
from app.fhir_mapping.search import parse
from app.fhir_mapping.search_controls import sortable
from app.fhir_mapping.search_names import MOST_CHAINED, MOST_REVERSED, is_plain
from tests.fhir_mapping.searching import BASE, OBSERVATION

PATIENT, SUBJECT, STUDY = (RESOURCES[name] for name in ("Patient", "ResearchSubject", "ResearchStudy"))


def asked(resource: Resource, name: str, text: str) -> Condition:
    [condition] = parse(resource, [(name, text)], base=BASE).query.conditions
    return condition


def refused(resource: Resource, name: str, text: str = "a") -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(resource, [(name, text)], base=BASE)
    return caught.value


def own(resource: Resource, name: str) -> SearchParameter:
    parameter = resource.parameter(name)
    assert parameter is not None
    return parameter


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("code:missing", "true", Missing(own(OBSERVATION, "code"), True)),
        ("patient:missing", "false", Missing(own(OBSERVATION, "patient"), False)),
        (
            "code:not",
            "a,s|b",
            Clause(own(OBSERVATION, "code"), (TokenValue(None, "a"), TokenValue("s", "b")), negated=True),
        ),
        (
            "value-string:exact",
            r"Mü\,A",
            Clause(own(OBSERVATION, "value-string"), (StringValue("Mü,A", "exact"),)),
        ),
        (
            "value-string:contains",
            "Mü",
            Clause(own(OBSERVATION, "value-string"), (StringValue("mu", "contains"),)),
        ),
        (
            "patient:identifier",
            "http://ids.example|7",
            Clause(own(OBSERVATION, "patient"), (IdentifierValue(TokenValue("http://ids.example", "7")),)),
        ),
        (
            "focus:Patient",
            f"1,Patient/2,{BASE}/Patient/3,Patient/4/_history/1,http://other.example/Patient/5",
            Clause(
                own(OBSERVATION, "focus"),
                (
                    *(ReferenceValue("Patient", name) for name in "1234"),
                    ReferenceValue("", "http://other.example/Patient/5"),
                ),
            ),
        ),
    ],
)
def test_a_modifier_changes_what_is_asked(name: str, text: str, expected: Condition) -> None:
    assert asked(OBSERVATION, name, text) == expected


@pytest.mark.parametrize(
    ("name", "there_are"),
    [
        ("code:in", ":missing, :not"),
        ("code:text", ":missing, :not"),
        ("code:Not", "did you mean not?"),
        ("date:exact", ":missing"),
        ("date:not", ":missing"),
        ("value-quantity:contains", ":missing"),
        ("value-string:not", ":missing, :exact, :contains"),
        ("code-value-quantity:missing", "it has none"),
        ("patient:Observation", ":missing, :identifier, :Patient"),
        ("focus:Pacient", "did you mean Patient?"),
        ("code:", ":missing, :not"),
        ("code:not:missing", ":missing, :not"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_any_other_modifier_is_refused_with_those_there_are(
    name: str, there_are: str, *, strict: bool
) -> None:
    with pytest.raises(Refusal) as caught:
        parse(OBSERVATION, [(name, "true")], base=BASE, strict=strict)

    assert caught.value.status == 400
    assert there_are in caught.value.issues[0].text


def test_a_value_must_fit_its_modifier() -> None:
    assert "true or false" in refused(OBSERVATION, "code:missing", "yes").issues[0].text
    assert "Patient/id" in refused(OBSERVATION, "focus:Patient", "Observation/1").issues[0].text


def test_a_chain_asks_of_what_a_reference_leads_to() -> None:
    expected = Chained(
        own(OBSERVATION, "patient"), PATIENT, Clause(own(PATIENT, "gender"), (TokenValue(None, "female"),))
    )

    assert asked(OBSERVATION, "patient.gender", "female") == expected
    assert asked(OBSERVATION, "patient:Patient.gender", "female") == expected


def test_a_chain_goes_on_and_may_end_in_a_modifier() -> None:
    found = asked(STUDY, "partof.partof.title:contains", "msc")

    title = Clause(own(STUDY, "title"), (StringValue("msc", "contains"),))
    partof = own(STUDY, "partof")
    assert found == Chained(partof, STUDY, Chained(partof, STUDY, title))


def test_a_chain_without_a_type_asks_of_every_type_that_knows_the_rest() -> None:
    found = asked(OBSERVATION, "focus._id", "a")

    assert isinstance(found, AnyOf)
    assert {one.target.name for one in found.conditions if isinstance(one, Chained)} == {
        "Patient",
        "ResearchStudy",
    }
    title = asked(OBSERVATION, "focus.title", "a")
    assert isinstance(title, Chained)
    assert title.target is STUDY


@pytest.mark.verifies("fhir.search.wrong-chain")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("patient.foo", "'foo' is no search parameter of Patient"),
        ("patient.gendr", "did you mean gender?"),
        ("code.gender", "of Observation these do: patient, focus"),
        ("focus:Group.name", "it leads to Patient, ResearchStudy"),
        ("patient:Practitioner.name", "it leads to Patient"),
        ("patient.", "is no search parameter of Patient"),
        ("patient.gender:in", ":missing, :not"),
        ("patient.gender.foo", "gender leads to no resource"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused_with_what_there_is(name: str, said: str) -> None:
    issue = refused(OBSERVATION, name).issues[0]

    assert issue.code == "not-supported"
    assert said in issue.text


def test_a_value_at_the_end_of_a_chain_is_read_as_any_other() -> None:
    issue = refused(OBSERVATION, "focus.birthdate", "2024-13").issues[0]

    assert (issue.code, issue.expression) == ("value", "http.focus.birthdate")


def test_has_asks_of_what_refers_to_it() -> None:
    individual, status = own(SUBJECT, "individual"), own(SUBJECT, "status")
    by_status = Reverse(SUBJECT, individual, Clause(status, (TokenValue(None, "candidate"),)))

    assert asked(PATIENT, "_has:ResearchSubject:individual:status", "candidate") == by_status
    assert asked(OBSERVATION, "patient._has:ResearchSubject:individual:status", "candidate") == Chained(
        own(OBSERVATION, "patient"), PATIENT, by_status
    )
    assert asked(PATIENT, "_has:ResearchSubject:individual:study.title:exact", "MSC") == Reverse(
        SUBJECT,
        individual,
        Chained(own(SUBJECT, "study"), STUDY, Clause(own(STUDY, "title"), (StringValue("MSC", "exact"),))),
    )


def test_one_has_may_stand_in_another() -> None:
    found = asked(STUDY, "_has:ResearchStudy:partof:_has:ResearchSubject:study:status", "candidate")

    assert isinstance(found, Reverse)
    assert isinstance(found.condition, Reverse)
    assert (found.source, found.condition.source) == (STUDY, SUBJECT)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("_has", "_has:Type:reference:parameter"),
        ("_has:Observation:patient", "_has:Type:reference:parameter"),
        ("_has:Observation::code", "_has:Type:reference:parameter"),
        ("_has:Observations:patient:code", "did you mean Observation?"),
        ("_has:Group:member:code", "is no type of this server"),
        ("_has:Observation:code:code", "'code' of Observation does not lead to Patient"),
        ("_has:ResearchSubject:study:status", "does not lead to Patient; these do: "),
        ("_has:ResearchSubject:individual:statos", "did you mean status?"),
    ],
)
def test_a_has_that_leads_nowhere_is_refused_with_what_there_is(name: str, said: str) -> None:
    assert said in refused(PATIENT, name).issues[0].text


def test_chains_and_has_are_bounded() -> None:
    chain = "partof." * MOST_CHAINED
    has = "_has:ResearchStudy:partof:" * MOST_REVERSED

    assert asked(STUDY, f"{chain}title", "a")
    assert asked(STUDY, f"{has}title", "a")
    assert refused(STUDY, f"{chain}partof.title").issues[0].code == "too-costly"
    assert refused(STUDY, f"{has}_has:ResearchStudy:partof:title").issues[0].code == "too-costly"


STEPS = st.sampled_from(
    [
        "patient",
        "individual",
        "study",
        "partof",
        "code",
        "status",
        "Patient",
        "Observation",
        "_has",
        "_id",
        "",
    ]
)
MARKS = st.sampled_from([":", ".", ":missing", ":not", ":identifier", ":exact"])


@given(
    st.sampled_from(list(RESOURCES.values())),
    st.lists(STEPS | MARKS, max_size=12).map("".join),
    st.sampled_from(["a", "true", "2024", "Patient/1"]),
)
def test_every_name_is_a_condition_or_a_refusal_or_ignored(resource: Resource, name: str, text: str) -> None:
    with suppress(Refusal):
        found = parse(resource, [(name, text)], base=BASE)
        assert found.query.conditions or (is_plain(name) and found.ignored == (name,))


@pytest.mark.parametrize("resource", list(RESOURCES.values()), ids=list(RESOURCES))
def test_every_declared_parameter_can_be_asked_and_sorted_by(resource: Resource) -> None:
    texts = {SearchKind.DATE: "ge2024-03", SearchKind.NUMBER: "5", SearchKind.QUANTITY: "5.4||mg/dL"}
    for parameter in resource.search:
        parts = [texts.get(own(resource, name).kind, "a") for name in parameter.components]
        text = "$".join(parts) or texts.get(parameter.kind, "a")
        found = parse(resource, [(parameter.name, text)], base=BASE, strict=True).query
        assert [one.parameter for condition in found.conditions for one in clauses(condition)] == [parameter]
    for name in sortable(resource):
        assert parse(resource, [("_sort", f"-{name}")], base=BASE, strict=True).query.sort
