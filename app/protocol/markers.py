"""Immunological and biological markers: what the laboratory measures at the visits, and how it is coded."""

from typing import Literal

from app.protocol.parts import Codes
from app.protocol.words import Frozen, Sentence, Text


class Marker(Frozen):
    """One marker: its codes in order of preference, and the word by which visits plan it.

    `unit` is its UCUM unit; a marker without one is answered as positive or negative. An `optional` one is
    answered where it was measured and missed nowhere.
    """

    name: Text
    title: Sentence
    assessed: Literal["immunology", "cytokines"] = "immunology"
    codes: Codes
    unit: Text | None = None
    optional: bool = False
