"""A good transaction made wrong at random: it is carried out whole, or not at all and with every reason."""

from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.routers import examples
from tests.fhir_mapping.bodies import VALUES
from tests.fuzz.explained import BRIEFLY, is_explained

PATIENT, STUDY = (
    "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-000000000001",
    "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-000000000002",
)
TEXTS = st.sampled_from(
    [
        PATIENT,
        STUDY,
        "Patient",
        "Patient/fuzz",
        "Patient?identifier=urn:fuzz|1",
        "Observation?_id=fuzz",
        "identifier=urn:fuzz|1",
        'W/"1"',
        "*",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "GET",
        "HEAD",
    ]
)


def entry(kind: str, method: str, url: str, *, full_url: str | None = None, **changes: Any) -> Any:
    """An entry that sends the example of a type."""
    resource = examples.BODIES[kind] | changes
    found = {"resource": resource, "request": {"method": method, "url": url}}
    return found | ({"fullUrl": full_url} if full_url else {})


def good() -> Any:
    """A transaction of every kind of write."""
    to_patient, to_study = {"reference": PATIENT}, {"reference": STUDY}
    once = entry("Patient", "POST", "Patient", full_url="urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-000000000003")
    once["request"]["ifNoneExist"] = "identifier=urn:fuzz|once"
    once["resource"] = {"resourceType": "Patient", "identifier": [{"system": "urn:fuzz", "value": "once"}]}
    entries = [
        entry("Patient", "POST", "Patient", full_url=PATIENT),
        entry("ResearchStudy", "POST", "ResearchStudy", full_url=STUDY),
        entry("ResearchSubject", "POST", "ResearchSubject", individual=to_patient, study=to_study),
        entry("Observation", "PUT", "Observation/fuzz-mutant", id="fuzz-mutant", subject=to_patient),
        once,
        {"request": {"method": "DELETE", "url": "AdverseEvent/fuzz-nobody"}},
        {"request": {"method": "GET", "url": "Patient?_id=fuzz"}},
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": deepcopy(entries)}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member of every object and item of every list, as container and key."""
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    inner = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return [(value, key) for key in keys] + [place for one in inner for place in places(one)]


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """The good transaction with one to three things about it changed."""
    bundle = good()
    for _ in range(draw(st.integers(1, 3))):
        around, key = draw(st.sampled_from(places(bundle["entry"])))
        match draw(st.sampled_from(["drop", "replace", "text", "copy"])):
            case "drop":
                del around[key]
            case "replace":
                around[key] = draw(VALUES)
            case "text":
                around[key] = draw(TEXTS)
            case _:
                bundle["entry"].append(deepcopy(draw(st.sampled_from(bundle["entry"] or [{}]))))
    return bundle


def newest(http: httpx.Client) -> Any:
    """What was stored last."""
    return http.get("/fhir/_history", params={"_count": 1}).json()["entry"][0]


@pytest.mark.rule(34, 77)
@BRIEFLY
@given(mutants())
def test_any_transaction_is_carried_out_whole_or_not_at_all(http: httpx.Client, bundle: Any) -> None:
    before = newest(http)

    answer = http.post("/fhir", content=codec.write(bundle))

    is_explained(answer.status_code, answer.content)
    if answer.is_success:
        responses = [one["response"] for one in answer.json()["entry"]]
        assert len(responses) == len(bundle["entry"])
        assert all(response["status"][0] in "23" for response in responses)
    else:
        assert newest(http) == before


@pytest.mark.rule(33, 77)
@BRIEFLY
@given(mutants())
def test_any_batch_is_answered_entry_by_entry_or_explained(http: httpx.Client, bundle: Any) -> None:
    answer = http.post("/fhir", content=codec.write(bundle | {"type": "batch"}))

    is_explained(answer.status_code, answer.content)
    for one in answer.json().get("entry", ()) if answer.is_success else ():
        status = int(one["response"]["status"][:3])
        outcome = one["response"].get("outcome", {})
        is_explained(status, codec.write(outcome))


def test_the_transaction_that_is_made_wrong_is_good(http: httpx.Client) -> None:
    answer = http.post("/fhir", content=codec.write(good()))

    assert answer.status_code == 200, answer.text
