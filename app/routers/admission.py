"""Whether a request is let in: by the token it bears, and by how many its client has sent of late."""

from typing import Final

from app.fhir_mapping.outcome import Refusal
from app.routers.service import Service
from app.store.asker import Asker

_UNCOUNTED: Final = frozenset(("/healthz", "/readyz", "/metrics", "/hl7v2"))
"""Probes are answered whatever else is asked; who sends HL7 v2 is counted as the client it is."""


async def admitted(service: Service, authorization: str | None, *, address: str, request: str) -> Asker:
    """Who asks (401 where they may not come in), counted (429): by their address without a good token."""
    rates = service.load.rates
    try:
        asker = await service.entrance.asker(authorization, address=address, request=request)
    except Refusal:
        rates.spend_of_address(address)
        raise
    rates.spend(asker.actor)
    return asker


def count(service: Service, address: str, path: str) -> None:
    """Count, by its address, a request for which nobody signs in (429); an open sandbox counts nobody."""
    if not service.settings.is_open and path not in _UNCOUNTED:
        service.load.rates.spend_of_address(address)
