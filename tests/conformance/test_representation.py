"""Rules 72 to 80 but 76: what is kept, how errors speak, what is too much, what is referred to."""

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.settings import Settings
from tests.conformance.answers import FHIR_JSON, explained
from tests.conformance.make import JSON_PATCH, Json, bundle, entry, marked, written
from tests.routers.make import body, issues
from tests.servers import Server

DIGITS = (
    "61.50",
    "0.10",
    "1.0E+2",
    "1e-7",
    "0.00000012",
    "-0.0",
    "123456789012345678901234567890.0123456789",
)


def weighing(digits: str, name: str) -> bytes:
    """A result with a number written like this."""
    quantity = {"unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg", "value": 7}
    sent = written(marked("Observation", "a", id=name, valueQuantity=quantity))
    return sent.replace(b'"value":7', b'"value":%b' % digits.encode())


# ---- 72, 73: digits and dates --------------------------------------------------------------------------


@pytest.mark.rule(72)
async def test_every_way_to_a_number_shows_the_digits_that_were_sent(trial: httpx.AsyncClient) -> None:
    change = written([{"op": "add", "path": "/language", "value": "fr"}])
    for number, digits in enumerate(DIGITS):
        address = f"/fhir/Observation/d{number}"
        await trial.put(address, content=weighing(digits, f"d{number}"))
        await trial.patch(address, content=change, headers=JSON_PATCH)

        for way in (
            *(
                address,
                f"{address}/_history/1",
                f"{address}/_history?_count=1",
                "/fhir/Observation/_history?_count=1",
            ),
            *("/fhir/_history?_count=1", f"{address}?_pretty=true", f"{address}?_elements=valueQuantity"),
            *(f"{address}?_summary=true", f"{address}?_summary=data", f"/fhir/Observation?_id=d{number}"),
            *(f"/fhir/Observation?_id=d{number}&_pretty=true", "/fhir/Patient/msc-sle-p08/Observation"),
            *("/fhir/Patient/msc-sle-p08/$everything", "/fhir/Observation/$lastn?patient=msc-sle-p08&max=99"),
        ):
            answer = await trial.get(way)
            assert answer.status_code == 200, (way, answer.text)
            assert f'"value":{digits}' in answer.text.replace(" ", ""), way


@pytest.mark.rule(72)
async def test_pretty_is_the_same_for_people(trial: httpx.AsyncClient) -> None:
    address = "/fhir/Observation/weight"
    await trial.put(address, content=weighing("61.50", "weight"))

    plain, pretty = [await trial.get(f"{address}?_pretty={said}") for said in ("false", "true")]

    assert pretty.json() == plain.json()
    assert len(pretty.text.splitlines()) > 10 > len(plain.text.splitlines())


DATES = (
    *("2024", "2024-03", "2024-03-04", "2024-03-04T08:10:00+01:00"),
    *("2024-03-04T08:10:00.100Z", "2024-03-04T08:10:00-00:00"),
)


@pytest.mark.rule(73)
async def test_a_date_is_kept_as_it_is_written(trial: httpx.AsyncClient) -> None:
    for when in DATES:
        issued = "2024-03-04T08:10:00.120+05:30"
        sent = marked("Observation", "a", id="dated", effectiveDateTime=when, issued=issued)

        await trial.put("/fhir/Observation/dated", content=written(sent))

        read = (await trial.get("/fhir/Observation/dated")).json()
        assert (read["effectiveDateTime"], read["issued"]) == (when, issued)
        assert {**read, "meta": 0} == {**sent, "meta": 0, "valueQuantity": read["valueQuantity"]}
        kept = {name: said for name, said in read["meta"].items() if name not in {"versionId", "lastUpdated"}}
        assert kept == sent["meta"]


# ---- 74, 75: JSON and what lies beside the elements -----------------------------------------------------


FORBIDDEN = [
    b'{"resourceType":"Patient","gender":null}',
    b'{"resourceType":"Patient","gender":""}',
    b'{"resourceType":"Patient","identifier":[]}',
    b'{"resourceType":"Patient","identifier":[{}]}',
    b'{"resourceType":"Patient","identifier":[null]}',
    b'{"resourceType":"Patient","maritalStatus":{}}',
    b'{"resourceType":"Patient","gender":"male","gender":"female"}',
    b'{"resourceType":"Patient","identifier":[{"value":"a","value":"b"}]}',
    b'{"resourceType":"Patient","colour":"red"}',
    b'{"resourceType":"Patient","identifier":[{"colour":"red"}]}',
    b'{"resourceType":"Patient","active":"true"}',
    b'{"resourceType":"Patient","multipleBirthInteger":"1"}',
    b'{"resourceType":"Patient","multipleBirthInteger":1.5}',
    b'{"resourceType":"Patient","multipleBirthInteger":NaN}',
    b'{"resourceType":"Patient","gender":["male"]}',
    b'{"resourceType":"Patient","identifier":{"value":"a"}}',
    b'{"resourceType":"Patient","_gender":{}}',
    b'{"resourceType":"Patient","_gender":"x"}',
]


@pytest.mark.rule(74)
async def test_what_fhir_json_forbids_is_refused_alone_and_in_a_bundle(trial: httpx.AsyncClient) -> None:
    for raw in FORBIDDEN:
        within = b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%b,"request":%b}]}' % (
            raw,
            b'{"method":"POST","url":"Patient"}',
        )

        alone, bundled = (
            await trial.post("/fhir/Patient", content=raw),
            await trial.post("/fhir", content=within),
        )

        assert (alone.status_code, bundled.status_code) == (400, 400), alone.text


SIBLINGS: Json = {
    "resourceType": "Patient",
    "birthDate": "1988",
    "_birthDate": {"extension": [{"url": "urn:x:how", "valueCode": "estimated"}]},
    "_gender": {"extension": [{"url": "urn:x:why", "valueString": "not asked"}]},
    "generalPractitioner": [{"type": "Practitioner", "_type": {"id": "t1"}, "identifier": {"value": "gp"}}],
    "meta": {"profile": ["http://a.example/p", "http://a.example/q"], "_profile": [None, {"id": "q"}]},
}
RICH: Json = {
    **marked("Observation", "a"),
    "meta": {
        "profile": ["http://hospital.example/StructureDefinition/weight"],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
        "tag": [{"system": "urn:x:tag", "code": "first"}],
    },
    "language": "en",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>61.5 kg</p></div>'},
    "contained": [{"resourceType": "Device", "id": "scale", "status": "active"}],
    "extension": [{"url": "urn:x:a", "extension": [{"url": "b", "valueDecimal": 1}]}],
    "modifierExtension": [{"url": "urn:x:m", "valueBoolean": True}],
    "device": {"reference": "#scale"},
}


@pytest.mark.rule(74, 75)
@pytest.mark.parametrize("sent", [SIBLINGS, RICH], ids=["siblings", "rich"])
async def test_all_that_lies_beside_the_elements_is_kept(trial: httpx.AsyncClient, sent: Json) -> None:
    created = await trial.post(f"/fhir/{sent['resourceType']}", content=written(sent))
    assert created.status_code == 201, created.text

    read = (await trial.get(created.headers["location"])).json()

    assert {**read, "id": 0, "meta": 0, "valueQuantity": 0} == {
        **sent,
        "id": 0,
        "meta": 0,
        "valueQuantity": 0,
    }
    assert {**read["meta"], "versionId": 0, "lastUpdated": 0} == {
        **sent["meta"],
        "versionId": 0,
        "lastUpdated": 0,
    }


@pytest.mark.rule(75)
async def test_the_tags_of_an_update_are_those_it_sends(trial: httpx.AsyncClient) -> None:
    first = {"system": "urn:x:tag", "code": "first"}
    second = {"system": "urn:x:tag", "code": "second"}
    for number, tag in enumerate((first, second), 1):
        sent = marked("Patient", "a", id="tagged", meta={"tag": [tag]})
        answer = await trial.put("/fhir/Patient/tagged", content=written(sent))
        assert answer.headers["etag"] == f'W/"{number}"'

    now, before = [
        (await trial.get(f"/fhir/Patient/tagged{version}")).json()["meta"]["tag"]
        for version in ("", "/_history/1")
    ]

    assert (before, now) == ([first], [second])
    assert [one["code"] for one in await _tags(trial)] == ["second"]


async def _tags(client: httpx.AsyncClient) -> list[Json]:
    """The tags `$meta` gives."""
    answer = await client.get("/fhir/Patient/tagged/$meta")
    assert answer.status_code == 200, answer.text
    [given] = answer.json()["parameter"]
    return list(given["valueMeta"]["tag"])


# ---- 77: errors ----------------------------------------------------------------------------------------


@pytest.mark.rule(77)
def test_a_real_server_explains_its_errors_too(server: Server) -> None:
    """What the server program itself might answer before the application is asked."""
    with httpx.Client(base_url=server.url) as client:
        for method, address, headers, status in (
            ("GET", "/fhir/" + "x" * 3000, {}, 404),
            ("GET", "/fhir/Patient?_count=" + "1" * 3000, {}, 400),
            ("PROPFIND", "/fhir/Patient", {}, 405),
            ("GET", "/nowhere", {}, 404),
            ("POST", "/fhir/Patient", {"Content-Type": "application/fhir+json"}, 400),
            ("POST", "/docs", {}, 405),
        ):
            answer = client.request(method, address, headers=headers)

            assert answer.status_code == status, (method, address[:40])
            explained(answer)
            get_fhir_model_class("OperationOutcome").model_validate(answer.json())


@pytest.mark.rule(77)
async def test_an_error_is_fhir_json_whatever_was_accepted(trial: httpx.AsyncClient) -> None:
    for accept in ("text/html", "application/fhir+xml", "image/png", "*/*;q=0"):
        for address in ("/fhir/Patient/nobody", "/fhir/Bogus", "/nowhere", "/fhir/Patient?_count=x"):
            answer = await trial.get(address, headers={"Accept": accept})

            assert answer.is_client_error
            assert answer.headers["content-type"] == FHIR_JSON


# ---- 79: too much --------------------------------------------------------------------------------------


class TestBounds:
    """A small service, so that too much is not so much."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", auth="none", max_body_bytes=4096)

    @pytest.mark.rule(79)
    async def test_a_body_that_is_too_large_is_413_wherever_it_is_sent(
        self, client: httpx.AsyncClient
    ) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for method, address, headers in (
            ("POST", "/fhir", {}),
            ("POST", "/fhir/Patient", {}),
            ("PUT", "/fhir/Patient/a", {}),
            ("PATCH", "/fhir/Patient/a", JSON_PATCH),
            ("POST", "/fhir/Patient/_search", form),
            ("POST", "/fhir/Patient/$validate", {}),
        ):
            answer = await client.request(method, address, content=b" " * 4097, headers=headers)

            assert answer.status_code == 413, (method, address)
            assert issues(answer)[0]["code"] == "too-long"

    @pytest.mark.rule(79)
    async def test_a_large_transaction_is_413_and_a_smaller_one_is_taken(
        self, client: httpx.AsyncClient
    ) -> None:
        def transaction(size: int) -> bytes:
            return bundle("transaction", [entry("POST", "Patient", marked("Patient", "a"))] * size)

        large, small = [await client.post("/fhir", content=transaction(size)) for size in (40, 4)]

        assert (large.status_code, small.status_code) == (413, 200)


# ---- 80: references ------------------------------------------------------------------------------------


REFERENCES = [
    ({"reference": "Patient/nobody"}, 422),
    ({"reference": "http://test/fhir/Patient/nobody"}, 422),
    ({"reference": "#nobody"}, 400),
    ({"reference": "ResearchStudy/msc-sle"}, 400),
    ({"reference": "Patient?identifier=a|b"}, 400),
    ({"reference": "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d"}, 400),
    ({"reference": "Patient/msc-sle-p08"}, 201),
    ({"reference": "http://test/fhir/Patient/msc-sle-p08"}, 201),
    ({"reference": "https://elsewhere.example/fhir/Patient/1"}, 201),
    ({"identifier": {"system": "urn:x", "value": "1"}}, 201),
]


@pytest.mark.rule(80)
async def test_a_reference_is_checked_by_every_write(trial: httpx.AsyncClient) -> None:
    for name, (subject, status) in zip("abcdefghijk", REFERENCES, strict=False):
        sent = marked("Observation", "a", id=name, subject=subject)
        change = written([{"op": "replace", "path": "/subject", "value": subject}])
        await trial.put("/fhir/Observation/there", content=body("Observation", id="there"))

        posted = await trial.post("/fhir/Observation", content=written(sent))
        put = await trial.put(f"/fhir/Observation/{name}", content=written(sent))
        patched = await trial.patch("/fhir/Observation/there", content=change, headers=JSON_PATCH)

        assert (posted.status_code, put.status_code) == (status, status), posted.text
        if status == 201:
            assert patched.status_code == 200, patched.text
        else:
            assert patched.status_code in {400, 422}, patched.text
            places = {place for issue in issues(posted) for place in issue["expression"]}
            assert all(place.startswith("Observation.subject") for place in places)


@pytest.mark.rule(80)
async def test_a_reference_of_a_contained_resource_is_checked_too(trial: httpx.AsyncClient) -> None:
    def containing(reference: str) -> bytes:
        contained = {"resourceType": "Specimen", "id": "s", "subject": {"reference": reference}}
        return written(marked("Observation", "a", contained=[contained], specimen={"reference": "#s"}))

    lost, fine = [
        await trial.post("/fhir/Observation", content=containing(f"Patient/{name}"))
        for name in ("nobody", "msc-sle-p08")
    ]

    assert (lost.status_code, fine.status_code) == (422, 201)
    assert issues(lost)[0]["expression"][0].startswith("Observation.contained[0].subject")
    assert (await trial.delete("/fhir/Patient/msc-sle-p08")).status_code == 409


# ---- Everything the service makes is R4 ----------------------------------------------------------------


@pytest.mark.rule(15, 33, 50, 77)
async def test_what_the_service_makes_itself_is_r4(trial: httpx.AsyncClient) -> None:
    """Read by models this service does not make its answers with."""
    batch = bundle(
        "batch", [entry("GET", "Patient/nobody"), entry("POST", "Patient", marked("Patient", "a"))]
    )
    answers = [
        await trial.get("/fhir/_history"),
        await trial.get("/fhir/Patient?typo=1&_count=1&_revinclude=Observation:patient"),
        await trial.post("/fhir", content=batch),
        await trial.get("/fhir/Patient/msc-sle-p08/$everything"),
        await trial.get("/fhir/Patient/msc-sle-p08/$meta"),
        await trial.post("/fhir/Patient/$validate", content=body("Patient")),
    ]

    for answer in answers:
        assert answer.status_code == 200, answer.text
        get_fhir_model_class(answer.json()["resourceType"]).model_validate(answer.json())
