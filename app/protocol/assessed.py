"""What is planned at the visits, and how each assessment is recognised among what is recorded (§0.5)."""

from typing import Annotated

from pydantic import Field, model_validator

from app.protocol.parts import Codes, ShortCode
from app.protocol.words import Frozen, Sentence, Text


class Assessment(Frozen):
    """One assessment that visits plan by its `name`, recognised in one of five ways.

    `codes`: an Observation with one of these codes. `each`: results of their own, by what they measure,
    which all belong to it. `markers`: likewise, all the protocol's markers of that name. `drugs`: a record
    that one of these drugs, or of these groups of drugs, was taken on a day of the visit. `answered_by`:
    nothing is recorded for it; an answer of that name is computed.
    """

    name: Text
    title: Sentence
    codes: tuple[ShortCode, ...] = ()
    each: Annotated[dict[Text, Codes], Field(default_factory=dict)]
    markers: Annotated[bool, Field(strict=True)] = False
    drugs: tuple[Text, ...] = ()
    answered_by: Text | None = None

    @model_validator(mode="after")
    def _is_recognised_in_one_way(self) -> "Assessment":
        ways = [self.codes, self.each, self.markers, self.drugs, self.answered_by]
        if sum(bool(way) for way in ways) != 1:
            raise ValueError(f"{self.name} must have one of codes, each, markers, drugs and answered_by")
        return self
