from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.fhirpath import Index, Name, OfType, Step, Where, path
from app.fhir_mapping.outcome import Refusal

READ: dict[str, list[Step]] = {
    "Patient": [Name("Patient")],
    " Patient . name [ 0 ] . given . first ( ) ": [
        Name("Patient"),
        Name("name"),
        Index(0),
        Name("given"),
        Index(0),
    ],
    "name.last()": [Name("name"), Index(-1)],
    "text.`div`": [Name("text"), Name("div")],
    "value.ofType(Quantity)": [Name("value"), OfType("Quantity")],
    "value.ofType(FHIR.Quantity).unit": [Name("value"), OfType("Quantity"), Name("unit")],
    "extension('http://a.example').value": [
        Name("extension"),
        Where(((("url",), "http://a.example"),)),
        Name("value"),
    ],
    "a.where(b.c='x' and d=-1.50 and e = true and $this=false)": [
        Name("a"),
        Where(((("b", "c"), "x"), (("d",), Decimal("-1.50")), (("e",), True), ((), False))),
    ],
    r"a.where(b='it\'s \u00e9\n\\ \"x\"')": [Name("a"), Where(((("b",), 'it\'s é\n\\ "x"'),))],
    "a.where(b='c) and (d[')": [Name("a"), Where(((("b",), "c) and (d["),))],
}


@pytest.mark.parametrize("text", READ)
def test_a_path_is_read_step_by_step(text: str) -> None:
    assert list(path(text)) == READ[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a[",
        "a[]",
        "a[-1]",
        "a[1.5]",
        "a[b]",
        "a[0",
        "[0]",
        "a()",
        "a.first(1)",
        "a.where()",
        "a.where(b)",
        "a.where(b=)",
        "a.where(b=c)",
        "a.where(b='c)",
        "a.where(b='c' or d='e')",
        "a.where(b='c' and)",
        "a.where(b!='c')",
        "a.where(b.exists())",
        "a.ofType()",
        "a.ofType('b')",
        "extension()",
        "extension(url)",
        "(a)",
        "a | b",
        "a = 'b'",
        "'a'",
        "1",
        "%resource.a",
        "a.é",
    ],
)
def test_what_is_no_path_or_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        path(text)

    assert (caught.value.status, caught.value.issues[0].code) == (400, "value")


def test_a_path_is_bounded_in_length() -> None:
    assert len(path("a." * 499 + "ab")) == 500
    with pytest.raises(Refusal) as caught:
        path("a." * 500 + "a")
    assert caught.value.issues[0].code == "too-long"


@given(st.text(alphabet="ab.()[]'=01 \\u$`-wherefistlandofTypextn|", max_size=40) | st.text(max_size=20))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        steps = path(text)
    except Refusal as problem:
        status = problem.status
    else:
        status = 200 if steps else 500
    assert status in {200, 400}
