"""The reference is drawn from the declarations, so it cannot say otherwise."""

from tools import reference


def test_the_reference_is_what_the_declarations_say() -> None:
    assert reference.TARGET.read_text("utf-8") == reference.text(), "run `python -m tools.reference`"
