"""Who acts, as what, from where and why: what a write is judged by and the audit trail tells."""

from dataclasses import dataclass

from app.fhir_mapping.access.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever does something.

    `client` is empty where nobody signed in: the open sandbox (`role` sandbox) or the service itself (`role`
    service). `scopes` None means that everything is allowed; `senders` None, that it may push for any.
    `acts` are the further things it may do (`Role.acts`). `address` is where it asks from, `request` the id
    of the request, `reason` why something is changed, `purpose` why it asks (v3-ActReason).
    `requests_per_minute` None is what the settings say.
    """

    client: str = ""
    role: str = "service"
    sites: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] | None = None
    senders: frozenset[str] | None = None
    acts: frozenset[str] | None = None
    purpose: str = ""
    requests_per_minute: int | None = None
    address: str = ""
    request: str = ""
    reason: str | None = None

    def does(self, act: str) -> bool:
        """Whether it may do one of the further things, such as `lock`."""
        return self.acts is None or act in self.acts


SERVICE = Actor()
"""The service itself: what it does by itself, such as carrying out what was parked."""

OPERATOR = Actor(role="operator")
"""Who runs a command of this program on the server; which person that is, the server's system knows."""

SANDBOX = Actor(role="sandbox")
"""Whoever asks an open sandbox without signing in."""
