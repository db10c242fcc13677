"""The Swagger page in a browser that reaches nothing but the server: what it sends when Execute is pressed.

Every example is also sent without a browser (tests/routers); here are those whose sending is the browser's
work: a body, a form, an empty answer.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, sync_playwright

from tests.programs import program
from tests.servers import Server

PATIENCE_MS = 60_000
TRIED = {
    "createObservation": "201",
    "searchByPostObservation": "200",
    "updateObservation": "201",
    "deleteObservation": "204",
    "transaction": "200",
}


@pytest.fixture
def elsewhere() -> list[str]:
    """What the page wanted from anywhere but the server, and did not get."""
    return []


@pytest.fixture
def page(demonstration: Server, elsewhere: list[str]) -> Iterator[Page]:
    """A page whose every request to anywhere else fails."""

    def guard(route: Route) -> None:
        if route.request.url.startswith((f"{demonstration.url}/", "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        chromium = program("chromium", "chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.route("**/*", guard)
        yield page
        browser.close()


def test_try_it_out_succeeds_with_nothing_filled_in(
    page: Page, demonstration: Server, elsewhere: list[str]
) -> None:
    page.goto(f"{demonstration.url}/docs")
    page.locator(".opblock-tag").first.wait_for()
    for closed in page.locator(".opblock-tag-section h3").all():
        closed.click()

    answers = {name: tried(page.locator(f"[id$='-{name}']")) for name in TRIED}

    assert answers == TRIED
    assert elsewhere == []


def tried(block: Locator) -> str:
    """The status shown after Execute is pressed."""
    block.locator(".opblock-summary-control").click()
    block.locator("button.execute").click()
    status = block.locator(".live-responses-table .response-col_status").nth(1)
    status.wait_for()
    return status.inner_text().split()[0]
