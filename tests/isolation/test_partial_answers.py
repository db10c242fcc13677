"""Who sees a part of a study is answered about that part, and the answer says so."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.isolation.conftest import Filled
from tests.isolation.roles import CLIENTS, EVERYBODY, Who
from tests.isolation.test_leak_matrix import asked_by
from tests.isolation.world import CHU_B

PLAIN = "view=plain"
BY_NAME = {who.name: who for who in EVERYBODY}


async def told(client: httpx.AsyncClient, name: str, signed: dict[str, str]) -> httpx.Response:
    example = "name=sri&visit=M6" if name == "$endpoint-summary" else ""
    study = "study-sle" if name in ("$endpoint-summary", "$dose-escalation") else "study-ssc"
    return await client.get(f"/fhir/ResearchStudy/{study}/{name}?{example}", headers=signed)


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "name", ["$enrolment", "$endpoint-summary", "$safety-summary", "$dose-escalation", "$export"]
)
async def test_an_answer_about_a_part_of_a_study_says_of_which(
    filled: Filled, tmp_path: Path, name: str
) -> None:
    async with asked_by(filled, CLIENTS[0], tmp_path) as (client, signed, _):
        answer = await told(client, name, signed)

    assert answer.status_code == 200, answer.text
    assert "scope: only the subjects you may see, those at SLS and who are no donors" in answer.text
    assert CHU_B not in answer.text


async def doses(filled: Filled, who: Who, directory: Path) -> Mapping[str, list[Any]]:
    """The results of $dose-escalation, by name."""
    async with asked_by(filled, who, directory) as (client, signed, _):
        answer = await client.get(f"/fhir/ResearchStudy/study-sle/$dose-escalation?{PLAIN}", headers=signed)
    assert answer.status_code == 200, answer.text
    found = defaultdict(list)
    for result in answer.json()["results"]:
        found[result["name"]].append(result)
    return found


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
async def test_no_dose_is_decided_on_from_a_part_of_a_study(filled: Filled, tmp_path: Path) -> None:
    told = await doses(filled, CLIENTS[0], tmp_path)

    [following] = told["next-dose"]
    assert (following["verdict"], following["reasons"]) == ("undetermined", ["out-of-sight"])
    assert "every site" in following["missing"][0]
    assert "sensitivity" not in told
    for dose in told["dose"]:
        known = {one["name"] for one in dose["figures"] if one.get("value") is not None}
        assert known == {"evaluable", "toxicities", "undetermined"}


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
async def test_who_sees_every_site_is_told_of_the_doses_whole(filled: Filled, tmp_path: Path) -> None:
    told = await doses(filled, BY_NAME["sponsor"], tmp_path)

    assert "out-of-sight" not in str(told)


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", [BY_NAME["pharmacovigilance"]], ids=["pharmacovigilance"])
async def test_who_sees_all_subjects_is_told_of_no_scope(filled: Filled, tmp_path: Path, who: Who) -> None:
    async with asked_by(filled, who, tmp_path) as (client, signed, _):
        answer = await told(client, "$enrolment", signed)

    assert answer.status_code == 200, answer.text
    assert "scope: only" not in answer.text
