"""Signing in on the Swagger page of the sandbox, in a browser: what the calls that are tried see then."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from app.demo.clients import READY
from app.fhir_mapping import codec
from tests.acceptance.test_demonstration import demonstration
from tests.programs import program

PATIENCE_MS = 60_000
OF_SLS, OF_CHU_B = "msc-sle-01", "msc-sle-07"
SEARCH, READ = "searchResearchSubject", "readResearchSubject"


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the browser complained of, such as what the page's policy forbids."""
    return []


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[Page]:
    """The page of a sandbox, with the two calls that are tried laid open."""

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "the server responded with a status of" not in message.text:
            said.append(message.text)

    with demonstration(tmp_path_factory.mktemp("demo") / "var") as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{running.url}/docs")
        page.locator("[id='operations-tag-ResearchSubject']").click()
        for call in (SEARCH, READ):
            page.locator(f"[id$='-{call}'] .opblock-summary-control").click()
            page.locator(f"[id$='-{call}'] button.execute").wait_for()
        yield page
        browser.close()


def signed_in(page: Page, client: str) -> str:
    """Sign in as one of the ready clients; what the page then says."""
    page.locator("#client").select_option(client)
    return submitted(page)


def submitted(page: Page) -> str:
    before = page.locator("#signed-in").inner_text()
    page.locator("#sign-in-form button[type=submit]").click()
    page.wait_for_function(
        "before => document.querySelector('#signed-in').textContent !== before"
        " || document.querySelector('#sign-in-problem').textContent !== ''",
        arg=before,
    )
    return page.locator("#signed-in").inner_text()


def tried(page: Page, call: str, **parameters: str) -> tuple[str, str]:
    """The status and the body shown after Execute is pressed."""
    block = page.locator(f"[id$='-{call}']")
    for name, value in parameters.items():
        block.locator(f"tr[data-param-name='{name}'] input").fill(value)
    with page.expect_response(lambda answer: "/fhir/ResearchSubject" in answer.url) as answered:
        block.locator("button.execute").click()
    status = block.locator(".live-responses-table .response-col_status").nth(1)
    status.get_by_text(str(answered.value.status)).wait_for()
    return str(answered.value.status), answered.value.text()


def subjects(page: Page) -> set[str]:
    status, body = tried(page, SEARCH, _count="100")
    assert status == "200"
    return {entry["resource"]["id"] for entry in codec.read(body.encode())["entry"]}


def test_each_who_signs_in_sees_what_is_theirs(page: Page, said: list[str]) -> None:
    assert "this sandbox is open" in page.locator("#signed-in").inner_text()
    everybody = subjects(page)
    assert {OF_SLS, OF_CHU_B} <= everybody

    assert signed_in(page, "demo-site-chu-b").startswith("Signed in as demo-site-chu-b, until ")
    assert subjects(page) == {"msc-sle-07", "msc-sle-08", "msc-sle-c03"}  # the example asks of one study
    assert tried(page, READ, id=OF_SLS)[0] == "404"
    assert tried(page, READ, id=OF_CHU_B)[0] == "200"

    assert "Scopes: system/" in signed_in(page, "demo-sponsor")
    assert subjects(page) == everybody
    assert tried(page, READ, id=OF_SLS)[0] == "200"

    signed_in(page, "demo-site-sls")
    assert tried(page, READ, id=OF_CHU_B)[0] == "404"

    page.locator("#sign-out").click()
    assert "this sandbox is open" in page.locator("#signed-in").inner_text()
    assert tried(page, READ, id=OF_CHU_B)[0] == "200"
    assert said == []


def test_another_client_signs_in_with_its_own_key_which_the_page_forgets(page: Page, said: list[str]) -> None:
    [site] = [one for one in READY if one.name == "demo-site-chu-b"]
    page.locator("#client").select_option("")
    page.locator("#client-id").fill(site.name)
    page.locator("#private-key").fill(codec.write(site.key).decode())
    page.locator("#scopes").fill("system/ResearchSubject.r")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))

    assert submitted(page).endswith("Scopes: system/ResearchSubject.r")
    assert page.locator("#private-key").input_value() == ""
    assert tried(page, READ, id=OF_CHU_B)[0] == "200"
    status, body = tried(page, SEARCH)
    assert (status, "system/ResearchSubject.s" in body) == ("403", True)
    assert any("client_assertion=" in body for body in sent)
    assert all(site.key["d"] not in body for body in sent)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    shown = page.evaluate("location.href + document.documentElement.outerHTML")
    assert [secret for secret in ("eyJ", site.key["d"]) if secret in shown] == []  # no token, no key
    assert said == []


@pytest.mark.parametrize(
    ("name", "key", "problem"),
    [
        ("demo-site-chu-b", "no JSON", "the key is not JSON"),
        ("demo-site-chu-b", '{"kty": "EC", "crv": "P-256", "d": "AA"}', "EC on P-384, or RSA"),
        ("nobody", None, "Not signed in: "),
    ],
)
def test_what_is_wrong_is_said(page: Page, name: str, key: str | None, problem: str) -> None:
    page.locator("#client").select_option("")
    page.locator("#client-id").fill(name)
    page.locator("#private-key").fill(key or codec.write(READY[0].key).decode())
    page.locator("#sign-in-form button[type=submit]").click()
    page.locator("#sign-in-problem").get_by_text(problem).wait_for()
    assert "Nobody is signed in" in page.locator("#signed-in").inner_text()


def test_the_page_holds_no_script_and_its_policy_forbids_others() -> None:
    text = Path(__file__).parents[2].joinpath("app/routers/pages/docs.html").read_text("utf-8")
    assert text.count("<script") == text.count("<script src=") == text.count("></script>")
    assert "<style" not in text
    assert " style=" not in text
