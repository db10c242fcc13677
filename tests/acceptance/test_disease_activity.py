"""Every score at every visit over HTTP: of a subject pushed as FHIR, and of the demonstration trial."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.acceptance.lupus import (
    BEFORE,
    M3,
    Enrolled,
    Json,
    ask,
    coded,
    enrol,
    infusion,
    replace,
    score,
    sledai,
    sledai_items,
)
from tests.servers import Server

LOINC = "http://loinc.org"


def items(family: str, **answers: int) -> list[Json]:
    """The components of a form."""
    return [
        {"code": coded(family, item.replace("_", "-")), "valueInteger": answer}
        for item, answer in answers.items()
    ]


def platelets(on: str, value: int) -> Json:
    """A laboratory result in its own unit."""
    return score("pga", on) | {
        "code": {"coding": [{"system": LOINC, "code": "777-3"}]},
        "valueQuantity": {"value": value, "unit": "G/L"},
    }


def plain(client: httpx.Client, subject: str, **asked: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The answer as plain JSON, by name and visit."""
    answer = ask(client, subject, "$disease-activity", view="plain", **asked)
    assert answer.status_code == 200, answer.text
    return {(one["name"], one["visit"]): one for one in codec.read(answer.content)["results"]}


def figures(result: dict[str, Any]) -> dict[str, Any]:
    """The figures of a result by their names."""
    return {one["name"]: one for one in result["figures"]}


def pushed(client: httpx.Client) -> Enrolled:
    return enrol(
        client,
        infusion=infusion(),
        m0_sledai=sledai(14, on=BEFORE),
        m3_sledai=sledai_items(["arthritis"], unknown=["fever"], absent=["thrombocytopenia"], on=M3),
        m3_platelets=platelets(M3, 80),
        m0_damage=score("slicc-damage", BEFORE, valueInteger=2),
        m3_damage=score("slicc-damage", M3, valueInteger=3),
        m3_eq5d=score("eq5d-5l", M3, component=items("eq5d-dimension", mo=2, sc=1, ua=2, pd=3, ad=2)),
    )


def test_a_pushed_subject_is_answered_with_scores_changes_and_data_queries(http: httpx.Client) -> None:
    found = plain(http, pushed(http).id, visit="M3")

    activity = found["selena-sledai", "M3"]
    assert figures(activity)["total"] | {"reasons": None} == {
        "name": "total",
        "low": 4,
        "high": 104,
        "reasons": None,
    }
    assert any("thrombocytopenia is absent" in note and "it is present" in note for note in activity["notes"])
    assert figures(found["slicc-damage", "M3"])["change-from-baseline"]["value"] == 1
    assert figures(found["eq5d-5l", "M3"])["index"]["value"] == Decimal("0.86178")
    assert found["sf36v2", "M3"]["missing"] == ["the sf36v2 at M3 (2021-05-17 to 2021-06-14)"]


def test_a_corrected_score_changes_the_answer_and_one_entered_in_error_leaves_it(http: httpx.Client) -> None:
    subject = pushed(http)

    replace(http, subject.addresses["m3_damage"], valueInteger=5, status="corrected")
    assert figures(plain(http, subject.id)["slicc-damage", "M3"])["total"]["value"] == 5

    replace(http, subject.addresses["m3_damage"], status="entered-in-error")
    assert plain(http, subject.id)["slicc-damage", "M3"]["reasons"] == ["missing-observation"]


@pytest.mark.parametrize(
    ("asked", "expression"),
    [
        pytest.param({"visit": "M2"}, "visit", id="a visit there is not"),
        pytest.param({"name": "das28"}, "name", id="a score there is not"),
    ],
)
def test_what_the_protocol_does_not_know_is_refused(
    http: httpx.Client, asked: dict[str, str], expression: str
) -> None:
    answer = ask(http, pushed(http).id, "$disease-activity", **asked)

    assert answer.status_code == 400
    assert expression in answer.text


def test_the_demonstration_shows_damage_and_quality_of_life(demonstration: Server) -> None:
    with httpx.Client(base_url=demonstration.url, timeout=30) as client:
        found = plain(client, "msc-sle-01")

    assert figures(found["slicc-damage", "M12"])["change-from-baseline"]["value"] == 1
    assert figures(found["eq5d-5l", "M0"])["index"]["value"] == Decimal("0.86178")
    assert found["eq5d-5l", "M9"]["missing"] == ["the dimensions ad, at M9"]
    assert figures(found["eq5d-vas", "M12"])["change-from-baseline"]["value"] == 25
    assert 0 <= figures(found["sf36v2", "M12"])["GH"]["value"] <= 100
    assert figures(found["selena-sledai", "M6"])["proteinuria"]["value"] is True
    assert not [
        note for one in found.values() for note in one.get("notes", ()) if "by the laboratory" in note
    ]
