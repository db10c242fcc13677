"""The figures of an answer, and how they are written as a publication writes them."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.replays.published import Line


class Number:
    """A figure: `{x}` with two decimals, `{x:4}` with four; an interval has two numbers."""

    def __init__(self, figure: Mapping[str, Any]) -> None:
        self.values = [figure[key] for key in ("value", "low", "high") if key in figure]

    def __format__(self, form: str) -> str:
        return ", ".join(_written(value, form) for value in self.values)


def _written(value: Any, form: str) -> str:
    if not isinstance(value, Decimal | int) or isinstance(value, bool):
        return str(value)
    number = Decimal(value)
    return _plain(number.quantize(Decimal(1).scaleb(-int(form or 2)), ROUND_HALF_EVEN))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def said(line: Line, answer: Mapping[str, Any]) -> str:
    """The published number as this answer gives it."""
    wanted = {"name": line.name, "arm": line.arm, "visit": line.visit, "rule": line.rule}
    found = [
        result
        for result in answer["results"]
        if all(
            result.get(key) == value for key, value in wanted.items() if key in result or value is not None
        )
    ]
    assert len(found) == 1, (line.what, [one.get("name") for one in answer["results"]][:40])
    figures = {one["name"]: Number(one) for one in found[0].get("figures", ())}
    met, failed = (_count(found[0], name) for name in ("met", "not-met"))
    known = Number({"value": met + failed})
    return line.says.format(**figures, known=known, verdict=found[0].get("verdict"))


def _count(result: Mapping[str, Any], name: str) -> int:
    return next((one["value"] for one in result.get("figures", ()) if one["name"] == name), 0)
