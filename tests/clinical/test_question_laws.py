"""What is true of every question about a subject, whatever is recorded of it.

What is left out, and why:

- Steroid means are asked for with every day known (`min_known_days_frac` = 1): a mean over the days that are
  known is an estimate (conventions §1.9), which the days that become known may change.
- Eligibility is asked for a day and its windows end on that day: it need not be the same on another.
- To know more of a record may show that it contradicts another (`conflicting-values`): that leaves open what
  was settled, and turns nothing around.
- Only what is known of a record is varied. A further record may well change an answer: an adverse event, a
  treatment or a result that nobody recorded is taken not to be, once its time is over.
- A record dated after the day asked for says nothing yet: were only its month known, which began before that
  day, it would say more (whoever has an event in March was alive on the first). Such a one is not varied.
"""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.clinical.answers import Answer, Finding
from app.clinical.asked import Asked
from app.clinical.questions import QUESTIONS
from app.clinical.records import Administration, Source
from app.clinical.truth import Truth
from app.fhir_mapping.observation import to_records
from tests.clinical import make_anything as make
from tests.clinical.make import DAY_0, day
from tests.clinical.make_course import told
from tests.clinical.make_treated import with_parameters

EXACT = with_parameters(steroid={"min_known_days_frac": 1})
FEW = settings(max_examples=8, deadline=None)
SETTLED = {"met", "not-met", "eligible", "ineligible"}
WIRE = {Truth.YES: "met", Truth.NO: "not-met", Truth.UNKNOWN: "undetermined"}
EVERY_QUESTION = pytest.mark.parametrize("question", sorted(QUESTIONS))
days = st.sampled_from([5, 100, 200, 380, 700])

Key = tuple[str | None, ...]


def asked(question: str, records: Any, on: int) -> Answer:
    today = DAY_0 + timedelta(days=on)
    return QUESTIONS[question](EXACT, told(*records), Asked(today=today))


def is_after(record: Any, on: int) -> bool:
    """Whether it is dated after the day a question is asked for."""
    one = record[0] if isinstance(record, tuple) else record
    when = one.period.start if isinstance(one, Administration) else getattr(one, "when", None)
    return when is not None and when.first_day > DAY_0 + timedelta(days=on)


def said(answer: Answer) -> dict[Key, tuple[str, tuple[str, ...]]]:
    """The verdicts of the results and of their criteria with their reasons, by where they stand."""
    found: dict[Key, tuple[str, tuple[str, ...]]] = {}
    for result in answer.results:
        key = (result.name, result.arm, result.visit, result.rule)
        if result.verdict is not None:
            found[key] = result.verdict, result.reasons
        found |= dict(_criteria(result.findings, key))
    return found


def _criteria(findings: tuple[Finding, ...], key: Key) -> Iterator[tuple[Key, tuple[str, tuple[str, ...]]]]:
    for finding in findings:
        yield (*key, finding.id), (WIRE[finding.verdict], finding.reasons)
        yield from _criteria(finding.parts, (*key, finding.id))


def verdicts(answer: Answer) -> dict[Key, str]:
    return {key: verdict for key, (verdict, _) in said(answer).items()}


def figures(answer: Answer) -> dict[Key, Any]:
    return {
        (result.name, result.arm, result.visit, result.rule, figure.name): figure.value
        for result in answer.results
        for figure in result.figures
    }


def unordered(one: Any) -> Any:
    """The answer whatever the order of what it lists, in its sentences too."""
    if is_dataclass(one):
        return type(one).__name__, *(unordered(getattr(one, field.name)) for field in fields(one))
    if isinstance(one, str):
        return sorted(re.findall(r"[^\s;,.]+", one))
    return tuple(sorted(map(unordered, one), key=repr)) if isinstance(one, tuple) else repr(one)


@EVERY_QUESTION
@FEW
@given(make.whole, days, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(question: str, records: Any, on: int, shuffle: Any) -> None:
    other = list(records)
    shuffle.shuffle(other)

    assert unordered(asked(question, other, on)) == unordered(asked(question, records, on))


@EVERY_QUESTION
@FEW
@given(make.whole, make.records, days, st.randoms(use_true_random=False))
def test_what_was_entered_in_error_is_as_if_it_were_absent(
    question: str, records: Any, wrong: Any, on: int, shuffle: Any
) -> None:
    mixed = [*records, *(make.erroneous(one) for one in wrong)]
    shuffle.shuffle(mixed)
    without, with_errors = asked(question, records, on), asked(question, mixed, on)

    assert verdicts(with_errors) == verdicts(without)
    assert figures(with_errors) == figures(without)


@EVERY_QUESTION
@FEW
@given(make.whole, days, st.data())
def test_more_knowledge_of_a_record_never_flips_what_is_settled(
    question: str, records: Any, on: int, data: Any
) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    assume(not is_after(records[place], on))
    known = said(asked(question, records, on))
    for what, vague in make.vaguer(records[place]):
        less = verdicts(asked(question, [*records[:place], vague, *records[place + 1 :]], on))
        for key, verdict in less.items():
            after, reasons = known.get(key, (verdict, ()))
            if verdict in SETTLED and "conflicting-values" not in reasons:
                assert after == verdict, (what, key, vague)


@pytest.mark.parametrize("question", sorted(QUESTIONS.keys() - {"eligibility"}))
@FEW
@given(make.whole, st.integers(0, 400), st.integers(1, 400))
def test_the_passing_of_days_never_flips_what_is_settled(
    question: str, records: Any, on: int, later: int
) -> None:
    before = verdicts(asked(question, records, on))
    after = verdicts(asked(question, records, on + later))
    for key, verdict in before.items():
        if verdict in SETTLED:
            assert after.get(key, verdict) == verdict, key


@EVERY_QUESTION
@FEW
@given(make.whole, days)
def test_the_unit_of_a_dose_never_matters(question: str, records: Any, on: int) -> None:
    other = [make.in_other_units(one) for one in records]

    assert verdicts(asked(question, other, on)) == verdicts(asked(question, records, on))


UNITS = {  # the same result in two units: how many of the second make one of the first
    "14682-9": ("mmol/L", "umol/L", Decimal(1000)),
    "2160-0": ("mg/dL", "umol/L", Decimal("88.4")),
    "2889-4": ("g/d", "mg/d", Decimal(1000)),
    "777-3": ("10*3/uL", "/uL", Decimal(1000)),
    "718-7": ("g/dL", "g/L", Decimal(10)),
    "29463-7": ("kg", "g", Decimal(1000)),
}
tests = st.lists(
    st.tuples(
        st.sampled_from(sorted(UNITS)),
        st.builds(lambda tenths: Decimal(tenths) / 10, st.integers(1, 40)),
        st.sampled_from([-20, -1, 91, 105, 119, 183]),
    ),
    min_size=1,
    max_size=6,
)


def received(number: int, test: tuple[str, Decimal, int], *, other: bool) -> tuple[Any, ...]:
    """An Observation as it is read, in one unit or the other."""
    code, value, on = test
    unit, small, factor = UNITS[code]
    document = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": day(on),
        "valueQuantity": {
            "value": value * factor if other else value,
            "system": "http://unitsofmeasure.org",
            "code": small if other else unit,
        },
    }
    return to_records(document, Source("Observation", f"o{number}", 1))


@EVERY_QUESTION
@FEW
@given(make.cells, tests, days)
def test_the_unit_of_a_result_never_matters(question: str, infusion: Any, results: Any, on: int) -> None:
    one, other = (
        [infusion, *(received(number, each, other=other) for number, each in enumerate(results))]
        for other in (False, True)
    )

    assert verdicts(asked(question, other, on)) == verdicts(asked(question, one, on))
