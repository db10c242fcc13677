"""The SF-36 version 2: eight scales of 0 to 100, higher is better (conventions §1.7).

A scale is made where at least half of its questions are answered; a question left out counts as the mean of
the others of its scale. Question 2 belongs to no scale. Norm-based scores are licensed and not made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from app.clinical.answers import Figure
from app.clinical.codes import SCORE
from app.clinical.comparison import plain, six_digits
from app.clinical.interval import Interval
from app.clinical.scores.form_codes import SF36_ITEM, SF36_SCALE
from app.clinical.scores.forms import Form, laid_out
from app.clinical.scores.reading import Reading, given
from app.protocol.definition import Protocol

NAME = "sf36v2"
LAYOUTS = (laid_out(SCORE.coding(NAME), SF36_ITEM), laid_out(SCORE.coding(NAME), SF36_SCALE))
PAIN, IN_THE_WAY = "7", "8"


@dataclass(frozen=True, slots=True)
class Scale:
    """The questions of one scale, those of them whose order is turned round, and its raw range."""

    items: tuple[str, ...]
    reversed: frozenset[str]
    low: int
    range: int


SCALES: Mapping[str, Scale] = {
    "PF": Scale(tuple(f"3{letter}" for letter in "abcdefghij"), frozenset(), 10, 20),
    "RP": Scale(("4a", "4b", "4c", "4d"), frozenset(), 4, 16),
    "BP": Scale((PAIN, IN_THE_WAY), frozenset({PAIN, IN_THE_WAY}), 2, 10),
    "GH": Scale(("1", "11a", "11b", "11c", "11d"), frozenset({"1", "11b", "11d"}), 5, 20),
    "VT": Scale(("9a", "9e", "9g", "9i"), frozenset({"9a", "9e"}), 4, 16),
    "SF": Scale(("6", "10"), frozenset({"6"}), 2, 8),
    "RE": Scale(("5a", "5b", "5c"), frozenset(), 3, 12),
    "MH": Scale(("9b", "9c", "9d", "9f", "9h"), frozenset({"9d", "9h"}), 5, 20),
}
RECODED: Mapping[str, tuple[str, ...]] = {
    PAIN: ("6.0", "5.4", "4.2", "3.1", "2.2", "1.0"),
    "1": ("5.0", "4.4", "3.4", "2.0", "1.0"),
}
IN_THE_WAY_ALONE = ("6.0", "4.75", "3.5", "2.25", "1.0")
"""What question 8 counts for where question 7 is not answered."""


def scale(name: str, answers: Mapping[str, int], scoring: str) -> Fraction | None:
    """One scale of 0 to 100; None where fewer than half of its questions are answered."""
    of = SCALES[name]
    answered = [item for item in of.items if item in answers]
    if 2 * len(answered) < len(of.items):
        return None
    if scoring == "equal_weight_linear":
        return sum((_share(of, item, answers[item]) for item in answered), Fraction(0)) * 100 / len(answered)
    known = [_recoded(of, item, answers) for item in answered]
    raw = sum(known, Fraction(0)) * len(of.items) / len(known)
    return (raw - of.low) * 100 / of.range


def reading(protocol: Protocol, form: Form) -> Reading:
    """The eight scales, with the questions they were made of."""
    scoring = protocol.parameters.sf36.scoring
    exact = {item: int(answer.low) for item, answer in form.answers.items() if _is_exact(item, answer)}
    scales = [_figure(name, scale(name, exact, scoring), form) for name in SCALES]
    unknown = [figure for figure, _ in scales if figure.value is None]
    return Reading(
        scores=tuple(figure for figure, _ in scales),
        items=given(form, SF36_ITEM.codes) if exact else (),
        reasons=tuple(dict.fromkeys(reason for figure in unknown for reason in figure.reasons)),
        missing=tuple(_needs(figure.name, exact) for figure in unknown),
        notes=(*form.notes, *(note for _, note in scales if note), f"sf36.scoring = {scoring}"),
    )


def _is_exact(item: str, answer: Interval) -> bool:
    return item in SF36_ITEM.codes and answer.low == answer.high


def _figure(name: str, made: Fraction | None, form: Form) -> tuple[Figure, str | None]:
    """The scale by its questions, or as recorded where they are not known; both must agree."""
    recorded = form.answers.get(name)
    if {name, *SCALES[name].items} & set(form.contradicted):
        return Figure(name=name, value=None, reasons=("conflicting-values",)), None
    if made is None:
        return Figure(name=name, value=recorded, reasons=() if recorded else ("missing-observation",)), None
    computed = six_digits(made)
    if recorded is not None and not _agrees(computed, recorded):
        note = f"{form.source}: the questions give {name} {plain(computed)}, the recorded scale is {recorded}"
        return Figure(name=name, value=None, reasons=("conflicting-values",)), note
    return Figure(name=name, value=Interval.of(computed)), None


def _agrees(computed: Decimal, recorded: Interval) -> bool:
    """Whether a recorded scale is the computed one, rounded to as many digits as were recorded."""
    if recorded.low != recorded.high:
        return recorded.low <= computed <= recorded.high
    return computed.quantize(Decimal(1).scaleb(_exponent(recorded.low)), ROUND_HALF_UP) == recorded.low


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _needs(name: str, answers: Mapping[str, int]) -> str:
    left_out = [item for item in SCALES[name].items if item not in answers]
    return f"for {name}, the questions {', '.join(left_out)}" if left_out else f"a correction of {name}"


def _recoded(of: Scale, item: str, answers: Mapping[str, int]) -> Fraction:
    """The final value of an answer by the manual."""
    answer = answers[item]
    if item == IN_THE_WAY:
        if PAIN not in answers:
            return Fraction(IN_THE_WAY_ALONE[answer - 1])
        return Fraction(6 if answer == 1 and answers[PAIN] == 1 else 6 - answer)
    if item in RECODED:
        return Fraction(RECODED[item][answer - 1])
    return Fraction(_highest(item) + 1 - answer if item in of.reversed else answer)


def _share(of: Scale, item: str, answer: int) -> Fraction:
    """An answer as a share of the way from the worst to the best."""
    way = Fraction(answer - 1, _highest(item) - 1)
    return 1 - way if item in of.reversed else way


def _highest(item: str) -> int:
    span = SF36_ITEM.concept(item).span
    return span[1] if span else 0
