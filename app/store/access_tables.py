"""Who may ask, what was signed, locked and erased; and the trail of what everybody did."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from app.store.trial_tables import metadata
from app.store.types import DOCUMENT, FLAG, INSTANT, KEY, NUMBER, TEXT

client = Table(
    "client",
    metadata,
    Column("name", KEY, primary_key=True, comment="its client_id"),
    Column("registered", INSTANT, nullable=False),
    Column("definition", DOCUMENT, nullable=False, comment="what it may and its public keys, as JSON"),
)
assertion = Table(
    "assertion",
    metadata,
    Column("client", KEY, nullable=False),
    Column("jti", KEY, nullable=False, comment="of an assertion that was used: it is not taken twice"),
    Column("expires", INSTANT, nullable=False, comment="when it may be forgotten"),
    PrimaryKeyConstraint("client", "jti"),
)
Index(None, assertion.c.expires)
revoked = Table(
    "revoked",
    metadata,
    Column("jti", KEY, primary_key=True, comment="of an access token that counts no more"),
    Column("expires", INSTANT, nullable=False, comment="when it may be forgotten"),
)
signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", KEY, primary_key=True),
    Column("made", INSTANT, nullable=False),
    Column("key", DOCUMENT, nullable=False, comment="private JWK that access tokens are signed with"),
)
audit = Table(
    "audit",
    metadata,
    Column("id", KEY, primary_key=True, comment="of the AuditEvent"),
    Column("chain", KEY, nullable=False, comment="the study it is about; empty where none or several"),
    Column("committer", KEY, nullable=False, comment="the process that wrote it, from its start to its end"),
    Column("number", NUMBER, nullable=False, comment="its place in the chain of study and committer, from 1"),
    Column("recorded", INSTANT, nullable=False),
    Column("action", KEY, nullable=False, comment="C R U D E"),
    Column(
        "interaction", KEY, nullable=False, comment="read, search-type, create, …, or an operation's name"
    ),
    Column("outcome", KEY, nullable=False, comment="0 success, 4 refused, 8 failed"),
    Column("client", KEY, nullable=False, comment="empty: the service itself, or the open sandbox"),
    Column("patient_id", KEY, nullable=False, comment="empty where it is about none or several"),
    Column("document", DOCUMENT, nullable=False, comment="the AuditEvent as served"),
    Column(
        "previous",
        DOCUMENT,
        nullable=False,
        comment="hash of the one before in its chain; empty in the first",
    ),
    Column("hash", DOCUMENT, nullable=False, comment="SHA-256 of previous and document"),
    UniqueConstraint("chain", "committer", "number", name="uq_audit_place"),
)
Index("ix_audit_recorded", audit.c.recorded)
Index("ix_audit_client", audit.c.client, audit.c.recorded)
audit_entity = Table(
    "audit_entity",
    metadata,
    Column("audit_id", KEY, nullable=False),
    Column("type", KEY, nullable=False),
    Column("id", KEY, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("patient_id", KEY, nullable=False, comment="empty where it is about no patient"),
    Column(
        "digest", DOCUMENT, comment="SHA-256 of the document a change stored; null for a read or deletion"
    ),
)
Index("ix_audit_entity_event", audit_entity.c.audit_id)
Index("ix_audit_entity_resource", audit_entity.c.type, audit_entity.c.id)
Index("ix_audit_entity_patient", audit_entity.c.patient_id)
signature = Table(
    "signature",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("type", KEY, nullable=False),
    Column("resource_id", KEY, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("digest", DOCUMENT, nullable=False, comment="SHA-256 of the document that was signed"),
    Column("meaning", KEY, nullable=False, comment="author, review, approval, …"),
    Column("signer", TEXT, nullable=False, comment="printed name of the person"),
    Column("practitioner", KEY, comment="id of the Practitioner, where they are stored as one"),
    Column("signed", INSTANT, nullable=False),
    Column("client", KEY, nullable=False),
    Column("patient_id", KEY, nullable=False),
)
Index("ix_signature_of_resource", signature.c.type, signature.c.resource_id)
data_lock = Table(
    "data_lock",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("study_id", KEY, nullable=False),
    Column(
        "subject", KEY, nullable=False, comment="the ResearchSubject; empty where a whole study is locked"
    ),
    Column("patient_id", KEY, nullable=False, comment="of the subject, else empty"),
    Column("visit", KEY, nullable=False, comment="empty where more than a visit is locked"),
    Column("low", INSTANT, comment="from when the visit's data are, inclusive"),
    Column("high", INSTANT, comment="to when, exclusive"),
    Column("locked", INSTANT, nullable=False),
    Column("client", KEY, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("unlocked", INSTANT),
    Column("unlocked_by", KEY),
    Column("unlock_reason", TEXT),
)
Index("ix_data_lock_patient", data_lock.c.patient_id)
Index("ix_data_lock_study", data_lock.c.study_id)
erasure = Table(
    "erasure",
    metadata,
    Column("type", KEY, nullable=False),
    Column("id", KEY, nullable=False),
    Column("version", NUMBER, nullable=False),
    Column("erased", INSTANT, nullable=False),
    Column("client", KEY, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("digest", DOCUMENT, nullable=False, comment="SHA-256 of the document that was there"),
    Column("patient_id", KEY, nullable=False),
    Column("donor", FLAG, nullable=False, comment="it said that its patient takes part as a donor"),
    PrimaryKeyConstraint("type", "id", "version"),
)
