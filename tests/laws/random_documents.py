"""Random R4 documents of the ten types, as text: odd digits, odd order, odd spelling, all of it valid.

A document is a full one of its type with extensions, `_field` siblings, contained resources, narrative and
unicode strewn over it; then its members are put in any order and written with any JSON spelling.
"""

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.fhir_mapping.care_documents import CONSENT, PROCEDURE
from tests.fhir_mapping.documents import ALL, INFUSION, PATIENT, PGA, RESEARCH_STUDY, RESEARCH_SUBJECT

Json = dict[str, Any]

NEEDED: tuple[Json, ...] = (
    PATIENT,
    RESEARCH_STUDY | {"id": "msc-sle", "partOf": []},
    RESEARCH_STUDY,
    INFUSION,
    {"resourceType": "Observation", "id": "o-1", "status": "final", "code": {"text": "seen"}},
    {"resourceType": "Condition", "id": "c-1", "subject": {"reference": "Patient/p-014"}},
    {"resourceType": "Condition", "id": "fatigue", "subject": {"reference": "Patient/p-014"}},
    PROCEDURE | {"id": "pr-0", "partOf": []},
    CONSENT | {"provision": {"type": "permit"}},
)
"""What the documents refer to."""

ENDED = RESEARCH_SUBJECT | {"status": "off-study"}
"""A part in the study that has ended: a patient has no more than one that has not."""

BASES = [*(document for document in ALL if document not in (PGA, RESEARCH_SUBJECT)), ENDED]
"""A full document of each kind; a PGA is left out, for this trial takes no other digits than 0 to 3."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


# ---- Values ------------------------------------------------------------------------------------------

DIGITS = st.text("0123456789", min_size=1, max_size=12)


@st.composite
def decimals(draw: st.DrawFn) -> Number:
    """Such as `-0.50`, `1200e-2`, `0.000`, `7E+10`."""
    whole = draw(DIGITS).lstrip("0") or "0"
    fraction = draw(st.just("") | DIGITS.map(lambda digits: f".{digits}"))
    power = draw(st.just("") | st.integers(-12, 12).map(lambda n: f"e{n}") | st.just("E+3"))
    return Number(draw(st.sampled_from(["", "", "-"])) + whole + fraction + power)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('"\\/<&\n\téµ😀'), min_size=1, max_size=8
).map(lambda text: f"a{text}b")
IDS = st.text("abcXYZ019-.", min_size=1, max_size=8)
URLS = IDS.map(lambda name: f"https://elsewhere.example/{name}")
DAYS = st.dates().map(str)
TIMES = st.builds(
    "{}T{:02}:{:02}:{:02}{}{}".format,
    DAYS,
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.just("") | DIGITS.map(lambda digits: f".{digits[:6]}"),
    st.sampled_from(["Z", "+02:00", "-11:30"]),
)
DATES = DAYS | DAYS.map(lambda day: day[:7]) | DAYS.map(lambda day: day[:4])
INTEGERS = st.integers(-(2**31), 2**31 - 1).map(lambda number: Number(str(number)))


def quantities() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {"value": decimals()},
        optional={"unit": TEXTS, "comparator": st.sampled_from(["<", ">", "<=", ">="])},
    )


def valued() -> st.SearchStrategy[Json]:
    """A value of an extension, with the type in its name."""
    kinds: list[tuple[str, st.SearchStrategy[Any]]] = [
        ("valueString", TEXTS),
        ("valueDecimal", decimals()),
        ("valueInteger", INTEGERS),
        ("valueBoolean", st.booleans()),
        ("valueDate", DATES),
        ("valueDateTime", DATES | TIMES),
        ("valueUri", URLS),
        ("valueMarkdown", TEXTS),
        ("valueQuantity", quantities()),
        ("valueCodeableConcept", st.fixed_dictionaries({"text": TEXTS})),
        ("valuePeriod", st.fixed_dictionaries({"start": DATES})),
    ]
    return st.one_of([st.fixed_dictionaries({name: values}) for name, values in kinds])


def some(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, min_size=1, max_size=2)


EXTENSIONS = st.recursive(
    st.builds(lambda url, value: {"url": url} | value, URLS, valued()),
    lambda inner: st.builds(lambda url, parts: {"url": url, "extension": parts}, URLS, some(inner)),
    max_leaves=3,
)


SIBLINGS = st.fixed_dictionaries({"extension": some(EXTENSIONS)}) | st.fixed_dictionaries({"id": IDS})


@st.composite
def narratives(draw: st.DrawFn) -> Json:
    text = draw(TEXTS).replace("&", "&amp;").replace("<", "&lt;")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>'}


# ---- Documents ---------------------------------------------------------------------------------------


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, bytes]:
    """A type, and the text of a document of it."""
    document = _strewn(draw, draw(st.sampled_from(BASES)))
    document["id"] = "sent-by-the-client"
    document["meta"] = document.get("meta", {}) | {"versionId": "77", "profile": [draw(URLS)]}
    if draw(st.booleans()):
        document["text"] = draw(narratives())
    if draw(st.booleans()):
        _contain(draw, document)
    if document["resourceType"] in ("Observation", "MedicationAdministration"):
        document["note"] = [{"text": draw(TEXTS)}]
    order = draw(st.randoms(use_true_random=False))
    return document["resourceType"], written(document, order).encode()


def _contain(draw: st.DrawFn, document: Json) -> None:
    organization = {"resourceType": "Organization", "id": "c-9", "name": draw(TEXTS)}
    document["contained"] = [*document.get("contained", []), organization]
    points = {"url": draw(URLS), "valueReference": {"reference": "#c-9", "display": draw(TEXTS)}}
    document["extension"] = [*document.get("extension", []), points]


PLACES_OF_DATES = {"effectiveDateTime", "date", "recordedDate", "deceasedDateTime", "birthDate"}


def _strewn(draw: st.DrawFn, value: Any, name: str = "") -> Any:
    """A copy with other digits and dates, and with extensions and siblings here and there."""
    if isinstance(value, list):
        return [_strewn(draw, one, name) for one in value]
    if not isinstance(value, dict):
        return _other(draw, value, name)
    made = {key: _strewn(draw, inner, key) for key, inner in value.items()}
    if "resourceType" in made or draw(st.integers(0, 5)):
        return made
    primitives = [key for key, inner in made.items() if isinstance(inner, str) and key not in ("id", "url")]
    if primitives:
        made[f"_{draw(st.sampled_from(primitives))}"] = draw(SIBLINGS)
    if not made.keys() & {"extension", "url"} and not any(key.startswith("value") for key in made):
        made["extension"] = draw(some(EXTENSIONS))
    return made


def _other(draw: st.DrawFn, value: Any, name: str) -> Any:
    if name == "value" and not isinstance(value, str):
        return draw(decimals())
    if name in PLACES_OF_DATES:
        return draw(DATES if name == "birthDate" else DATES | TIMES)
    return Number(value) if isinstance(value, int) and not isinstance(value, bool) else value


# ---- Text --------------------------------------------------------------------------------------------


def written(value: Any, order: Random) -> str:
    """JSON, its members in any order, with any white space and any spelling of a character."""
    gap = order.choice(["", "", " ", "\n", "\t "])
    match value:
        case dict():
            names = list(value)
            order.shuffle(names)
            members = (f"{_string(name, order)}{gap}:{gap}{written(value[name], order)}" for name in names)
            return f"{{{gap}{f',{gap}'.join(members)}{gap}}}"
        case list():
            return f"[{gap}{f',{gap}'.join(written(one, order) for one in value)}{gap}]"
        case Number():
            return str(value)
        case str():
            return _string(value, order)
        case bool() | None:
            return json.dumps(value)
        case _:
            return str(value)


def _string(text: str, order: Random) -> str:
    """A string in UTF-8, in escapes, or with its slashes escaped."""
    match order.randrange(4):
        case 0:
            return json.dumps(text)
        case 1:
            return json.dumps(text, ensure_ascii=False).replace("/", "\\/")
        case _:
            return json.dumps(text, ensure_ascii=False)
