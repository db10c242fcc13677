"""Everything the image carries is named with its licence."""

import re

from tests.postgres import ROOT

ONLY_TO_BUILD = {"setuptools"}


def test_every_package_the_service_is_installed_with_is_named() -> None:
    installed = re.findall(r"^([a-z0-9.-]+)==[^;]*$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text().replace("fhir.resources", "fhir-resources")
    named = set(re.findall(r"[a-z0-9-]+", notices.split("| Licence | Packages |")[1]))

    assert set(installed) - named - ONLY_TO_BUILD == set()
