"""What every question of the trial may be asked with, and how such a question is declared (decision 5)."""

from dataclasses import replace

from app.fhir_mapping.operation import Operation, OperationParameter
from app.fhir_mapping.registry import MAPPED

LANGUAGES = ("en", "fr")
VERDICTS = "One parameter `result` per question, with its verdict, criteria and evidence."

VISIT = OperationParameter(
    name="visit",
    kind="code",
    about="The visit asked about (M3, M6, M9, M12); all visits of the protocol where none is named.",
    repeats=True,
)
RULE = OperationParameter(
    name="rule",
    kind="code",
    about="The variant of the rule (registry, synopsis, published); all of them, side by side, where none"
    " is named.",
    repeats=True,
)
NAME = OperationParameter(
    name="name",
    kind="code",
    about="Only the results of this name (as `result.name` says it); all of them where none is named.",
    repeats=True,
)
ON = OperationParameter(
    name="on",
    kind="date",
    about="The clinical day the question is asked for, today where none is named (of eligibility: the day of"
    " screening). The answer rests on what had happened by then: what is dated after that day is left out;"
    " what is not dated, or may be of that day or earlier, stays.",
)
AS_OF = OperationParameter(
    name="asOf",
    kind="dateTime",
    about="Answer as it would have been answered then, from what was recorded up to this instant. A day alone"
    " means its end, in Europe/Paris.",
)
VIEW = OperationParameter(
    name="view",
    kind="code",
    about="plain: compact plain JSON instead of Parameters.",
    values=("fhir", "plain"),
)
SITES = OperationParameter(
    name="sites",
    kind="code",
    about="all: count the subjects of every site, though you see only some of them. Counts of fewer than five"
    " subjects, and what would tell such a count by subtraction, have no value and the reason suppressed;"
    " nothing is told of a single subject, and no asOf can be named.",
    values=("all",),
)
LANG = OperationParameter(
    name="lang", kind="code", about="The language of the protocol's sentences.", values=LANGUAGES
)


def of_subject(
    name: str,
    title: str,
    about: str,
    *parameters: OperationParameter,
    answer: str = VERDICTS,
    example: str = "",
    by_the_hour: bool = False,
) -> Operation:
    """A question about one subject; it can be asked as of a past moment, and answered plainly."""
    question = _question("ResearchSubject", name, title, about, *parameters, answer=answer, example=example)
    return replace(question, by_the_hour=by_the_hour)


def of_study(
    name: str,
    title: str,
    about: str,
    *parameters: OperationParameter,
    answer: str = VERDICTS,
    example: str = "",
) -> Operation:
    """A question about a study as a whole; it can be asked as of a past moment, and answered plainly."""
    return _question("ResearchStudy", name, title, about, *parameters, answer=answer, example=example)


def _question(
    on: str, name: str, title: str, about: str, *parameters: OperationParameter, answer: str, example: str
) -> Operation:
    return Operation(
        name=name,
        resources=(on,),
        title=title,
        about=about,
        parameters=(*parameters, AS_OF, VIEW, LANG),
        answer=answer,
        example=example,
        rests_on=tuple(MAPPED),
    )
