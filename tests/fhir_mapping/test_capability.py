"""What the server says it can do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from app.fhir_mapping import check, codec
from app.fhir_mapping.capability import statement
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.registry import RESOURCES
from tests.fhir_mapping.searching import BASE


def stated(*, open_sandbox: bool = True) -> dict[str, Any]:
    return statement(
        RESOURCES.values(),
        OPERATIONS,
        base=BASE,
        software_version="1.2.3",
        date=datetime(2024, 5, 3, tzinfo=UTC),
        open_sandbox=open_sandbox,
    )


@pytest.mark.parametrize("open_sandbox", [True, False])
def test_the_statement_is_r4(*, open_sandbox: bool) -> None:
    document = stated(open_sandbox=open_sandbox)

    # R4B's model knows the R4 statement but for the version it names
    CapabilityStatement.model_validate_json(codec.write(document))
    assert check.problems("CapabilityStatement", document) == ()
    assert (document["fhirVersion"], document["kind"]) == ("4.0.1", "instance")


def test_every_type_and_search_parameter_is_stated_once() -> None:
    listed = {one["type"]: one for one in stated()["rest"][0]["resource"]}

    assert list(listed) == list(RESOURCES)
    for name, resource in RESOURCES.items():
        names = [parameter["name"] for parameter in listed[name]["searchParam"]]
        assert names == [parameter.name for parameter in resource.search]
        assert len(set(names)) == len(names)


def test_every_operation_is_stated_with_its_definition() -> None:
    listed = {
        (one["type"], f"${operation['name']}"): operation["definition"]
        for one in stated()["rest"][0]["resource"]
        for operation in one.get("operation", [])
    }

    assert listed == {(name, one.name): one.canonical for one in OPERATIONS for name in one.resources}


def test_an_open_sandbox_says_so() -> None:
    assert "OPEN SANDBOX" in stated()["rest"][0]["security"]["description"]
    assert "OPEN SANDBOX" not in stated(open_sandbox=False)["rest"][0]["security"]["description"]
