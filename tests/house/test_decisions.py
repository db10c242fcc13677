"""Decision records are short, complete and numbered without a gap."""

import re
from pathlib import Path

import pytest

from tests.postgres import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "References"]


def test_records_are_numbered_from_one_without_a_gap() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_its_number_its_five_headings_and_fits_on_a_page(record: Path) -> None:
    text = record.read_text()

    assert text.startswith(f"# {record.name[:4]} · ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(text.splitlines()) <= 60
