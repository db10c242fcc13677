"""Rules 19 to 31: create, update, patch and delete, with and without conditions."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.conformance.make import (
    FHIR_PATCH,
    JSON_PATCH,
    SYSTEM,
    TYPES,
    Json,
    criteria,
    fhirpath_patch,
    found,
    marked,
    stored,
    versions,
    written,
)
from tests.routers.make import body, issues

FHIR = "http://test/fhir"


# ---- 19 to 26: plain writes ----------------------------------------------------------------------------


@pytest.mark.rule(19, 22)
async def test_what_is_new_has_an_absolute_address_of_its_first_version(trial: httpx.AsyncClient) -> None:
    for kind in TYPES:
        meta = {"versionId": "7", "lastUpdated": "2001-01-01T00:00:00Z"}

        posted = await trial.post(f"/fhir/{kind}", content=body(kind, id="mine", meta=meta))
        put = await trial.put(f"/fhir/{kind}/mine", content=body(kind, id="mine", meta=meta))
        again = await trial.put(f"/fhir/{kind}/mine", content=body(kind, id="mine"))

        assert (posted.status_code, put.status_code, again.status_code) == (201, 201, 200)
        assert posted.json()["id"] != "mine"
        for answer, name in ((posted, posted.json()["id"]), (put, "mine")):
            assert answer.headers["location"] == f"{FHIR}/{kind}/{name}/_history/1"
            assert answer.json()["meta"]["versionId"] == "1"
            assert answer.json()["meta"]["lastUpdated"] > "2020"


@pytest.mark.rule(22, 25)
async def test_put_with_if_none_match_creates_or_does_nothing(trial: httpx.AsyncClient) -> None:
    for kind in TYPES:
        answers = await asyncio.gather(
            *(
                trial.put(f"/fhir/{kind}/new", content=body(kind, id="new"), headers={"If-None-Match": "*"})
                for _ in range(8)
            )
        )

        assert Counter(answer.status_code for answer in answers) == {201: 1, 412: 7}
        assert len(await versions(trial, f"/fhir/{kind}/new/_history")) == 1
        await trial.delete(f"/fhir/{kind}/new")
        revived = await trial.put(
            f"/fhir/{kind}/new", content=body(kind, id="new"), headers={"If-None-Match": "*"}
        )
        assert (revived.status_code, revived.headers["etag"]) == (201, 'W/"3"')


@pytest.mark.rule(23, 24)
async def test_a_body_of_another_type_or_of_none_is_400(trial: httpx.AsyncClient) -> None:
    for sent in (body("Patient", id="a"), b'{"resourceType":"Bogus","id":"a"}', b'{"id":"a"}', b"{}"):
        for method, address in (
            ("POST", "/fhir/Observation"),
            ("PUT", "/fhir/Observation/a"),
            ("PUT", f"/fhir/Observation?{criteria('a')}"),
        ):
            answer = await trial.request(method, address, content=sent)

            assert answer.status_code == 400, (method, address)
    assert await found(trial, "Observation") == []


FORBIDDEN: list[tuple[Json, int, str]] = [
    ({"colour": "red"}, 400, "Observation.colour"),
    ({"status": None}, 400, "Observation.status"),
    ({"status": "done"}, 400, "Observation.status"),
    ({"status": ["final"]}, 400, "Observation.status"),
    ({"valueString": "two values"}, 400, "Observation"),
    ({"effectiveDateTime": "2024-13-01"}, 400, "Observation.effectiveDateTime"),
    ({"subject": {"reference": "ResearchStudy/msc-sle"}}, 400, "Observation.subject"),
    ({"subject": {"reference": "Patient/nobody"}}, 422, "Observation.subject"),
    (
        {"subject": {"reference": "Patient/msc-sle-p08", "display": "Ann"}},
        422,
        "Observation.subject.display",
    ),
]


@pytest.mark.rule(24)
async def test_what_r4_forbids_is_400_and_what_this_trial_forbids_is_422(trial: httpx.AsyncClient) -> None:
    for changes, status, place in FORBIDDEN:
        document = {
            name: value for name, value in marked("Observation", "a", **changes).items() if value is not None
        }

        answer = await trial.post("/fhir/Observation", content=written(document))

        assert answer.status_code == status, answer.text
        assert any(said.startswith(place) for issue in issues(answer) for said in issue["expression"])


@pytest.mark.rule(6, 25)
async def test_of_many_who_change_a_version_in_different_ways_one_wins(trial: httpx.AsyncClient) -> None:
    address = f"/fhir/Observation/{await stored(trial, 'Observation')}"
    name = address.rpartition("/")[2]
    first = {"If-Match": 'W/"1"'}
    change = written([{"op": "replace", "path": "/status", "value": "amended"}])

    answers = await asyncio.gather(
        *(trial.put(address, content=body("Observation", id=name), headers=first) for _ in range(7)),
        *(trial.patch(address, content=change, headers=first | JSON_PATCH) for _ in range(7)),
        *(trial.delete(address, headers=first) for _ in range(6)),
    )

    assert sorted(answer.status_code in {200, 204} for answer in answers) == [False] * 19 + [True]
    assert {answer.status_code for answer in answers} - {200, 204} == {412}
    assert len(await versions(trial, f"{address}/_history")) == 2


@pytest.mark.rule(26)
async def test_an_update_with_the_same_content_is_a_new_version(trial: httpx.AsyncClient) -> None:
    for kind in TYPES:
        answers = [await trial.put(f"/fhir/{kind}/same", content=body(kind, id="same")) for _ in range(3)]

        assert [answer.headers["etag"] for answer in answers] == ['W/"1"', 'W/"2"', 'W/"3"']


# ---- 27: patches ---------------------------------------------------------------------------------------

REPLACED = [{"op": "replace", "path": "/valueQuantity/value", "value": Decimal("62.50")}]


def replaced(value: str) -> Json:
    """A FHIRPath Patch that replaces the value of a result."""
    patch = fhirpath_patch({"type": "replace", "path": "Observation.value.value"})
    patch["parameter"][0]["part"].append({"name": "value", "valueDecimal": Decimal(value)})
    return patch


async def patched(
    client: httpx.AsyncClient, patch: Json | list[Json], *, name: str | None = None, **headers: str
) -> httpx.Response:
    """The answer to a patch of a result, in the language the patch is in."""
    name = name or await stored(client, "Observation")
    language = JSON_PATCH if isinstance(patch, list) else FHIR_PATCH
    headers = {said.replace("_", "-"): value for said, value in headers.items()} | language
    return await client.patch(f"/fhir/Observation/{name}", content=written(patch), headers=headers)


@pytest.mark.rule(27, 72)
@pytest.mark.parametrize("patch", [REPLACED, replaced("62.50")], ids=["json", "fhirpath"])
async def test_a_patch_changes_what_it_names_and_nothing_else(
    trial: httpx.AsyncClient, patch: Json | list[Json]
) -> None:
    name = await stored(trial, "Observation")
    before = (await trial.get(f"/fhir/Observation/{name}")).content

    answer = await patched(trial, patch, name=name)

    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert b'"value":62.50' in answer.content.replace(b" ", b"")
    kept = answer.json()
    old = httpx.Response(200, content=before).json()
    assert {**kept, "meta": 0, "valueQuantity": 0} == {**old, "meta": 0, "valueQuantity": 0}
    assert kept["valueQuantity"] == old["valueQuantity"] | {"value": 62.5}


JSON_PATCHES: list[tuple[list[Json], dict[str, str | None] | None]] = [
    ([{"op": "test", "path": "/status", "value": "final"}, *REPLACED], {}),
    ([{"op": "copy", "from": "/code", "path": "/method"}], {"method": "code"}),
    ([{"op": "move", "from": "/code/text", "path": "/method"}], None),
    ([{"op": "add", "path": "/identifier/-", "value": {"value": "b"}}], {}),
    ([{"op": "remove", "path": "/effectiveDateTime"}], {"effectiveDateTime": None}),
]


@pytest.mark.rule(27)
async def test_the_operations_of_json_patch(trial: httpx.AsyncClient) -> None:
    for operations, has in JSON_PATCHES:
        answer = await patched(trial, operations)

        assert answer.status_code == (422 if has is None else 200), answer.text
        for element, same in (has or {}).items():
            assert answer.json().get(element) == (answer.json()[same] if same else None)


INSERTED: Json = {
    "name": "operation",
    "part": [
        {"name": "type", "valueCode": "insert"},
        {"name": "path", "valueString": "Observation.identifier"},
        {"name": "index", "valueInteger": 0},
        {"name": "value", "valueIdentifier": {"system": SYSTEM, "value": "first"}},
    ],
}
ADDED: Json = {
    "name": "operation",
    "part": [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Observation"},
        {"name": "name", "valueString": "issued"},
        {"name": "value", "valueInstant": "2024-03-04T09:10:00Z"},
    ],
}


@pytest.mark.rule(27)
async def test_the_operations_of_fhirpath_patch(trial: httpx.AsyncClient) -> None:
    name = await stored(trial, "Observation", "second")

    async def after(*operations: Json) -> Json:
        patch = {"resourceType": "Parameters", "parameter": list(operations)}
        answer = await patched(trial, patch, name=name)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert [one["value"] for one in (await after(INSERTED))["identifier"]] == ["first", "second"]
    moved = fhirpath_patch({"type": "move", "path": "Observation.identifier"})
    moved["parameter"][0]["part"] += [
        {"name": "source", "valueInteger": 0},
        {"name": "destination", "valueInteger": 1},
    ]
    assert [one["value"] for one in (await after(*moved["parameter"]))["identifier"]] == ["second", "first"]
    assert (await after(ADDED))["issued"] == "2024-03-04T09:10:00Z"
    deleted = fhirpath_patch({"type": "delete", "path": "Observation.identifier.where(value='first')"})
    assert [one["value"] for one in (await after(*deleted["parameter"]))["identifier"]] == ["second"]


BROKEN: list[tuple[Any, set[int]]] = [
    ([{"op": "test", "path": "/status", "value": "amended"}], {422}),
    ([{"op": "replace", "path": "/nothing/here", "value": 1}], {422}),
    ([{"op": "remove", "path": "/component/0"}], {422}),
    ([{"op": "remove", "path": "/status"}], {400, 422}),
    ([{"op": "replace", "path": "/status", "value": "done"}], {400, 422}),
    ([{"op": "add", "path": "/colour", "value": "red"}], {400, 422}),
    ([{"op": "add", "path": "/language", "value": None}], {400, 422}),
    ([{"op": "replace", "path": "/subject/reference", "value": "Patient/nobody"}], {422}),
    ([{"op": "replace", "path": "/resourceType", "value": "Patient"}], {400, 422}),
    ([{"op": "bogus", "path": "/status"}], {400}),
    ([{"op": "replace", "path": "status", "value": "final"}], {400}),
    ([{"path": "/status"}], {400}),
    ([7], {400}),
    ({"resourceType": "Patient"}, {400}),
    ({"resourceType": "Parameters", "parameter": [{"name": "bogus"}]}, {400}),
    (fhirpath_patch({"type": "bogus", "path": "Observation.status"}), {400}),
    (fhirpath_patch({"type": "replace", "path": "Observation.status"}), {400}),
    (fhirpath_patch({"type": "delete", "path": "Observation..status"}), {400, 422}),
    (fhirpath_patch({"type": "delete", "path": "Observation.status"}), {400, 422}),
]


@pytest.mark.rule(27)
async def test_a_patch_that_cannot_be_done_is_explained_and_changes_nothing(trial: httpx.AsyncClient) -> None:
    name = await stored(trial, "Observation")

    for patch, allowed in BROKEN:
        answer = await patched(trial, patch, name=name)

        assert answer.status_code in allowed, (patch, answer.text)
    assert len(await versions(trial, f"/fhir/Observation/{name}/_history")) == 1


SERVER_SET = ["/id", "/meta/versionId", "/meta/lastUpdated"]


@pytest.mark.rule(27)
async def test_what_the_server_sets_no_patch_changes(trial: httpx.AsyncClient) -> None:
    for element in SERVER_SET:
        name = await stored(trial, "Observation")

        answer = await patched(trial, [{"op": "replace", "path": element, "value": "7"}], name=name)

        assert answer.status_code in {200, 422}
        now = (await trial.get(f"/fhir/Observation/{name}")).json()
        assert now["id"] == name
        assert now["meta"]["versionId"] == ("2" if answer.status_code == 200 else "1")
        assert now["meta"]["lastUpdated"] > "2020"


@pytest.mark.rule(11, 25, 27)
async def test_a_patch_needs_its_resource_and_heeds_if_match(trial: httpx.AsyncClient) -> None:
    name, gone = [await stored(trial, "Observation") for _ in range(2)]
    await trial.delete(f"/fhir/Observation/{gone}")

    assert (await patched(trial, REPLACED, name="nobody")).status_code == 404
    assert (await patched(trial, REPLACED, name=gone)).status_code == 410
    assert (await patched(trial, REPLACED, name=name, If_Match='W/"9"')).status_code == 412
    assert (await patched(trial, REPLACED, name=name, If_Match='W/"1"')).status_code == 200


# ---- 28: delete ----------------------------------------------------------------------------------------


@pytest.mark.rule(28, 80)
async def test_what_others_refer_to_stays_until_they_are_gone(trial: httpx.AsyncClient) -> None:
    patient = await stored(trial, "Patient")
    result = await stored(trial, "Observation", subject={"reference": f"Patient/{patient}"})

    first = await trial.delete(f"/fhir/Patient/{patient}")
    then = [
        await trial.delete(f"/fhir/{address}") for address in (f"Observation/{result}", f"Patient/{patient}")
    ]
    again = [await trial.delete(f"/fhir/Patient/{name}") for name in (patient, "never-was")]

    assert (first.status_code, [answer.status_code for answer in (*then, *again)]) == (409, [204] * 4)
    assert f"Observation/{result}" in issues(first)[0]["diagnostics"]


# ---- 29 to 31: conditions ------------------------------------------------------------------------------


@pytest.mark.rule(29)
async def test_a_conditional_create_creates_what_is_not_there_yet(trial: httpx.AsyncClient) -> None:
    async def asked(kind: str) -> httpx.Response:
        sent = written(marked(kind, "a", language="fr"))
        return await trial.post(f"/fhir/{kind}", content=sent, headers={"If-None-Exist": criteria("a")})

    for kind in TYPES:
        none, one = await asked(kind), await asked(kind)
        await stored(trial, kind, "a")
        before = await versions(trial)
        several = await asked(kind)

        assert [answer.status_code for answer in (none, one, several)] == [201, 200, 412], kind
        assert issues(several)[0]["code"] in {"multiple-matches", "duplicate"}
        for name in ("location", "etag"):
            assert one.headers[name] == none.headers[name]
        assert await versions(trial) == before


SENSELESS = (
    "",
    "&",
    "typo=1",
    "identifier=",
    "_count=1",
    "gender:bogus=male",
    "birthdate=2024-13",
    "typo=1&gender=male",
)


@pytest.mark.rule(29, 30, 31)
async def test_criteria_that_are_empty_or_not_understood_are_refused(trial: httpx.AsyncClient) -> None:
    before = await versions(trial)

    for search in SENSELESS:
        answers = [
            await trial.post("/fhir/Patient", content=body("Patient"), headers={"If-None-Exist": search}),
            await trial.put(f"/fhir/Patient?{search}", content=body("Patient")),
            await trial.patch(f"/fhir/Patient?{search}", content=b"[]", headers=JSON_PATCH),
            await trial.delete(f"/fhir/Patient?{search}"),
        ]

        assert {answer.status_code for answer in answers} <= {400, 405, 412}, search
    assert await versions(trial) == before


@pytest.mark.rule(30)
async def test_a_conditional_update_by_number_of_matches_and_id(trial: httpx.AsyncClient) -> None:
    async def asked(kind: str, mark: str, **changes: Any) -> httpx.Response:
        sent = written(marked(kind, mark, **changes))
        return await trial.put(f"/fhir/{kind}?{criteria(mark)}", content=sent)

    for kind in TYPES:
        none, none_named = await asked(kind, "a"), await asked(kind, "b", id="named")
        same, same_named = await asked(kind, "a"), await asked(kind, "b", id="named")
        other = await asked(kind, "a", id="another")
        await stored(trial, kind, "a")
        several = await asked(kind, "a")

        answers = (none, none_named, same, same_named, other, several)
        assert [answer.status_code for answer in answers] == [201, 201, 200, 200, 400, 412], kind
        assert none_named.json()["id"] == "named"
        assert same.headers["location"] == none.headers["location"].replace("_history/1", "_history/2")
        assert same_named.headers["etag"] == 'W/"2"'
        assert (await trial.get(f"/fhir/{kind}/another")).status_code == 404


@pytest.mark.rule(30)
async def test_a_conditional_update_takes_no_id_from_what_does_not_match(trial: httpx.AsyncClient) -> None:
    name = await stored(trial, "Patient", "a")
    sent = written(marked("Patient", "b", id=name))

    answer = await trial.put(f"/fhir/Patient?{criteria('b')}", content=sent)

    assert answer.status_code in {200, 400, 409, 412}
    if answer.status_code != 200:
        assert (await trial.get(f"/fhir/Patient/{name}")).headers["etag"] == 'W/"1"'


@pytest.mark.rule(31)
async def test_a_conditional_patch_needs_one_match(trial: httpx.AsyncClient) -> None:
    async def asked(kind: str, **headers: str) -> httpx.Response:
        change = written([{"op": "add", "path": "/language", "value": "fr"}])
        address = f"/fhir/{kind}?{criteria('a')}"
        return await trial.patch(address, content=change, headers=headers | JSON_PATCH)

    for kind in TYPES:
        none = await asked(kind)
        name = await stored(trial, kind, "a")
        one = await asked(kind)
        stale = await asked(kind, **{"If-Match": 'W/"1"'})
        await stored(trial, kind, "a")
        several = await asked(kind)

        assert [said.status_code for said in (none, one, stale, several)] == [404, 200, 412, 412], kind
        assert (one.json()["id"], one.json()["language"]) == (name, "fr")


@pytest.mark.rule(31)
async def test_a_conditional_delete_deletes_one_at_most(trial: httpx.AsyncClient) -> None:
    for kind in TYPES:
        address = f"/fhir/{kind}?{criteria('a')}"
        none = await trial.delete(address)
        name = await stored(trial, kind, "a")
        one = await trial.delete(address)
        pair = {await stored(trial, kind, "a") for _ in range(2)}
        several = await trial.delete(address)

        assert [answer.status_code for answer in (none, one, several)] == [204, 204, 412], kind
        assert (await trial.get(f"/fhir/{kind}/{name}")).status_code == 410
        assert set(await found(trial, f"{kind}?{criteria('a')}")) == pair
