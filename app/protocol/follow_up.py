"""Survival and follow-up: until when a subject is to be known alive."""

from typing import Annotated

from pydantic import Field

from app.protocol.words import Frozen, Sentence, Text


class Horizon(Frozen):
    """A day, counted from the infusion, at which it is asked whether the subject was alive."""

    label: Text
    day: Annotated[int, Field(gt=0, strict=True)]
    text: Sentence


class Survival(Frozen):
    """Overall survival: the days it is asked for, the nearest first."""

    horizons: Annotated[tuple[Horizon, ...], Field(min_length=1)]
