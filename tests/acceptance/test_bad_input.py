"""Whatever is sent, the answer says what is wrong and where; nothing is ever a 500.

Single requests and their answers stand in tests/corpus; here is what takes more than one, and what is random.
"""

from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.fhir_mapping import codec
from tests.acceptance.lupus import FHIR_JSON, Json, ask, enrol, send
from tests.acceptance.test_eligibility import entry_of, pushed
from tests.fhir_mapping.bodies import VALUES, mutated, unreadable

TYPES = (
    "Patient",
    "ResearchStudy",
    "ResearchSubject",
    "Observation",
    "AdverseEvent",
    "MedicationAdministration",
)
LAW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def issues(answer: httpx.Response, *statuses: int) -> list[Json]:
    """The issues of an OperationOutcome, each of which says what is wrong."""
    assert answer.status_code in statuses, answer.text
    outcome = answer.json()
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert outcome["resourceType"] == "OperationOutcome"
    found: list[Json] = outcome["issue"]
    assert found
    assert all(issue["severity"] and issue["code"] and issue["diagnostics"] for issue in found)
    return found


def places(found: list[Json]) -> list[str]:
    """Where the problems are."""
    return [where for issue in found for where in issue.get("expression", ())]


def is_explained(answer: httpx.Response) -> None:
    """It went well, or it is refused with an explanation; no failure of ours."""
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert issues(answer, *range(400, 500))
    else:
        assert answer.status_code < 500, answer.text


def body(**changes: Any) -> Json:
    document = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
    } | changes
    return {name: value for name, value in document.items() if value is not None}


# ---- What the issue lists ------------------------------------------------------------------------------


@pytest.mark.parametrize(("says", "raw"), unreadable())
def test_a_text_of_the_corpus_that_is_not_read_is_a_400(http: httpx.Client, says: str, raw: bytes) -> None:
    assert issues(http.post("/fhir/Patient", content=raw, headers=FHIR_JSON), 400), says


def test_all_problems_are_said_at_once_each_with_its_place(http: httpx.Client) -> None:
    wrong = body(
        status="done",
        colour="red",
        valueInteger="1",
        component=[{"code": {"text": "a"}}, {"valueInteger": 1.5}],
    )

    found = places(issues(send(http, "POST", "/fhir/Observation", wrong), 400))

    assert {"Observation.status", "Observation.colour", "Observation.valueInteger"} <= set(found)
    assert any(place.startswith("Observation.component[1]") for place in found)


@pytest.mark.rule(23)
def test_a_body_of_another_type_than_the_address_is_a_400(http: httpx.Client) -> None:
    assert issues(http.post("/fhir/Patient", json=body()), 400)


@pytest.mark.parametrize("kind", ["Banana", "MedicationRequest", "observation", "Bundle", "Patient%00", "é"])
def test_an_unknown_type_is_a_404_that_names_those_there_are(http: httpx.Client, kind: str) -> None:
    for answer in (
        http.get(f"/fhir/{kind}"),
        http.get(f"/fhir/{kind}/1"),
        http.post(f"/fhir/{kind}", json={"resourceType": "Banana"}),
    ):
        [issue] = issues(answer, 404)
        assert all(name in issue["diagnostics"] for name in TYPES)


@pytest.mark.rule(13)
@pytest.mark.parametrize("name", ["i" * 65, "a b", "a_b", "é", "..%2f..", "%00"])
def test_an_id_that_is_none_is_a_400(http: httpx.Client, name: str) -> None:
    document = {"resourceType": "Patient", "id": name}

    assert issues(http.get(f"/fhir/Patient/{name}"), 400, 404)
    assert issues(http.put(f"/fhir/Patient/{name}", json=document), 400, 404)
    assert issues(http.delete(f"/fhir/Patient/{name}"), 400, 404)


@pytest.mark.rule(11)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/fhir/Patient/nobody", 404),
        ("/fhir/Patient/nobody/_history", 404),
        ("/fhir/Patient/nobody/_history/1", 404),
        ("/fhir/Patient/nobody/$sri-status", 404),
        ("/fhir/ResearchSubject/nobody/$sri-status", 404),
        ("/fhir/ResearchSubject/nobody/$eligibility", 404),
        ("/fhir/ResearchSubject/nobody/$wonder", 404),
        ("/fhir/ResearchSubject/$eligibility", 404),
        ("/fhir/Patient/a/b/c/d", 404),
        ("/fhirr", 404),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_a_404(http: httpx.Client, address: str, status: int) -> None:
    assert issues(http.get(address), status)


@pytest.mark.rule(20)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_is_not_served_is_a_405_with_those_that_are(http: httpx.Client, method: str) -> None:
    answer = http.request(method, "/fhir/Patient")

    assert issues(answer, 405)
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"visit": "M4"}, ("M3", "M6", "M9", "M12")),
        ({"rule": "mine"}, ("registry", "synopsis", "published")),
        ({"asOf": "soon"}, ("instant",)),
        ({"view": "fancy"}, ("plain",)),
        ({"lang": "tlh"}, ("en", "fr")),
        ({"visits": "M3"}, ("visit",)),
    ],
)
def test_a_question_that_makes_no_sense_is_a_400_that_says_what_would(
    http: httpx.Client, asked: dict[str, str], named: tuple[str, ...]
) -> None:
    [issue] = issues(ask(http, enrol(http).id, **asked), 400)

    assert all(word in issue["diagnostics"] for word in named)


# ---- Bundles -------------------------------------------------------------------------------------------


def bundle(*entries: Any, kind: str = "transaction") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(resource: Any, url: str = "Observation", method: str = "POST") -> Json:
    return {"resource": resource, "request": {"method": method, "url": url}}


@pytest.mark.rule(33)
def test_in_a_batch_the_bad_entry_alone_is_refused(http: httpx.Client) -> None:
    entries = [entry(body()), entry({"resourceType": "Banana"}, "Banana"), entry(body(status="done"))]

    answer = send(http, "POST", "/fhir", bundle(*entries, kind="batch"))

    assert answer.status_code == 200
    responses = [one["response"] for one in answer.json()["entry"]]
    assert [one["status"][:3] for one in responses] == ["201", "404", "400"]
    assert [one["outcome"]["resourceType"] for one in responses[1:]] == ["OperationOutcome"] * 2


# ---- Anything at all -----------------------------------------------------------------------------------


@pytest.mark.rule(77)
@LAW
@given(st.binary(max_size=60) | VALUES.map(codec.write), st.sampled_from([*TYPES, ""]))
def test_any_bytes_at_all_are_explained(http: httpx.Client, raw: bytes, kind: str) -> None:
    is_explained(http.post(f"/fhir/{kind}".rstrip("/"), content=raw, headers=FHIR_JSON))


@LAW
@given(mutated())
def test_a_document_made_wrong_at_random_is_stored_or_explained(
    http: httpx.Client, made: tuple[str, Json]
) -> None:
    kind, document = made
    answer = send(http, "POST", f"/fhir/{kind}", document)

    is_explained(answer)
    if answer.status_code == 400 and codec.write(document).count(b"resourceType"):
        assert all(
            issue.get("expression") or issue["code"] == "structure" for issue in answer.json()["issue"]
        )


@pytest.mark.rule(77)
@LAW
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "fullUrl": st.sampled_from(["urn:uuid:1", "urn:uuid:2", "Patient/1", ""]) | VALUES,
                "resource": mutated().map(lambda made: made[1]) | VALUES,
                "request": st.fixed_dictionaries(
                    {
                        "method": st.sampled_from(["POST", "PUT", "DELETE", "GET", "PATCH", "HEAD"]) | VALUES,
                        "url": st.sampled_from([*TYPES, "Patient/1", "Patient?_id=1", "/", "Banana/1"])
                        | VALUES,
                    },
                    optional={"ifMatch": VALUES, "ifNoneExist": VALUES},
                ),
            },
        ),
        max_size=3,
    ),
    st.sampled_from(["transaction", "batch"]),
)
def test_any_bundle_at_all_is_explained(http: httpx.Client, entries: list[Json], kind: str) -> None:
    answer = send(http, "POST", "/fhir", bundle(*entries, kind=kind))

    is_explained(answer)
    if answer.status_code == 200:
        statuses = [one["response"]["status"][:3] for one in answer.json().get("entry", ())]
        assert len(statuses) == len(entries)
        assert not [status for status in statuses if status.startswith("5")]


SEGMENTS = st.sampled_from(
    [*TYPES, "Banana", "metadata", "_history", "_search", "$sri-status", "$eligibility", "1", "a" * 65, ""]
) | st.binary(max_size=5).map(quote)


@pytest.mark.rule(13, 77)
@LAW
@given(st.lists(SEGMENTS, max_size=5), st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]))
def test_any_path_at_all_is_explained(http: httpx.Client, segments: list[str], method: str) -> None:
    is_explained(http.request(method, "/fhir/" + "/".join(segments), headers=FHIR_JSON))


KNOWN_NAMES = """
_id _lastUpdated identifier patient subject study code status date effective-time value-quantity _count _sort
_after _total _summary _format _tag _elements combo-code component-code value-concept category visit gender
birthdate severity _include _has:Observation:patient:code code:in date:missing patient.name
"""
ODD_VALUES = """
1 -1 0 abc a|b |b a| || 2021 2021-13 ge2021-03-05 zz2021 9999-12-31 0001 10000-01-01 1e400 ge1e60 1|a 1||mg
Patient/1 http://x/Patient/1 -date date,_id eyJhIjoxfQ == accurate count json xml text/html , \\, \\ nan inf
99999999999999999999 2021-03-05T10:20:30+02:00 -0.0 ١ %
"""
NAMES = st.sampled_from(KNOWN_NAMES.split()) | st.text(max_size=6)
SAID = st.sampled_from(ODD_VALUES.split()) | st.text(max_size=8)
Asked = list[tuple[str, str | int | float | bool | None]]


@pytest.mark.rule(77)
@LAW
@given(st.sampled_from(TYPES), st.lists(st.tuples(NAMES, SAID), max_size=3))
@example("Observation", [("date", "ge9999-12-31T23:59:59.999999999-14:00")])
@example("Observation", [("date", "0001-01-01T00:00:00+14:00")])
@example("Observation", [("value-quantity", "1e64||x")])
@example("Observation", [("_id", ",".join(map(str, range(2000))))])
@example("Patient", [("_id", "\x00")])
@example("Patient", [("identifier", "\x00|\x00")])
def test_any_search_at_all_is_explained(http: httpx.Client, kind: str, asked: Asked) -> None:
    is_explained(http.get(f"/fhir/{kind}", params=asked))
    is_explained(http.post(f"/fhir/{kind}/_search", data=dict(asked)))


@LAW
@given(st.sampled_from(TYPES), st.binary(max_size=20))
def test_any_query_string_at_all_is_explained(http: httpx.Client, kind: str, query: bytes) -> None:
    written = "".join(chr(one) if 33 <= one < 127 and one != 35 else f"%{one:02X}" for one in query)
    is_explained(http.get(f"/fhir/{kind}?{written}"))


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Accept",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-None-Exist",
            "Prefer",
            "X-Correlation-Id",
            "Content-Encoding",
            "Accept-Language",
            "Forwarded",
        ]
    ),
    st.sampled_from(
        [
            'W/"1"',
            "*",
            "gzip",
            "return=none",
            "application/fhir+json;charset=utf-16",
            "a/b;q=x",
            ",",
            ";",
            "=",
            '"',
        ]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(str.strip),
    max_size=4,
)


@pytest.mark.rule(77)
@LAW
@given(HEADERS)
def test_any_headers_at_all_are_explained(http: httpx.Client, headers: dict[str, str]) -> None:
    document = codec.write({"resourceType": "Patient", "id": "headers"})
    is_explained(http.put("/fhir/Patient/headers", content=document, headers=FHIR_JSON | headers))
    is_explained(http.get("/fhir/Patient/headers", headers=headers))


@LAW
@given(
    st.lists(st.tuples(st.sampled_from(["visit", "rule", "asOf", "on", "view", "lang"]), SAID), max_size=3)
)
@example([("asOf", "9999-12-31")])
@example([("asOf", "0001-01-01")])
@example([("on", "0001-01-01")])
@example([("on", "9999-12-31")])
def test_any_question_at_all_is_explained(http: httpx.Client, asked: Asked) -> None:
    subject = "bad-input-subject"
    if http.get(f"/fhir/ResearchSubject/{subject}").status_code != 200:
        pushed = enrol(http)
        document = codec.read(http.get(f"/fhir/{pushed.addresses['subject']}").content)
        send(http, "PUT", f"/fhir/ResearchSubject/{subject}", document | {"id": subject})
    for operation in ("$sri-status", "$eligibility"):
        is_explained(http.get(f"/fhir/ResearchSubject/{subject}/{operation}", params=asked))


# ---- Odd values in what is stored -----------------------------------------------------------------------

ODD_NUMBERS = ["0", "-1", "1e60", "-1e60", "1e-60", "9" * 30, "0." + "0" * 30 + "1"]
ODD_DATES = [
    "0001-01-01",
    "9999-12-31",
    "9999",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:60-12:00",
    "1990-01-01",
    "2040-12-31",
    "2022",
]
DATED = ("effectiveDateTime", "birthDate", "start", "end")


def made_odd(element: Any, choose: Any) -> Any:
    """A copy in which some numbers and dates are what nobody ever measured."""
    if isinstance(element, list):
        return [made_odd(one, choose) for one in element]
    if not isinstance(element, dict):
        return element
    made = {name: made_odd(inner, choose) for name, inner in element.items()}
    for name, inner in made.items():
        if name == "value" and not isinstance(inner, str) and not choose.randrange(3):
            made[name] = Decimal(choose.choice(ODD_NUMBERS))
        if name in DATED and isinstance(inner, str) and not choose.randrange(3):
            made[name] = choose.choice(ODD_DATES)[: 10 if name == "birthDate" else None]
    return made


@settings(LAW, max_examples=12)
@given(st.randoms(use_true_random=False))
def test_whatever_is_recorded_of_a_subject_the_questions_are_answered(
    http: httpx.Client, choose: Random
) -> None:
    screening: dict[str, Json] = {}
    candidate = pushed(http, screening.update)
    odd = [entry_of(made_odd(one, choose)) for one in screening.values()]

    corrected = send(http, "POST", "/fhir", bundle(*odd, kind="batch")).json()

    statuses = {one["response"]["status"][:3] for one in corrected["entry"]}
    assert "200" in statuses
    assert statuses <= {"200", "400", "422"}
    for operation in ("$sri-status", "$eligibility"):
        answer = ask(http, candidate, operation)
        assert answer.status_code == 200, answer.text
    assert ask(http, candidate, "$eligibility", on="2022-11-14").status_code == 200
