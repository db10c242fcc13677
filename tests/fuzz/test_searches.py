"""Searches made up at random of every name, modifier and kind of value: each is answered or explained."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search_problems import CONTROLS
from tests.fuzz.explained import BRIEFLY, is_explained

Parameters = list[tuple[str, str | int | float | bool | None]]

MODIFIERS = ":missing :not :exact :contains :identifier :text :in :Patient :iterate : ."
VALUES = r"""
1 -1 0 5.40 1e3 lt0.9||g/L 5.4|http://unitsofmeasure.org|mg a|b |b a| || a|b|c true false
2021 ge2021-03 ap2021-03-01 2021-03-01T10:20:30+02:00 Patient/1 http://x.example/1 urn:a
-date date,-status Observation:patient Observation:*:Patient * a$b$c a\,b a\ , ,, $ count data
% _ ' ß İ 🧬
"""
ENDINGS = st.sampled_from(["", "", "", *MODIFIERS.split()])
SAID = st.sampled_from([*VALUES.split(), "e\u0301", "\u202e", "🧬" * 40]) | st.text(max_size=6)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, Parameters]:
    """A type, and one to four parameters of it; some in chains, some the other way round."""
    kind = draw(st.sampled_from(sorted(RESOURCES)))
    found: Parameters = []
    for _ in range(draw(st.integers(1, 4))):
        other = draw(st.sampled_from(sorted(RESOURCES)))
        name = draw(st.sampled_from([parameter.name for parameter in RESOURCES[kind].search]))
        last = draw(st.sampled_from([parameter.name for parameter in RESOURCES[other].search]))
        control = draw(st.sampled_from(CONTROLS))
        form = draw(st.sampled_from([name, name, f"{name}.{last}", f"{name}:{other}.{last}", control]))
        if draw(st.integers(0, 5)) == 0:
            form = f"_has:{other}:{draw(st.sampled_from(['patient', 'subject', 'study', name]))}:{last}"
        found.append((form + draw(ENDINGS), draw(SAID)))
    return kind, found


@pytest.mark.rule(45, 77)
@BRIEFLY
@given(asked(), st.booleans())
def test_any_search_is_answered_or_explained(
    http: httpx.Client, question: tuple[str, Parameters], strict: bool
) -> None:
    kind, parameters = question
    prefer = {"Prefer": f"handling={'strict' if strict else 'lenient'}"}

    answer = http.get(f"/fhir/{kind}", params=parameters, headers=prefer)

    is_explained(answer.status_code, answer.content)
    if answer.is_success:
        for link in answer.json()["link"]:
            assert http.get(link["url"]).is_success
