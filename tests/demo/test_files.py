"""The files of the demonstration: valid, complete, and free of anything that names a person."""

import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import fhir.resources.R4B
import pytest

from app.demo import TRIALS
from app.fhir_mapping import check, codec
from app.fhir_mapping.bundle_shell import opened
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.served import SERVED
from tests.demo.stories import entries, versions
from tools import demonstration
from tools.demonstration.__main__ import main
from tools.demonstration.candidates import CANDIDATES
from tools.demonstration.pieces import GRADES
from tools.demonstration.sclerosis import INFUSED, SCREENED_DONORS, SCREENED_RECIPIENTS
from tools.demonstration.subjects import TREATED

PLACE = demonstration.PLACE
NAMES = [name for name, _ in TRIALS]
IDENTIFYING = ("name", "telecom", "address", "photo", "contact")
SYNTHETIC = {"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}
REFERENCE = re.compile(rb'"reference": ?"([^"]+)"')
NAMED = re.compile(rb'"reference": "[^"]*", "display"|"display": "[^"]*", "reference"')
MEGABYTE = 1_000_000


def resources(kind: str | None = None) -> list[dict[str, Any]]:
    """The resources of all files; a later version takes the place of the earlier one."""
    found = [each[-1] for each in versions().values()]
    return [one for one in found if kind is None or one["resourceType"] == kind]


def resource(reference: str) -> dict[str, Any]:
    return next(one for one in resources() if f"{one['resourceType']}/{one['id']}" == reference)


def study_day(subject: str, when: str) -> int:
    start = resource(f"MedicationAdministration/{subject}-infusion")["effectivePeriod"]["start"]
    return (date.fromisoformat(when[:10]) - date.fromisoformat(start[:10])).days


def test_the_documentation_says_what_everybody_shows() -> None:
    text = (PLACE.parents[1] / "docs" / "demonstration.md").read_text("utf-8")
    told = {
        "msc-sle": (*TREATED, *CANDIDATES),
        "msc-ssc": (*INFUSED, *SCREENED_RECIPIENTS, *SCREENED_DONORS),
    }
    for subject, shows in [(f"{key}-{one.number}", one.shows) for key in told for one in told[key]]:
        assert any(f"`{subject}`" in line and shows in line for line in text.splitlines()), subject


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_the_generator_writes(name: str) -> None:
    assert (PLACE / name).read_text("utf-8") == demonstration.files()[name]


def test_every_file_that_is_written_is_loaded_in_that_order() -> None:
    assert list(demonstration.files()) == NAMES
    assert sorted(f"{path.parent.name}/{path.name}" for path in PLACE.glob("*/*.json")) == sorted(NAMES)


def test_the_files_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in PLACE.glob("*/*.json")) < 1.5 * MEGABYTE


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_valid_r4(name: str) -> None:
    raw = (PLACE / name).read_bytes()
    fhir.resources.R4B.get_fhir_model_class("Bundle").model_validate_json(raw)
    for entry in opened(raw).entries:
        assert entry.resource is not None
        kind = str(codec.read(entry.resource)["resourceType"])
        assert RESOURCES[kind].review(check.checked(kind, entry.resource)) == ()
        fhir.resources.R4B.get_fhir_model_class(kind).model_validate_json(entry.resource)


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_puts_a_resource_under_its_own_id(name: str) -> None:
    for entry in entries(name):
        made = entry["resource"]
        assert entry["request"] == {"method": "PUT", "url": f"{made['resourceType']}/{made['id']}"}
    urls = [entry["request"]["url"] for entry in entries(name)]
    assert len(set(urls)) == len(urls), "a transaction may name a resource once"


SERVED_HERE = {f"{kind}/{name}" for kind, served in SERVED.items() for name in served.documents()}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_refers_to_is_in_it_or_in_an_earlier_one(name: str) -> None:
    known = {
        entry["request"]["url"] for earlier in NAMES[: NAMES.index(name) + 1] for entry in entries(earlier)
    }
    referred = {found.decode() for found in REFERENCE.findall((PLACE / name).read_bytes())}
    assert referred - known - SERVED_HERE == set()


def test_only_corrections_touch_what_an_earlier_file_holds() -> None:
    urls = Counter(entry["request"]["url"] for name in NAMES for entry in entries(name))
    corrected = {entry["request"]["url"] for entry in entries("msc-sle/corrections.json")}
    assert {url for url, times in urls.items() if times > 1} == corrected


def test_no_patient_can_be_identified() -> None:
    patients = resources("Patient")
    assert patients
    for patient in patients:
        assert not set(patient) & set(IDENTIFYING)
        assert [identifier["type"]["coding"][0]["code"] for identifier in patient["identifier"]] == ["ANON"]
        assert re.fullmatch(r"\d{4}", patient["birthDate"]), "the year of birth and no more"
    for name in NAMES:
        assert not NAMED.search((PLACE / name).read_bytes()), f"{name} shows a name beside a reference"


def test_everything_but_the_study_itself_says_that_it_is_synthetic() -> None:
    everything = resources()
    assert everything
    for made in everything:
        said = made["meta"].get("tag") == [SYNTHETIC]
        assert said is (made["resourceType"] != "ResearchStudy"), made["id"]


def test_everything_says_at_which_site_it_came_to_be_and_only_the_product_is_of_every_site() -> None:
    sites = {made["id"]: [one["code"] for one in made["meta"].get("security", ())] for made in resources()}
    assert [name for name, site in sites.items() if not site] == ["msc-sle-cells"]
    of_b = {name for name, site in sites.items() if site == ["CHU-B"]}
    assert {name for name, site in sites.items() if site == ["SLS"]} == set(sites) - of_b - {"msc-sle-cells"}
    parts = ("msc-sle-07", "msc-sle-08", "msc-sle-c03", "msc-ssc-03", "msc-ssc-04", "msc-ssc-d02")
    own = [(part, part.replace("sle-", "sle-p").replace("ssc-", "ssc-p")) for part in parts]
    assert of_b == {name for name in sites for part, person in own if name.startswith(part) or name == person}


def test_what_is_of_a_site_refers_to_nothing_of_another() -> None:
    site_of = {
        f"{one['resourceType']}/{one['id']}": (one["meta"].get("security") or [{"code": ""}])[0]["code"]
        for one in resources()
    }
    for name, site in site_of.items():
        referred = {found.decode() for found in REFERENCE.findall(codec.write(resource(name)))}
        others = {other for other in referred if site_of.get(other, site) not in ("", site)}
        assert all(other.startswith("ResearchStudy/") for other in others), (name, others)


def test_a_trial_number_names_the_site() -> None:
    numbers = {one["id"]: one["identifier"][0]["value"] for one in resources("ResearchSubject")}
    assert numbers["msc-sle-01"] == "MSC-SLE-SLS-01"
    assert numbers["msc-sle-c03"] == "MSC-SLE-CHU-B-C03"
    assert len(set(numbers.values())) == len(numbers)


# ---- The published figures (docs/demonstration.md) ---------------------------------------------------


def infusions(trial: str = "msc-sle") -> list[dict[str, Any]]:
    found = resources("MedicationAdministration")
    return [one for one in found if one["id"].startswith(trial) and one["id"].endswith("-infusion")]


def adverse_events(trial: str) -> list[dict[str, Any]]:
    return [one for one in resources("AdverseEvent") if one["id"].startswith(trial)]


def test_eight_subjects_were_included_between_the_published_days_and_infused_once() -> None:
    patients = Counter(one["subject"]["reference"] for one in infusions())
    assert len(patients) == 8
    assert set(patients.values()) == {1}
    treated = [one for one in resources("ResearchSubject") if one["individual"]["reference"] in patients]
    included = sorted(one["period"]["start"] for one in treated)
    assert (included[0], included[-1]) == ("2019-05-14", "2023-03-06")


def test_every_dose_lies_between_2_and_4_million_cells_per_kg_and_in_its_arm() -> None:
    arms = {arm["name"] for arm in resource("ResearchStudy/msc-sle")["arm"]}
    given = infusions()
    assert given
    for infusion in given:
        subject = infusion["id"].removesuffix("-infusion")
        weight = Decimal(resource(f"Observation/{subject}-m0-weight")["valueQuantity"]["value"])
        per_kg = infusion["dosage"]["dose"]["value"] / weight
        arm = resource(f"ResearchSubject/{subject}")["actualArm"]
        assert arm in arms
        assert Decimal(2) <= per_kg <= Decimal(4) * Decimal("1.1")
        assert abs(per_kg - Decimal(arm[len("cohort-")])) <= Decimal("0.01") * per_kg


def test_every_infusion_took_between_half_an_hour_and_an_hour() -> None:
    assert TREATED
    for subject in TREATED:
        assert 30 <= subject.minutes <= 60


def test_the_median_follow_up_is_the_published_one() -> None:
    assert median(Decimal(subject.months) for subject in TREATED) == Decimal("12.4")
    for subject in TREATED:
        period = resource(f"ResearchSubject/msc-sle-{subject.number}")["period"]
        length = date.fromisoformat(period["end"]) - date.fromisoformat(period["start"])
        assert abs(length - timedelta(days=float(subject.months) * 30.4375)) < timedelta(days=1)


def related(event: dict[str, Any]) -> bool:
    opinion = event["suspectEntity"][0]["causality"][0]["assessment"]["coding"][0]["code"]
    return {"Possible": True, "Unlikely": False}[opinion]


def test_the_adverse_events_are_as_many_as_published() -> None:
    events = adverse_events("msc-sle")
    days = {one["id"]: study_day(one["id"].rpartition("-")[0], one["date"]) for one in events}
    early = [one for one in events if related(one)]
    late = [one for one in events if not related(one)]
    assert (len(early), len({one["subject"]["reference"] for one in early})) == (3, 2)
    assert (len(late), len({one["subject"]["reference"] for one in late})) == (3, 1)
    assert all(0 <= days[one["id"]] <= 10 for one in early)
    assert all(days[one["id"]] > 10 for one in late)


def test_no_related_adverse_event_is_of_grade_3_or_more() -> None:
    severe = {GRADES[grade] for grade in (3, 4, 5)}
    events = resources("AdverseEvent")
    assert events
    for event in events:
        code = event["extension"][0]["valueCodeableConcept"]["coding"][0]["code"]
        assert code in GRADES.values()
        assert not (related(event) and code in severe)
        assert event["suspectEntity"][0]["instance"]["reference"].endswith("-infusion")


def test_the_published_adverse_events_of_msc_ssc_are_those_of_the_first_ten_days() -> None:
    told = []
    for event in adverse_events("msc-ssc"):
        subject = event["id"].rpartition("-")[0]
        early = study_day(subject, event["date"]) <= 10
        assert related(event) is early
        if early:
            told.append(
                (subject, event["event"]["coding"][0]["display"], event["severity"]["coding"][0]["code"])
            )
    assert told == [
        ("msc-ssc-01", "Flushing", "mild"),
        ("msc-ssc-02", "Nausea", "mild"),
        ("msc-ssc-02", "Fatigue", "moderate"),
    ]


def test_the_first_and_the_last_of_msc_ssc_came_on_the_published_days_and_both_doses_were_given() -> None:
    given = {one["id"].removesuffix("-infusion"): one for one in infusions("msc-ssc")}
    included = sorted(resource(f"ResearchSubject/{subject}")["period"]["start"] for subject in given)
    assert (included[0], included[-1]) == ("2014-03-24", "2020-01-06")
    arms = Counter(resource(f"ResearchSubject/{subject}")["actualArm"] for subject in given)
    assert arms == {"cohort-1e6": 2, "cohort-3e6": 2}


@pytest.mark.parametrize("name", [name for name in NAMES if "donor" in name])
def test_nothing_says_to_whom_a_donor_gave(name: str) -> None:
    [donor] = [one["resource"] for one in entries(name) if one["resource"]["resourceType"] == "Patient"]
    referred = set(REFERENCE.findall((PLACE / name).read_bytes()))
    assert referred == {b"ResearchStudy/msc-ssc", f"Patient/{donor['id']}".encode()}


def test_there_is_a_corrected_a_preliminary_and_a_withdrawn_observation() -> None:
    statuses = Counter(one["status"] for one in resources("Observation"))
    assert {"final", "corrected", "preliminary", "entered-in-error"} == set(statuses)


def test_the_generator_says_when_a_file_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.demonstration.__main__.PLACE", tmp_path)
    monkeypatch.setattr("sys.argv", ["demonstration"])
    assert main() == 0
    (tmp_path / "msc-ssc" / "study.json").write_text("{}")
    monkeypatch.setattr("sys.argv", ["demonstration", "--check"])
    assert main() == 1
    assert "msc-ssc/study.json is not what the generator writes" in capsys.readouterr().out
