"""Says what is wrong with a protocol file in the words of the person who wrote it."""

from textwrap import shorten
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

SINGULAR = {
    "visits": "visit",
    "rules": "rule",
    "inclusion": "inclusion criterion",
    "exclusion": "exclusion criterion",
    "products": "product",
    "identifiers": "identifier",
}
NAMED_BY = ("label", "id", "name", "code", "value")
SENTENCES = {
    "missing": "{field} is missing",
    "extra_forbidden": "{field} is not a word that can be used here",
    "literal_error": "{field} is {input}; it must be {expected}",
    "int_type": "{field} is {input}, which is not a whole number",
    "int_from_float": "{field} is {input}, which is not a whole number",
    "decimal_parsing": "{field} is {input}, which is not a number",
    "decimal_type": "{field} is {input}, which is not a number",
    "bool_type": "{field} is {input}; it must be true or false",
    "string_type": "{field} is {input}, which is not a text in quotes",
    "string_too_short": "{field} is empty",
    "too_short": "{field} is too short: at least {min_length} is needed",
    "too_long": "{field} is too long: at most {max_length} can be given",
    "greater_than": "{field} is {input}; it must be more than {gt}",
    "greater_than_equal": "{field} is {input}; it must be at least {ge}",
    "tuple_type": "{field} is {input}; it must be a list",
    "model_type": "{field} is {input}; it must be a table",
    "model_attributes_type": "{field} is {input}; it must be a table",
    "dict_type": "{field} is {input}; it must be a table",
}
OF_A_WHOLE = {
    "union_tag_invalid": "{discriminator} is '{tag}'; it must be one of {expected_tags}",
    "union_tag_not_found": "{discriminator} is missing",
}


def in_plain_words(error: ValidationError, raw: dict[str, Any], *, name: str) -> list[str]:
    """One sentence per mistake: the place as a reader would name it, then what is wrong there."""
    problems = error.errors()
    return [_sentence(problem, raw, name) for problem in problems if not _follows(problem, problems)]


def _follows(problem: ErrorDetails, problems: list[ErrorDetails]) -> bool:
    """Whether a list is only called too short because an entry of it is wrong."""
    size = len(problem["loc"])
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == problem["loc"] for other in problems
    )


def _sentence(problem: ErrorDetails, raw: dict[str, Any], name: str) -> str:
    """The place, a colon, and what is wrong, without the vocabulary of the validator."""
    steps = _steps(problem["loc"], raw, is_missing=problem["type"] == "missing")
    context = problem.get("ctx", {})
    if problem["type"] in SENTENCES:
        field = steps.pop() if steps else "the file"
        meaning = SENTENCES[problem["type"]].format(
            **{**context, "field": field, "input": _shown(problem["input"])}
        )
    elif problem["type"] in OF_A_WHOLE:
        bare = {**context, "discriminator": str(context["discriminator"]).strip("'")}
        meaning = OF_A_WHOLE[problem["type"]].format(**bare)
    else:
        meaning = str(context.get("error", problem["msg"]))
    return f"{', '.join([name, *steps])}: {meaning}"


def _steps(location: tuple[int | str, ...], raw: Any, *, is_missing: bool) -> list[str]:
    """The way to the mistake, each entry of a list named by its own label."""
    steps: list[str] = []
    here = raw
    for step in location:
        here, found = _enter(here, step)
        if isinstance(step, int) and steps:
            steps[-1] = f"{SINGULAR.get(steps[-1], steps[-1])} {_name(here, step)}"
        elif found or (is_missing and step == location[-1]):
            steps.append(str(step))
    return steps


def _enter(here: Any, step: int | str) -> tuple[Any, bool]:
    """What lies there; the name of a union's member is no place, and leads nowhere else."""
    if isinstance(here, dict) and step in here:
        return here[step], True
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step], True
    return here, False


def _name(entry: Any, position: int) -> str:
    names = [entry[key] for key in NAMED_BY if key in entry] if isinstance(entry, dict) else []
    return str(names[0]) if names else f"no. {position + 1}"


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return shorten(text, width=60, placeholder=" ...")
