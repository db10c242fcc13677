"""What every part of a criterion has, and the small words criteria are written with."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from app.protocol.words import Code, Frozen, Sentence, Text

SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "atc": "http://www.whocc.no/atc",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "score": "https://trialbridge.example/fhir/CodeSystem/score",
    "lung": "https://trialbridge.example/fhir/CodeSystem/lung-function",
    "stop": "https://trialbridge.example/fhir/CodeSystem/stop-reason",
}

Op = Literal["<", "<=", ">=", ">"]
Route = Literal["oral", "intravenous", "subcutaneous", "intramuscular"]
Days = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Amount = Annotated[Decimal, Field(gt=0)]
Share = Annotated[Decimal, Field(ge=0, le=1)]


def written_short(code: Any) -> Any:
    """A code written `loinc:777-3` is that code in that system."""
    if not isinstance(code, str):
        return code
    short, colon, value = code.partition(":")
    if not colon or short not in SYSTEMS:
        raise ValueError(
            f"code {code!r} does not begin with one of {', '.join(f'{key}:' for key in SYSTEMS)}"
        )
    return {"system": SYSTEMS[short], "code": value}


ShortCode = Annotated[Code, BeforeValidator(written_short)]
Codes = Annotated[tuple[ShortCode, ...], Field(min_length=1)]


class Part(Frozen):
    """What every criterion and every part of one has.

    `notes` are remarks for the reader of an answer; `choices` are the open choices of the protocol this
    part was written with, by their parameter names (filled in when the file is read).
    """

    id: Text
    text: Sentence
    notes: tuple[Text, ...] = ()
    choices: dict[Text, Text] = Field(default_factory=dict)
