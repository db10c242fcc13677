"""The page for integration engineers is carried out as it stands, in one shell, and prints what it says."""

import pytest

from tests.acceptance.pages import Page

INTEGRATING = Page("integrating.md")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each step printed."""
    return INTEGRATING.carried_out(tmp_path_factory.mktemp("integrating"))


def test_every_step_says_what_it_prints() -> None:
    assert INTEGRATING.is_whole
    assert len(INTEGRATING.steps) > 14


@pytest.mark.parametrize("number", range(len(INTEGRATING.steps)))
def test_the_step_prints_what_the_page_says(printed: list[str], number: int) -> None:
    INTEGRATING.check(number, printed)
