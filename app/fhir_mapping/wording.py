"""How a problem is put into words: shortened, with what was probably meant."""

import difflib
from collections.abc import Iterable

_LISTED = 12
SHOWN = 40
"""Characters of what was sent that are shown again."""


def one_of(members: tuple[str, ...]) -> str:
    """What to say where any of several members would do."""
    return "" if len(members) == 1 else f": one of {some(members)}"


def some(words: Iterable[str]) -> str:
    """The first of many words."""
    listed = list(words)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more


def did_you_mean(said: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as the end of a sentence."""
    near = difflib.get_close_matches(said[:SHOWN], list(known), n=1)
    return f"; did you mean {quoted(near[0])}?" if near else ""


def quoted(said: str) -> str:
    """What was sent, shortened."""
    return f"'{said[:SHOWN]}'"
