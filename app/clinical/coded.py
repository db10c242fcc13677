"""Whether something is coded as one of the things meant, in whatever way the trial may be told of it."""

from collections.abc import Iterable

from app.clinical.records import Coding
from app.protocol.parts import SYSTEMS
from app.protocol.words import Code

BRANCHING = frozenset({SYSTEMS["atc"], SYSTEMS["icd10"]})
"""The systems in which a code stands for all codes that begin with it."""


def is_one_of(codings: Iterable[Coding], codes: Iterable[Code]) -> bool:
    """Whether one of the codings is one of these codes, or in ATC or ICD-10 one below it."""
    wanted = tuple(codes)
    return any(_is(coding, code) for coding in codings for code in wanted)


def _is(coding: Coding, code: Code) -> bool:
    if coding.system != code.system:
        return False
    return coding.code == code.code or (code.system in BRANCHING and coding.code.startswith(code.code))
