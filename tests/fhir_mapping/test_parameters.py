"""A computed answer as it leaves: as FHIR Parameters and as plain JSON."""

from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.parameters import Parameters
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Answer, Finding, Result
from app.clinical.records import Source
from app.clinical.truth import Truth
from app.fhir_mapping import check, codec
from app.fhir_mapping.parameters import TRANSLATION, Pieces, parameters
from app.fhir_mapping.plain import plain

SLEDAI = Source("Observation", "sledai", 2)

ANSWER = Answer(
    question="sri-status",
    subject=Source("ResearchSubject", "s-1", 1),
    protocol="MSC-SLE",
    protocol_version="1.0",
    results=(
        Result(
            visit="M6",
            rule="registry",
            verdict="undetermined",
            reasons=("missing-observation",),
            evidence=(SLEDAI,),
            missing=("a PGA at M6",),
            findings=(
                Finding(
                    id="sledai",
                    verdict=Truth.YES,
                    text=(("en", "A drop of at least 4 points"), ("fr", "Baisse d'au moins 4 points")),
                    observed="10 → 4",
                    normalised="-6",
                    threshold="≥ 4",
                    evidence=(SLEDAI,),
                    parts=(Finding(id="sledai.item", verdict=Truth.NO),),
                ),
                Finding(
                    id="pga",
                    verdict=Truth.UNKNOWN,
                    text=(("en", "No worsening"),),
                    reasons=("missing-observation",),
                    needs="a PGA at M6",
                    notes=("scale 0–3",),
                ),
            ),
        ),
    ),
    notes=("sri.new_b=registry",),
)


def at(pieces: Pieces) -> bytes:
    """The whole answer, given at that instant."""
    return b"2024-05-03T10:20:30.000000Z".join(pieces)


def read(answer: Answer, language: str = "en") -> dict[str, Any]:
    raw = at(parameters(answer, language=language))
    document = codec.read(raw)
    assert check.problems("Parameters", document) == ()
    Parameters.model_validate_json(raw)
    return document


def parts(parent: dict[str, Any], name: str) -> list[Any]:
    """The values of the parts of that name; of a part with parts, itself."""
    return [
        next((value for key, value in part.items() if key.startswith("value")), part)
        for part in parent.get("parameter", parent.get("part", []))
        if part["name"] == name
    ]


@pytest.mark.verifies("decision.19")
def test_an_answer_names_its_subject_its_protocol_and_its_moment() -> None:
    document = read(ANSWER)

    assert parts(document, "subject") == [{"reference": "ResearchSubject/s-1/_history/1"}]
    assert parts(document, "protocol") == ["MSC-SLE"]
    assert parts(document, "protocolVersion") == ["1.0"]
    assert parts(document, "asOf") == ["2024-05-03T10:20:30.000000Z"]
    assert parts(document, "on") == []
    assert parts(document, "note") == ["sri.new_b=registry"]


@pytest.mark.verifies("decision.19")
def test_each_result_has_its_verdict_and_its_criteria_with_evidence() -> None:
    [result] = parts(read(ANSWER), "result")
    sledai, pga = parts(result, "criterion")

    assert (parts(result, "visit"), parts(result, "rule")) == (["M6"], ["registry"])
    assert parts(result, "verdict") == ["undetermined"]
    assert parts(result, "missing") == ["a PGA at M6"]
    assert [parts(sledai, name) for name in ("id", "verdict", "observed", "normalised", "threshold")] == [
        ["sledai"],
        ["met"],
        ["10 → 4"],
        ["-6"],
        ["≥ 4"],
    ]
    assert parts(sledai, "evidence") == [{"reference": "Observation/sledai/_history/2"}]
    assert [parts(part, "verdict") for part in parts(sledai, "criterion")] == [["not-met"]]
    assert [parts(pga, name) for name in ("verdict", "reason", "needs", "note")] == [
        ["undetermined"],
        ["missing-observation"],
        ["a PGA at M6"],
        ["scale 0–3"],
    ]


@pytest.mark.parametrize(
    ("language", "text", "other"),
    [
        ("en", "A drop of at least 4 points", ("fr", "Baisse d'au moins 4 points")),
        ("fr", "Baisse d'au moins 4 points", ("en", "A drop of at least 4 points")),
    ],
)
def test_the_protocols_sentence_stands_in_one_language_beside_the_other(
    language: str, text: str, other: tuple[str, str]
) -> None:
    [result] = parts(read(ANSWER, language), "result")
    sledai, pga = parts(result, "criterion")
    [part] = [part for part in sledai["part"] if part["name"] == "text"]
    [translation] = part["_valueString"]["extension"]

    assert part["valueString"] == text
    assert translation["url"] == TRANSLATION
    assert [said.get("valueCode") or said["valueString"] for said in translation["extension"]] == [*other]
    assert parts(pga, "text") == ["No worsening"]


def test_the_plain_view_says_the_same_and_nothing_empty() -> None:
    assert codec.read(at(plain(ANSWER, language="fr"))) == {
        "question": "sri-status",
        "subject": "ResearchSubject/s-1/_history/1",
        "protocol": "MSC-SLE",
        "protocolVersion": "1.0",
        "asOf": "2024-05-03T10:20:30.000000Z",
        "results": [
            {
                "visit": "M6",
                "rule": "registry",
                "verdict": "undetermined",
                "reasons": ["missing-observation"],
                "missing": ["a PGA at M6"],
                "evidence": ["Observation/sledai/_history/2"],
                "criteria": [
                    {
                        "id": "sledai",
                        "verdict": "met",
                        "text": "Baisse d'au moins 4 points",
                        "observed": "10 → 4",
                        "normalised": "-6",
                        "threshold": "≥ 4",
                        "evidence": ["Observation/sledai/_history/2"],
                        "criteria": [{"id": "sledai.item", "verdict": "not-met"}],
                    },
                    {
                        "id": "pga",
                        "verdict": "undetermined",
                        "text": "No worsening",
                        "reasons": ["missing-observation"],
                        "needs": "a PGA at M6",
                        "notes": ["scale 0–3"],
                    },
                ],
            }
        ],
        "notes": ["sri.new_b=registry"],
    }


def test_plainly_nothing_found_is_an_empty_list() -> None:
    document = codec.read(at(plain(replace(ANSWER, results=()))))

    assert document["results"] == []
    assert list(document)[-2:] == ["results", "notes"]


CODES = st.from_regex(r"[a-z]+(-[a-z]+)?", fullmatch=True)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["C"]))
SOURCES = st.builds(
    Source, st.just("Observation"), st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True), st.just(1)
)
FINDINGS = st.recursive(
    st.builds(
        Finding,
        id=CODES,
        verdict=st.sampled_from(Truth),
        text=st.lists(st.tuples(st.sampled_from(["en", "fr"]), TEXTS.map(lambda text: text or ""))).map(
            tuple
        ),
        observed=TEXTS,
        threshold=TEXTS,
        evidence=st.lists(SOURCES, max_size=2).map(tuple),
        reasons=st.lists(CODES, max_size=2).map(tuple),
        needs=TEXTS,
    ),
    lambda inner: st.builds(
        Finding, id=CODES, verdict=st.sampled_from(Truth), parts=st.lists(inner, max_size=2).map(tuple)
    ),
    max_leaves=4,
)


@given(st.lists(FINDINGS, max_size=3).map(tuple), st.none() | st.just("2024-05-03"))
def test_whatever_was_found_leaves_as_valid_parameters(findings: tuple[Finding, ...], on: str | None) -> None:
    answer = Answer(
        question="eligibility",
        subject=SLEDAI,
        protocol="MSC-SLE",
        protocol_version="1",
        results=(Result(verdict="eligible", findings=findings),),
        on=on,
    )

    [result] = parts(read(answer), "result")

    assert len(parts(result, "criterion")) == len(findings)


def test_the_instant_stands_in_its_place_whatever_a_text_says() -> None:
    tricky = '"name":"asOf","valueInstant":"?" "asOf":"?"'
    answer = replace(ANSWER, protocol=tricky, notes=(tricky,))

    assert parts(read(answer), "asOf") == ["2024-05-03T10:20:30.000000Z"]
    assert parts(read(answer), "protocol") == parts(read(answer), "note") == [tricky]
    plainly = codec.read(at(plain(answer)))
    assert (plainly["asOf"], plainly["protocol"], plainly["notes"]) == (
        "2024-05-03T10:20:30.000000Z",
        tricky,
        [tricky],
    )
