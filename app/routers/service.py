"""What the handlers work with: opened when the service starts, closed when it ends."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from app.routers.entrance import Entrance
from app.routers.load import Load
from app.routers.remembered import Memory
from app.settings import Settings
from app.store.session import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The store, the settings it runs under, and since when it does.

    `turn` is held by the one question about a large study that is being decided: it takes every processor.
    `memory` is what was answered about single subjects and need not be decided again.
    """

    settings: Settings
    store: Store
    started: datetime
    load: Load
    entrance: Entrance
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    memory: Memory = field(default_factory=Memory)
