"""Damage and quality of life of subject 01: synthetic forms that show every kind of answer."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.clinical.code_system import CodeSystem
from app.clinical.codes import SCORE
from app.clinical.scores.damage_codes import SLICC_ITEM
from app.clinical.scores.form_codes import EQ5D_DIMENSION, SF36_ITEM
from tools.demonstration.pieces import Json, concept, observation

INFUSED = date(2019, 5, 14)
DAYS = {"M0": 0, "M3": 92, "M6": 183, "M9": 275, "M12": 365}
NOT_IN_THE_LIST = "tendon-rupture"

DAMAGE = {"M0": {"cataract": 1}, "M12": {"cataract": 1, "osteoporosis-fracture": 1}}
"""The damage items present, where the whole form was sent; at the other visits only its total was."""

TOTALS = {"M3": 1, "M6": 1, "M9": 2}
STATES = {"M0": "21232", "M3": "21222", "M6": "11121", "M9": "1112.", "M12": "11121"}
"""EQ-5D states; at M9 the last dimension was left out."""

RATINGS = {"M0": 55, "M6": 75, "M12": 80}
ANSWERS = {
    "M0": "43 1222112223 3334 444 2 3 3 344534423 4 3443",
    "M6": "32 2222222333 4444 455 1 2 2 254425533 4 2334",
    "M12": "32 2332232333 44.4 555 1 2 2 254425533 5 .3.4",
}
"""SF-36 answers in the order of its questions, by block; a dot was left out."""


def subject_01() -> list[Json]:
    """The forms of subject 01 at every visit."""
    return [form for label in DAYS for form in _visit(label)]


def _visit(label: str) -> Iterator[Json]:
    if label in DAMAGE:
        items = {code: DAMAGE[label].get(code, 0) for code in SLICC_ITEM.codes if code != NOT_IN_THE_LIST}
        yield _form("slicc-damage", label, SLICC_ITEM, items, valueInteger=sum(items.values()))
    else:
        yield _form("slicc-damage", label, SLICC_ITEM, {}, valueInteger=TOTALS[label])
    yield _form("eq5d-5l", label, EQ5D_DIMENSION, _answered(EQ5D_DIMENSION, STATES[label]))
    if label in RATINGS:
        yield _form("eq5d-vas", label, EQ5D_DIMENSION, {}, valueInteger=RATINGS[label])
    if label in ANSWERS:
        yield _form("sf36v2", label, SF36_ITEM, _answered(SF36_ITEM, ANSWERS[label].replace(" ", "")))


def _answered(family: CodeSystem, written: str) -> dict[str, int]:
    return {code: int(one) for code, one in zip(family.codes, written, strict=True) if one != "."}


def _form(score: str, label: str, family: CodeSystem, items: dict[str, int], **total: Any) -> Json:
    """One form of a visit, with its items as components."""
    components = [
        {"code": concept(family.coding(code)), "valueInteger": value} for code, value in items.items()
    ]
    made = observation(
        f"msc-sle-01-{label.lower()}-{score}",
        "msc-sle-p01",
        (INFUSED + timedelta(days=DAYS[label])).isoformat(),
        code=concept(SCORE.coding(score), text=SCORE.concept(score).en),
        category="survey",
        visit=label,
        **total,
    )
    return made | ({"component": components} if components else {})
