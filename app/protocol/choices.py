"""The choices the sources of a protocol leave open: declared in its file, named by its criteria."""

from decimal import Decimal
from typing import Any

from pydantic import model_validator

from app.protocol.words import Frozen, Text

PLACEHOLDER = "$"
Value = bool | int | Decimal | str


class OpenChoice(Frozen):
    """A choice the sources leave open: the criteria name it as `$name` and get its value.

    `among` lists the values that mean something, where there are only so many; `because` says which
    source says what, and why this value is the default.
    """

    name: Text
    value: Value
    among: tuple[Value, ...] = ()
    because: Text

    @model_validator(mode="after")
    def _is_one_of_its_values(self) -> "OpenChoice":
        if self.among and self.value not in self.among:
            allowed = ", ".join(map(spelt, self.among))
            raise ValueError(f"{self.name} is {spelt(self.value)}, but may only be {allowed}")
        return self


def spelt(value: Value) -> str:
    """A value as the file spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def made(raw: dict[str, Any], places: tuple[str, ...]) -> dict[str, Any]:
    """The file with every `$name` in these places replaced by the value of that choice.

    A name that is no choice of eligibility is a parameter the file sets: `$ssc.change` is that of
    `[parameters.ssc]`. A choice that nothing depends on is refused.
    """
    choices = raw.get("choices", [])
    if not all(map(_is_choice, choices)):  # say first what is wrong with the choices
        return raw | {place: [] for place in places}
    values = _parameters(raw) | {choice["name"]: choice["value"] for choice in choices}
    used: set[str] = set()
    chosen = {place: _filled_in(raw[place], values, used) for place in places if place in raw}
    if unused := sorted({choice["name"] for choice in choices} - used):
        raise ValueError(f"no criterion depends on the choice {', '.join(unused)}")
    return raw | chosen


def _parameters(raw: dict[str, Any]) -> dict[str, Any]:
    """The parameters the file sets, by their names with the group in front."""
    groups = raw.get("parameters", {})
    return {
        f"{group}.{name}": value
        for group, said in (groups.items() if isinstance(groups, dict) else ())
        for name, value in (said.items() if isinstance(said, dict) else ())
    }


def _is_choice(raw: Any) -> bool:
    return isinstance(raw, dict) and {"name", "value"} <= raw.keys()


def _filled_in(node: Any, values: dict[str, Any], used: set[str]) -> Any:
    """The same with every `$name` replaced; each part remembers the choices it was written with."""
    if isinstance(node, list):
        return [_filled_in(item, values, used) for item in node]
    if isinstance(node, str) and node.startswith(PLACEHOLDER):
        name = node.removeprefix(PLACEHOLDER)
        if name not in values:
            raise ValueError(f"a criterion depends on the choice {name}, which this file does not declare")
        used.add(name)
        return values[name]
    if not isinstance(node, dict):
        return node
    here: set[str] = set() if "kind" in node else used
    filled = {key: _filled_in(item, values, here) for key, item in node.items()}
    if here and here is not used:
        used |= here
        filled["choices"] = {name: spelt(values[name]) for name in sorted(here)}
    return filled
