"""ResearchStudy $export: a study as files for analysts. Its answers are files, and not always FHIR."""

from typing import Final

from app.clinical.studies.answer_tables import TABLES
from app.fhir_mapping.operation import Operation, OperationParameter
from app.fhir_mapping.registry import MAPPED
from app.fhir_mapping.trial_parameters import AS_OF

DICTIONARY: Final = "dictionary"
"""The table that says what the columns of the others mean."""

EXPORTED: Final = ("ResearchStudy", *(kind for kind in MAPPED if kind != "ResearchStudy"))
"""The types whose resources are exported."""

EXPORT: Final = Operation(
    name="$export",
    resources=("ResearchStudy",),
    title="The study as files",
    about="All that is recorded of the study's subjects, for analysts: resources line by line (`type`,"
    " NDJSON), and flat tables of subjects, visits, scores, events, exposures and computed endpoints"
    " (`table`, CSV) with a data dictionary. Without either, the list of files. Pseudonymised: names,"
    " narrative, notes and every free text are left out, and all identifiers but the subject's number in the"
    " trial and the study's; birth dates are years. The dictionary says what stays, and why.",
    parameters=(
        OperationParameter(
            name="type", kind="code", about="The resources of this type, one on each line.", values=EXPORTED
        ),
        OperationParameter(
            name="table",
            kind="code",
            about="This table; `dictionary` says what the columns of all of them mean.",
            values=(*TABLES, DICTIONARY),
        ),
        AS_OF,
    ),
    answer="A Parameters with one `output` per file: its type or table, its url, and for resources their"
    " count; or the file.",
    example="table=subjects",
    also=("application/fhir+ndjson", "text/csv"),
    rests_on=EXPORTED,
)
