"""What the listings for those who run the server have in common: how they are asked and how told."""

from collections.abc import Sequence

from app.fhir_mapping.listing import Row, parameters, plain
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.search import near
from app.fhir_mapping.search_controls import DEFAULT_COUNT, LARGEST_COUNT
from app.fhir_mapping.sender import Sender
from app.routers import answers
from app.routers.answers import PLAIN_JSON, FhirResponse
from app.routers.requests import FhirRequest
from app.store import feeds
from app.store.bindings import may_push
from app.store.visibility import EVERYTHING

_LONGEST_TEXT = 500


def only(given: Given, name: str) -> str:
    """The value of a parameter that is given once; empty where it is not given."""
    return given.get(name, [""])[0]


def count(given: Given) -> int:
    """How many are shown."""
    return min(int(only(given, "_count") or DEFAULT_COUNT), LARGEST_COUNT)


def printable(given: Given, *names: str) -> None:
    """Refuse (400) what no database keeps, and nothing is called by."""
    for name in names:
        if not all(text.isprintable() for text in given.get(name, ())):
            raise refusal(400, "value", f"{name} holds a control character", f"http.{name}")


def text_of(given: Given, name: str) -> str:
    """A text for people that is kept: of one line, and not too long."""
    printable(given, name)
    text = only(given, name).strip()
    if len(text) > _LONGEST_TEXT:
        raise refusal(400, "too-long", f"{name} has over {_LONGEST_TEXT} characters", f"http.{name}")
    return text


async def named_senders(request: FhirRequest, given: Given) -> Sequence[Sender]:
    """The sender that is named, or all there are; 400 where none is registered under that name.

    For a client of a site there are those it may push for; for others those of the patients they see.
    """
    service = request.service
    is_of_site = request.visibility.sites is not None
    wide = EVERYTHING if is_of_site else request.visibility
    there = await feeds.known(service.store, wide, client=request.actor.client)
    if is_of_site:
        there = [sender for sender in there if may_push(request.actor, sender.name)]
    name = only(given, "sender")
    found = [sender for sender in there if name in ("", sender.name)]
    if name and not found:
        text = f"no sender is registered under this name{_there(name, [one.name for one in there])}"
        raise refusal(400, "value", text, "http.sender")
    return found


def _there(name: str, names: Sequence[str]) -> str:
    return f"{near(name, names)}; there are {', '.join(names)}" if names else ", and no other is"


def told(given: Given, row: Row) -> FhirResponse:
    """As Parameters, or plainly where that is asked for."""
    if only(given, "view") == "plain":
        return FhirResponse(200, plain(row), [PLAIN_JSON])
    return answers.resource(parameters(row))
