"""Rules 33 to 42: batches and transactions."""

from typing import Any

import httpx
import pytest

from tests.conformance.answers import explained
from tests.conformance.make import (
    SYSTEM,
    Json,
    bundle,
    criteria,
    entry,
    fhirpath_patch,
    found,
    marked,
    statuses,
    stored,
    transacted,
    versions,
    written,
)
from tests.routers.make import issues

FHIR = "http://test/fhir"
NEW = "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d"
OID = "urn:oid:1.2.840.113619.21.1.2"


def result(mark: str = "a", *, of: str = "Patient/msc-sle-p08", **changes: Any) -> Json:
    """A result of that patient."""
    return marked("Observation", mark, subject={"reference": of}, **changes)


def amended() -> Json:
    """A FHIRPath Patch that amends a result."""
    patch = fhirpath_patch({"type": "replace", "path": "Observation.status"})
    patch["parameter"][0]["part"].append({"name": "value", "valueCode": "amended"})
    return patch


# ---- 33, 34: batches -----------------------------------------------------------------------------------


@pytest.mark.rule(33)
async def test_a_batch_answers_each_entry_in_its_place(trial: httpx.AsyncClient) -> None:
    name = await stored(trial, "Observation", "a")
    entries = [
        entry("GET", "Patient/nobody"),
        entry("POST", "Observation", result("b")),
        entry("GET", f"Observation/{name}"),
        entry("POST", "Observation", result("c", status="done")),
        entry("PUT", f"Observation/{name}", result("a", id=name)),
        entry("GET", "Bogus?a=b"),
        entry("PATCH", f"Observation/{name}", amended()),
        entry("DELETE", "Observation/never-was"),
        entry("GET", f"Observation?{criteria('b')}"),
        entry("POST", "Observation", result("a"), ifNoneExist=criteria("a")),
    ]

    answer = await trial.post("/fhir", content=bundle("batch", entries))

    document = answer.json()
    assert (document["resourceType"], document["type"]) == ("Bundle", "batch-response")
    assert statuses(answer) == ["404", "201", "200", "400", "200", "404", "200", "204", "200", "200"]
    said = [one["response"] for one in document["entry"]]
    for place in (1, 4, 6):
        assert {"location", "etag", "lastModified"} <= said[place].keys()
        version = said[place]["etag"].removeprefix('W/"').rstrip('"')
        assert said[place]["location"].endswith(f"/_history/{version}")
    assert [
        place for place, one in enumerate(said) if "outcome" in one and int(one["status"][:3]) >= 400
    ] == [
        *(0, 3, 5),
    ]
    assert document["entry"][2]["resource"]["resourceType"] == "Observation"
    assert document["entry"][8]["resource"]["type"] == "searchset"
    assert said[9]["location"].rpartition("/_history")[0].endswith(name)


@pytest.mark.rule(34)
async def test_an_entry_of_a_batch_that_refers_to_another_fails_alone(trial: httpx.AsyncClient) -> None:
    entries = [
        entry("POST", "Patient", marked("Patient", "a"), NEW),
        entry("POST", "Observation", result("b", of=NEW)),
        entry("POST", "Observation", result("c")),
    ]

    answer = await trial.post("/fhir", content=bundle("batch", entries))

    first, second, third = statuses(answer)
    assert (first, second[0], third) == ("201", "4", "201")
    assert await found(trial, f"Observation?{criteria('b')}") == []


# ---- 35: nothing of a failed transaction is left --------------------------------------------------------

FAULTS: dict[str, tuple[set[int], Json]] = {
    "a code R4 does not have": ({400}, entry("POST", "Observation", result(status="done"))),
    "an unknown type": ({400, 404}, entry("POST", "Bogus", {"resourceType": "Bogus"})),
    "identifying data": ({422}, entry("POST", "Patient", marked("Patient", "n", name=[{"family": "X"}]))),
    "a patient nobody knows": ({422}, entry("POST", "Observation", result(of="Patient/nobody"))),
    "a delete of a stale version": ({412}, entry("DELETE", "Observation/other", ifMatch='W/"7"')),
    "an update of a stale version": (
        {412},
        entry("PUT", "Observation/other", result("o", id="other"), ifMatch='W/"7"'),
    ),
    "a delete of what others refer to": ({409}, entry("DELETE", "Patient/referred")),
    "a read of nothing": ({404}, entry("GET", "Observation/nobody")),
    "a search that cannot be read": ({400}, entry("GET", "Observation?date=2024-13")),
    "a create that several match": (
        {412},
        entry("POST", "Observation", result("twice"), ifNoneExist=criteria("twice")),
    ),
    "an update that several match": (
        {412},
        entry("PUT", f"Observation?{criteria('twice')}", result("twice")),
    ),
    "a delete that several match": ({412}, entry("DELETE", f"Observation?{criteria('twice')}")),
    "a reference nothing matches": (
        {412, 422},
        entry("POST", "Observation", result(of=f"Patient?{criteria('none')}")),
    ),
    "a patch of nothing": ({404}, entry("PATCH", "Observation/nobody", amended())),
    "a patch that cannot be done": (
        {400, 422},
        entry("PATCH", "Observation/other", fhirpath_patch({"type": "delete", "path": "Observation.status"})),
    ),
    "no request": ({400}, {"resource": result()}),
}
"""By its name, an entry that cannot be carried out, and the statuses it may be refused with."""


def harmless() -> list[Json]:
    """A transaction that does everything a transaction may do."""
    return [
        entry("POST", "Patient", marked("Patient", "new"), NEW),
        entry("POST", "Observation", result("x", of=NEW)),
        entry("PUT", "Observation/kept", result("k", id="kept")),
        entry("DELETE", "Observation/gone"),
        entry("POST", "Observation", result("cond"), ifNoneExist=criteria("cond")),
        entry("PATCH", "Observation/patched", amended()),
        entry("GET", "Observation/kept"),
    ]


@pytest.fixture
async def lived_in(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A service with what the transactions speak of."""
    for name in ("kept", "gone", "patched", "other"):
        await trial.put(f"/fhir/Observation/{name}", content=written(result(name, id=name)))
    for _ in range(2):
        await stored(trial, "Observation", "twice")
    await trial.put("/fhir/Patient/referred", content=written(marked("Patient", "referred", id="referred")))
    await stored(trial, "Observation", "refers", subject={"reference": "Patient/referred"})
    return trial


@pytest.mark.rule(36)
async def test_the_transaction_that_is_to_fail_would_succeed(lived_in: httpx.AsyncClient) -> None:
    answer = await transacted(lived_in, *harmless())

    assert statuses(answer) == ["201", "201", "200", "204", "201", "200", "200"]


@pytest.mark.rule(35)
async def test_a_transaction_that_fails_anywhere_leaves_no_trace(lived_in: httpx.AsyncClient) -> None:
    before = (await lived_in.get("/fhir/_history?_count=1000")).json()["entry"]

    for fault, (allowed, faulty) in FAULTS.items():
        for place in range(len(harmless()) + 1):
            entries = harmless()
            entries.insert(place, faulty)
            answer = await transacted(lived_in, *entries)

            assert answer.status_code in allowed, (fault, place, answer.text)
            explained(answer)
            places = {one for issue in issues(answer) for one in issue["expression"]}
            assert any(f"Bundle.entry[{place}]" in one for one in places), (fault, place, places)
            assert (await lived_in.get("/fhir/_history?_count=1000")).json()["entry"] == before, fault
    assert statuses(await transacted(lived_in, *harmless()))[0] == "201"


# ---- 36 to 40 ------------------------------------------------------------------------------------------


@pytest.mark.rule(36)
async def test_the_order_of_the_entries_does_not_matter(lived_in: httpx.AsyncClient) -> None:
    answer = await transacted(lived_in, *reversed(harmless()))

    assert statuses(answer) == ["200", "200", "201", "204", "200", "201", "201"]
    read = answer.json()["entry"][0]
    assert read["resource"]["meta"]["versionId"] == "2"


@pytest.mark.rule(36)
async def test_a_read_sees_what_the_transaction_wrote(lived_in: httpx.AsyncClient) -> None:
    entries = [
        entry("GET", f"Observation?{criteria('x')}"),
        entry("GET", "Observation/patched"),
        entry("GET", "Observation?_id=gone"),
        *harmless(),
    ]

    searched, read, gone, *_ = [
        one["resource"] for one in (await transacted(lived_in, *entries)).json()["entry"][:3]
    ]

    assert len(searched["entry"]) == 1
    assert read["status"] == "amended"
    assert gone.get("entry", []) == []


def speaking(of: str) -> Json:
    """A result that names another entry in every way there is."""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{of}">her</a><img src="{of}" alt="x"/></div>'
    kinds = ("valueUri", "valueUrl", "valueCanonical", "valueString")
    extensions: list[Json] = [{"url": f"urn:x:{kind}", kind: of} for kind in kinds]
    if of.startswith("urn:uuid:"):
        extensions.append({"url": "urn:x:valueUuid", "valueUuid": of})
    if of.startswith("urn:oid:"):
        extensions.append({"url": "urn:x:valueOid", "valueOid": of})
    extensions.append({"url": "urn:x:valueReference", "valueReference": {"reference": of}})
    contained = {"resourceType": "Specimen", "id": "s", "subject": {"reference": of}}
    return result(
        "a",
        of=of,
        text={"status": "generated", "div": div},
        contained=[contained],
        extension=extensions,
        specimen={"reference": "#s"},
        note=[{"text": f"not a reference: {of}"}],
    )


@pytest.mark.rule(37)
@pytest.mark.parametrize("name", [NEW, OID])
async def test_a_mention_of_another_entry_is_replaced_wherever_it_is_one(
    trial: httpx.AsyncClient, name: str
) -> None:
    answer = await transacted(
        trial,
        entry("POST", "Observation", speaking(name)),
        entry("POST", "Patient", marked("Patient", "p"), name),
    )

    assert answer.status_code == 200, answer.text
    [own] = await found(trial, f"Patient?{criteria('p')}")
    [observation] = await found(trial, f"Observation?{criteria('a')}")
    kept = (await trial.get(f"/fhir/Observation/{observation}")).json()
    patient = f"Patient/{own}"
    assert kept["subject"]["reference"] == kept["contained"][0]["subject"]["reference"] == patient
    assert kept["text"]["div"].count(patient) == 2
    values = {one["url"].removeprefix("urn:x:"): one for one in kept["extension"]}
    assert values["valueReference"]["valueReference"]["reference"] == patient
    left = values.keys() - {"valueReference", "valueUri", "valueUrl"}
    for kind in values.keys() - left - {"valueReference"}:
        assert values[kind][kind].endswith(patient), kind
    assert {values[kind][kind] for kind in left} == {name}
    assert kept["note"][0]["text"] == f"not a reference: {name}"


@pytest.mark.rule(38)
async def test_a_conditional_reference_becomes_the_one_that_matches(trial: httpx.AsyncClient) -> None:
    before = await stored(trial, "Patient", "before")
    entries = [
        entry("POST", "Observation", result("a", of=f"Patient?{criteria('before')}")),
        entry("POST", "Observation", result("b", of=f"Patient?{criteria('same')}")),
        entry("POST", "Patient", marked("Patient", "same")),
    ]

    answer = await transacted(trial, *entries)

    assert statuses(answer) == ["201"] * 3
    [same] = await found(trial, f"Patient?{criteria('same')}")
    for mark, patient in (("a", before), ("b", same)):
        [one] = await found(trial, f"Observation?{criteria(mark)}")
        assert (await trial.get(f"/fhir/Observation/{one}")).json()["subject"][
            "reference"
        ] == f"Patient/{patient}"


NO_REFERENCES = [criteria("none"), criteria("two"), "typo=1", "", "birthdate=2024-13"]


@pytest.mark.rule(38)
async def test_a_conditional_reference_that_does_not_name_one_fails_the_whole(
    trial: httpx.AsyncClient,
) -> None:
    for _ in range(2):
        await stored(trial, "Patient", "two")
    before = await versions(trial)
    for search in NO_REFERENCES:
        answer = await transacted(
            trial,
            entry("POST", "Patient", marked("Patient", "other")),
            entry("POST", "Observation", result("a", of=f"Patient?{search}")),
        )

        assert answer.status_code in {400, 412, 422}
        assert issues(answer)[0]["expression"] == ["Bundle.entry[1].resource.subject.reference"]
        assert await versions(trial) == before


SAME = [
    ("PUT Observation/kept", "DELETE Observation/kept"),
    ("PUT Observation/kept", f"PUT Observation?{criteria('kept')}"),
    ("DELETE Observation/kept", f"PUT Observation?{criteria('kept')}"),
    (f"PUT Observation?{criteria('kept')}", f"PUT Observation?{criteria('kept')}"),
    (f"DELETE Observation?{criteria('kept')}", "PUT Observation/kept"),
    ("PATCH Observation/kept", "PUT Observation/kept"),
    ("PATCH Observation/kept", f"PATCH Observation?{criteria('kept')}"),
]


def asking(said: str) -> Json:
    """An entry that changes the one resource that is meant."""
    method, _, url = said.partition(" ")
    named = {} if "?" in url else {"id": "kept"}
    resources = {"PUT": result("kept", **named), "PATCH": amended(), "DELETE": None}
    return entry(method, url, resources[method])


@pytest.mark.rule(39)
async def test_a_resource_is_changed_by_one_entry_at_most(lived_in: httpx.AsyncClient) -> None:
    before = await versions(lived_in)

    for first, second in [*SAME, *((second, first) for first, second in SAME)]:
        answer = await transacted(lived_in, asking(first), asking(second))

        assert answer.status_code in {400, 409, 412}, (first, second, answer.text)
        assert await versions(lived_in) == before


@pytest.mark.rule(40)
@pytest.mark.parametrize(
    ("full_url", "method", "reference"),
    [
        (NEW, "POST", NEW),
        (NEW, "PUT", NEW),
        (f"{FHIR}/Patient/mine", "PUT", f"{FHIR}/Patient/mine"),
        (f"{FHIR}/Patient/mine", "PUT", "Patient/mine"),
        ("https://hospital.example/fhir/Patient/mine", "POST", "https://hospital.example/fhir/Patient/mine"),
        ("https://hospital.example/fhir/Patient/mine", "POST", "Patient/mine"),
        ("", "PUT", "Patient/mine"),
    ],
)
async def test_an_entry_is_referred_to_by_its_full_url(
    trial: httpx.AsyncClient, full_url: str, method: str, reference: str
) -> None:
    patient = marked("Patient", "p", id="mine")
    url = "Patient" if method == "POST" else "Patient/mine"
    place = "https://hospital.example/fhir/Observation/o" if "hospital" in full_url else ""

    answer = await transacted(
        trial,
        entry("POST", "Observation", result("a", of=reference), place),
        entry(method, url, patient, full_url),
    )

    assert statuses(answer) == ["201", "201"]
    [own] = await found(trial, f"Patient?{criteria('p')}")
    assert len(await found(trial, f"Observation?patient=Patient/{own}")) == 1


# ---- 41, 42 --------------------------------------------------------------------------------------------


@pytest.mark.rule(41)
async def test_what_is_no_batch_and_no_transaction_is_400(trial: httpx.AsyncClient) -> None:
    for kind in ("searchset", "history", "collection", "document", "message", "batch-response", "bogus"):
        answer = await trial.post("/fhir", content=bundle(kind, [entry("GET", "Patient")]))

        assert answer.status_code == 400, kind
    for kind in ("batch", "transaction"):
        empty = await trial.post("/fhir", content=written({"resourceType": "Bundle", "type": kind}))
        assert (empty.status_code, empty.json()["type"]) == (200, f"{kind}-response")
    assert (await trial.post("/fhir", content=written(marked("Patient", "a")))).status_code == 400


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    "request_", [{}, {"method": "GET"}, {"url": "Patient"}, {"method": "BREW", "url": "Patient"}]
)
async def test_an_entry_says_what_is_to_be_done(trial: httpx.AsyncClient, request_: Json) -> None:
    sent = {"resource": marked("Patient", "a")} | ({"request": request_} if request_ else {})

    answer = await transacted(trial, entry("GET", "Patient"), sent)

    assert answer.status_code == 400
    assert all("Bundle.entry[1]" in issue["expression"][0] for issue in issues(answer))


@pytest.mark.rule(42)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_the_conditions_of_an_entry_are_heeded(lived_in: httpx.AsyncClient, kind: str) -> None:
    first, stale = 'W/"1"', 'W/"7"'
    kept = result("kept", id="kept")

    async def asked(one: Json) -> str:
        answer = await lived_in.post("/fhir", content=bundle(kind, [one]))
        return str(answer.status_code) if answer.is_error else statuses(answer)[0]

    assert await asked(entry("GET", "Observation/kept", ifNoneMatch=first)) == "304"
    assert await asked(entry("GET", "Observation/kept", ifNoneMatch=stale)) == "200"
    assert await asked(entry("PUT", "Observation/kept", kept, ifMatch=stale)) == "412"
    assert await asked(entry("PATCH", "Observation/kept", amended(), ifMatch=stale)) == "412"
    assert await asked(entry("DELETE", "Observation/kept", ifMatch=stale)) == "412"
    assert await asked(entry("PUT", "Observation/kept", kept, ifNoneMatch="*")) == "412"
    assert await asked(entry("POST", "Observation", kept, ifNoneExist=criteria("kept"))) == "200"
    assert await asked(entry("POST", "Observation", kept, ifNoneExist=criteria("twice"))) == "412"
    assert len(await versions(lived_in, "/fhir/Observation/kept/_history")) == 1
    assert await asked(entry("PUT", "Observation/kept", kept, ifMatch=first)) == "200"
    assert await asked(entry("PUT", "Observation/unheard", result(id="unheard"), ifNoneMatch="*")) == "201"
    assert await asked(entry("POST", "Observation", result("n"), ifNoneExist=criteria("n"))) == "201"


@pytest.mark.rule(37, 42)
async def test_a_create_that_was_not_needed_stands_for_what_was_there(trial: httpx.AsyncClient) -> None:
    there = await stored(trial, "Patient", "p")

    answer = await transacted(
        trial,
        entry("POST", "Observation", result("a", of=NEW)),
        entry("POST", "Patient", marked("Patient", "p"), NEW, ifNoneExist=f"identifier={SYSTEM}|p"),
    )

    assert statuses(answer) == ["201", "200"]
    assert len(await found(trial, f"Observation?patient=Patient/{there}")) == 1
    assert await found(trial, "Patient?_sort=_id") == sorted([there, "msc-sle-p08"])
