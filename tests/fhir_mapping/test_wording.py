"""What was sent is shown again only where it looks like a code: never a patient's name or number."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from app.clinical.codes import BILAG_SYSTEM, SCORE, SLEDAI_ITEM
from app.fhir_mapping import codec, question, search
from app.fhir_mapping.bundle_shell import ShellEntry
from app.fhir_mapping.entries import asked
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.rewriting import unresolved
from app.fhir_mapping.scores import review
from app.fhir_mapping.subject_operations import SRI_STATUS
from app.fhir_mapping.walk import walk
from app.fhir_mapping.wording import is_code_like, nearest

PERSONAL = ["Jean Dupont 2870175116001", "287017511600141", "2.87.01.75.116.001.41", "Éléonore", "x" * 33]
OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
BASE = "http://a.example/fhir"

Said = Iterable[Issue]


def refused(ask: Callable[[], object]) -> Said:
    with pytest.raises(Refusal) as refusal:
        ask()
    return refusal.value.issues


def with_(more: dict[str, Any]) -> Said:
    return walk("Observation", OBSERVATION | more)


def narrative(div: str) -> Said:
    inside = f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'
    return with_({"text": {"status": "generated", "div": inside}})


def score(of: str, system: str, code: str) -> Said:
    items = [{"code": {"coding": [{"system": system, "code": code}]}}]
    return review(OBSERVATION | {"code": {"coding": [{"system": SCORE.url, "code": of}]}, "component": items})


def entry(url: str) -> Said:
    sent = ShellEntry(None, {"method": "GET", "url": url}, None)
    return refused(lambda: asked(0, sent, resources=RESOURCES, base=BASE))


def searched(name: str, value: str) -> Said:
    return refused(lambda: search.parse(RESOURCES["Observation"], [(name, value)], base=BASE, strict=True))


QUOTING: dict[str, Callable[[str], Said]] = {
    "a code": lambda text: walk("Patient", {"resourceType": "Patient", "gender": text}),
    "a member": lambda text: walk("Patient", {"resourceType": "Patient", text: 1}),
    "a member of an element": lambda text: with_({"code": {text: 1}}),
    "a type": lambda text: walk("Patient", {"resourceType": text}),
    "a contained type": lambda text: with_({"contained": [{"resourceType": text}]}),
    "a local reference": lambda text: with_({"subject": {"reference": f"#{text}"}}),
    "an element of a narrative": lambda text: narrative(f"<a{text.replace(' ', '')}/>"),
    "an attribute of a narrative": lambda text: narrative(f'<p a{text.replace(" ", "")}="1"/>'),
    "a member twice": lambda text: refused(lambda: codec.read(f'{{"{text}":1,"{text}":2}}'.encode())),
    "a score's item": lambda text: score("selena-sledai", SLEDAI_ITEM.url, text),
    "a score's system": lambda text: score("bilag-2004", BILAG_SYSTEM.url, text),
    "an entry's type": entry,
    "an entry's name": lambda text: unresolved({"subject": {"reference": f"urn:oid:{text}"}}, "x", called=()),
    "a search's parameter": lambda text: searched(text, "1"),
    "a search's value": lambda text: searched("date", text),
    "a search's modifier": lambda text: searched(f"code:{text}", "1"),
    "a control's value": lambda text: searched("_summary", text),
    "an operation's parameter": lambda text: refused(lambda: question.parse(SRI_STATUS, [(text, "1")])),
}


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize("what", QUOTING)
def test_what_may_be_a_patients_is_not_shown_again(what: str, text: str) -> None:
    said = [f"{issue.text} {issue.expression}" for issue in QUOTING[what](text)]

    assert said
    assert [one for one in said if text in one or text.replace(" ", "") in one] == []


@pytest.mark.parametrize("what", sorted(QUOTING.keys() - {"an entry's name"}))
def test_what_looks_like_a_code_is_shown_again(what: str) -> None:
    assert any("no-such-code_1" in issue.text for issue in QUOTING[what]("no-such-code_1"))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("colour", True),
        ("selena-sledai", True),
        ("718-7", True),
        ("x" * 32, True),
        ("123456789012", True),
        ("", False),
        ("x" * 33, False),
        ("Jean Dupont", False),
        ("1234567890123", False),
        ("1-23-45-67-890-123", False),
        ("jean@a.example", False),
    ],
)
def test_a_code_is_short_and_one_word_and_not_a_long_number(said: str, shown: bool) -> None:
    assert is_code_like(said) == shown


@pytest.mark.parametrize(
    ("said", "known", "meant"),
    [
        ("femal", ("male", "female", "other", "unknown"), "female"),
        ("mail", ("male", "female", "other", "unknown"), "male"),
        ("alien", ("male", "female", "other", "unknown"), None),
        ("bogus", ("focus", "status", "code"), None),
        ("Not", ("not", "text"), "not"),
        ("PSOT", ("GET", "POST", "PUT"), "POST"),
        ("Location", tuple(RESOURCES), None),
        ("_search", tuple(RESOURCES), None),
        ("observation", tuple(RESOURCES), "Observation"),
        ("Pateint", tuple(RESOURCES), "Patient"),
        ("dtae", ("date", "code", "status"), "date"),
        ("cod", ("date", "code", "status"), "code"),
    ],
)
def test_a_slip_of_a_letter_or_two_is_recognised_and_nothing_else_is_guessed(
    said: str, known: tuple[str, ...], meant: str | None
) -> None:
    assert nearest(said, known) == meant
