"""The closed list of what an eligibility criterion can ask."""

from typing import Annotated

from pydantic import Field

from app.protocol.words import Frozen, Sentence


class Criterion(Frozen):
    """One inclusion or exclusion criterion."""

    id: Annotated[str, Field(min_length=1)]
    text: Sentence
