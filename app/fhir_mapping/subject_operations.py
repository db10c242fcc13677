"""The questions of the trial about one subject: computed answers with their reasons (decision 5)."""

from dataclasses import replace

from app.fhir_mapping.operation import OperationParameter
from app.fhir_mapping.trial_parameters import NAME, ON, RULE, VISIT, of_subject

FIGURES = "One parameter `result` per question, with its figures, evidence and what is missing."

SRI_STATUS = of_subject(
    "$sri-status",
    "Response by the SLE Responder Index",
    "Whether the subject responded, at each visit and by each variant of the rule, with each condition,"
    " the values it rests on, and what is missing where it cannot be decided.",
    VISIT,
    RULE,
    example="visit=M6",
)
ELIGIBILITY = of_subject(
    "$eligibility",
    "Eligibility for the trial",
    "Whether the candidate meets every inclusion criterion and no exclusion criterion, one by one. It"
    " supports the investigator's decision and changes nothing.",
    ON,
)
CLINICAL_RESPONSE = of_subject(
    "$clinical-response",
    "Major and partial clinical response",
    "Whether the subject has a major or a partial clinical response (RCM, RCP) by BILAG, at each visit and by"
    " each definition, with the grades it rests on and the flares, unscheduled assessments included.",
    VISIT,
    replace(RULE, about="The definition (visit-adapted, explorer-sustained); both where none is named."),
    replace(NAME, about="The response (major, partial) or the count of flares (flare); all of them else."),
    example="visit=M6",
)
DISEASE_ACTIVITY = of_subject(
    "$disease-activity",
    "Scores at every visit",
    "Every score of the protocol at baseline and at each visit, with its items, its change from baseline, and"
    " what laboratory results say otherwise: SLEDAI, BILAG, PGA, damage, quality of life, skin and lung.",
    replace(VISIT, about="The visit asked about (M0, M3, M6, …); all that plan a score where none is named."),
    replace(
        NAME,
        about="The score: selena-sledai, sledai-2k, bilag-classic, bilag-2004, pga, slicc-damage, sf36v2,"
        " eq5d-5l, eq5d-vas, eq5d-index; mrss, fvc, dlco, tlc and their -percent-predicted; all of them where"
        " none is named.",
    ),
    answer=FIGURES,
    example="visit=M6&name=selena-sledai",
)
BIOMARKERS = of_subject(
    "$biomarkers",
    "Immunological and biological markers",
    "Every marker of the protocol at each visit it is due, cytokines included: the value, whether it lies in"
    " its reference range, and its change from baseline.",
    VISIT,
    NAME,
    answer=FIGURES,
    example="visit=M6",
)
STEROID_EXPOSURE = of_subject(
    "$steroid-exposure",
    "Corticosteroids in prednisone equivalents",
    "The mean daily dose at baseline, at each visit and over weeks 40 to 52, and whether it was reduced by 25"
    " % (and below 7.5 mg per day). A day without a record counts as none only where that is declared: by a"
    " MedicationStatement `not-taken` of the class (ATC H02AB) with first and last day, or by the attestation"
    " `treatment-history-complete` of that day or a later one; otherwise it is not known.",
    VISIT,
    RULE,
    example="visit=M6",
)
TREATMENT_FAILURE = of_subject(
    "$treatment-failure",
    "Treatment failure",
    "Whether treatment failed by any of the synopsis's criteria (end-stage renal failure, doubled creatinine,"
    " active nephritis, rescue treatment), each with its events, confirmations and open windows. Why a rescue"
    " treatment was given is read from its reasonCode or reasonReference, or attested (`rescue-for-sle`).",
    NAME,
    example="name=TF3",
)
TOLERANCE = of_subject(
    "$tolerance",
    "Tolerance of the infusion",
    "Whether the infusion was tolerated in its first ten days (the primary endpoint, D10) and up to each"
    " later visit: no adverse event of grade 3 or more, with the events that reach it, what is missing to"
    " judge them, and the worst grade by organ and system organ class.",
    replace(VISIT, about="D10 for the first ten days, M1, M3, M6, M12; M9 only where it is named."),
    replace(RULE, about="related: events due to the cells; any: whatever their cause. Both else."),
    example="visit=D10&rule=related",
)
SURVIVAL = of_subject(
    "$survival",
    "Survival and follow-up",
    "Whether the subject is alive, until when that is known and for how long the subject has been followed"
    " (`vital-status`), and whether the subject was alive at each day the protocol asks for (`survival`).",
    ON,
    NAME,
)
CELL_DOSE = of_subject(
    "$cell-dose",
    "Check of the cell dose",
    "The cells given and planned, per kg and in total, with the weight used, the lot and the duration, and"
    " whether the dose is that of the arm.",
)
STATUS = of_subject(
    "$status",
    "Where the subject stands",
    "What a partner site asks in one call: status, eligibility, arm, infusion, adverse events, visits,"
    " scores, response, corticosteroids and open data queries.",
    ON,
    by_the_hour=True,
)
TIMELINE = of_subject(
    "$timeline",
    "The subject's history as events",
    "Everything that happened, in order, each event with its kind, study day and visit, ready to plot.",
    NAME,
    answer="One parameter `result` per event, in order of time.",
)
VISIT_MATRIX = of_subject(
    "$visit-matrix",
    "Visits due, done, missed",
    "For each visit and each assessment planned at it: done, out of its window, missing, or still to come.",
    VISIT,
    NAME,
    ON,
    answer=FIGURES,
)
STATUS_HISTORY = of_subject(
    "$status-history",
    "The subject's states",
    "Every state the subject has been in (`state`), since and until when, when it was recorded, by which"
    " version and why; the states that may follow (`next-state`), and the days of consent, infusion and end"
    " (`milestone`).",
    answer=FIGURES,
)
IMPACT = of_subject(
    "$impact",
    "What a change would change",
    "Which answers about the subject rest on a fact, and how they would change: without it, with an earlier"
    " version of it (as `Observation/x/_history/1`: what the correction since then changed), or with the"
    " corrected or new resource that is posted. Every question is asked twice and the answers are compared;"
    " nothing is stored. Post the resource itself, or Parameters with the part `resource`; it is looked at as"
    " $validate does.",
    OperationParameter(
        name="observation",
        kind="string",
        about="The fact asked about, such as Observation/x, or an earlier version of it; any other resource"
        " about the subject may be named, too.",
    ),
    OperationParameter(
        name="resource", kind="Resource", about="The corrected or new resource, as it would be stored."
    ),
    ON,
    answer="A `result` summary, then one parameter `result` for every result that changes, and for those that"
    " rest on the fact and do not: with its `question`, and each verdict, figure and criterion that differs"
    " as it would be, beside `…-before` and `…-after`.",
    example="observation=Observation/msc-sle-01-m6-pga",
    by_the_hour=True,
)
