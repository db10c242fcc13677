"""Rules 43 to 59: how a search is asked and answered. What its values mean is tested in tests/search."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.conformance.answers import explains
from tests.conformance.make import SYSTEM, Json, bundle, entry, found, link, marked, pages, written
from tests.routers.make import HEADERS, body, issues

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STRICT = {"Prefer": "handling=strict"}
FHIR = "http://test/fhir"
OF_PATIENT = "patient=Patient/msc-sle-p08"


def result(number: int, **changes: Any) -> Json:
    """One of many results of the same day; every second has a note of when it was issued, none else has."""
    return marked(
        "Observation",
        f"n{number}",
        id=f"n{number}",
        status="final" if number % 3 else "amended",
        effectiveDateTime="2024-03-04",
        valueQuantity={"value": number, "system": "http://unitsofmeasure.org", "code": "kg", "unit": "kg"},
        **changes,
    )


@pytest.fixture
async def labs(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """Twelve results of one patient and one day; the first has the second and third as members."""
    members = {"hasMember": [{"reference": "Observation/n2"}, {"reference": "Observation/n3"}]}
    entries = [
        entry("PUT", f"Observation/n{number}", result(number, **(members if number == 1 else {})))
        for number in range(1, 13)
    ]
    stored = await trial.post("/fhir", content=bundle("transaction", entries))
    assert stored.status_code == 200, stored.text
    return trial


async def searched(client: httpx.AsyncClient, search: str, **headers: str) -> Json:
    """The first page of a search."""
    answer = await client.get(f"/fhir/{search}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(client: httpx.AsyncClient, search: str, **headers: str) -> httpx.Response:
    """The answer to a search that must be refused."""
    answer = await client.get(f"/fhir/{search}", headers=headers)
    assert answer.status_code == 400, (search, answer.text)
    return answer


def ids(page: Json, mode: str = "match") -> list[str]:
    """The ids of a page's entries of a mode, in their order."""
    return [one["resource"]["id"] for one in page.get("entry", ()) if one["search"]["mode"] == mode]


def asked(page: Json) -> set[str]:
    """The names of the parameters of the self link."""
    return {name for name, _ in parse_qsl(urlsplit(link(page, "self") or "").query, keep_blank_values=True)}


# ---- 43 to 48: how it is asked -------------------------------------------------------------------------


@pytest.mark.rule(43)
async def test_a_form_asks_what_an_address_asks(labs: httpx.AsyncClient) -> None:
    by_get = await searched(labs, f"Observation?{OF_PATIENT}&status=amended&_sort=_id&_total=accurate")

    for address, form in (
        ("", f"{OF_PATIENT}&status=amended&_sort=_id&_total=accurate"),
        (f"?{OF_PATIENT}&_sort=_id", "status=amended&_total=accurate"),
        (f"?{OF_PATIENT}&status=amended&_sort=_id&_total=accurate", ""),
    ):
        posted = await labs.post(f"/fhir/Observation/_search{address}", content=form.encode(), headers=FORM)
        assert posted.status_code == 200
        assert ids(posted.json()) == ids(by_get) == ["n12", "n3", "n6", "n9"]
        assert posted.json()["total"] == by_get["total"]
    for kind in ("application/fhir+json", "text/plain", "multipart/form-data"):
        wrong = await labs.post(
            "/fhir/Observation/_search", content=b"_id=n1", headers={"Content-Type": kind}
        )
        assert wrong.status_code == 415


@pytest.mark.rule(44, 56)
async def test_an_unknown_parameter_is_said_and_not_asked(labs: httpx.AsyncClient) -> None:
    for unknown in ("colour=red", "satus=final", "_typo=1"):
        page = await searched(labs, f"Observation?{unknown}&_id=n1")
        name = unknown.partition("=")[0]

        assert ids(page) == ["n1"]
        assert name not in asked(page)
        [outcome] = [one["resource"] for one in page["entry"] if one["search"]["mode"] == "outcome"]
        explains(outcome)
        assert {issue["severity"] for issue in outcome["issue"]} <= {"warning", "information"}
        assert name in outcome["issue"][0]["diagnostics"]
        strict = await refused(labs, f"Observation?{unknown}&_id=n1", **STRICT)
        assert name in issues(strict)[0]["diagnostics"]
    near = await refused(labs, "Observation?satus=final", **STRICT)
    assert "status" in issues(near)[0]["diagnostics"].replace("satus", "")


NO_MODIFIERS = [
    "code:bogus=1",
    "date:exact=2024",
    "value-quantity:contains=5",
    "status:exact=final",
    "_id:not-in=n1",
    "_count:missing=true",
    "_sort:missing=true",
    "patient:Bogus=1",
    "code:above=x",
    "code:=x",
]


@pytest.mark.rule(45)
async def test_a_modifier_that_is_not_supported_is_refused_to_everybody(labs: httpx.AsyncClient) -> None:
    for search in NO_MODIFIERS:
        for preference in ("handling=lenient", "handling=strict", ""):
            await refused(labs, f"Observation?{search}", Prefer=preference)


@pytest.mark.rule(46)
async def test_a_value_that_cannot_be_read_is_refused_and_one_nothing_meets_finds_nothing(
    labs: httpx.AsyncClient,
) -> None:
    for search in (
        *("date=2024-13", "date=yesterday", "date=2024-01-01T24:00:00Z", "date=xx2024"),
        *("value-quantity=abc", "value-quantity=5|a|b|c|d", "_lastUpdated=x", "code:missing=maybe"),
        *("_has:x=1", "_total=some", "_summary=all"),
    ):
        await refused(labs, f"Observation?{search}")
    for search in (
        *("date=1999", "value-quantity=99", "code=none", "code=a|b", "_id=none", "patient=nobody"),
        *("_lastUpdated=lt2001", "identifier=none|none", "has-member=Observation/none"),
    ):
        page = await searched(labs, f"Observation?{search}&_total=accurate")
        assert (page["total"], ids(page)) == (0, []), search


@pytest.mark.rule(47)
async def test_a_parameter_without_a_value_is_ignored(labs: httpx.AsyncClient) -> None:
    for search in (
        "status=",
        "status=&code=",
        "date=",
        "_id=",
        "_sort=",
        "_count=",
        "_include=",
        "_elements=",
    ):
        page = await searched(labs, f"Observation?{search}&_total=accurate", **STRICT)

        assert page["total"] == 12, search


SEARCHES = [
    "Observation",
    "Observation?_id=n1",
    "Observation?status=amended,final&date=ge2024&_sort=-value-quantity,_id&_count=3",
    "Observation?_id=n1&_include=Observation:has-member&_include=Observation:patient",
    "Observation?_summary=count",
    "Observation?_elements=status&_count=2&_total=accurate",
    f"Observation?identifier={SYSTEM}%7Cn1",
    "Patient?_has:Observation:patient:_id=n1",
    "Observation?patient.gender=female&_count=4",
]


@pytest.mark.rule(48)
async def test_the_self_link_asks_for_the_same_page(labs: httpx.AsyncClient) -> None:
    for search in SEARCHES:
        kind, _, query = search.partition("?")
        answers = [
            await labs.get(f"/fhir/{search}"),
            await labs.post(f"/fhir/{kind}/_search", content=query.encode(), headers=FORM),
        ]

        for answer in answers:
            address = link(answer.json(), "self")
            assert address
            assert address.startswith(f"{FHIR}/{kind}")
            again = (await labs.get(address)).json()
            assert again.get("entry") == answer.json().get("entry")
            assert again.get("total") == answer.json().get("total")
            assert link(again, "self") == address


# ---- 49 to 53: pages -----------------------------------------------------------------------------------


@pytest.mark.rule(49)
async def test_the_total_counts_matches_alone_on_every_page(labs: httpx.AsyncClient) -> None:
    search = "/fhir/Observation?_include=Observation:patient&_include=Observation:has-member&_count=5&typo=1"

    walk = [page async for page in pages(labs, f"{search}&_total=accurate")]
    none = await searched(labs, "Observation?_total=none")

    assert [page["total"] for page in walk] == [12, 12, 12]
    assert sum(len(ids(page)) for page in walk) == 12
    assert all(ids(page, "include") for page in walk)
    assert "total" not in none


@pytest.mark.rule(50)
async def test_every_entry_has_its_address_and_its_mode_and_comes_once(labs: httpx.AsyncClient) -> None:
    page = await searched(
        labs,
        "Observation?_id=n1,n2&_include=Observation:has-member&_include=Observation:patient"
        "&_revinclude=Observation:has-member",
    )

    addresses = [one["fullUrl"] for one in page["entry"]]
    assert sorted(addresses) == sorted(
        [*(f"{FHIR}/Observation/n{number}" for number in (1, 2, 3)), f"{FHIR}/Patient/msc-sle-p08"]
    )
    assert sorted(ids(page)) == ["n1", "n2"]
    assert sorted(ids(page, "include")) == ["msc-sle-p08", "n3"]


@pytest.mark.rule(51)
async def test_count_is_the_most_a_page_holds(labs: httpx.AsyncClient) -> None:
    for count in (1, 5, 11, 12, 13):
        assert len(ids(await searched(labs, f"Observation?_count={count}"))) == min(count, 12)
    assert len(ids(await searched(labs, "Observation?_count=999999"))) == 12
    for counting in ("_count=0", "_summary=count", "_count=0&_include=Observation:patient"):
        page = await searched(labs, f"Observation?{counting}")
        assert (page["total"], page.get("entry", []), link(page, "next")) == (12, [], None)
    for senseless in ("_count=-1", "_count=abc", "_count=1.5", "_count=%2B5"):
        await refused(labs, f"Observation?{senseless}")


@pytest.mark.rule(52)
@pytest.mark.parametrize("sort", ["", "date", "-date", "status,-date", "-_lastUpdated", "value-quantity"])
async def test_every_match_is_met_once_among_ties_while_others_write(
    labs: httpx.AsyncClient, sort: str
) -> None:
    for count in (1, 4, 5, 12):
        met: list[str] = []
        async for page in pages(labs, f"/fhir/Observation?date=2024-03-04&_sort={sort}&_count={count}"):
            assert ids(page)
            met += ids(page)
            late = marked("Observation", "late", effectiveDateTime="2024-03-04")
            stored = await labs.post("/fhir/Observation", content=written(late))
            await labs.put("/fhir/Observation/n4", content=written(result(4, language="fr")))
            await labs.delete(f"/fhir/Observation/{stored.json()['id']}")

        untouched = [name for name in met if name in {f"n{number}" for number in range(1, 13)} - {"n4"}]
        assert sorted(untouched) == sorted({f"n{number}" for number in range(1, 13)} - {"n4"})


@pytest.mark.rule(53)
async def test_several_keys_sort_and_what_has_none_comes_last(labs: httpx.AsyncClient) -> None:
    bare = {
        name: value
        for name, value in result(13).items()
        if name not in {"valueQuantity", "effectiveDateTime"}
    }
    await labs.put("/fhir/Observation/n13", content=written(bare))

    async def sorted_by(keys: str) -> list[int]:
        return [int(name[1:]) for name in ids(await searched(labs, f"Observation?_sort={keys}"))]

    numbers = list(range(1, 13))
    assert await sorted_by("value-quantity") == [*numbers, 13]
    assert await sorted_by("-value-quantity") == [*reversed(numbers), 13]
    amended, final = [n for n in numbers if n % 3 == 0], [n for n in numbers if n % 3]
    assert await sorted_by("status,-value-quantity") == [*reversed(amended), *reversed(final), 13]
    assert await sorted_by("-status,value-quantity") == [*final, 13, *amended]
    for unknown in ("colour", "status,colour", "--status"):
        await refused(labs, f"Observation?_sort={unknown}", **STRICT)


# ---- 54 to 59 ------------------------------------------------------------------------------------------

SHORT = ("_elements=status", "_summary=true", "_summary=text", "_summary=data")


@pytest.mark.rule(54)
@pytest.mark.parametrize("asked_for", SHORT)
async def test_what_is_shortened_says_so_and_is_not_taken_back(
    labs: httpx.AsyncClient, asked_for: str
) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Weight</div>'
    sent = result(1, text={"status": "generated", "div": div}, note=[{"text": "fasting"}])
    await labs.put("/fhir/Observation/n1", content=written(sent))

    read = (await labs.get(f"/fhir/Observation/n1?{asked_for}")).json()
    [in_search] = [
        one["resource"] for one in (await searched(labs, f"Observation?_id=n1&{asked_for}"))["entry"]
    ]
    back = await labs.put("/fhir/Observation/n1", json=read)

    assert read == in_search
    assert {"resourceType", "id", "meta", "status"} <= read.keys()
    assert ("code" in read) or asked_for == "_summary=text"
    assert "SUBSETTED" in {tag["code"] for tag in read["meta"]["tag"]}
    assert (("text" in read), ("note" in read)) == {
        "_elements=status": (False, False),
        "_summary=true": (False, False),
        "_summary=text": (True, False),
        "_summary=data": (False, True),
    }[asked_for]
    assert back.status_code in {400, 422}
    assert (await labs.get("/fhir/Observation/n1")).json()["note"] == [{"text": "fasting"}]


@pytest.mark.rule(55)
async def test_includes_follow_what_is_listed(labs: httpx.AsyncClient) -> None:
    async def with_(query: str) -> list[str]:
        return sorted(ids(await searched(labs, f"Observation?_id=n1&{query}"), "include"))

    assert await with_("_include=Observation:patient") == ["msc-sle-p08"]
    assert await with_("_include=Observation:subject:Patient") == ["msc-sle-p08"]
    assert await with_("_include=Observation:has-member") == ["n2", "n3"]
    assert await with_("_include=Observation:has-member&_include:iterate=Observation:patient") == [
        *("msc-sle-p08", "n2", "n3"),
    ]
    reverse = await searched(labs, "Patient?_id=msc-sle-p08&_revinclude=Observation:patient")
    assert len(ids(reverse, "include")) == 12
    for query in (
        *("_include=Observation:bogus", "_include=Bogus:patient", "_include=Observation:subject:Bogus"),
        *(
            "_include=patient",
            "_include=Observation:status",
            "_revinclude=Observation:bogus",
            "_revinclude=Bogus:x",
        ),
    ):
        await refused(labs, f"Observation?_id=n1&{query}")


@pytest.mark.rule(55)
async def test_iterating_in_a_circle_ends(labs: httpx.AsyncClient) -> None:
    circle = result(12) | {"hasMember": [{"reference": "Observation/n1"}]}
    await labs.put("/fhir/Observation/n12", content=written(circle))
    back = result(3) | {"hasMember": [{"reference": "Observation/n12"}]}
    await labs.put("/fhir/Observation/n3", content=written(back))

    page = await searched(labs, "Observation?_id=n1&_include:iterate=Observation:has-member")

    assert sorted(ids(page, "include")) == ["n12", "n2", "n3"]


@pytest.mark.rule(57)
async def test_a_comma_means_or_and_a_repetition_means_and(labs: httpx.AsyncClient) -> None:
    assert await found(labs, "Observation?_id=n1,n2&_sort=_id") == ["n1", "n2"]
    assert await found(labs, "Observation?_id=n1&_id=n2") == []
    assert await found(labs, "Observation?_id=n1,n2&_id=n2,n3") == ["n2"]
    assert await found(labs, "Observation?value-quantity=ge3&value-quantity=le4&_sort=_id") == ["n3", "n4"]


ODD_VALUES = ["a,b", "a|b", "a$b", "a\\b", "a%2Cb", "a+b c", "é&=?#", "a\\,b"]


@pytest.mark.rule(57)
async def test_what_is_escaped_is_part_of_the_value(trial: httpx.AsyncClient) -> None:
    for value in ODD_VALUES:
        await trial.post("/fhir/Patient", content=written(marked("Patient", value)))
        await trial.post("/fhir/Patient", content=written(marked("Patient", "b")))
        escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")

        for asked_for in (escaped, f"{SYSTEM}|{escaped}"):
            page = (await trial.get("/fhir/Patient", params={"identifier": asked_for})).json()
            assert [one["resource"]["identifier"][0]["value"] for one in page.get("entry", ())] == [value]


@pytest.mark.rule(58)
async def test_names_and_ids_are_case_sensitive(labs: httpx.AsyncClient) -> None:
    for wrong in ("_ID=n1", "Status=final", "_lastupdated=gt2001", "VALUE-QUANTITY=1"):
        await refused(labs, f"Observation?{wrong}", **STRICT)
    assert await found(labs, "Observation?_id=N1") == []
    assert await found(labs, "Observation?_id=n1") == ["n1"]


NO_CHAINS = [
    "patient.foo=1",
    "patient.gender.x=1",
    "status.code=1",
    "subject:Bogus.gender=1",
    "subject:Patient.status=1",
    "_has:Observation:foo:code=1",
    "_has:Observation:patient:foo=1",
    "_has:Bogus:patient:code=1",
    "_has:Observation:patient=1",
]


@pytest.mark.rule(59)
async def test_a_chain_through_what_is_not_there_is_400(labs: httpx.AsyncClient) -> None:
    for search in NO_CHAINS:
        kind = "Patient" if search.startswith("_has") else "Observation"

        await refused(labs, f"{kind}?{search}")


@pytest.mark.rule(55, 59)
async def test_a_chain_is_bounded(labs: httpx.AsyncClient) -> None:
    chain = ".".join(["has-member"] * 60)

    answer = await labs.get(f"/fhir/Observation?{chain}._id=n1", headers=HEADERS)

    assert answer.status_code == 400


@pytest.mark.rule(43, 44)
async def test_a_compartment_is_searched_as_its_type_is(labs: httpx.AsyncClient) -> None:
    other = await labs.post("/fhir/Patient", content=body("Patient"))
    await labs.put(
        "/fhir/Observation/n5",
        content=written(result(5, subject={"reference": f"Patient/{other.json()['id']}"})),
    )

    page = await searched(
        labs, "Patient/msc-sle-p08/Observation?status=final&_sort=_id&typo=1&_total=accurate"
    )

    assert ids(page) == ["n1", "n10", "n11", "n2", "n4", "n7", "n8"]
    assert page["total"] == 7
    assert "typo" not in asked(page)
    assert (await labs.get(link(page, "self") or "")).json()["entry"][0][
        "fullUrl"
    ] == f"{FHIR}/Observation/n1"
    await refused(labs, "Patient/msc-sle-p08/Observation?typo=1", **STRICT)
