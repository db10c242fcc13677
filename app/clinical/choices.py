"""The parameters an answer was given with, where the sources of the protocol leave a choice open."""

from decimal import Decimal

from app.clinical.comparison import plain
from app.protocol.words import Frozen


def choices(**groups: Frozen) -> tuple[str, ...]:
    """Every parameter of these groups with its value, by its name: `steroid.window = 28`."""
    return tuple(
        f"{group}.{name} = {_spelt(value)}" for group, values in groups.items() for name, value in values
    )


def _spelt(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case tuple():
            return " to ".join(map(str, value))
        case _:
            return str(value)
