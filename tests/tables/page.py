"""Write the pages that show nothing is left out: docs/clinical/contradictions.md and coverage.md.

python -m tests.tables.page
"""

from collections.abc import Mapping

from tests.postgres import ROOT
from tests.tables import contradictions, coverage

PLACE = ROOT / "docs" / "clinical"


def pages() -> Mapping[str, str]:
    """Every page by its file name."""
    return {"contradictions.md": contradictions.page(), "coverage.md": coverage.page()}


if __name__ == "__main__":
    for name, text in pages().items():
        (PLACE / name).write_text(text, "utf-8")
