"""`trialbridge audit export`: what an inspector is handed, and that it can be verified without us."""

import csv
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.cli.audit_export import README
from app.fhir_mapping import codec
from app.settings import Settings
from tests.routers.make import HEADERS
from tests.test_cli import run


@pytest.fixture
def settings(database_url: str) -> Settings:
    """What is read is noted, too."""
    return Settings(database_url=database_url, base_url="http://test", auth="none")


@pytest.fixture
async def exported(app: FastAPI, client: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> Path:
    """The trail of a patient who was stored, corrected and searched for, exported."""
    for gender, why in (("male", "first entry"), ("female", "=entered wrongly")):
        await client.put(
            "/fhir/Patient/p",
            content=codec.write({"resourceType": "Patient", "id": "p", "gender": gender}),
            headers=HEADERS | {"X-Change-Reason": why},
        )
    await client.get("/fhir/Patient?gender=female")
    done = run("audit", "export", "--to", str(tmp_path), TRIALBRIDGE_DATABASE_URL=settings.database_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout.split()[0]) == len((tmp_path / "audit-events.ndjson").read_bytes().splitlines())
    return tmp_path


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "audit-events.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def verified(directory: Path) -> None:
    """What the README tells an inspector to run."""
    [code] = re.findall(r"In Python:\n\n((?:    .*\n)+)", README.format(what=""))
    script = re.sub("^    ", "", code, flags=re.MULTILINE).replace('open("', f'open("{directory}/')
    exec(compile(script, "README", "exec"), {"hashlib": hashlib})  # noqa: S102 - our own words


async def test_the_table_says_who_did_what_to_which_version_and_why(exported: Path) -> None:
    told = [
        (
            row["who"],
            row["interaction"],
            row["outcome"],
            row["patients"],
            row["versions"],
            row["query"],
            row["why"],
        )
        for row in rows(exported)
        if row["interaction"] != "link"
    ]

    assert sorted(told) == [
        ("sandbox", "search-type", "done", "p", "Patient/p/_history/2", "gender=female", ""),
        ("sandbox", "update", "done", "p", "Patient/p/_history/1", "", "first entry"),
        ("sandbox", "update", "done", "p", "Patient/p/_history/2", "", "'=entered wrongly"),
    ]


async def test_the_events_are_the_ones_served_and_verify_by_what_the_readme_says(
    exported: Path, client: httpx.AsyncClient
) -> None:
    lines = (exported / "audit-events.ndjson").read_bytes().splitlines()
    served = (await client.get("/fhir/AuditEvent?_count=1000")).json()["entry"]

    known = {entry["resource"]["id"]: entry["resource"] for entry in served}
    for line in lines:
        event = codec.read(line)
        assert codec.write(known[event["id"]]) == line
    verified(exported)
    events = exported / "audit-events.ndjson"
    events.write_bytes(events.read_bytes().replace(b'"outcome":"0"', b'"outcome":"4"', 1))

    with pytest.raises(AssertionError):
        verified(exported)


async def test_a_part_of_the_trail_can_be_asked_for(exported: Path, settings: Settings) -> None:
    other, whole = exported / "other", len(rows(exported))
    for options, expected in (
        (["--from", "2000-01-01", "--until", "2999-12-31"], whole),
        (["--from", "2999-01-01"], 0),
    ):
        words = ("audit", "export", "--to", str(other), *options)
        run(*words, TRIALBRIDGE_DATABASE_URL=settings.database_url)
        assert len(rows(other)) == expected


def test_a_day_that_is_none_is_refused(settings: Settings, tmp_path: Path) -> None:
    done = run(
        "audit",
        "export",
        "--to",
        str(tmp_path),
        "--from",
        "soon",
        TRIALBRIDGE_DATABASE_URL=settings.database_url,
    )

    assert done.returncode == 2
    assert "--from must be a day" in done.stderr
