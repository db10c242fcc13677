"""A patient has at most one part in one study that goes on: an index of the database says so."""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"

INDEX = "ix_subject_enrolled_once"
GOES_ON = """status IN ('pending-on-study', 'on-study', 'on-study-intervention', 'on-study-observation',
 'follow-up')"""
TWICE = f"SELECT patient_id, study_id FROM subject WHERE {GOES_ON} GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 5"


def upgrade() -> None:
    """Apply it."""
    if not context.is_offline_mode():
        _refuse_doubles()
    where = sa.text(GOES_ON)
    op.create_index(
        INDEX,
        "subject",
        ["patient_id", "study_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(INDEX, "subject")


def _refuse_doubles() -> None:
    """Say who is enrolled twice, so that it can be put right with the release before."""
    found = op.get_bind().execute(sa.text(TWICE)).all()
    if found:
        pairs = ", ".join(f"Patient/{patient} in ResearchStudy/{study}" for patient, study in found)
        raise RuntimeError(f"enrolled twice: {pairs}; end one part of each (status off-study), then migrate")
