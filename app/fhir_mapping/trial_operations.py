"""The questions of the trial about one subject: computed answers with their reasons (decision 5)."""

from typing import Final

from app.fhir_mapping.operation import Operation, OperationParameter

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
ON = OperationParameter(
    name="on",
    kind="date",
    about="The clinical day the question is asked for; the day of screening, else today.",
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
LANG = OperationParameter(
    name="lang", kind="code", about="The language of the protocol's sentences.", values=LANGUAGES
)

SRI_STATUS = Operation(
    name="$sri-status",
    resources=("ResearchSubject",),
    title="Response by the SLE Responder Index",
    about="Whether the subject responded, at each visit and by each variant of the rule, with each condition,"
    " the values it rests on, and what is missing where it cannot be decided.",
    parameters=(VISIT, RULE, AS_OF, VIEW, LANG),
    answer=VERDICTS,
    example="visit=M6",
)
ELIGIBILITY = Operation(
    name="$eligibility",
    resources=("ResearchSubject",),
    title="Eligibility for the trial",
    about="Whether the candidate meets every inclusion criterion and no exclusion criterion, one by one. It"
    " supports the investigator's decision and changes nothing.",
    parameters=(ON, AS_OF, VIEW, LANG),
    answer=VERDICTS,
)

TRIAL_OPERATIONS: Final = (SRI_STATUS, ELIGIBILITY)
