"""The small words every part of a protocol is written with."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """A part of a protocol: once read it cannot change, and it knows no word it was not taught."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sentence(Frozen):
    """The protocol's own sentence, in English and in French."""

    en: Text
    fr: Text

    def by_language(self) -> tuple[tuple[str, str], ...]:
        """As a Finding carries it."""
        return (("en", self.en), ("fr", self.fr))


class Code(Frozen):
    """A code in a code system."""

    system: Text
    code: Text


class Identifier(Frozen):
    """The name a registry knows the trial by."""

    system: Text
    value: Text
