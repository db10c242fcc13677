"""The pages a clinician signs say what the protocol files decide, in both languages."""

from typing import get_args

import pytest

from app.protocol.criteria import Criterion
from app.protocol.loader import load_all
from tools.prose.__main__ import LANGUAGES, PLACE, pages
from tools.prose.readings import JOINED, LOOKED_AT, reading

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


def test_the_two_languages_differ() -> None:
    parts = [part for protocol in load_all().values() for part in protocol.every_part]

    assert sum(reading(part, "en") != reading(part, "fr") for part in parts) > len(parts) / 2
