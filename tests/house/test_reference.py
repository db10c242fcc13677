"""The reference is drawn from the declarations, so it cannot say otherwise."""

from tools import reference, requests_http


def test_the_reference_is_what_the_declarations_say() -> None:
    assert reference.TARGET.read_text("utf-8") == reference.text(), "run `make openapi`"


def test_the_requests_to_run_are_what_the_description_says() -> None:
    assert requests_http.TARGET.read_text("utf-8") == requests_http.text(), "run `make openapi`"
