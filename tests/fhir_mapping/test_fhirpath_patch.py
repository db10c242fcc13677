from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec, fhirpath_patch
from app.fhir_mapping.outcome import Refusal
from tests.fhir_mapping.bodies import NAMES, VALID, VALUES

Json = dict[str, Any]

CODES = {
    "type": "valueCode",
    "index": "valueInteger",
    "source": "valueInteger",
    "destination": "valueInteger",
}


def op(name: str, path: str, /, **parts: Any) -> Json:
    """An operation; its value is a part without a name."""
    said: list[Json] = [{"name": "type", "valueCode": name}, {"name": "path", "valueString": path}]
    for part, one in parts.items():
        said.append({"name": part, **(one if part == "value" else {CODES.get(part, "valueString"): one})})
    return {"name": "operation", "part": said}


def parameters(*operations: Any) -> Json:
    return {"resourceType": "Parameters"} | ({"parameter": list(operations)} if operations else {})


def patient(**members: Any) -> Json:
    return {"resourceType": "Patient", **members}


def patched(document: Json, *operations: Json) -> Json:
    sent = parameters(*operations)
    before = deepcopy((document, sent))
    after = fhirpath_patch.apply(document, sent)
    assert (document, sent) == before
    return after


def refused(document: Json, *operations: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        fhirpath_patch.apply(document, parameters(*operations))
    return caught.value


def identifiers(*numbers: int) -> list[Json]:
    return [{"system": "http://example.org", "value": f"value {number}"} for number in numbers]


def inserted(index: int) -> Json:
    return op("insert", "Patient.identifier", index=index, value={"valueIdentifier": identifiers(3)[0]})


def moved(source: int, destination: int) -> Json:
    return op("move", "Patient.identifier", source=source, destination=destination)


CONTACT = {"name": {"text": "a name"}, "gender": "male"}
MARRIED = {"text": "married"}

# The cases HL7 publishes for R4, by the names they have there.
PUBLISHED: dict[str, tuple[Json, list[Json], Json]] = {
    "No Difference": ({"birthDate": "1920-01-01"}, [], {"birthDate": "1920-01-01"}),
    "Replace Primitive": (
        {"birthDate": "1920-01-01"},
        [op("replace", "Patient.birthDate", value={"valueDate": "1930-01-01"})],
        {"birthDate": "1930-01-01"},
    ),
    "Delete Primitive": ({"birthDate": "1920-01-01"}, [op("delete", "Patient.birthDate")], {}),
    "Add Primitive": (
        {},
        [op("add", "Patient", name="birthDate", value={"valueDate": "1930-01-01"})],
        {"birthDate": "1930-01-01"},
    ),
    "Replace Nested Primitive #1": (
        {"contact": [CONTACT]},
        [op("replace", "Patient.contact[0].gender", value={"valueCode": "female"})],
        {"contact": [CONTACT | {"gender": "female"}]},
    ),
    "Replace Nested Primitive #2": (
        {"contact": [CONTACT]},
        [op("replace", "Patient.contact[0].name.text", value={"valueString": "the name"})],
        {"contact": [CONTACT | {"name": {"text": "the name"}}]},
    ),
    "Delete Nested Primitive #1": (
        {"contact": [CONTACT]},
        [op("delete", "Patient.contact[0].gender")],
        {"contact": [{"name": {"text": "a name"}}]},
    ),
    "Delete Nested Primitive #2": (
        {"contact": [CONTACT]},
        [op("delete", "Patient.contact[0].name.text")],
        {"contact": [{"gender": "male"}]},
    ),
    "Add Nested Primitive": (
        {"contact": [{"name": {"text": "a name"}}]},
        [op("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"})],
        {"contact": [CONTACT]},
    ),
    "Add Complex": (
        {},
        [op("add", "Patient", name="maritalStatus", value={"valueCodeableConcept": MARRIED})],
        {"maritalStatus": MARRIED},
    ),
    "Replace Complex": (
        {"maritalStatus": {"id": "1", **MARRIED}},
        [op("replace", "Patient.maritalStatus", value={"valueCodeableConcept": {"id": "2", "text": "not"}})],
        {"maritalStatus": {"id": "2", "text": "not"}},
    ),
    "Delete Complex": ({"maritalStatus": MARRIED}, [op("delete", "Patient.maritalStatus")], {}),
    "Add Anonymous Type": (
        {},
        [
            op(
                "add",
                "Patient",
                name="contact",
                value={"part": [{"name": "name", "valueHumanName": {"text": "a name"}}]},
            )
        ],
        {"contact": [{"name": {"text": "a name"}}]},
    ),
    "Delete Anonymous Type": (
        {"contact": [{"name": {"text": "a name"}}]},
        [op("delete", "Patient.contact[0]")],
        {},
    ),
    "List unchanged, contents changed": (
        {"identifier": identifiers(1, 2)},
        [
            op("replace", "Patient.identifier[0].value", value={"valueString": "value 2"}),
            op("replace", "Patient.identifier[1].value", value={"valueString": "value 1"}),
        ],
        {"identifier": identifiers(2, 1)},
    ),
    "Add to list": ({"identifier": identifiers(1, 2)}, [inserted(2)], {"identifier": identifiers(1, 2, 3)}),
    "Insert in list #1": (
        {"identifier": identifiers(1, 2)},
        [inserted(1)],
        {"identifier": identifiers(1, 3, 2)},
    ),
    "Insert in list #2": (
        {"identifier": identifiers(1, 2)},
        [inserted(0)],
        {"identifier": identifiers(3, 1, 2)},
    ),
    "Delete from List #1": (
        {"identifier": identifiers(1, 2, 3)},
        [op("delete", "Patient.identifier[0]")],
        {"identifier": identifiers(2, 3)},
    ),
    "Delete from List #3": (
        {"identifier": identifiers(1, 2, 3)},
        [op("delete", "Patient.identifier[2]")],
        {"identifier": identifiers(1, 2)},
    ),
    "Reorder List #1": (
        {"identifier": identifiers(1, 2, 3, 4)},
        [moved(3, 1)],
        {"identifier": identifiers(1, 4, 2, 3)},
    ),
    "Reorder List #4": (
        {"identifier": identifiers(1, 2, 3, 4)},
        [moved(0, 3)],
        {"identifier": identifiers(2, 3, 4, 1)},
    ),
    "Reorder List #5": (
        {"identifier": identifiers(1, 2, 3, 4)},
        [moved(1, 0), moved(2, 1), moved(3, 2)],
        {"identifier": identifiers(2, 3, 4, 1)},
    ),
}

WHY = {"extension": [{"url": "http://site.example/why", "valueCode": "masked"}]}
EXTENDING = {
    "part": [
        {"name": "url", "valueUri": "http://site.example/why"},
        {"name": "value", "valueCode": "masked"},
    ]
}
NAME = {"given": ["A", None, "B"], "_given": [None, WHY, {"id": "b"}]}

# What the published cases leave out.
FURTHER: dict[str, tuple[Json, list[Json], Json]] = {
    "deleting nothing is done already": ({}, [op("delete", "Patient.name[3].given.first()")], {}),
    "a path may leave out the type": ({"gender": "male"}, [op("delete", "gender")], {}),
    "where chooses by value": (
        {"identifier": identifiers(1, 2)},
        [op("delete", "Patient.identifier.where(system = 'http://example.org' and value='value 1')")],
        {"identifier": identifiers(2)},
    ),
    "where looks within": (
        {"contact": [CONTACT, {"name": {"text": "b"}}]},
        [op("delete", "Patient.contact.where(name.text='b')")],
        {"contact": [CONTACT]},
    ),
    "where may ask the element itself": (
        {"name": [{"given": ["A", "B"]}]},
        [op("delete", "Patient.name.given.where($this='A')")],
        {"name": [{"given": ["B"]}]},
    ),
    "first and last": (
        {"identifier": identifiers(1, 2, 3)},
        [op("delete", "Patient.identifier.first()"), op("delete", "Patient.identifier.last()")],
        {"identifier": identifiers(2)},
    ),
    "an index counts all that is found": (
        {"name": [{"given": ["A"]}, {"given": ["B", "C"]}]},
        [op("delete", "Patient.name.given[1]")],
        {"name": [{"given": ["A"]}, {"given": ["C"]}]},
    ),
    "a choice is deleted by its own name": (
        {"deceasedBoolean": True},
        [op("delete", "Patient.deceased")],
        {},
    ),
    "a choice is replaced under the name of its type, in its place": (
        {"deceasedBoolean": True, "_deceasedBoolean": WHY, "gender": "male"},
        [op("replace", "Patient.deceased", value={"valueDateTime": "2024"})],
        {"deceasedDateTime": "2024", "gender": "male"},
    ),
    "a choice is added under the name of its type": (
        {},
        [op("add", "Patient", name="deceased", value={"valueBoolean": False})],
        {"deceasedBoolean": False},
    ),
    "ofType chooses": (
        {"deceasedBoolean": True},
        [
            op("delete", "Patient.deceased.ofType(dateTime)"),
            op("add", "Patient", name="active", value={"valueBoolean": True}),
        ],
        {"deceasedBoolean": True, "active": True},
    ),
    "an extension is found by its url": (
        {
            "extension": [
                {"url": "http://a.example", "valueString": "x"},
                {"url": "http://b.example", "valueString": "y"},
            ]
        },
        [
            op(
                "replace",
                "Patient.extension('http://b.example').value",
                value={"valueDecimal": Decimal("1.50")},
            )
        ],
        {
            "extension": [
                {"url": "http://a.example", "valueString": "x"},
                {"url": "http://b.example", "valueDecimal": Decimal("1.50")},
            ]
        },
    ),
    "what stands beside a primitive goes with it": (
        {"birthDate": "1988", "_birthDate": WHY},
        [op("delete", "Patient.birthDate")],
        {},
    ),
    "what stands beside an item goes with it": (
        {"name": [NAME]},
        [op("delete", "Patient.name.given[0]"), op("delete", "Patient.name.given[0]")],
        {"name": [{"given": ["B"], "_given": [{"id": "b"}]}]},
    ),
    "what stands beside an item moves with it": (
        {"name": [NAME]},
        [op("move", "Patient.name.given", source=1, destination=0)],
        {"name": [{"given": [None, "A", "B"], "_given": [WHY, None, {"id": "b"}]}]},
    ),
    "what is inserted moves what stands beside": (
        {"name": [NAME]},
        [op("insert", "Patient.name.given", index=1, value={"valueString": "C"})],
        {"name": [{"given": ["A", "C", None, "B"], "_given": [None, None, WHY, {"id": "b"}]}]},
    ),
    "an item of extensions alone is replaced by a value": (
        {"name": [NAME]},
        [op("replace", "Patient.name.given[1]", value={"valueString": "C"})],
        {"name": [{"given": ["A", "C", "B"], "_given": [None, None, {"id": "b"}]}]},
    ),
    "a primitive is extended": (
        {"birthDate": "1988"},
        [
            op(
                "add",
                "Patient.birthDate",
                name="extension",
                value=EXTENDING,
            )
        ],
        {"birthDate": "1988", "_birthDate": WHY},
    ),
    "a primitive loses its last extension": (
        {"birthDate": "1988", "_birthDate": WHY},
        [op("delete", "Patient.birthDate.extension")],
        {"birthDate": "1988"},
    ),
    "an item loses its last extension": (
        {"name": [{"given": ["A", "B"], "_given": [WHY, None]}]},
        [op("delete", "Patient.name.given[0].extension")],
        {"name": [{"given": ["A", "B"]}]},
    ),
    "an item of extensions alone goes with the last": (
        {"name": [NAME]},
        [op("delete", "Patient.name.given[1].extension")],
        {"name": [{"given": ["A", "B"], "_given": [None, {"id": "b"}]}]},
    ),
    "an item is extended": (
        {"name": [{"given": ["A", "B"]}]},
        [
            op(
                "add",
                "Patient.name.given[1]",
                name="extension",
                value=EXTENDING,
            )
        ],
        {"name": [{"given": ["A", "B"], "_given": [None, WHY]}]},
    ),
    "what says nothing any more is left out": (
        {"_birthDate": WHY},
        [op("delete", "Patient.birthDate.extension[0]")],
        {},
    ),
    "a value may come with extensions": (
        {},
        [op("add", "Patient", name="birthDate", value={"valueDate": "1988", "_valueDate": WHY})],
        {"birthDate": "1988", "_birthDate": WHY},
    ),
    "parts of parts, and parts that repeat": (
        {},
        [
            op(
                "add",
                "Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "gender", "valueCode": "male"},
                        {"name": "telecom", "valueContactPoint": {"rank": 1}},
                        {"name": "telecom", "valueContactPoint": {"rank": 2}},
                        {"name": "period", "part": [{"name": "start", "valueDateTime": "2020"}]},
                    ]
                },
            )
        ],
        {"contact": [{"gender": "male", "telecom": [{"rank": 1}, {"rank": 2}], "period": {"start": "2020"}}]},
    ),
    "an insert makes the list": ({}, [inserted(0)], {"identifier": identifiers(3)}),
    "what is contained is reached": (
        {"contained": [{"resourceType": "Organization", "id": "o", "name": "x", "active": True}]},
        [op("delete", "Patient.contained.where(id='o').name")],
        {"contained": [{"resourceType": "Organization", "id": "o", "active": True}]},
    ),
    "ofType chooses among what is contained": (
        {"contained": [{"resourceType": "Organization", "id": "o"}, {"resourceType": "Basic", "id": "b"}]},
        [op("delete", "Patient.contained.ofType(Basic)")],
        {"contained": [{"resourceType": "Organization", "id": "o"}]},
    ),
    "what was added can be changed, and not what was sent": (
        {},
        [
            op("add", "Patient", name="maritalStatus", value={"valueCodeableConcept": MARRIED}),
            op("replace", "Patient.maritalStatus.text", value={"valueString": "x"}),
        ],
        {"maritalStatus": {"text": "x"}},
    ),
    "each operation sees the one before": (
        {},
        [
            op("add", "Patient", name="contact", value={"part": [{"name": "gender", "valueCode": "male"}]}),
            op("replace", "Patient.contact.gender", value={"valueCode": "female"}),
            op("delete", "Patient.contact"),
        ],
        {},
    ),
}


@pytest.mark.parametrize("case", PUBLISHED | FURTHER)
def test_a_patch_leads_from_one_resource_to_another(case: str) -> None:
    before, operations, after = (PUBLISHED | FURTHER)[case]

    assert codec.write(patched(patient(**before), *operations)) == codec.write(patient(**after))


def test_digits_are_kept() -> None:
    observation = codec.read(
        b'{"resourceType":"Observation","valueQuantity":{"value":1.50},"note":[{"text":"n"}]}'
    )
    sent = codec.read(
        b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},\
        {"name":"path","valueString":"Observation"},{"name":"name","valueString":"referenceRange"},{"name":"value",\
        "part":[{"name":"low","valueQuantity":{"value":2.300}}]}]},{"name":"operation","part":[{"name":"type",\
        "valueCode":"delete"},{"name":"path","valueString":"Observation.note.where(text=\'n\')"}]}]}'
    )

    assert codec.write(fhirpath_patch.apply(observation, sent)) == (
        b'{"resourceType":"Observation","valueQuantity":{"value":1.50},"referenceRange":[{"low":{"value":2.300}}]}'
    )


@pytest.mark.parametrize(("asked", "left"), [("1.5", 0), ("1.50", 0), ("1.51", 1), ("'1.5'", 1), ("true", 1)])
def test_numbers_are_compared_by_value(asked: str, left: int) -> None:
    document = {"resourceType": "Observation", "component": [{"valueQuantity": {"value": Decimal("1.50")}}]}
    path = f"Observation.component.where(value.value = {asked})"

    assert len(patched(document, op("delete", path)).get("component", [])) == left


def test_a_profile_of_quantity_is_a_quantity() -> None:
    document = {"resourceType": "Observation", "referenceRange": [{"low": {"value": 1}, "text": "r"}]}

    after = patched(document, op("delete", "Observation.referenceRange.low.ofType(Quantity)"))

    assert after["referenceRange"] == [{"text": "r"}]


PATH, VALUE = "Parameters.parameter[0].part[1]", "Parameters.parameter[0].part[2]"
TEXT = {"valueString": "x"}


@pytest.mark.parametrize(
    ("operation", "code", "place"),
    [
        (op("replace", "Patient.gender", value=TEXT), "not-found", PATH),
        (op("replace", "Patient.identifier", value=TEXT), "multiple-matches", PATH),
        (op("delete", "Patient.identifier"), "multiple-matches", PATH),
        (op("delete", "Patient.nmae.given"), "not-found", PATH),
        (op("delete", "Observation.status"), "not-found", PATH),
        (op("delete", "Patient"), "not-supported", PATH),
        (op("replace", "Patient", value=TEXT), "not-supported", PATH),
        (op("add", "Patient.contact", name="gender", value=TEXT), "not-found", PATH),
        (op("add", "Patient.identifier", name="value", value=TEXT), "multiple-matches", PATH),
        (op("add", "Patient", name="birthDate", value=TEXT), "duplicate", VALUE),
        (op("add", "Patient", name="deceased", value={"valueDateTime": "2020"}), "duplicate", VALUE),
        (op("add", "Patient", name="deceased", value=TEXT), "value", VALUE),
        (op("add", "Patient", name="nmae", value=TEXT), "not-found", VALUE),
        (op("replace", "Patient.deceased", value=TEXT), "value", VALUE),
        (
            op("add", "Patient", name="gender", value={"part": [{"name": "a", **TEXT}]}),
            "value",
            VALUE[:-2] + "3]",
        ),
        (
            op("add", "Patient", name="contact", value={"part": [{"name": "a", **TEXT}]}),
            "not-found",
            VALUE[:-2] + "3].part[0]",
        ),
        (inserted(3), "value", VALUE),
        (op("insert", "Patient.gender", index=0, value=TEXT), "value", PATH),
        (op("insert", "Patient.identifier[0]", index=0, value=TEXT), "value", PATH),
        (op("insert", "Patient.identifier.extension", index=0, value=TEXT), "multiple-matches", PATH),
        (moved(2, 0), "value", VALUE),
        (moved(0, 2), "value", VALUE[:-2] + "3]"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_its_place(operation: Json, code: str, place: str) -> None:
    document = patient(identifier=identifiers(1, 2), birthDate="1988", deceasedBoolean=False)
    problem = refused(document, operation)

    assert (problem.status, [(issue.code, issue.expression) for issue in problem.issues]) == (
        422,
        [(code, place)],
    )


def without(operation: Json, name: str) -> Json:
    return operation | {"part": [part for part in operation["part"] if part["name"] != name]}


FIRST = "Parameters.parameter[0]"
DELETE = op("delete", "Patient.name")


@pytest.mark.parametrize(
    ("operation", "code", "place"),
    [
        ({"name": "patch", "valueString": "x"}, "value", FIRST + ".name"),
        ({"name": "operation", "valueString": "x"}, "required", FIRST),
        (op("upsert", "Patient.name"), "code-invalid", FIRST + ".part[0]"),
        (without(DELETE, "type"), "required", FIRST),
        (without(DELETE, "path"), "required", FIRST),
        (op("replace", "Patient.name"), "required", FIRST),
        (op("replace", "Patient.name", value={"part": []}), "structure", FIRST + ".part[2].part"),
        (without(moved(0, 1), "source"), "required", FIRST),
        (DELETE | {"part": [*DELETE["part"], {"name": "vlaue", **TEXT}]}, "value", FIRST + ".part[2].name"),
        (DELETE | {"part": DELETE["part"] * 2}, "duplicate", FIRST + ".part[2]"),
        (moved(-1, 0), "value", FIRST + ".part[2]"),
        (
            moved(0, 1) | {"part": [*moved(0, 1)["part"][:3], {"name": "destination", **TEXT}]},
            "value",
            FIRST + ".part[3]",
        ),
        (op("delete", "Patient..name"), "value", PATH),
        (op("delete", "Patient.name.where(use)"), "value", PATH),
        (op("delete", "Patient.name.exists()"), "value", PATH),
        (op("delete", "Patient.name | Patient.contact"), "value", PATH),
        (op("delete", "Patient.name[0"), "value", PATH),
        (op("delete", "Patient.name.where(use='usual)"), "value", PATH),
        (op("delete", "Patient" + ".name" * 200), "too-long", PATH),
        (
            {"name": "operation", "part": [{"name": "type", "valueCode": 1}]},
            "value",
            FIRST + ".part[0].valueCode",
        ),
        ("operation", "structure", FIRST),
    ],
)
def test_parameters_that_are_no_patch_are_refused_with_their_place(
    operation: Any, code: str, place: str
) -> None:
    problem = refused(patient(), operation)

    assert problem.status == 400
    assert (code, place) in [(issue.code, issue.expression) for issue in problem.issues]


def test_another_resource_is_no_patch() -> None:
    with pytest.raises(Refusal) as caught:
        fhirpath_patch.apply(patient(), {"resourceType": "Patient"})

    assert caught.value.status == 400


def test_every_faulty_operation_is_named() -> None:
    problem = refused(patient(), op("delte", "Patient.name"), DELETE, op("delete", "Patient["))

    assert [issue.expression for issue in problem.issues] == [
        "Parameters.parameter[0].part[0]",
        "Parameters.parameter[2].part[1]",
    ]
    assert "did you mean 'delete'" in problem.issues[0].text


def test_a_patch_makes_no_other_resource() -> None:
    problem = refused(patient(id="a"), op("replace", "Patient.id", value={"valueId": "b"}))

    assert (problem.status, problem.issues[0].expression) == (422, "Patient.id")


def test_version_and_instant_stay_the_servers() -> None:
    meta = {"versionId": "3", "lastUpdated": "2026-11-22T10:00:00Z"}
    document = patient(meta={**meta, "tag": [{"code": "x"}]})

    assert patched(document, op("delete", "Patient.meta.versionId"))["meta"] == document["meta"]
    assert patched(document, op("delete", "Patient.meta"))["meta"] == meta


def test_a_patch_is_bounded_in_operations() -> None:
    assert patched(patient(), *([DELETE] * 1000)) == patient()
    assert refused(patient(), *([DELETE] * 1001)).issues[0].code == "too-long"


def test_the_elements_paths_pass_are_bounded() -> None:
    document = patient(identifier=identifiers(*range(5000)))
    operation = op("delete", "Patient.identifier.where(value='none' and system='none')")

    problem = refused(document, *([operation] * 200))

    assert (problem.status, problem.issues[0].code) == (422, "too-costly")


@pytest.mark.parametrize(
    "sent",
    [
        lambda private: op("delete", f"Patient.name.where(family='{private}"),
        lambda private: op("delete", f"Patient.{private}"),
        lambda private: op("delete", f"Patient.name.where(family='{private}').{private}"),
        lambda private: op("add", "Patient", name=private, value={"valueString": private}),
        lambda private: op("replace", "Patient.name", value={"valueString": private}),
        lambda private: op(private, "Patient"),
        lambda private: {"name": "operation", "part": [{"name": private, "valueString": private}]},
    ],
)
def test_what_is_refused_is_never_shown_again(sent: Callable[[str], Json]) -> None:
    private = "Aïcha Benmansour 1850675123456"
    problem = refused(patient(), sent(private))

    assert not any(word in issue.text for issue in problem.issues for word in private.split())


STEPS = NAMES | st.sampled_from(
    [
        "[0]",
        "[1]",
        "first()",
        "last()",
        "where(code='a')",
        "where($this=1)",
        "ofType(Quantity)",
        "extension('u')",
        "name",
        "given",
        "valueQuantity",
        "code",
        "Patient",
        "Observation",
    ]
)
PATHS = st.lists(STEPS, min_size=1, max_size=4).map(
    lambda steps: ".".join(steps).replace(".[", "[")
) | st.text(max_size=6)
PART_VALUES = st.sampled_from(
    [
        {"valueString": "x"},
        {"valueQuantity": {"value": Decimal("1.50")}},
        {"valueCodeableConcept": {"text": "a"}},
        {"valueBoolean": True},
        {"part": [{"name": "code", "valueCode": "a"}]},
        {"_valueString": WHY},
        {"resource": {"resourceType": "Basic", "code": {"text": "b"}}},
        {"valueExtension": {"url": "u"}},
    ]
)


@st.composite
def operation(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(["add", "insert", "delete", "replace", "move"]))
    parts: Json = {}
    if kind == "add":
        parts["name"] = draw(NAMES)
    for number in {"insert": ["index"], "move": ["source", "destination"]}.get(kind, []):
        parts[number] = draw(st.integers(0, 2))
    if kind in {"add", "insert", "replace"}:
        parts["value"] = draw(PART_VALUES)
    return op(kind, draw(PATHS), **parts)


@given(
    name=st.sampled_from(sorted(VALID)),
    operations=st.lists(operation() | operation() | st.dictionaries(NAMES, VALUES, max_size=3), max_size=5),
)
def test_a_patch_is_carried_out_or_refused(name: str, operations: list[Any]) -> None:
    document = codec.read(VALID[name])
    before = codec.write(document)
    try:
        after = fhirpath_patch.apply(document, parameters(*operations))
    except Refusal as problem:
        status = problem.status
    else:
        codec.read(codec.write(after))
        status = 200
    assert status in {200, 400, 422}
    assert codec.write(document) == before
