"""What becomes of the mentions of other entries in a transaction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.rewriting import rewritten, root, unresolved
from tests.fhir_mapping.bundling import uuid

ONE = uuid(1)
NAMES = {ONE: "Patient/new-1", "http://other.example/r4/Patient/7": "Patient/new-2"}


@pytest.mark.rule(37)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"subject":{"reference":"@"}}', '{"subject":{"reference":"Patient/new-1"}}'),
        ('{"subject" : { "reference" :\n "@" } }', '{"subject" : { "reference" :\n "Patient/new-1" } }'),
        (
            '{"extension":[{"url":"x","valueUri":"@"}]}',
            '{"extension":[{"url":"x","valueUri":"Patient/new-1"}]}',
        ),
        (
            '{"extension":[{"url":"x","valueUrl":"@"}]}',
            '{"extension":[{"url":"x","valueUrl":"Patient/new-1"}]}',
        ),
        ('{"photo":[{"url":"@"}]}', '{"photo":[{"url":"Patient/new-1"}]}'),
        ('{"instantiatesUri":["a","@"]}', '{"instantiatesUri":["a","Patient/new-1"]}'),
        (
            '{"contained":[{"subject":{"reference":"@"}}]}',
            '{"contained":[{"subject":{"reference":"Patient/new-1"}}]}',
        ),
        (
            r'{"div":"<div><a href=\"@\">x</a></div>"}',
            r'{"div":"<div><a href=\"Patient/new-1\">x</a></div>"}',
        ),
        (
            """{"div":"<div><img src='@'/></div>"}""",
            """{"div":"<div><img src='Patient/new-1'/></div>"}""",
        ),
    ],
)
@pytest.mark.verifies("fhir.transaction.references")
def test_a_mention_of_another_entry_becomes_where_it_will_stand(before: str, after: str) -> None:
    assert rewritten(before.replace("@", ONE).encode(), NAMES).decode() == after


@pytest.mark.rule(37)
@pytest.mark.parametrize(
    "text",
    [
        '{"valueCanonical":"@"}',
        '{"valueUuid":"@"}',
        '{"valueOid":"@"}',
        '{"profile":["@"]}',
        '{"identifier":[{"system":"urn:ietf:rfc:3986","value":"@"}]}',
        '{"note":[{"text":"see @"}]}',
        r'{"note":[{"text":"\"reference\":\"@\""}]}',
        r'{"note":[{"text":"<a href=\"@\">"}]}',
        '{"display":"reference","value":"@"}',
        r'{"display":"\\","reference2":"@"}',
        '{"subject":{"reference":"@x"}}',
        '{"subject":{"reference":"Patient/7"}}',
    ],
)
def test_what_only_looks_like_a_mention_stays_as_sent(text: str) -> None:
    raw = text.replace("@", ONE).encode()

    assert rewritten(raw, NAMES) == raw


def test_a_mention_spelt_with_escapes_is_a_mention() -> None:
    raw = rb'{"reference":"http:\/\/other.example\/r4\/Patient\/7"}'

    assert rewritten(raw, NAMES) == b'{"reference":"Patient/new-2"}'


def test_a_relative_reference_is_read_from_where_its_entry_came() -> None:
    raw = b'{"reference":"Patient/7"}'

    here = rewritten(raw, NAMES, relative_to=root("http://other.example/r4/Observation/1"))
    elsewhere = rewritten(raw, NAMES, relative_to=root("http://another.example/r4/Observation/1"))

    assert (here, elsewhere) == (b'{"reference":"Patient/new-2"}', raw)


@pytest.mark.parametrize("full_url", [None, ONE, "Patient/1", "http://other.example/"])
def test_an_entry_from_nowhere_has_no_relative_references(full_url: str | None) -> None:
    assert root(full_url) == ""


PRIMITIVES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.sampled_from([ONE, *NAMES])
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["reference", "url", "text", "div", "valueCanonical", "instantiatesUri"]) | st.text(),
    st.recursive(
        PRIMITIVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["reference", "url", "text", "div", "valueCanonical", "value"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    max_size=4,
)


def expected(element: object, name: str = "") -> object:
    """The same, slowly: on the document rather than on its text."""
    match element:
        case dict():
            return {key: expected(value, key) for key, value in element.items()}
        case list():
            within = name if name == "instantiatesUri" else ""
            return [expected(value, within) for value in element]
        case str() if name in {"reference", "url", "instantiatesUri"}:
            return NAMES.get(element, element)
    return element


@given(DOCUMENTS)
def test_the_text_is_rewritten_as_the_document_would_be(document: dict[str, object]) -> None:
    document.pop("instantiatesUri", None)

    raw = rewritten(codec.write(document), NAMES)

    assert codec.read(raw) == expected(codec.read(codec.write(document)))


@given(DOCUMENTS)
def test_rewriting_twice_changes_nothing_more_and_no_names_change_nothing(
    document: dict[str, object],
) -> None:
    raw = codec.write(document)
    once = rewritten(raw, NAMES)

    assert rewritten(once, NAMES) == once
    assert rewritten(raw, {}) == raw


def test_a_reference_to_no_entry_is_found_with_its_place() -> None:
    document = {
        "subject": {"reference": uuid(9)},
        "performer": [{"reference": "Practitioner/1"}, {"reference": "Practitioner?identifier=a|b"}],
        "focus": [{"reference": uuid(8)}],
    }

    issues = unresolved(document, "Bundle.entry[3].resource", called={uuid(8)})

    assert [(issue.code, issue.expression) for issue in issues] == [
        ("not-found", "Bundle.entry[3].resource.subject.reference"),
        ("not-supported", "Bundle.entry[3].resource.performer[1].reference"),
    ]
