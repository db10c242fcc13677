"""The pages that show nothing is left out say what the protocols and the tests are."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal, get_args, get_origin

import pytest

from app.clinical.asked import Asked
from app.clinical.codes import PRODUCT
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.clinical.records import Source, Study
from app.clinical.study_questions import STUDY_QUESTIONS
from app.clinical.subjects import chronicle
from app.fhir_mapping import protocol_resources
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.served import SERVED
from app.protocol.criteria import everything_in
from app.protocol.loader import load_all, read
from app.protocol.parameters import Parameters
from tests.clinical.make import SEEN, day, subject
from tests.clinical.make_forms import mrss, slicc
from tests.clinical.make_safety import infused
from tests.postgres import ROOT
from tests.tables.contradictions import Place, Row, file_of, in_force, rows, with_value
from tests.tables.coverage import PUBLISHED, Answered, lines, parameters
from tests.tables.named import is_there
from tests.tables.page import PLACE, pages

PLACES = [pytest.param(row, place, id=f"{row.number}-{place.name}") for row in rows() for place in row.at]
OTHERS = [
    pytest.param(row, place, other, id=f"{row.number}-{place.name}={other}")
    for row in rows()
    for place in row.at
    for other in place.others
]
EVERY_LINE = [pytest.param(line, id=line.id) for line in lines()]
NAMED = {one.name: one for one in OPERATIONS}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_what_the_table_says(name: str) -> None:
    assert (PLACE / name).read_text("utf-8") == pages()[name], "run `python -m tests.tables.page`"


def test_all_sixty_contradictions_are_there() -> None:
    assert [row.number for row in rows()] == list(range(1, 61))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_each_has_a_parameter_or_a_reading_and_a_test_that_is_there(row: Row) -> None:
    assert row.at or row.reading
    assert row.tests
    assert [test for test in row.tests if not is_there(test)] == []


@pytest.mark.parametrize(("row", "place"), PLACES)
def test_the_value_in_force_is_the_one_shown(row: Row, place: Place) -> None:
    assert in_force(load_all()[row.study], place.path) == place.value


@pytest.mark.parametrize(("row", "place", "other"), OTHERS)
def test_another_value_can_be_read_from_the_file(row: Row, place: Place, other: Any) -> None:
    assert other != place.value
    changed = read(with_value(file_of(row.study), place.path, other), name="changed.toml")

    assert in_force(changed, place.path) == other


@pytest.mark.parametrize(("row", "place"), PLACES)
def test_every_value_a_parameter_may_have_is_shown(row: Row, place: Place) -> None:
    if not place.path.startswith("parameters."):
        return
    _, group, name = place.path.split(".")
    kind = type(getattr(Parameters(), group)).model_fields[name].annotation
    if get_origin(kind) is Literal:
        assert {place.value, *place.others} == set(get_args(kind)), row.number


def test_the_phase_in_force_is_published() -> None:
    changed = read(with_value(file_of("MSC-SLE"), "study.phase", "phase-1"), name="changed.toml")
    published = [
        protocol_resources.study(one, status="active")["phase"]["coding"][0]["code"]
        for one in (load_all()["MSC-SLE"], changed)
    ]

    assert published == ["phase-1-phase-2", "phase-1"]


@pytest.mark.parametrize("line", EVERY_LINE)
def test_every_line_of_the_documents_is_answered_and_shown(line: Answered) -> None:
    assert line.asked
    assert line.tests
    assert [test for test in line.tests if not is_there(test)] == []
    assert line.replay is None or line.replay in PUBLISHED


@pytest.mark.parametrize("line", EVERY_LINE)
def test_what_answers_it_is_served(line: Answered) -> None:
    for asked in line.asked:
        what, _, _ = asked.partition("?")
        if not what.startswith("$"):
            assert _is_served(what), what
            continue
        known = {one.name for one in NAMED[what].parameters}
        assert {name for name, _ in parameters(asked)} <= known, asked


@pytest.mark.parametrize("line", EVERY_LINE)
def test_what_is_asked_for_is_in_the_protocol(line: Answered) -> None:
    protocol = load_all()[line.study]

    visits = {value for asked in line.asked for name, value in parameters(asked) if name == "visit"}
    assert visits <= {visit.label for visit in protocol.visits}
    if line.criterion is not None:
        assert line.criterion in {part.id for part in protocol.every_part}


def test_every_criterion_of_the_protocols_stands_in_a_document() -> None:
    named = {line.criterion for line in lines()}
    protocols = [load_all()[key] for key in ("MSC-SLE", "MSC-SSc")]
    everywhere = [one for protocol in protocols for one in (protocol, *protocol.populations)]

    whole = [one for criteria in everywhere for one in (*criteria.inclusion, *criteria.exclusion)]
    inside = {one.id: {part.id for part in everything_in(one)} for one in whole}
    assert [name for name, parts in inside.items() if named.isdisjoint(parts)] == []


def test_every_published_number_of_the_two_trials_stands_in_a_document() -> None:
    ours = {name for name, line in PUBLISHED.items() if line.cohort in {"r1", "r2"} and not line.synthetic}

    assert ours - {line.replay for line in lines()} == set()


QUESTIONS_ASKED = sorted({(line.study, one) for line in lines() for one in line.asked if one.startswith("$")})
PRODUCTS = {"MSC-SLE": "uc-msc", "MSC-SSc": "bm-msc"}
STUDY = Study(source=Source("ResearchStudy", "s", 1), identifiers=(), status="active", title=None, arms=())


@pytest.mark.parametrize(("study", "asked"), QUESTIONS_ASKED)
def test_the_question_is_answered_with_results(study: str, asked: str) -> None:
    protocol = load_all()[study]
    history = _seen(study)
    narrowed: dict[str, Any] = {}
    for name, value in parameters(asked):
        narrowed[f"{name}s"] = (*narrowed.get(f"{name}s", ()), value)
    how = Asked(today=date(2026, 1, 1), **narrowed)

    name = asked.partition("?")[0].removeprefix("$")
    if name in STUDY_QUESTIONS:
        summary = STUDY_QUESTIONS[name]
        answer = summary.answer(protocol, STUDY, [summary.row(protocol, history, how)], how)
    elif name in QUESTIONS:
        answer = QUESTIONS[name](protocol, history, how)
    else:
        answer = chronicle.answer(protocol, history, how)
    assert answer.results


def _seen(study: str) -> History:
    """A subject of the study who was infused, and had something recorded at every visit."""
    infusion = replace(infused(), codings=(PRODUCT.coding(PRODUCTS[study]),))
    forms = (form(on=day(on)) for form in (slicc, mrss) for on in (-1, *SEEN.values()))
    return subject(infusion, *forms)


def _is_served(what: str) -> bool:
    """A resource of ours, or a page."""
    kind, _, name = what.partition("/")
    return (ROOT / what).is_file() or (kind in SERVED and name in SERVED[kind].documents())
