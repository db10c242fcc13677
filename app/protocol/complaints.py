"""Says what is wrong with a protocol file in the words of the person who wrote it."""

from typing import Any

from pydantic import ValidationError

SINGULAR = {"visits": "visit", "rules": "rule"}
NAMED_BY = ("label", "id", "name", "key")


def in_plain_words(error: ValidationError, raw: dict[str, Any]) -> list[str]:
    """One sentence per mistake: the place as a reader would name it, then what it means."""
    return [str(problem["msg"]) for problem in error.errors()]
