"""Which hospital everybody is at. CHU-B is made up: each of the trials had one site, Hôpital Saint-Louis."""

from collections.abc import Iterable
from typing import Any

from app.fhir_mapping.extensions import SITE

Json = dict[str, Any]

SAINT_LOUIS = "SLS"
CHU_B = "CHU-B"
OF_CHU_B = ("msc-sle-07", "msc-sle-08", "msc-sle-c03", "msc-ssc-03", "msc-ssc-04", "msc-ssc-d02")
OF_NO_SITE = ("Medication",)
"""What every site uses."""


def site_of(part: str) -> str:
    """The site of whoever takes that part in a trial (the id of the ResearchSubject)."""
    return CHU_B if part in OF_CHU_B else SAINT_LOUIS


def trial_number(part: str) -> str:
    """The number of whoever takes that part: the trial, the site, and a number there."""
    trial, _, number = part.rpartition("-")
    return f"{trial}-{site_of(part)}-{number}".upper()


def at(part: str, resources: Iterable[Json]) -> list[Json]:
    """The resources of that part in a trial, each saying at which site it came to be."""
    site = {"security": [{"system": SITE, "code": site_of(part)}]}
    return [
        one if one["resourceType"] in OF_NO_SITE else one | {"meta": _with(one["meta"], site)}
        for one in resources
    ]


def _with(meta: Json, site: Json) -> Json:
    """The site stands before the tag."""
    before = {name: value for name, value in meta.items() if name != "tag"}
    return before | site | {name: value for name, value in meta.items() if name == "tag"}
