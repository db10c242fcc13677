"""JSON laid out for readers: numbers keep their digits, and what fits on a line stands on one."""

import json
from decimal import Decimal
from typing import Any

WIDTH = 160

Json = dict[str, Any]


def bundle(resources: list[Json]) -> str:
    """A transaction that puts each resource under its own id, laid out to be read."""
    entries = []
    for one in resources:
        request = {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}
        entries.append(f'{{"request": {_on_one_line(request)}, "resource": {written(one)}}}')
    opening = '{"resourceType": "Bundle", "type": "transaction", "entry": [\n'
    return opening + ",\n".join(entries) + "\n]}\n"


def written(value: Any, indent: int = 0, taken: int = 0) -> str:
    """JSON with its digits as they are; what fits on a line stands on one."""
    short = _on_one_line(value)
    if not isinstance(value, (dict, list)) or (indent and indent + taken + len(short) < WIDTH):
        return short
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        opening, closing = "{}"
        names = {name: f"{json.dumps(name)}: " for name in value}
        lines = [
            f"{pad}{shown}{written(value[name], indent + 2, len(shown))}" for name, shown in names.items()
        ]
    else:
        opening, closing = "[]"
        lines = [f"{pad}{written(one, indent + 2)}" for one in value]
    return f"{opening}\n" + ",\n".join(lines) + f"\n{' ' * indent}{closing}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(name)}: {_on_one_line(one)}" for name, one in value.items()) + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(_on_one_line(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
