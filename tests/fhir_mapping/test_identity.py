"""A result is the same one by its sender's number and the code the sender chose, whatever was added to it."""

from typing import Any

import pytest

from app.fhir_mapping.extensions import MAPPED_BY
from app.fhir_mapping.identity import LONGEST, identity_of
from app.fhir_mapping.push import Identity
from app.fhir_mapping.sender import Sender, Senders
from app.fhir_mapping.sender_document import kept, problems, written

NUMBERS = "urn:oid:1.2.250.1.0.99.1"
CODES = "urn:oid:1.2.250.1.0.99.2"
LOINC = "http://loinc.org"
CHU_A = Sender(name="chu-a", systems=(NUMBERS,), code_systems=(CODES,))
SENDERS = Senders((CHU_A,))
LOCAL = {"system": CODES, "code": "C3N"}
C3 = {"system": LOINC, "code": "4485-9"}
OTHER = {"system": "https://chu-a.example/other", "code": "X"}


def result(*codings: dict[str, Any], text: str | None = None, value: str = "8801") -> dict[str, Any]:
    code: dict[str, Any] = {"coding": list(codings)} if codings else {}
    if text is not None:
        code["text"] = text
    return {
        "resourceType": "Observation",
        "identifier": [{"system": NUMBERS, "value": value}],
        "code": code,
    }


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(result(C3), f"{LOINC}|4485-9", id="the only one"),
        pytest.param(result(C3, LOCAL), f"{CODES}|C3N", id="the sender's own system before LOINC"),
        pytest.param(result(OTHER, C3), f"{OTHER['system']}|X", id="else the first"),
        pytest.param(result(LOCAL, C3 | {"userSelected": True}), f"{LOINC}|4485-9", id="the one chosen"),
        pytest.param(result({"code": "C3N"}), "|C3N", id="a code without a system"),
        pytest.param(result(text="Complément C3"), "Complément C3", id="words only"),
        pytest.param(result({"display": "C3"}, text="C3"), "C3", id="a coding without a code is none"),
        pytest.param(
            result(OTHER, C3 | {"extension": [{"url": MAPPED_BY, "valueString": "map|1"}]}),
            f"{OTHER['system']}|X",
            id="what our translation added does not count",
        ),
    ],
)
def test_a_result_is_told_by_the_code_its_sender_chose(document: dict[str, Any], code: str) -> None:
    assert identity_of(SENDERS, document) == Identity("Observation", NUMBERS, "8801", code)


def test_other_types_are_told_by_their_number_alone() -> None:
    report = result(C3) | {"resourceType": "DiagnosticReport"}

    assert identity_of(SENDERS, report) == Identity("DiagnosticReport", NUMBERS, "8801")


def test_what_bears_no_number_of_a_sender_is_nobodys() -> None:
    assert identity_of(Senders(), result(C3)) is None
    assert (
        identity_of(SENDERS, result(C3) | {"identifier": [{"system": "urn:oid:1.2", "value": "1"}]}) is None
    )
    assert identity_of(SENDERS, {"resourceType": "Observation"}) is None


def test_what_is_longer_than_a_key_is_told_by_its_digest() -> None:
    long, other = ("9" * LONGEST + end for end in "01")
    found = [identity_of(SENDERS, result(C3, value=value)) for value in (long, other)]

    assert found[0] != found[1]
    assert all(one is not None and len(one.value) <= LONGEST for one in found)


def test_a_sender_is_kept_as_it_was_registered() -> None:
    everything = Sender(
        name="chu-b",
        systems=(NUMBERS, "https://chu-b.example/lab"),
        code_systems=(CODES,),
        unit_system="https://chu-b.example/units",
        subject_system="https://chu-b.example/subjects",
        applications=("LAB|CHU-B",),
        time_zone="Indian/Reunion",
        silent_after=90,
        disabled=True,
    )
    for sender in (CHU_A, everything):
        assert kept(written(sender)) == sender
        assert problems(sender) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"name": ""}, "name"),
        ({"name": "chu a"}, "name"),
        ({"systems": ()}, "--system"),
        ({"systems": ("lab",)}, "--system"),
        ({"systems": ("urn:oid:not.digits",)}, "--system"),
        ({"systems": ("https://chu a.example",)}, "--system"),
        ({"systems": ("https://chu-a.example/" + "a" * LONGEST,)}, "--system"),
        ({"code_systems": ("",)}, "--codes"),
        ({"unit_system": "UCUM"}, "--units"),
        ({"subject_system": "ipp"}, "--subjects"),
        ({"subject_system": NUMBERS}, "--subjects"),
        ({"applications": ("LAB",)}, "--application"),
        ({"time_zone": "Paris"}, "--zone"),
        ({"time_zone": "/etc/passwd"}, "--zone"),
        ({"time_zone": "Europe"}, "--zone"),
        ({"silent_after": 0}, "--silent-after"),
    ],
)
def test_what_is_wrong_with_a_sender_is_said_with_the_option(wrong: dict[str, Any], word: str) -> None:
    right: dict[str, Any] = {"name": "chu-a", "systems": (NUMBERS,)}

    [said] = problems(Sender(**right | wrong))

    assert word in said
