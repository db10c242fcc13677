"""What stands beside a write and cannot be heeded is refused; what is said of a write is true."""

from typing import Any

import httpx
import pytest

from tests.routers.make import body, created, issues

PATCH = {"Content-Type": "application/json-patch+json"}


async def written(client: httpx.AsyncClient, method: str, address: str, **headers: str) -> httpx.Response:
    """One write to an address, with a body its method may have."""
    if method == "PATCH":
        return await client.patch(address, content=b"[]", headers=PATCH | headers)
    content = b"" if method == "DELETE" else body("Patient", id=address.partition("?")[0].rpartition("/")[2])
    return await client.request(method, address, content=content, headers=headers)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("asked", ["identifier=other", "gender:not=male", "_summary=true", "colour=red"])
async def test_criteria_beside_an_id_are_refused_and_nothing_is_done(
    trial: httpx.AsyncClient, method: str, asked: str
) -> None:
    address = f"/fhir/Patient/{await created(trial, 'Patient')}"

    answer = await written(trial, method, f"{address}?{asked}")

    assert answer.status_code == 400
    assert "with an id there are no criteria" in issues(answer)[0]["diagnostics"]
    assert issues(answer)[0]["expression"] == [f"http.{asked.partition('=')[0]}"]
    assert (await trial.get(address)).json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_how_the_answer_is_written_may_be_said_beside_an_id(
    trial: httpx.AsyncClient, method: str
) -> None:
    address = f"/fhir/Patient/{await created(trial, 'Patient')}"

    answer = await written(trial, method, f"{address}?_format=json&_pretty=true")

    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("asked", "prefer", "status"),
    [
        ("identifier=a", "", 400),
        ("gender:not=male", "", 400),
        ("_has:Observation:patient:code=1", "", 400),
        ("_summary=true", "", 400),
        ("colour=red", "handling=strict", 400),
        ("colour=red", "", 201),
        ("_format=json&_pretty=true", "handling=strict", 201),
    ],
)
async def test_a_search_beside_a_create_is_refused(
    trial: httpx.AsyncClient, *, asked: str, prefer: str, status: int
) -> None:
    answer = await trial.post(
        f"/fhir/Patient?{asked}", content=body("Patient"), headers={"Prefer": prefer} if prefer else {}
    )

    assert answer.status_code == status, answer.text
    if status == 400:
        assert "If-None-Exist" in issues(answer)[0]["diagnostics"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("sought", ["/{id}", "?gender=female"])
@pytest.mark.parametrize("said", ["*", 'W/"1"', "nonsense"])
async def test_if_none_match_guards_neither_a_patch_nor_a_delete(
    trial: httpx.AsyncClient, *, method: str, sought: str, said: str
) -> None:
    name = await created(trial, "Patient")

    answer = await written(trial, method, f"/fhir/Patient{sought.format(id=name)}", **{"If-None-Match": said})

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["http.if-none-match"]
    assert (await trial.get(f"/fhir/Patient/{name}")).json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_version_of_what_no_criteria_find_cannot_match(trial: httpx.AsyncClient, method: str) -> None:
    content = b"" if method == "DELETE" else body("Patient")

    answer = await trial.request(
        method,
        "/fhir/Patient?identifier=a|none&gender:not=male",
        content=content,
        headers={"If-Match": 'W/"1"'},
    )

    assert answer.status_code == 412
    [issue] = issues(answer)
    assert issue["expression"] == ["http.if-match"]
    assert "Patient?identifier=…&gender:not=… finds nothing" in issue["diagnostics"]
    assert "Patient/" not in issue["diagnostics"]


async def test_a_deletion_is_read_as_a_version_with_its_etag(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Patient")
    await trial.delete(f"/fhir/Patient/{name}")

    answer = await trial.get(f"/fhir/Patient/{name}/_history/2")

    assert (answer.status_code, answer.headers["etag"]) == (410, 'W/"2"')


@pytest.mark.parametrize("prefer", ['return="minimal"', 'return = "minimal"', "RETURN=minimal"])
async def test_a_preference_in_quotation_marks_is_the_same(trial: httpx.AsyncClient, prefer: str) -> None:
    answer = await trial.post("/fhir/Patient", content=body("Patient"), headers={"Prefer": prefer})

    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["preference-applied"] == "return=minimal"


@pytest.mark.parametrize("sought", ["/never", "?identifier=a|none"])
async def test_what_never_was_is_not_said_to_have_versions(trial: httpx.AsyncClient, sought: str) -> None:
    answer = await trial.delete(f"/fhir/Patient{sought}", headers={"Prefer": "return=OperationOutcome"})

    said: dict[str, Any] = issues(answer)[0]
    assert (answer.status_code, said["diagnostics"]) == (200, "there was nothing to delete")
