"""The guide is carried out as it stands, in one shell, and prints what it says it prints."""

import pytest

from tests.acceptance.pages import Page

GUIDE = Page("guide.md")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each step printed."""
    return GUIDE.carried_out(tmp_path_factory.mktemp("guide"))


def test_every_step_says_what_it_prints() -> None:
    assert GUIDE.is_whole
    assert len(GUIDE.steps) > 14


@pytest.mark.parametrize("number", range(len(GUIDE.steps)))
def test_the_step_prints_what_the_guide_says(printed: list[str], number: int) -> None:
    GUIDE.check(number, printed)
