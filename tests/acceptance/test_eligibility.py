"""From a pushed screening file to an explained eligibility, over HTTP (worked cases of the protocol).

Each case is the eligible candidate of the demonstration trial with a small change.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from uuid import uuid4

import httpx
import pytest

from app.fhir_mapping import codec
from tests.acceptance.lupus import Json, ask, criteria, parts, replace, send, value, values

SCREENED = "2022-11-14"
PLATELETS, ALT, HTLV, PREDNISONE = "platelets", "alt", "htlv", "treatment-3"
INCLUSIONS = [f"I{number}" for number in range(1, 10)]
EXCLUSIONS = [f"E{number}" for number in range(1, 13)]

Screening = dict[str, Json]
"""The resources of a screening file by what their ids end with; the candidate is `patient` and `subject`."""
Change = Callable[[Screening], None]


# ---- The changes -------------------------------------------------------------------------------------


def as_she_is(_screening: Screening) -> None:
    """SELENA-SLEDAI 6 and mycophenolate 2000 mg/d: exactly the two thresholds."""


def without(name: str) -> Change:
    def change(screening: Screening) -> None:
        del screening[name]

    return change


def unsigned(screening: Screening) -> None:
    """Neither a Consent nor an investigator says that she has signed."""
    del screening["consent-signed"], screening["consent"], screening["subject"]["consent"]


def measured(name: str, number: str) -> Change:
    def change(screening: Screening) -> None:
        screening[name]["valueQuantity"]["value"] = Decimal(number)
        screening[name].pop("interpretation", None)

    return change


def positive(name: str) -> Change:
    def change(screening: Screening) -> None:
        code = {"system": "http://snomed.info/sct", "code": "10828004"}
        screening[name]["valueCodeableConcept"] = {"coding": [code]}

    return change


def stated(code: str, truth: bool) -> Change:
    def change(screening: Screening) -> None:
        statement = codec.read(codec.write(screening["consent-signed"]))
        statement["id"] = statement["id"].replace("consent-signed", code)
        statement["code"]["coding"][0]["code"] = code
        statement["code"].pop("text", None)
        screening[code] = statement | {"valueBoolean": truth}

    return change


def given(atc: str, milligrams: int, on: str) -> Change:
    def change(screening: Screening) -> None:
        treatment = codec.read(codec.write(screening["treatment-1"]))
        del treatment["effectivePeriod"]
        treatment["id"] = treatment["id"].replace("treatment-1", atc)
        treatment["status"] = "completed"
        treatment["effectiveDateTime"] = on
        treatment["medicationCodeableConcept"] = {"coding": [{"system": ATC, "code": atc}]}
        treatment["dosage"] = {"dose": {"value": milligrams, "system": UCUM, "code": "mg"}}
        screening[atc] = treatment

    return change


ATC, UCUM = "http://www.whocc.no/atc", "http://unitsofmeasure.org"


def sledai_of(total: int) -> Change:
    def change(screening: Screening) -> None:
        screening["screening-sledai"].pop("component", None)
        screening["screening-sledai"]["valueInteger"] = total

    return change


def born(when: str) -> Change:
    def change(screening: Screening) -> None:
        screening["patient"]["birthDate"] = when

    return change


def prednisone_raised(screening: Screening) -> None:
    """From 10 to 15 mg twelve days before."""
    raised = codec.read(codec.write(screening[PREDNISONE]))
    raised["id"] += "-raised"
    raised["effectivePeriod"] = {"start": "2022-11-02"}
    raised["dosage"]["rateQuantity"]["value"] = 15
    screening[PREDNISONE]["effectivePeriod"]["end"] = "2022-11-01"
    screening[PREDNISONE]["status"] = "completed"
    screening["raised"] = raised


CASES: list[tuple[str, list[Change], str, dict[str, str]]] = [
    ("everything is there and nothing speaks against it", [as_she_is], "eligible", {"I3": "met"}),
    ("SELENA-SLEDAI 5", [sledai_of(5)], "ineligible", {"I3": "not-met"}),
    ("no HTLV serology", [without(HTLV)], "undetermined", {"E5": "undetermined"}),
    ("HTLV positive", [positive(HTLV)], "ineligible", {"E5": "met"}),
    (
        "platelets 25, cause not stated",
        [measured(PLATELETS, "25")],
        "undetermined",
        {"E4": "undetermined"},
    ),
    (
        "platelets 25, due to lupus",
        [measured(PLATELETS, "25"), stated("thrombopenia-due-to-sle", truth=True)],
        "eligible",
        {"E4": "not-met"},
    ),
    (
        "platelets 25, due to a myelodysplasia",
        [
            measured(PLATELETS, "25"),
            stated("thrombopenia-due-to-sle", truth=False),
            stated("myelodysplasia", truth=True),
        ],
        "ineligible",
        {"E3": "met", "E4": "met"},
    ),
    (
        "ALT 95, attributed to azathioprine",
        [measured(ALT, "95"), stated("transaminases-due-to-sle", truth=False)],
        "ineligible",
        {"E2": "met"},
    ),
    ("ALT 95, attributed to nothing yet", [measured(ALT, "95")], "undetermined", {"E2": "undetermined"}),
    (
        "belimumab 45 days before",
        [given("L04AG04", 600, "2022-09-30")],
        "ineligible",
        {"E6": "met"},
    ),
    (
        "belimumab 70 days before, rituximab five months before",
        [given("L04AG04", 600, "2022-09-05"), given("L01FA01", 1000, "2022-06-15")],
        "ineligible",
        {"E6": "met", "E6-belimumab": "not-met", "E6-bcell": "met"},
    ),
    ("69 or 70 years old", [born("1952")], "undetermined", {"I1": "undetermined"}),
    ("prednisone raised twelve days before", [prednisone_raised], "ineligible", {"I5": "not-met"}),
    (
        "no consent yet",
        [unsigned],
        "undetermined",
        {"I8": "undetermined"},
    ),
]


# ---- Pushing a screening file ------------------------------------------------------------------------


def screening_file(name: str) -> Json:
    return codec.read(files("app.demo").joinpath("msc-sle", name).read_bytes())


def pushed(http: httpx.Client, *changes: Change) -> str:
    """The id of a candidate with these changes, in one transaction."""
    case = f"case-{uuid4().hex[:12]}"
    raw = codec.write(screening_file("candidate-c03.json"))
    bundle = codec.read(
        raw.replace(b"msc-sle-pc03", case.encode() + b"-p").replace(b"msc-sle-c03", case.encode())
    )
    found = [entry["resource"] for entry in bundle["entry"]]
    names = {f"{case}-p": "patient", case: "subject"}
    screening = {names.get(one["id"], one["id"].removeprefix(f"{case}-")): one for one in found}
    for change in changes:
        change(screening)
    study = screening_file("study.json")["entry"]
    bundle["entry"] = study + [entry_of(one) for one in screening.values()]
    answer = send(http, "POST", "/fhir", bundle)
    assert answer.status_code == 200, answer.text
    return case


def entry_of(document: Json) -> Json:
    url = f"{document['resourceType']}/{document['id']}"
    return {"resource": document, "request": {"method": "PUT", "url": url}}


def result(http: httpx.Client, candidate: str, **asked: str) -> Json:
    """The one result of the day of screening."""
    answer = ask(http, candidate, "$eligibility", **{"on": SCREENED} | asked)
    assert answer.status_code == 200, answer.text
    [found] = parts(answer.json(), "result")
    return found


# ---- What is answered --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict", "because"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_worked_case_pushed_as_fhir_is_answered_as_the_protocol_says(
    http: httpx.Client, changes: list[Change], verdict: str, because: dict[str, str]
) -> None:
    found = result(http, pushed(http, *changes))

    answered = criteria(found)
    told = {name: value(one, "verdict") for name, one in answered.items()}
    assert value(found, "verdict") == verdict, told
    assert {name: told[name] for name in because} == because


def test_only_the_criterion_that_was_touched_changes(http: httpx.Client) -> None:
    found = result(http, pushed(http, without(HTLV)))

    own = list(parts(found, "criterion"))
    expected = dict.fromkeys(INCLUSIONS, "met") | dict.fromkeys(EXCLUSIONS, "not-met")
    assert [value(one, "id") for one in own] == [*INCLUSIONS, *EXCLUSIONS]
    assert {value(one, "id"): value(one, "verdict") for one in own} == expected | {"E5": "undetermined"}


def test_what_is_missing_is_said_in_a_sentence(http: httpx.Client) -> None:
    found = result(http, pushed(http, without(HTLV)))

    assert ["HTLV" in needed for needed in values(found, "missing")] == [True]
    assert values(found, "reason")


def test_a_result_pushed_later_decides_and_the_moment_before_stays_open(http: httpx.Client) -> None:
    candidate = pushed(http, without(HTLV))
    negative = codec.read(http.get(f"/fhir/Observation/{candidate}-hiv").content)
    negative["id"] = f"{candidate}-htlv"
    negative["code"] = {"coding": [{"system": "http://loinc.org", "code": "22362-8"}]}

    arrived = send(http, "PUT", f"/fhir/Observation/{candidate}-htlv", negative)

    assert arrived.status_code == 201, arrived.text
    before = instant(arrived) - timedelta(microseconds=1)
    assert value(result(http, candidate), "verdict") == "eligible"
    assert value(result(http, candidate, asOf=before.isoformat()), "verdict") == "undetermined"


def test_a_corrected_result_turns_the_answer_and_the_moment_before_still_gives_the_old_one(
    http: httpx.Client,
) -> None:
    candidate = pushed(http, stated("transaminases-due-to-sle", truth=False))
    address = f"Observation/{candidate}-alt"
    said = codec.read(http.get(f"/fhir/{address}").content)["valueQuantity"]

    corrected = replace(http, address, status="corrected", valueQuantity=said | {"value": 95})

    before = instant(corrected) - timedelta(microseconds=1)
    now, then = result(http, candidate), result(http, candidate, asOf=before.isoformat())
    assert (value(now, "verdict"), value(then, "verdict")) == ("ineligible", "eligible")
    sources = [
        [one["reference"] for one in values(criteria(found)["E2c"], "evidence")] for found in (now, then)
    ]
    assert f"{address}/_history/2" in sources[0]
    assert f"{address}/_history/1" in sources[1]


def test_asked_for_another_day_the_same_file_is_out_of_date(http: httpx.Client) -> None:
    found = result(http, pushed(http), on="2024-11-14")

    assert value(found, "verdict") == "undetermined"
    assert "outside-window" in values(found, "reason")


def test_the_answer_changes_nobody(http: httpx.Client) -> None:
    candidate = pushed(http)
    before = http.get(f"/fhir/ResearchSubject/{candidate}").content

    result(http, candidate)

    assert http.get(f"/fhir/ResearchSubject/{candidate}").content == before


def test_a_day_that_is_none_is_refused(http: httpx.Client) -> None:
    answer = ask(http, pushed(http), "$eligibility", on="yesterday")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["http.on"]


def test_a_candidate_nobody_knows_is_not_found(http: httpx.Client) -> None:
    assert ask(http, "nobody", "$eligibility").status_code == 404


def instant(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.json()["meta"]["lastUpdated"])
