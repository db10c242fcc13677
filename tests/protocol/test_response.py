"""What a protocol may say of a clinical response, of markers and of survival."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from app.protocol.loader import LIBRARY, ProtocolError, load_all, read

SENTENCE = {"en": "in English", "fr": "en français"}


def written(**changes: Any) -> dict[str, Any]:
    """The lupus protocol as its file says it, with sections exchanged."""
    text = (LIBRARY / "msc-sle.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal) | changes


def marker(**changes: Any) -> dict[str, Any]:
    """A marker as a file declares it."""
    return {"name": "c3", "title": SENTENCE, "codes": ["loinc:4485-9"], "unit": "g/L"} | changes


def test_what_the_lupus_trial_asks_for() -> None:
    protocol = load_all()["MSC-SLE"]

    assert protocol.response is not None
    assert protocol.survival is not None
    assert {"c3", "creatinine", "cd4", "il-6"} < {one.name for one in protocol.markers}
    assert all(one.unit for one in protocol.markers if one.assessed == "cytokines")


@pytest.mark.parametrize("place", ["reference", "week_24", "week_52"])
def test_the_visits_of_a_response_have_to_exist(place: str) -> None:
    response = written()["response"] | {place: "M4"}

    with pytest.raises(ProtocolError, match="the clinical response names visit M4"):
        read(written(response=response), name="trial.toml")


def test_the_visits_of_cytokines_have_to_exist() -> None:
    parameters = written()["parameters"] | {"cytokine": {"visits": ["M0", "M4"]}}

    with pytest.raises(ProtocolError, match=r"cytokine\.visits names visit M4"):
        read(written(parameters=parameters), name="trial.toml")


def test_a_marker_is_declared_once_and_by_a_code_that_is_one() -> None:
    with pytest.raises(ProtocolError, match="marker c3 is declared twice"):
        read(written(markers=[marker(), marker()]), name="trial.toml")
    with pytest.raises(ProtocolError, match="does not begin with one of"):
        read(written(markers=[marker(codes=["4485-9"])]), name="trial.toml")


def test_survival_is_asked_for_some_day() -> None:
    with pytest.raises(ProtocolError):
        read(written(survival={"horizons": []}), name="trial.toml")
