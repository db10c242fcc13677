"""The operations R4 defines, as far as this service has them.

Source: https://hl7.org/fhir/R4/operationslist.html
"""

from typing import Final

from app.clinical.statistics import STATISTICS
from app.fhir_mapping.operation import STANDARD, Operation, OperationParameter
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.trial_parameters import VIEW

EVERY_TYPE: Final = tuple(RESOURCES)
MODES: Final = ("create", "update", "delete")
VALIDATE: Final = Operation(
    name="$validate",
    resources=EVERY_TYPE,
    levels=("type", "instance"),
    methods=("POST",),
    standard=STANDARD + "Resource-validate",
    title="Would this be accepted?",
    about="Looks at a resource as a write would, and writes nothing: the JSON, R4's structure, codes and"
    " invariants, identifying data, and whether its references lead somewhere. Send the resource itself, or a"
    " Parameters with the parts `resource`, `mode` and `profile`.",
    parameters=(
        OperationParameter(
            name="resource", kind="Resource", about="The resource to look at; none where mode is delete."
        ),
        OperationParameter(
            name="mode",
            kind="code",
            about="What would be done with it: create where none is said, update where there is an id.",
            values=MODES,
        ),
        OperationParameter(
            name="profile",
            kind="uri",
            about="The profile to hold it to: R4's own definition of its type is the only one known here.",
        ),
    ),
    returns="OperationOutcome",
    answer="Every problem with its place; a single information where there is none.",
)
SINCE = OperationParameter(
    name="_since", kind="dateTime", about="Only what was stored at this instant or later."
)
COUNT = OperationParameter(name="_count", kind="integer", about="At most so many on a page.")
EVERYTHING: Final = Operation(
    name="$everything",
    resources=("Patient", "ResearchSubject"),
    standard=STANDARD + "Patient-everything",
    title="All that is stored about a patient",
    about="The patient, what is about them (subjects, observations, adverse events, administrations), and the"
    " studies and other resources these refer to. Asked of a ResearchSubject, it is that of its patient."
    " Follow the link `next` for more.",
    parameters=(
        OperationParameter(
            name="start", kind="date", about="Only what happened on this day or later, or has no date."
        ),
        OperationParameter(
            name="end", kind="date", about="Only what happened on this day or earlier, or has no date."
        ),
        SINCE,
        OperationParameter(name="_type", kind="code", about="Only these types.", repeats=True),
        COUNT,
        OperationParameter(
            name="_after", kind="string", about="Where the page goes on: taken unchanged from a next link."
        ),
    ),
    returns="Bundle",
    answer="A searchset.",
)
LASTN: Final = Operation(
    name="$lastn",
    resources=("Observation",),
    levels=("type",),
    standard=STANDARD + "Observation-lastn",
    title="The latest observations of each kind",
    about="The newest observations for each code, `max` of each; a search by any parameter of Observation"
    " says which are looked at. A patient must be named; of the parameters that shape an answer it knows"
    " `_summary` and `_elements`.",
    parameters=(
        OperationParameter(name="max", kind="integer", about="How many of each code; 1 where none is said."),
    ),
    searches=True,
    returns="Bundle",
    answer="A searchset, by code, newest first.",
    example="patient=Patient/msc-sle-p01&max=2",
)
STATS: Final = Operation(
    name="$stats",
    resources=("Observation",),
    levels=("type",),
    standard=STANDARD + "Observation-stats",
    title="Statistics of a patient's results",
    about="Statistics over the numeric results of one patient and one code, exact decimals in the analyte's"
    " unit. What cannot be counted (another unit, a comparator such as <5) is left out and said.",
    parameters=(
        OperationParameter(name="subject", kind="uri", about="The patient, as Patient/id.", required=True),
        OperationParameter(
            name="code",
            kind="string",
            about="The code, as code or system|code; at most 20.",
            repeats=True,
            required=True,
        ),
        OperationParameter(name="system", kind="uri", about="The system of codes given without one."),
        OperationParameter(
            name="period", kind="string", about="From which day to which, such as 2022-09-01/2023-03-01."
        ),
        OperationParameter(name="duration", kind="decimal", about="Only the last so many hours, up to now."),
        OperationParameter(
            name="statistic",
            kind="code",
            about="Which statistics.",
            values=STATISTICS,
            repeats=True,
            required=True,
        ),
        OperationParameter(
            name="include", kind="boolean", about="Whether the observations counted are given, too."
        ),
        OperationParameter(
            name="limit", kind="integer", about="At most so many of the observations counted are given."
        ),
    ),
    answer="One parameter `statistics` per code, an Observation with a component per statistic; with"
    " `include` one `source` for each observation counted.",
    example="subject=Patient/msc-sle-p01&code=http://loinc.org|4485-9&statistic=average,count",
    rests_on=("Observation",),
)
META: Final = Operation(
    name="$meta",
    resources=EVERY_TYPE,
    levels=("type", "instance"),
    standard=STANDARD + "Resource-meta",
    title="Tags, profiles and security labels",
    about="The meta of one resource; asked of a type, all tags, profiles and labels in use there.",
    answer="One parameter `return`, a Meta.",
)
DIFF: Final = Operation(
    name="$diff",
    resources=EVERY_TYPE,
    methods=("GET",),
    title="What changed between two versions",
    about="Every change from one version of a resource to another: where (FHIRPath), what it was and is, and"
    " whether it was added, removed, replaced or moved within its list; who made each version, when and why,"
    " as far as the audit trail tells. The order of members is no change; 0.50 is not 0.5. Asked of no"
    " version it tells what the last one changed.",
    parameters=(
        OperationParameter(
            name="from", kind="integer", about="The earlier version; the one before the other else."
        ),
        OperationParameter(name="to", kind="integer", about="The later version; the current one else."),
        VIEW,
    ),
    answer="The two versions; one parameter `version` for each made after the earlier one, with `recorded`,"
    " `who` and `why`; one parameter `change` for each change, with `kind`, `path`, `was` and `is`. What is"
    " of a type no parameter can hold is told as its JSON.",
    example="view=plain",
)
STANDARD_OPERATIONS: Final = (VALIDATE, EVERYTHING, LASTN, STATS, META, DIFF)
