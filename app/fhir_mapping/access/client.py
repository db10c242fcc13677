"""Who asks: a program of a hospital, of the sponsor, …, registered by the operator with what it may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.fhir_mapping.access.role import ROLES, Role
from app.fhir_mapping.access.scope import Scope

PURPOSE = "CLINTRCH"
"""Why a program of a trial reads: clinical trial research (v3-ActReason)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client and what it was given.

    - `role`: what it is in the trial (`ROLES`).
    - `sites`: the codes of the sites whose data it sees; () for the roles that are not of a site.
    - `studies`: the ids of the ResearchStudies it sees; None is every study.
    - `scopes`: the SMART scopes it may ask for.
    - `senders`: the registered senders it may push results for.
    - `jwks` (public keys) or `jwks_uri`: what its assertions are verified by; neither where an external
      identity provider knows it.
    - `purpose`: why it asks (v3-ActReason), as the audit trail says it.
    - `requests_per_minute`: how many requests it may make; None is what the settings say.
    """

    name: str
    role: str
    scopes: tuple[Scope, ...]
    sites: tuple[str, ...] = ()
    studies: tuple[str, ...] | None = ()
    senders: tuple[str, ...] = ()
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    purpose: str = PURPOSE
    requests_per_minute: int | None = None
    disabled: bool = False

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def of(self) -> Role:
        """Its role."""
        return ROLES[self.role]
