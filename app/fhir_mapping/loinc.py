"""LOINC codes: what makes one possible, by its last digit, which is drawn from the others (mod 10).

A digit mistyped, or two neighbours exchanged, gives a code that cannot be one.
Source: LOINC Users' Guide, appendix on check digits; clinical reference §3 (it caught 8414-1 and 8440-6).
"""

import re
from functools import lru_cache
from typing import Final

LOINC: Final = "http://loinc.org"

_CODE = re.compile(r"(?:LP|LA|MTHU)?([0-9]{1,7})-([0-9])", re.ASCII)
_TWICE = str.maketrans("0123456789", "0246813579")
"""The sum of the digits of a digit's double."""


@lru_cache(maxsize=8192)
def is_possible(code: str) -> bool:
    """Whether a code has the form of a LOINC code and the check digit it must have."""
    found = _CODE.fullmatch(code)
    return found is not None and found[2] == check_digit(found[1])


def check_digit(number: str) -> str:
    """The digit after the hyphen: every second digit from the right counts twice."""
    backwards = number[::-1]
    total = sum(map(int, backwards[::2].translate(_TWICE))) + sum(map(int, backwards[1::2]))
    return str(-total % 10)
