"""No setting is a secret of the code: docs/settings.md has every one."""

import re

import pytest

from app.settings import Settings
from tests.postgres import ROOT

NAMES = [f"TRIALBRIDGE_{name.upper()}" for name in Settings.model_fields]
DOCUMENTED = re.findall(
    r"^#* ?\|? ?`(TRIALBRIDGE_\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_documented(name: str) -> None:
    assert name in DOCUMENTED


def test_what_is_documented_exists() -> None:
    assert [name for name in DOCUMENTED if name.removesuffix("_FILE") not in NAMES] == []
