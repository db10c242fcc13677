"""Which codes say by themselves what is measured: LOINC, other public systems, and those of our own."""

from collections.abc import Iterable
from typing import Final

from app.clinical.codes import BASE
from app.clinical.records import Coding
from app.fhir_mapping import loinc
from app.fhir_mapping.loinc import LOINC
from app.protocol.parts import SYSTEMS

_PUBLIC: Final = frozenset(SYSTEMS.values()) - {LOINC}
"""The public code systems beside LOINC that an answer may read."""


def is_understood(codings: Iterable[Coding]) -> bool:
    """Whether one of them does; a LOINC code only where its check digit fits."""
    return any(_is_understood(coding) for coding in codings)


def _is_understood(coding: Coding) -> bool:
    if coding.system == LOINC:
        return loinc.is_possible(coding.code)
    return coding.system in _PUBLIC or coding.system.startswith(BASE)
