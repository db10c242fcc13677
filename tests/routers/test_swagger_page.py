"""The Swagger page in a browser without the internet: what it shows, and what Try it out answers."""

from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from app.demo import TRIALS
from app.routers import openapi
from tests.programs import program
from tests.routers.make import HEADERS
from tests.servers import Server

PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[tuple[Page, list[str]]]:
    """The page of a server with the demonstration trial, and what it wanted from elsewhere."""
    for name, _ in TRIALS:
        file = files("app.demo").joinpath(name).read_bytes()
        httpx.post(f"{server.url}/fhir", content=file, headers=HEADERS, timeout=60).raise_for_status()
    elsewhere: list[str] = []

    def guard(route: Route) -> None:
        if route.request.url.startswith((server.url, "data:")):
            route.continue_()
            return
        elsewhere.append(route.request.url)
        route.abort()

    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.route("**/*", guard)
    page.goto(f"{server.url}/docs")
    yield page, elsewhere
    page.close()


def test_every_operation_is_on_the_page_and_one_can_be_tried(page: tuple[Page, list[str]]) -> None:
    shown, elsewhere = page
    shown.locator(".opblock-tag").first.wait_for()
    assert "sandbox" in shown.locator(".info").inner_text()
    for tag in shown.locator(".opblock-tag-section h3").all():
        tag.click()
    blocks = shown.locator(".opblock")
    offered = sum(len(methods) for methods in openapi.document()["paths"].values())

    blocks.nth(offered - 1).wait_for()
    assert blocks.count() == offered
    question = shown.locator(".opblock-get", has_text="Response by the SLE Responder Index").first
    question.locator(".opblock-summary-control").click()
    question.locator("button.execute").click()
    answer = question.locator(".live-responses-table")
    answer.wait_for()

    assert "200" in answer.locator("tbody .response-col_status").first.inner_text()
    assert "MSC-SLE" in answer.inner_text()
    assert elsewhere == []
