"""$sign and $signatures over HTTP."""

from collections.abc import Mapping
from typing import Final

from app.fhir_mapping import links, question
from app.fhir_mapping.integrity_operations import SIGN, SIGNATURES
from app.fhir_mapping.listing import Code, Each, Reference, Row
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.fhir_mapping.signature import MEANINGS
from app.routers.answers import FhirResponse
from app.routers.inbox_operations import Handler
from app.routers.listings import only, text_of, told
from app.routers.requests import FhirRequest
from app.routers.scopes import require_act
from app.routers.trial_answers import now
from app.store.signatures import Signature, Signing
from app.store.signatures import sign as signed
from app.store.signatures import signatures as signatures_of


async def sign(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Sign the version that stands."""
    require_act(request, "sign")
    given = question.given(asked, request.parameters)
    key = (request.resource.name, request.id)
    service = request.service
    signing = Signing(
        key=key,
        version=int(only(given, "version")) if "version" in given else None,
        meaning=_meaning(given),
        signer=text_of(given, "signer"),
        practitioner=_practitioner(given),
        by=request.actor,
    )
    _refuse_unproved(given)
    if not signing.signer and signing.practitioner is None:
        raise refusal(400, "required", "say who signs: `signer`, or `practitioner`", "http.signer")
    found = await signed(service.store, request.visibility, signing, at=now())
    request.saw((*key, found.version))
    return told(given, _row(request, found))


def _meaning(given: Given) -> str:
    if "meaning" not in given:
        text = f"say what the signature means: {', '.join(MEANINGS)}"
        raise refusal(400, "required", text, "http.meaning")
    return only(given, "meaning")


def _refuse_unproved(given: Given) -> None:
    """Refuse (422) what is signed by somebody who did not prove who they are: anybody could have."""
    if only(given, "reauthenticated") != "true":
        text = "have the person prove who they are again, and state it: `reauthenticated` must be true"
        raise refusal(422, "business-rule", text, "http.reauthenticated")


def _practitioner(given: Given) -> str | None:
    """The id of the Practitioner who signs."""
    if "practitioner" not in given:
        return None
    kind, _, name = only(given, "practitioner").partition("/")
    if kind != "Practitioner" or not links.is_id(name):
        raise refusal(400, "value", "practitioner is one person, as Practitioner/id", "http.practitioner")
    return name


async def signatures(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Every signature of the resource."""
    given = question.given(asked, request.parameters)
    key = (request.resource.name, request.id)
    found = await signatures_of(request.service.store, request.visibility, key)
    request.saw(*((*key, one.version) for one in found))
    return told(given, (("signature", Each("signatures", [_row(request, one) for one in found])),))


def _row(request: FhirRequest, one: Signature) -> Row:
    own = f"{request.resource.name}/{request.id}/_history"
    return (
        ("state", Code("broken" if one.broken else "valid")),
        ("reason", Code(one.broken) if one.broken else None),
        ("meaning", Code(one.meaning)),
        ("type", MEANINGS[one.meaning]),
        ("signer", one.signer),
        ("practitioner", Reference(f"Practitioner/{one.practitioner}") if one.practitioner else None),
        ("signed", one.signed),
        ("client", one.client),
        ("version", Reference(f"{own}/{one.version}")),
        ("sha256", one.digest),
        ("brokenBy", Reference(f"{own}/{one.newer}") if one.newer else None),
        ("brokenSince", one.since),
    )


HANDLERS: Final[Mapping[str, Handler]] = {SIGN.name: sign, SIGNATURES.name: signatures}
"""By operation, what answers it."""
