"""Who may ask: clients, tokens, the audit trail, signatures, locks and erasures."""

import sqlalchemy as sa
from alembic import op

from app.store.types import DOCUMENT, FLAG, INSTANT, KEY, NUMBER, TEXT

revision = "0007"
down_revision = "0006"

AWAITED = ("reason", "awaits", "awaits_system", "awaits_value")
TABLES = (
    "client",
    "assertion",
    "revoked",
    "signing_key",
    "audit",
    "audit_entity",
    "signature",
    "data_lock",
    "erasure",
)


def upgrade() -> None:
    """Apply it."""
    _access()
    _trail()
    _acts()
    for brought in ("parked", "inbox"):
        with op.batch_alter_table(brought) as table:
            table.add_column(
                sa.Column(
                    "client",
                    KEY,
                    nullable=False,
                    server_default="",
                    comment="who brought it; empty in the open sandbox",
                )
            )
    op.drop_index("ix_parked_awaits", "parked")
    op.create_index("ix_parked_awaits", "parked", ["sender", "client", *AWAITED, "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_parked_awaits", "parked")
    op.create_index("ix_parked_awaits", "parked", ["sender", *AWAITED, "id"])
    for brought in ("parked", "inbox"):
        with op.batch_alter_table(brought) as table:
            table.drop_column("client")
    for table in TABLES:
        op.drop_table(table)


def _access() -> None:
    op.create_table(
        "client",
        sa.Column("name", KEY, nullable=False, comment="its client_id"),
        sa.Column("registered", INSTANT, nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False, comment="what it may and its public keys, as JSON"),
        sa.PrimaryKeyConstraint("name", name="pk_client"),
    )
    op.create_table(
        "assertion",
        sa.Column("client", KEY, nullable=False),
        sa.Column("jti", KEY, nullable=False, comment="of an assertion that was used: it is not taken twice"),
        sa.Column("expires", INSTANT, nullable=False, comment="when it may be forgotten"),
        sa.PrimaryKeyConstraint("client", "jti", name="pk_assertion"),
    )
    op.create_index("ix_assertion_expires", "assertion", ["expires"])
    op.create_table(
        "revoked",
        sa.Column("jti", KEY, nullable=False, comment="of an access token that counts no more"),
        sa.Column("expires", INSTANT, nullable=False, comment="when it may be forgotten"),
        sa.PrimaryKeyConstraint("jti", name="pk_revoked"),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", KEY, nullable=False),
        sa.Column("made", INSTANT, nullable=False),
        sa.Column("key", DOCUMENT, nullable=False, comment="private JWK that access tokens are signed with"),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )


def _trail() -> None:
    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False, comment="of the AuditEvent"),
        sa.Column("chain", KEY, nullable=False, comment="the study it is about; empty where none or several"),
        sa.Column(
            "committer", KEY, nullable=False, comment="the process that wrote it, from its start to its end"
        ),
        sa.Column(
            "number", NUMBER, nullable=False, comment="its place in the chain of study and committer, from 1"
        ),
        sa.Column("recorded", INSTANT, nullable=False),
        sa.Column("action", KEY, nullable=False, comment="C R U D E"),
        sa.Column(
            "interaction", KEY, nullable=False, comment="read, search-type, create, …, or an operation's name"
        ),
        sa.Column("outcome", KEY, nullable=False, comment="0 success, 4 refused, 8 failed"),
        sa.Column("client", KEY, nullable=False, comment="empty: the service itself, or the open sandbox"),
        sa.Column("patient_id", KEY, nullable=False, comment="empty where it is about none or several"),
        sa.Column("document", DOCUMENT, nullable=False, comment="the AuditEvent as served"),
        sa.Column(
            "previous",
            DOCUMENT,
            nullable=False,
            comment="hash of the one before in its chain; empty in the first",
        ),
        sa.Column("hash", DOCUMENT, nullable=False, comment="SHA-256 of previous and document"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("chain", "committer", "number", name="uq_audit_place"),
    )
    op.create_index("ix_audit_client", "audit", ["client", "recorded"])
    op.create_index("ix_audit_recorded", "audit", ["recorded"])
    op.create_table(
        "audit_entity",
        sa.Column("audit_id", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("patient_id", KEY, nullable=False, comment="empty where it is about no patient"),
        sa.Column(
            "digest", DOCUMENT, comment="SHA-256 of the document a change stored; null for a read or deletion"
        ),
    )
    op.create_index("ix_audit_entity_event", "audit_entity", ["audit_id"])
    op.create_index("ix_audit_entity_patient", "audit_entity", ["patient_id"])
    op.create_index("ix_audit_entity_resource", "audit_entity", ["type", "id"])


def _acts() -> None:
    op.create_table(
        "signature",
        sa.Column("id", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("resource_id", KEY, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("digest", DOCUMENT, nullable=False, comment="SHA-256 of the document that was signed"),
        sa.Column("meaning", KEY, nullable=False, comment="author, review, approval, …"),
        sa.Column("signer", TEXT, nullable=False, comment="printed name of the person"),
        sa.Column("practitioner", KEY, comment="id of the Practitioner, where they are stored as one"),
        sa.Column("signed", INSTANT, nullable=False),
        sa.Column("client", KEY, nullable=False),
        sa.Column("patient_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signature"),
    )
    op.create_index("ix_signature_of_resource", "signature", ["type", "resource_id"])
    op.create_table(
        "data_lock",
        sa.Column("id", KEY, nullable=False),
        sa.Column("study_id", KEY, nullable=False),
        sa.Column(
            "subject", KEY, nullable=False, comment="the ResearchSubject; empty where a whole study is locked"
        ),
        sa.Column("patient_id", KEY, nullable=False, comment="of the subject, else empty"),
        sa.Column("visit", KEY, nullable=False, comment="empty where more than a visit is locked"),
        sa.Column("low", INSTANT, comment="from when the visit's data are, inclusive"),
        sa.Column("high", INSTANT, comment="to when, exclusive"),
        sa.Column("locked", INSTANT, nullable=False),
        sa.Column("client", KEY, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("unlocked", INSTANT),
        sa.Column("unlocked_by", KEY),
        sa.Column("unlock_reason", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_data_lock"),
    )
    op.create_index("ix_data_lock_patient", "data_lock", ["patient_id"])
    op.create_index("ix_data_lock_study", "data_lock", ["study_id"])
    op.create_table(
        "erasure",
        sa.Column("type", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("erased", INSTANT, nullable=False),
        sa.Column("client", KEY, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("digest", DOCUMENT, nullable=False, comment="SHA-256 of the document that was there"),
        sa.Column("patient_id", KEY, nullable=False),
        sa.Column("donor", FLAG, nullable=False, comment="it said that its patient takes part as a donor"),
        sa.PrimaryKeyConstraint("type", "id", "version", name="pk_erasure"),
    )
