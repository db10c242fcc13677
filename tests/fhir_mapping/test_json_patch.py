from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec, json_patch
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.patching import written
from tests.fhir_mapping.bodies import NAMES, VALID, VALUES

Json = dict[str, Any]


def resource(**members: Any) -> Json:
    return {"resourceType": "Basic", **members}


def patched(document: Json, *operations: Json) -> Json:
    before = deepcopy(document)
    after = json_patch.apply(document, json_patch.read(codec.write(operations)))
    assert document == before
    return after


def refused(document: Json, *operations: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        json_patch.apply(document, json_patch.read(codec.write(operations)))
    return caught.value


def op(name: str, path: str, /, **more: Any) -> Json:
    return {"op": name, "path": path, **{key.rstrip("_"): value for key, value in more.items()}}


NESTED = {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}

# RFC 6902, appendix A, each document as the members of a resource.
APPENDIX: dict[str, tuple[Json, list[Json], Json]] = {
    "A.1 adding a member": (
        {"foo": "bar"},
        [op("add", "/baz", value="qux")],
        {"foo": "bar", "baz": "qux"},
    ),
    "A.2 adding an element": (
        {"foo": ["bar", "baz"]},
        [op("add", "/foo/1", value="qux")],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "A.3 removing a member": ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
    "A.4 removing an element": (
        {"foo": ["bar", "qux", "baz"]},
        [op("remove", "/foo/1")],
        {"foo": ["bar", "baz"]},
    ),
    "A.5 replacing a value": (
        {"baz": "qux", "foo": "bar"},
        [op("replace", "/baz", value="boo")],
        {"baz": "boo", "foo": "bar"},
    ),
    "A.6 moving a value": (
        NESTED,
        [op("move", "/qux/thud", from_="/foo/waldo")],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7 moving an element": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [op("move", "/foo/3", from_="/foo/1")],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8 testing a value": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [op("test", "/baz", value="qux"), op("test", "/foo/1", value=2)],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.10 adding a nested member": (
        {"foo": "bar"},
        [op("add", "/child", value={"grandchild": {}})],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "A.11 ignoring unknown members": (
        {"foo": "bar"},
        [op("add", "/baz", value="qux", xyz=123)],
        {"foo": "bar", "baz": "qux"},
    ),
    "A.14 escapes are ordered": ({"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
    "A.16 adding a list": (
        {"foo": ["bar"]},
        [op("add", "/foo/-", value=["abc", "def"])],
        {"foo": ["bar", ["abc", "def"]]},
    ),
}

# The appendix's errors, and others, each with the status and the place said.
FAILING: dict[str, tuple[Json, Json, str]] = {
    "A.9 testing a value": ({"baz": "qux"}, op("test", "/baz", value="bar"), "Patch[0].value"),
    "A.12 adding to what is not there": (
        {"foo": "bar"},
        op("add", "/baz/bat", value="qux"),
        "Patch[0].path",
    ),
    "A.15 texts are no numbers": ({"/": 9, "~1": 10}, op("test", "/~01", value="10"), "Patch[0].value"),
    "true is not 1": ({"a": 1}, op("test", "/a", value=True), "Patch[0].value"),
    "lists have an order": ({"a": [1, 2]}, op("test", "/a", value=[2, 1]), "Patch[0].value"),
    "lists have a length": ({"a": [1, 2]}, op("test", "/a", value=[1]), "Patch[0].value"),
    "a text has no members": ({"a": "bc"}, op("test", "/a/0", value="b"), "Patch[0].path"),
    "a text loses no members": ({"a": "bc"}, op("remove", "/a/b"), "Patch[0].path"),
    "a number loses no members": ({"a": 1}, op("move", "/b", from_="/a/b"), "Patch[0].from"),
    "true has no members to replace": ({"a": True}, op("replace", "/a/b", value=1), "Patch[0].path"),
    "a text has no place for more": ({"a": "bc"}, op("add", "/a/-", value="d"), "Patch[0].path"),
    "removing what is not there": ({}, op("remove", "/a"), "Patch[0].path"),
    "replacing what is not there": ({}, op("replace", "/a", value=1), "Patch[0].path"),
    "beyond the end": ({"a": [1]}, op("add", "/a/2", value=1), "Patch[0].path"),
    "the end holds nothing": ({"a": [1]}, op("remove", "/a/-"), "Patch[0].path"),
    "a leading zero": ({"a": [1, 2]}, op("remove", "/a/01"), "Patch[0].path"),
    "a minus sign": ({"a": [1, 2]}, op("remove", "/a/-1"), "Patch[0].path"),
    "other digits": ({"a": [1, 2]}, op("remove", "/a/١"), "Patch[0].path"),
    "a number of nine hundred digits": ({"a": [1]}, op("add", "/a/" + "1" * 900, value=1), "Patch[0].path"),
    "a name for an item": ({"a": [1]}, op("replace", "/a/b", value=1), "Patch[0].path"),
    "moving what is not there": ({}, op("move", "/b", from_="/a"), "Patch[0].from"),
    "copying what is not there": ({}, op("copy", "/b", from_="/a"), "Patch[0].from"),
    "moving into what the move took away": (
        {"a": [[1], [2]]},
        op("move", "/a/1/0", from_="/a/0"),
        "Patch[0].path",
    ),
}


@pytest.mark.parametrize("case", APPENDIX)
def test_the_examples_of_rfc_6902_hold(case: str) -> None:
    before, operations, after = APPENDIX[case]

    found = patched(resource(**before), *operations)

    assert codec.write(found) == codec.write(resource(**after))


@pytest.mark.parametrize("case", FAILING)
def test_what_cannot_be_carried_out_is_refused_with_its_place(case: str) -> None:
    document, operation, place = FAILING[case]
    problem = refused(resource(**document), operation)

    assert (problem.status, [issue.expression for issue in problem.issues]) == (422, [place])


@pytest.mark.parametrize(
    ("operation", "code", "place"),
    [
        ("add", "structure", "Patch[0]"),
        ({"path": "/a"}, "required", "Patch[0].op"),
        (op("spam", "/a"), "code-invalid", "Patch[0].op"),
        ({"op": {}, "path": "/a"}, "code-invalid", "Patch[0].op"),
        ({"op": "remove"}, "required", "Patch[0].path"),
        (op("add", "/a"), "required", "Patch[0].value"),
        (op("copy", "/a"), "required", "Patch[0].from"),
        ({"op": "remove", "path": 1}, "value", "Patch[0].path"),
        (op("remove", "a"), "value", "Patch[0].path"),
        (op("remove", "/a~2"), "value", "Patch[0].path"),
        (op("remove", "/a~"), "value", "Patch[0].path"),
        (op("remove", "/" + "a" * 1000), "value", "Patch[0].path"),
        (op("move", "/a", from_="b"), "value", "Patch[0].from"),
        (op("move", "/a/b/c", from_="/a/b"), "value", "Patch[0].path"),
        (op("move", "/a", from_=""), "value", "Patch[0].path"),
    ],
)
def test_an_operation_that_is_none_is_refused_with_its_place(operation: Any, code: str, place: str) -> None:
    problem = refused(resource(a=1), operation)

    assert (problem.status, [(issue.code, issue.expression) for issue in problem.issues]) == (
        400,
        [(code, place)],
    )


def test_every_faulty_operation_is_named() -> None:
    problem = refused(
        resource(), op("remove", "a"), op("test", "/a", value=1), op("ad", "/a"), op("add", "b")
    )

    assert [issue.expression for issue in problem.issues] == [
        "Patch[0].path",
        "Patch[2].op",
        "Patch[3].value",
        "Patch[3].path",
    ]
    assert "did you mean 'add'" in problem.issues[1].text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"1",
        b"null",
        b'"x"',
        b"[1",
        b'[],"a":1',
        b"[]}",
        b'[{"op":"remove","op":"add"}]',
        b"\xff",
    ],
)
def test_a_body_that_is_no_json_patch_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        json_patch.apply(resource(), json_patch.read(body))

    assert caught.value.status == 400
    assert {issue.expression for issue in caught.value.issues} == {"Patch"}


def test_a_patch_read_once_is_the_same_each_time_it_is_carried_out() -> None:
    first = [op("add", "/a", value=[1]), op("replace", "/b", value=[2])]
    then = [op("add", "/a/-", value=3), op("add", "/b/-", value=4)]
    operations = json_patch.read(codec.write([*first, *then]))
    after = [json_patch.apply(resource(b=None), operations) for _ in range(2)]

    assert after == [resource(a=[1, 3], b=[2, 4])] * 2


def test_a_move_is_a_removal_and_then_an_addition() -> None:
    after = patched(resource(a=[[1], [2], [3]]), op("move", "/a/1/0", from_="/a/0"))

    assert after["a"] == [[2], [[1], 3]]


def test_no_operations_change_nothing() -> None:
    assert patched(resource(a=[1])) == resource(a=[1])


def test_a_missing_place_can_be_tested_for_by_no_test() -> None:
    assert refused(resource(), op("test", "/a", value=None)).status == 422


def test_numbers_are_compared_by_value_and_kept_as_sent() -> None:
    document = codec.read(b'{"resourceType":"Basic","a":1.50,"b":1.0E2,"c":0.10}')
    operations = b'[{"op":"test","path":"/a","value":1.5},{"op":"test","path":"/b","value":100},\
        {"op":"add","path":"/d","value":2.300},{"op":"copy","from":"/a","path":"/e"},{"op":"move","from":"/c","path":"/f"}]'

    after = json_patch.apply(document, json_patch.read(operations))

    assert codec.write(after) == b'{"resourceType":"Basic","a":1.50,"b":1.0E+2,"d":2.300,"e":1.50,"f":0.10}'


def test_a_copy_shares_nothing_with_what_it_was_copied_from() -> None:
    after = patched(
        resource(a={"b": []}),
        op("copy", "/c", from_="/a"),
        op("add", "/c/b/-", value=1),
        op("remove", "/a/b"),
    )

    assert after == resource(a={}, c={"b": [1]})


@pytest.mark.parametrize(
    "operations",
    [
        [op("replace", "/resourceType", value="Patient")],
        [op("remove", "/resourceType")],
        [op("replace", "/id", value="other")],
        [op("remove", "/id")],
        [op("move", "/identifier", from_="/id")],
        [op("replace", "", value={"resourceType": "Basic"})],
        [op("replace", "", value=[])],
        [op("remove", "")],
        [op("add", "", value=None)],
    ],
)
def test_a_patch_makes_no_other_resource(operations: list[Json]) -> None:
    problem = refused(resource(id="a", meta={"versionId": "1"}), *operations)

    assert problem.status == 422
    assert all((issue.expression or "").startswith("Basic") for issue in problem.issues)


SERVER = {"versionId": "3", "lastUpdated": "2026-11-22T10:00:00Z"}
SECURE = {"security": [{"code": "SLS"}]}


@pytest.mark.parametrize(
    ("operation", "meta"),
    [
        (op("replace", "/meta/versionId", value="9"), SERVER | SECURE),
        (op("remove", "/meta/lastUpdated"), SERVER | SECURE),
        (op("remove", "/meta"), SERVER),
        (op("add", "/meta", value={"tag": [], "versionId": "9"}), SERVER | {"tag": []}),
        (op("replace", "/meta", value="text"), "text"),
    ],
)
def test_version_and_instant_stay_the_servers(operation: Json, meta: Any) -> None:
    assert patched(resource(id="a", meta={**SERVER, **SECURE}), operation)["meta"] == meta
    assert patched(resource(), op("add", "/meta", value={"versionId": "9"})) == resource()


def test_a_patch_is_bounded_in_operations() -> None:
    operations = [op("test", "/resourceType", value="Basic")] * 1000

    assert patched(resource(), *operations) == resource()
    assert refused(resource(), *operations, operations[0]).issues[0].code == "too-long"


@pytest.mark.parametrize(
    "doubling",
    [
        lambda number: op("copy", f"/b{number + 1}", from_=""),
        lambda number: op("copy", f"/a/b{number}", from_="/a"),
        lambda number: op("copy", "/c/-", from_="/c"),
        lambda number: op("copy", f"/t{number}", from_="/text"),
    ],
)
def test_copies_of_copies_are_bounded(doubling: Any) -> None:
    document = resource(a={"x": "y"}, c=[1, 2], text="t" * 10_000)

    problem = refused(document, *(doubling(number) for number in range(1000)))

    assert (problem.status, problem.issues[0].code) in {(422, "too-costly"), (422, "too-long")}


def test_nesting_is_bounded() -> None:
    deep = resource(a={})
    problem = refused(deep, *(op("add", "/a" * level, value={}) for level in range(1, 70)))
    assert (problem.issues[0].code, problem.issues[0].expression) == ("too-long", "Patch[63].path")

    moves = [op("add", f"/m{n}", value={}) for n in range(70)]
    moves += [op("move", f"/m{n + 1}/x", from_=f"/m{n}") for n in range(69)]
    assert refused(deep, *moves).issues[0].code == "too-long"


def test_what_is_refused_is_never_shown_again() -> None:
    private = "Aïcha Benmansour 1850675123456"
    for operation in (
        op("test", "/a", value=private),
        op("add", f"/{private}/b", value=private),
        op("replace", f"/{private}", value=1),
        op("copy", "/b", from_=f"/{private}"),
        op(private, "/a"),
        op("remove", private),
        private,
    ):
        problem = refused(resource(a=private + "!"), operation)
        assert not any(word in issue.text for issue in problem.issues for word in private.split())


STEPS = NAMES | st.sampled_from(["0", "1", "-", "coding", "~0", "resourceType", "meta", "versionId"])
POINTERS = st.lists(STEPS, max_size=4).map(lambda steps: "".join(f"/{step}" for step in steps)) | st.text(
    max_size=4
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": POINTERS},
    optional={"from": POINTERS, "value": VALUES},
)


@given(name=st.sampled_from(sorted(VALID)), operations=st.lists(OPERATIONS, max_size=6) | VALUES)
def test_a_patch_is_carried_out_or_refused(name: str, operations: Any) -> None:
    document = codec.read(VALID[name])
    before = codec.write(document)
    try:
        after = json_patch.apply(document, json_patch.read(codec.write(operations)))
    except Refusal as problem:
        status = problem.status
    else:
        assert codec.write(codec.read(written(VALID[name], document, after=after))) == codec.write(after)
        status = 200
    assert status in {200, 400, 422}
    assert codec.write(document) == before
