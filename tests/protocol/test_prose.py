"""The pages a clinician signs say what the protocol files decide, in both languages."""

from typing import get_args

import pytest

from app.clinical.subjects.states import TRANSITIONS
from app.protocol.criteria import Criterion
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from tools.prose.__main__ import LANGUAGES, PLACE, TOLD_ELSEWHERE, pages
from tools.prose.endpoints import SECTIONS, endpoints
from tools.prose.readings import JOINED, LOOKED_AT, reading
from tools.prose.states import states

KINDS = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Criterion)[0])}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_what_the_protocol_says(name: str) -> None:
    assert (PLACE / name).read_text("utf-8") == pages()[name], "run `make openapi`"


def test_every_kind_of_criterion_has_its_words() -> None:
    assert {*JOINED, *LOOKED_AT} == KINDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_criterion_can_be_said(language: str) -> None:
    said = [reading(part, language) for protocol in load_all().values() for part in protocol.every_part]

    assert all(said)
    assert not [text for text in said if "None" in text]


def test_every_section_of_a_protocol_has_its_place_on_the_page() -> None:
    assert {*TOLD_ELSEWHERE, *SECTIONS} == set(Protocol.model_fields)
    assert TOLD_ELSEWHERE.isdisjoint(SECTIONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_endpoint_is_told_with_the_numbers_that_decide_it(language: str) -> None:
    lupus = load_all()["MSC-SLE"]
    stricter = lupus.model_copy(
        update={
            "parameters": lupus.parameters.model_copy(
                update={
                    "ae": lupus.parameters.ae.model_copy(update={"min_grade": 4, "primary_window_days": 17}),
                    "tf2": lupus.parameters.tf2.model_copy(update={"screening_days": 47}),
                }
            )
        }
    )

    usual, changed = ("\n".join(endpoints(one, language)) for one in (lupus, stricter))
    for number in (">= 4", "17", "47"):
        assert number in changed
        assert changed.count(number) > usual.count(number)


def test_the_two_languages_differ() -> None:
    parts = [part for protocol in load_all().values() for part in protocol.every_part]

    assert sum(reading(part, "en") != reading(part, "fr") for part in parts) > len(parts) / 2


def test_the_page_of_states_is_the_one_drawn_and_names_every_arrow() -> None:
    page = states()

    assert (PLACE / "states.md").read_text("utf-8") == page, "run `make openapi`"
    arrows = [(state, to) for state, after in TRANSITIONS.items() for to in after]
    assert all(f"| `{state}` | `{to}` |" in page for state, to in arrows)
