"""UCUM units: whether a text is one, by its grammar and the atoms that laboratories use.

Case counts: `G` is the gauss, which no laboratory measures in, so that a French `G/L` is no unit here.
What a unit is worth, and for which analyte, is said by `unit_tables`.
Source: https://ucum.org/ucum §2-4.
"""

import re
from functools import lru_cache
from typing import Final

_METRIC: Final = (
    "m s g L l mol U kat Pa J W V A K C Hz N Ohm Bq Gy Sv eq osm cal bar t "
    "[IU] [iU] [arb'U] m[Hg] m[H2O] [Ch] u eV Cel B"
)
_OTHER: Final = (
    "% 10* 10^ [ppth] [ppm] [ppb] [pptr] min h d wk mo a deg [lb_av] [oz_av] [in_i] [in_us] [ft_i] [degF] "
    "[HPF] [LPF] [pH] mm[Hg] [USP'U] [CFU] [PFU] [TCID_50] [CCID_50] [copies] [ELU] [GPL'U] [MPL'U] [APL'U] "
    "[anti'Xa'U] [Amb'a'1'U] [AU] [dye'U] [BAU] [FFU] [D'ag'U] [beth'U] [todd'U] [ka'U] [smgy'U] [bdsk'U] "
    "[knk'U] [mclg'U] [tb'U] [MET] [drp] [diop] [S] [p'diop] [LUU] [EU] [HP_C] bit By"
)
_PREFIXES: Final = "Y Z E P T G M k h da d c m u n p f a z y"
_ATOMS: Final = _METRIC.split()
_UNITS: Final = frozenset(
    (*_ATOMS, *_OTHER.split(), *(prefix + atom for prefix in _PREFIXES.split() for atom in _ATOMS))
)
_TERM = re.compile(r"(?P<unit>(?:[^\s{}()./\[\]]|\[[^\s\[\]{}()/]*\])*)(?P<note>\{[\x21-\x7a\x7c\x7e]*\})?")
_POWER = re.compile(r"(?P<atom>.*?[^0-9+\-])(?P<power>[+-]?[0-9]+)")
_NUMBER = re.compile(r"[1-9][0-9]*")


@lru_cache(maxsize=4096)
def is_unit(text: str) -> bool:
    """Whether this is a UCUM unit: `10*9/L`, `mL/min/{1.73_m2}`, `g/(24.h)`."""
    rest = text.removeprefix("/")
    while "(" in rest:
        opened = rest.rindex("(")
        closed = rest.find(")", opened)
        if closed < 0 or not _is_product(rest[opened + 1 : closed]):
            return False
        rest = rest[:opened] + "1" + rest[closed + 1 :]
    return _is_product(rest)


def _is_product(text: str) -> bool:
    """Whether these are units multiplied and divided, annotations aside."""
    return all(_is_term(term) for term in _split(text))


def _split(text: str) -> list[str]:
    """The terms between points and strokes; neither counts within braces."""
    return re.split(r"[./](?![^{]*\})", text)


def _is_term(term: str) -> bool:
    found = _TERM.fullmatch(term)
    if found is None or not term:
        return False
    unit = found["unit"]
    if not unit or unit in _UNITS or _NUMBER.fullmatch(unit):
        return True
    raised = _POWER.fullmatch(unit)
    return raised is not None and raised["atom"] in _UNITS
