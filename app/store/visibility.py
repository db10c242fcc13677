"""Who may see what, decided at the door and applied inside every statement of the store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """The sites and studies the asker may see; None is all of them (the sandbox)."""

    sites: frozenset[str] | None = None
    studies: frozenset[str] | None = None


EVERYTHING = Visibility()
