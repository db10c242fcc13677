"""What hospitals push: who may, which result is which, what became of every message, and what still waits."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from app.store.trial_tables import metadata
from app.store.types import DOCUMENT, INSTANT, KEY, NUMBER, TEXT

sender = Table(
    "sender",
    metadata,
    Column("name", KEY, primary_key=True),
    Column("registered", INSTANT, nullable=False),
    Column("definition", DOCUMENT, nullable=False, comment="what is its own, as JSON"),
)
sender_system = Table(
    "sender_system",
    metadata,
    Column("system", KEY, primary_key=True, comment="an identifier system; it belongs to one sender"),
    Column("sender", KEY, nullable=False),
)
identity = Table(
    "identity",
    metadata,
    Column("type", KEY, nullable=False),
    Column("system", KEY, nullable=False, comment="identifier system of a registered sender"),
    Column("value", KEY, nullable=False, comment="the sender's number"),
    Column("code", KEY, nullable=False, comment="system|code of an Observation, else empty"),
    Column("id", KEY, nullable=False, comment="the one resource it is stored as"),
    Column("patient_id", KEY, nullable=False, comment="empty where it is about no patient"),
    PrimaryKeyConstraint("type", "system", "value", "code"),
)
Index(None, identity.c.type, identity.c.id)
content = Table(
    "content",
    metadata,
    Column("type", KEY, nullable=False),
    Column("id", KEY, nullable=False),
    Column("digest", DOCUMENT, nullable=False, comment="of the content as sent"),
    Column("version", NUMBER, nullable=False, comment="the version that first had it"),
    Column("patient_id", KEY, nullable=False),
    PrimaryKeyConstraint("type", "id", "digest"),
)
inbox = Table(
    "inbox",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("received", INSTANT, nullable=False),
    Column("sender", KEY, nullable=False),
    Column("door", KEY, nullable=False, comment="fhir, hl7v2, mllp; replay: from where it was parked"),
    Column("message", KEY, nullable=False, comment="MSH-10, X-Correlation-Id or the request's id"),
    Column("type", KEY, nullable=False),
    Column("system", KEY, nullable=False),
    Column("value", KEY, nullable=False),
    Column("code", KEY, nullable=False),
    Column("patient_id", KEY, nullable=False, comment="empty where nobody here is meant"),
    Column("fate", KEY, nullable=False, comment="stored, replayed, parked or refused"),
    Column("reason", KEY, nullable=False, comment="a code, empty where nothing is to be said"),
    Column("detail", TEXT, comment="in words, without values"),
    Column("status", NUMBER, nullable=False, comment="what was answered, as HTTP says it"),
    Column("resource_id", KEY, nullable=False, comment="empty where nothing is stored"),
    Column("version", NUMBER, nullable=False, comment="0 where nothing is stored"),
    Column("change_reason", TEXT, comment="why the sender changed it"),
    Column("letter", KEY, nullable=False, comment="what it lies parked as, or was parked as; else empty"),
    Column("settled", INSTANT, comment="when what was parked was stored, or its unknown code was mapped"),
    Column("client", KEY, nullable=False, comment="who brought it; empty in the open sandbox"),
)
Index("ix_inbox_of_sender", inbox.c.sender, inbox.c.received)
_OF_FEW = text("fate = 'parked' OR fate = 'refused'")  # most is stored, and is not looked up by that
Index(
    "ix_inbox_of_fate",
    inbox.c.fate,
    inbox.c.reason,
    inbox.c.sender,
    inbox.c.id,
    sqlite_where=_OF_FEW,
    postgresql_where=_OF_FEW,
)
WAITS = "settled IS NULL AND (fate = 'parked' OR reason IN ('unmapped-code', 'unmapped-unit'))"
"""What still waits for somebody."""
Index(
    "ix_inbox_waiting",
    inbox.c.sender,
    inbox.c.received,
    sqlite_where=text(WAITS),
    postgresql_where=text(WAITS),
)
Index("ix_inbox_of_result", inbox.c.system, inbox.c.value)
Index("ix_inbox_of_resource", inbox.c.type, inbox.c.resource_id)
Index("ix_inbox_of_letter", inbox.c.letter)
parked = Table(
    "parked",
    metadata,
    Column("id", KEY, primary_key=True, comment="the letter its rows in the inbox name"),
    Column("sender", KEY, nullable=False),
    Column("reason", KEY, nullable=False),
    Column("awaits", KEY, nullable=False, comment="type of what it waits for; empty where for people"),
    Column("awaits_system", KEY, nullable=False, comment="of an identifier; empty where the value is an id"),
    Column("awaits_value", KEY, nullable=False, comment="what it is to bear, or its id"),
    Column("received", INSTANT, nullable=False),
    Column("digest", DOCUMENT, nullable=False, comment="of the document, so that a resend is parked once"),
    Column("document", DOCUMENT, nullable=False, comment="a transaction Bundle that does what was asked"),
    Column("client", KEY, nullable=False, comment="who brought it; empty in the open sandbox"),
    UniqueConstraint("sender", "digest", name="uq_parked_once"),
)
Index(
    "ix_parked_awaits",
    parked.c.sender,
    parked.c.client,
    parked.c.reason,
    parked.c.awaits,
    parked.c.awaits_system,
    parked.c.awaits_value,
    parked.c.id,
)
awaited = Table(
    "awaited",
    metadata,
    Column("kind", KEY, nullable=False, comment="code or unit"),
    Column("system", KEY, nullable=False, comment="the sender's code system, or that of its units"),
    Column("text", KEY, nullable=False, comment="what no map knows"),
    Column("sender", KEY, nullable=False),
    Column("type", KEY, nullable=False),
    Column("id", KEY, nullable=False, comment="the resource that waits"),
    Column("patient_id", KEY, nullable=False),
    PrimaryKeyConstraint("kind", "system", "text", "type", "id"),
)
Index("ix_awaited_of_resource", awaited.c.type, awaited.c.id)
swept = Table(
    "swept",
    metadata,
    Column("kind", KEY, nullable=False, comment="ConceptMap or sender"),
    Column("id", KEY, nullable=False),
    Column("version", NUMBER, nullable=False, comment="of the ConceptMap; of a sender only that it was"),
    PrimaryKeyConstraint("kind", "id"),
    comment="by which maps, and for which senders, everything that is stored was translated",
)
