"""What the sources say of the study as a whole where they differ: all is kept, the first is in force."""

from datetime import date

from app.protocol.words import Frozen, Sentence, Text


class Started(Frozen):
    """The day the study began, by one source."""

    source: Text
    on: date


class Designed(Frozen):
    """The design of the study, by one source."""

    source: Text
    says: Sentence
