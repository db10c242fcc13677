"""The relational trial store, for analysts: one table for each type, derived from the documents."""

from typing import Any

from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, Table, text

from app.clinical.subjects.states import ENROLLED
from app.store.types import DAY, EXACT, FLAG, KEY, NUMBER, TEXT

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)

patient = Table(
    "patient",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("gender", TEXT),
    Column("birth_date", TEXT, comment="as written; may be a year or a month"),
    Column("deceased", FLAG),
    Column("deceased_at", TEXT),
)
study = Table(
    "study",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("registry_id", KEY, comment="first registry identifier, such as NCT03562065"),
    Column("title", TEXT),
    Column("status", TEXT, nullable=False),
)
subject = Table(
    "subject",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("study_id", KEY, nullable=False),
    Column("code", KEY, comment="the subject's pseudonymous identifier"),
    Column("status", TEXT, nullable=False),
    Column("period_start", TEXT, comment="as written"),
    Column("period_end", TEXT, comment="as written"),
    Column("assigned_arm", TEXT),
    Column("actual_arm", TEXT),
)
Index(None, subject.c.study_id, subject.c.patient_id)
Index(None, subject.c.patient_id)
_GOES_ON = text(f"status IN ({', '.join(repr(state) for state in ENROLLED)})")
Index(
    "ix_subject_enrolled_once",
    subject.c.patient_id,
    subject.c.study_id,
    unique=True,
    sqlite_where=_GOES_ON,
    postgresql_where=_GOES_ON,
)
measurement = Table(
    "measurement",
    metadata,
    Column("id", KEY, nullable=False, comment="the Observation"),
    Column("part", NUMBER, nullable=False, comment="0 the Observation's own value, 1… its components"),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("system", KEY),
    Column("code", KEY),
    Column("panel", KEY, comment="the code of the Observation a component belongs to"),
    Column("day", DAY, comment="clinical day in Europe/Paris; null where the date is partial"),
    Column("effective", TEXT, comment="as written"),
    Column("visit", KEY, comment="as tagged by the sender"),
    Column("value", EXACT, comment="in the analyte's canonical unit"),
    Column("unit", TEXT),
    Column("comparator", TEXT),
    Column("received_value", TEXT, comment="digits as sent"),
    Column("received_unit", TEXT, comment="unit as sent"),
    Column("low", EXACT, comment="reference range, canonical unit"),
    Column("high", EXACT),
    Column("truth", FLAG),
    Column("answer_system", KEY),
    Column("answer", KEY),
    Column("absent", TEXT, comment="dataAbsentReason"),
    Column("problem", TEXT, comment="why there is no canonical value"),
    PrimaryKeyConstraint("id", "part"),
)
Index(None, measurement.c.patient_id, measurement.c.code, measurement.c.day)
adverse_event = Table(
    "adverse_event",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("study_id", KEY),
    Column("actuality", TEXT, nullable=False),
    Column("system", KEY),
    Column("code", KEY),
    Column("text", TEXT),
    Column("day", DAY),
    Column("occurred", TEXT, comment="as written"),
    Column("grade", NUMBER, comment="CTCAE"),
    Column("serious", FLAG, comment="seriousness as reported, never derived from the grade"),
    Column("outcome", TEXT),
    Column("causality", TEXT, comment="every opinion, separated by blanks"),
)
Index(None, adverse_event.c.patient_id)


def _treatment(name: str, *columns: Column[Any]) -> Table:
    """A table of what was given or taken."""
    return Table(
        name,
        metadata,
        Column("id", KEY, primary_key=True),
        Column("version", NUMBER, nullable=False),
        Column("patient_id", KEY, nullable=False),
        Column("study_id", KEY),
        Column("status", TEXT, nullable=False),
        Column("system", KEY),
        Column("code", KEY),
        Column("text", TEXT),
        Column("first_day", DAY),
        Column("last_day", DAY),
        Column("started", TEXT, comment="as written"),
        Column("ended", TEXT, comment="as written"),
        Column("dose", EXACT),
        Column("dose_unit", TEXT),
        Column("rate", EXACT),
        Column("rate_unit", TEXT),
        *columns,
    )


administration = _treatment("administration", Column("lot", TEXT))
Index(None, administration.c.patient_id)
medication_statement = _treatment(
    "medication_statement", Column("status_reason", KEY, comment="the first code of why it was stopped")
)
Index(None, medication_statement.c.patient_id)
condition = Table(
    "condition",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("system", KEY),
    Column("code", KEY),
    Column("text", TEXT),
    Column("clinical", TEXT, comment="active, remission, resolved, ..."),
    Column("verification", TEXT, comment="confirmed, provisional, refuted, ..."),
    Column("onset_day", DAY, comment="null where the date is partial"),
    Column("onset", TEXT, comment="as written"),
    Column("abated_day", DAY),
    Column("abated", TEXT, comment="as written"),
    Column("recorded", TEXT, comment="as written"),
)
Index(None, condition.c.patient_id)
procedure = Table(
    "procedure",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("study_id", KEY),
    Column("status", TEXT, nullable=False),
    Column("system", KEY),
    Column("code", KEY),
    Column("text", TEXT),
    Column("first_day", DAY),
    Column("last_day", DAY),
    Column("started", TEXT, comment="as written"),
    Column("ended", TEXT, comment="as written"),
    Column("reason", KEY, comment="the first code of why it was done"),
)
Index(None, procedure.c.patient_id)
consent = Table(
    "consent",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("study_id", KEY),
    Column("status", TEXT, nullable=False),
    Column("scope_system", KEY),
    Column("scope", KEY),
    Column("signed_day", DAY, comment="null where the date is partial"),
    Column("signed", TEXT, comment="as written"),
    Column("provision", TEXT, comment="permit or deny"),
    Column("started", TEXT, comment="of the provision, as written"),
    Column("ended", TEXT, comment="of the provision, as written"),
)
Index(None, consent.c.patient_id)

TRIAL_TABLES = {
    patient: "Patient",
    study: "ResearchStudy",
    subject: "ResearchSubject",
    measurement: "Observation",
    adverse_event: "AdverseEvent",
    administration: "MedicationAdministration",
    medication_statement: "MedicationStatement",
    condition: "Condition",
    procedure: "Procedure",
    consent: "Consent",
}
"""Each table of the trial store and the type it is derived from."""
