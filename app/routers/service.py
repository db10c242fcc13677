"""What the handlers work with: opened when the service starts, closed when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.protocol.definition import Protocol
from app.settings import Settings
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The store, the protocols of the trials, and the settings they run under."""

    settings: Settings
    store: Store
    protocols: Mapping[str, Protocol]
    visibility: Visibility = EVERYTHING
