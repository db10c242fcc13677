"""What a patient may have said, wherever it stands in what is sent, never comes back in an explanation."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.registry import MAPPED, RESOURCES
from tests.corpus.cases import FHIR_JSON, MARK
from tests.fhir_mapping.bodies import VALID

OURS = {name: codec.read(raw) for name, raw in VALID.items() if codec.read(raw)["resourceType"] in RESOURCES}


def marked(document: Any) -> Iterator[Any]:
    """The document with the mark in the place of each text and of each member's name, one at a time."""
    for around, key in list(_places(document)):
        if around is document and key == "resourceType":
            continue
        value = around[key]
        if isinstance(value, str):
            around[key] = MARK
            yield document
            around[key] = value
        if isinstance(around, dict):
            del around[key]
            around[MARK] = value
            yield document
            del around[MARK]
            around[key] = value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


@pytest.mark.parametrize("name", OURS)
def test_no_text_that_is_sent_is_said_again(http: httpx.Client, name: str) -> None:
    document = deepcopy(OURS[name])
    address = f"/fhir/{document['resourceType']}/$validate"
    tried = 0

    for wrong in marked(document):
        answer = http.post(address, content=codec.write(wrong), headers={"Content-Type": FHIR_JSON})

        assert answer.status_code == 200, answer.text
        assert MARK.split()[0] not in answer.text
        assert MARK.split()[1] not in answer.text
        tried += 1

    assert tried > 4
    assert document == OURS[name]


@pytest.mark.parametrize("kind", [*MAPPED, "DiagnosticReport"])
def test_no_value_a_search_asks_for_is_said_again_where_it_is_refused(http: httpx.Client, kind: str) -> None:
    for parameter in RESOURCES[kind].search:
        for modifier in ("", ":missing", ":exact", ":text", ":wrong"):
            asked = {f"{parameter.name}{modifier}": MARK}
            answer = http.get(f"/fhir/{kind}", params=asked, headers={"Prefer": "handling=strict"})

            assert answer.status_code in {200, 400}
            assert answer.status_code == 200 or MARK.split()[0] not in answer.text, asked
