"""How a problem is put into words: with what was probably meant, and never with what may be a patient's.

What was sent is shown again only where it looks like a code or a name of FHIR's. A single word of a
patient's, such as a family name sent as a code, cannot be told from one.
"""

import difflib
import re
from collections.abc import Iterable

_LISTED = 12
_COMPARED = 40
_NEAR = 0.72
"""So much alike are a word and its misspelling by a letter or two; below it a guess would mislead."""
_CODE = re.compile(r"[A-Za-z0-9._-]{1,32}")
_NATIONAL_NUMBER = 13


def one_of(members: tuple[str, ...]) -> str:
    """What to say where any of several members would do."""
    return "" if len(members) == 1 else f": one of {some(members)}"


def some(words: Iterable[str]) -> str:
    """The first of many words."""
    listed = list(words)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more


def nearest(said: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, None where none is a slip away."""
    words = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(said[:_COMPARED].casefold(), words, n=1, cutoff=_NEAR)
    return words[near[0]] if near else None


def did_you_mean(said: str, known: Iterable[str], *, after: str = "") -> str:
    """The known word that was probably meant, as the end of a sentence; `after` stands before every one."""
    near = nearest(said, known)
    return f"; did you mean '{after}{near}'?" if near is not None else ""


def is_code_like(said: str) -> bool:
    """Whether a text may be shown again: short, one word, not as many digits as a national number has."""
    return _CODE.fullmatch(said) is not None and not may_hold_number(said)


def may_hold_number(said: str) -> bool:
    """Whether a text has as many digits as a national number."""
    return sum(map(str.isdigit, said)) >= _NATIONAL_NUMBER


def place_of(path: str, name: str) -> str:
    """The place of a member, or of what it stands in where its name may be a patient's word."""
    return f"{path}.{name}" if name.isidentifier() and is_code_like(name) else path


def shown(said: str, otherwise: str) -> str:
    """What was sent where it looks like a code, otherwise other words for it."""
    return said if is_code_like(said) else otherwise


def quoted(said: str, otherwise: str) -> str:
    """What was sent, in quotation marks, where it looks like a code, otherwise other words for it."""
    return f"'{said}'" if is_code_like(said) else otherwise
