"""Patches made up at random: each makes another valid resource, or changes nothing and says why."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from tests.fhir_mapping.bodies import VALUES
from tests.fuzz.explained import BRIEFLY, is_explained

PLACES = """
/status /code /code/coding/0 /code/coding/- /code/coding/1/code /subject/reference /valueQuantity/value /id
/meta/tag/0 /meta/versionId /resourceType /note/- /text/div /contained/0 /effectiveDateTime /a~1b /~2 /0
"""
POINTERS = st.sampled_from(["", "status", *PLACES.split()])
CODINGS = st.sampled_from(
    ["final", "29463-7", {"code": "a"}, {"text": "a note"}, [{"code": "a"}], {"value": 2}]
)
OPERATION = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": POINTERS,
        "from": POINTERS,
        "value": CODINGS | VALUES,
    }
)
WRONG_OPERATION = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]) | VALUES,
        "path": POINTERS | VALUES,
    },
    optional={"value": VALUES, "from": POINTERS | VALUES, "comment": VALUES},
)

PATHS = st.sampled_from(
    [
        "Observation.status",
        "Observation.code.coding",
        "Observation.code.coding[0]",
        "Observation.code.coding.where(code = '29463-7').display",
        "Observation.value.value",
        "Observation.value.ofType(Quantity).unit",
        "Observation.subject.reference",
        "Observation.meta.versionId",
        "Observation.note",
        "Observation",
        "Patient.gender",
        "Observation.code.coding.first()",
        "Observation.(",
        "%context",
        "",
    ]
)
PARTS = st.sampled_from(
    ["type", "path", "name", "value", "index", "source", "destination", "wonder"]
) | st.text(max_size=4)
SAID = st.one_of(
    PATHS.map(lambda text: {"valueString": text}),
    st.sampled_from(["add", "insert", "delete", "replace", "move", "final"]).map(
        lambda it: {"valueCode": it}
    ),
    st.integers(-1, 3).map(lambda number: {"valueInteger": number}),
    st.sampled_from(["status", "note", "display", "comment"]).map(lambda name: {"valueString": name}),
    VALUES.map(lambda value: {"valueCodeableConcept": value}),
    st.just({"part": [{"name": "text", "valueMarkdown": "a note"}]}),
    st.just({}),
)
PART = st.tuples(PARTS, SAID).map(lambda pair: {"name": pair[0]} | pair[1])
WRONG = st.lists(PART, max_size=4)
TYPED = st.sampled_from(["add", "insert", "delete", "replace", "move"])
VALUE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"valueCode": "amended"},
        {"valueString": "a note"},
        {"valueCoding": {"code": "a"}},
        {"valueCodeableConcept": {"text": "a"}},
        {"valueQuantity": {"value": 2}},
        {"part": [{"name": "text", "valueMarkdown": "a note"}]},
    ]
)
NAME = st.sampled_from(["status", "note", "coding", "interpretation", "wonder"])
NUMBERS = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))
WHOLE = st.tuples(TYPED, PATHS, NAME, VALUE, NUMBERS).map(
    lambda said: [
        {"name": "type", "valueCode": said[0]},
        {"name": "path", "valueString": said[1]},
        {"name": "name", "valueString": said[2]},
        {"name": "value", **said[3]},
        *(
            {"name": name, "valueInteger": number}
            for name, number in zip(("index", "source", "destination"), said[4], strict=True)
        ),
    ]
)

ADDRESS = "/fhir/Observation/fuzz"


def is_patched_or_explained(http: httpx.Client, body: Any, kind: str) -> None:
    """The patch leads to the next version, which is valid, or to no new one."""
    before = http.get(ADDRESS)
    answer = http.patch(ADDRESS, content=codec.write(body), headers={"Content-Type": kind})
    after = http.get(ADDRESS)

    is_explained(answer.status_code, answer.content)
    assert after.json()["resourceType"] == "Observation"
    assert after.json()["id"] == "fuzz"
    if answer.is_success:
        assert int(after.json()["meta"]["versionId"]) - int(before.json()["meta"]["versionId"]) in {0, 1}
        looked_at = http.post("/fhir/Observation/$validate?mode=create", content=after.content)
        assert {one["severity"] for one in looked_at.json()["issue"]} <= {"information", "warning"}
    else:
        assert after.content == before.content


@pytest.mark.rule(77)
@BRIEFLY
@given(
    st.lists(OPERATION, min_size=1, max_size=2) | st.lists(OPERATION | WRONG_OPERATION, max_size=3) | VALUES
)
def test_any_json_patch_is_carried_out_or_explained(http: httpx.Client, body: Any) -> None:
    is_patched_or_explained(http, body, "application/json-patch+json")


@pytest.mark.rule(77)
@BRIEFLY
@given(st.lists(WHOLE, min_size=1, max_size=2) | st.lists(WHOLE | WRONG, max_size=3))
def test_any_fhirpath_patch_is_carried_out_or_explained(http: httpx.Client, operations: Any) -> None:
    listed = [
        {"name": "operation", "part": parts} if parts else {"name": "operation"} for parts in operations
    ]
    body = {"resourceType": "Parameters"} | ({"parameter": listed} if listed else {})

    is_patched_or_explained(http, body, "application/fhir+json")
