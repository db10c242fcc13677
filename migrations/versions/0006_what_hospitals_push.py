"""What hospitals push: the senders, which result is which, the inbox, and what waits."""

import sqlalchemy as sa
from alembic import op

from app.store.types import DOCUMENT, INSTANT, KEY, NUMBER, TEXT

revision = "0006"
down_revision = "0005"

TABLES = ("sender", "sender_system", "identity", "content", "inbox", "parked", "awaited", "swept")


def upgrade() -> None:
    """Apply it."""
    _senders()
    _identities()
    _inbox()
    _waiting()


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        op.drop_table(table)


def _senders() -> None:
    op.create_table(
        "sender",
        sa.Column("name", KEY, nullable=False),
        sa.Column("registered", INSTANT, nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False, comment="what is its own, as JSON"),
        sa.PrimaryKeyConstraint("name", name="pk_sender"),
    )
    op.create_table(
        "sender_system",
        sa.Column("system", KEY, nullable=False, comment="an identifier system; it belongs to one sender"),
        sa.Column("sender", KEY, nullable=False),
        sa.PrimaryKeyConstraint("system", name="pk_sender_system"),
    )


def _identities() -> None:
    op.create_table(
        "identity",
        sa.Column("type", KEY, nullable=False),
        sa.Column("system", KEY, nullable=False, comment="identifier system of a registered sender"),
        sa.Column("value", KEY, nullable=False, comment="the sender's number"),
        sa.Column("code", KEY, nullable=False, comment="system|code of an Observation, else empty"),
        sa.Column("id", KEY, nullable=False, comment="the one resource it is stored as"),
        sa.Column("patient_id", KEY, nullable=False, comment="empty where it is about no patient"),
        sa.PrimaryKeyConstraint("type", "system", "value", "code", name="pk_identity"),
    )
    op.create_index("ix_identity_type_id", "identity", ["type", "id"])
    op.create_table(
        "content",
        sa.Column("type", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", DOCUMENT, nullable=False, comment="of the content as sent"),
        sa.Column("version", NUMBER, nullable=False, comment="the version that first had it"),
        sa.Column("patient_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("type", "id", "digest", name="pk_content"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", KEY, nullable=False),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column("sender", KEY, nullable=False),
        sa.Column("door", KEY, nullable=False, comment="fhir, hl7v2, mllp; replay: from where it was parked"),
        sa.Column("message", KEY, nullable=False, comment="MSH-10, X-Correlation-Id or the request's id"),
        sa.Column("type", KEY, nullable=False),
        sa.Column("system", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("patient_id", KEY, nullable=False, comment="empty where nobody here is meant"),
        sa.Column("fate", KEY, nullable=False, comment="stored, replayed, parked or refused"),
        sa.Column("reason", KEY, nullable=False, comment="a code, empty where nothing is to be said"),
        sa.Column("detail", TEXT, comment="in words, without values"),
        sa.Column("status", NUMBER, nullable=False, comment="what was answered, as HTTP says it"),
        sa.Column("resource_id", KEY, nullable=False, comment="empty where nothing is stored"),
        sa.Column("version", NUMBER, nullable=False, comment="0 where nothing is stored"),
        sa.Column("change_reason", TEXT, comment="why the sender changed it"),
        sa.Column(
            "letter", KEY, nullable=False, comment="what it lies parked as, or was parked as; else empty"
        ),
        sa.Column(
            "settled", INSTANT, comment="when what was parked was stored, or its unknown code was mapped"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_of_fate", "inbox", ["fate", "reason", "sender", "id"])
    op.create_index("ix_inbox_of_letter", "inbox", ["letter"])
    op.create_index("ix_inbox_of_resource", "inbox", ["type", "resource_id"])
    op.create_index("ix_inbox_of_result", "inbox", ["system", "value"])
    op.create_index("ix_inbox_of_sender", "inbox", ["sender", "received"])


def _waiting() -> None:
    op.create_table(
        "parked",
        sa.Column("id", KEY, nullable=False, comment="the letter its rows in the inbox name"),
        sa.Column("sender", KEY, nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("awaits", KEY, nullable=False, comment="type of what it waits for; empty where for people"),
        sa.Column(
            "awaits_system", KEY, nullable=False, comment="of an identifier; empty where the value is an id"
        ),
        sa.Column("awaits_value", KEY, nullable=False, comment="what it is to bear, or its id"),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column(
            "digest", DOCUMENT, nullable=False, comment="of the document, so that a resend is parked once"
        ),
        sa.Column(
            "document", DOCUMENT, nullable=False, comment="a transaction Bundle that does what was asked"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_parked"),
        sa.UniqueConstraint("sender", "digest", name="uq_parked_once"),
    )
    op.create_index(
        "ix_parked_awaits", "parked", ["sender", "reason", "awaits", "awaits_system", "awaits_value", "id"]
    )
    op.create_table(
        "awaited",
        sa.Column("kind", KEY, nullable=False, comment="code or unit"),
        sa.Column("system", KEY, nullable=False, comment="the sender's code system, or that of its units"),
        sa.Column("text", KEY, nullable=False, comment="what no map knows"),
        sa.Column("sender", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False, comment="the resource that waits"),
        sa.Column("patient_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("kind", "system", "text", "type", "id", name="pk_awaited"),
    )
    op.create_index("ix_awaited_of_resource", "awaited", ["type", "id"])
    op.create_table(
        "swept",
        sa.Column("kind", KEY, nullable=False, comment="ConceptMap or sender"),
        sa.Column("id", KEY, nullable=False),
        sa.Column(
            "version", NUMBER, nullable=False, comment="of the ConceptMap; of a sender only that it was"
        ),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_swept"),
        comment="by which maps, and for which senders, everything that is stored was translated",
    )
