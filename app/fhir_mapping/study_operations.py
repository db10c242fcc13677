"""The questions of the trial about a study as a whole (decision 5)."""

from dataclasses import replace

from app.fhir_mapping.trial_parameters import NAME, ON, RULE, SITES, VISIT, of_study

ENDPOINT_SUMMARY = of_study(
    "$endpoint-summary",
    "Every endpoint of the study",
    "How many of the treated subjects met each endpoint, at each visit and by each variant, how many did not"
    " or cannot be decided and why, with both rates and exact confidence intervals; how each score and marker"
    " lies, and its change from baseline; in all and by arm. `name` narrows it to an endpoint (sri) or to a"
    " part of one (disease-activity.pga).",
    NAME,
    VISIT,
    RULE,
    SITES,
    answer="One parameter `result` per endpoint, visit, rule and arm, with its figures.",
    example="name=sri&visit=M6",
)
SAFETY_SUMMARY = of_study(
    "$safety-summary",
    "Adverse events of the study",
    "Events and subjects by period, relation, grade, organ and system organ class, in all and by arm, with"
    " exact confidence intervals; the primary endpoint; the serious events one by one with their reporting"
    " deadlines by the study's legal regime. A number that depends on what is not known is a range.",
    SITES,
    answer="One parameter `result` per group of events, then one per serious event.",
)
DOSE_ESCALATION = of_study(
    "$dose-escalation",
    "Which dose comes next",
    "For each dose the subjects evaluable, the toxicities and the posterior probability that it is"
    " excessive, what the rule decides, how that depends on the prior and the cut-offs, and what blocks it."
    " It supports the steering committee's decision.",
)
ENROLMENT = of_study(
    "$enrolment",
    "Enrolment",
    "How many subjects are planned, candidates, screened and infused, in all and by arm; how many there are"
    " of each status; how many entered and were infused in each month.",
    SITES,
    answer="One parameter `result` for the study, for its statuses, for each arm and for each month; those"
    " who are not to be infused, such as donors, are counted by themselves (`population`).",
)
OVERDUE = of_study(
    "$overdue",
    "What is overdue",
    "Reports of serious adverse events that are overdue or due by the study's legal regime, and visits whose"
    " window is over with nothing, or not all, recorded; the longest overdue first.",
    replace(NAME, about="report or visit; both where none is named."),
    ON,
    answer="One parameter `result` per report and per visit.",
    example="name=report",
)
