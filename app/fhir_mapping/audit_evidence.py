"""What an act put down beside the trail, as its event tells it: a signature, a lock, an erasure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from app.fhir_mapping import codec, links
from app.fhir_mapping.outcome import Refusal

_ROWS: Final = "https://trialbridge.example/fhir/sid/row/"
BEFORE: Final = "https://trialbridge.example/fhir/sid/versions-before-the-trail"
"""How many versions were stored before the first event, and when that was: the first link tells."""

SIGNATURE: Final = "signature"
LOCK: Final = "data_lock"
UNLOCK: Final = "data_lock-ended"
ERASURE: Final = "erasure"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    SIGNATURE: (
        *("id", "type", "resource_id", "version", "digest", "meaning", "signer", "practitioner"),
        *("signed", "client", "patient_id"),
    ),
    LOCK: (
        *("id", "study_id", "subject", "patient_id", "visit", "low", "high", "locked", "client", "reason"),
    ),
    UNLOCK: ("id", "unlocked", "unlocked_by", "unlock_reason"),
    ERASURE: ("type", "id", "version", "erased", "client", "reason", "digest", "patient_id", "donor"),
}
"""What is told of each kind of row."""


def evidence(kind: str, row: Iterable[Any]) -> tuple[str, str]:
    """A row as its event tells it, by system and value: its columns, as JSON."""
    said = {name: _plain(value) for name, value in zip(COLUMNS[kind], row, strict=True)}
    return _ROWS + kind, codec.write(said).decode()


def is_evidence(system: str | None) -> bool:
    """Whether a system says that its value is such a row."""
    return system is not None and system.startswith(_ROWS)


def row_of(system: str, value: str) -> tuple[str, str]:
    """The table and the row that a piece of evidence is about."""
    kind = system.removeprefix(_ROWS)
    try:
        said = codec.read(value.encode())
        name = f"{said['type']}/{said['id']}/_history/{said['version']}" if kind == ERASURE else said["id"]
    except (Refusal, LookupError):
        name = value
    return kind.removesuffix("-ended"), str(name)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return links.instant(value)
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
