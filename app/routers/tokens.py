"""Where clients get their access tokens, and give them back: SMART Backend Services, RFC 6749, 7009, 7523.

A client signs an assertion with its own key; what it gets is good for five minutes and is signed with ours.
"""

import secrets
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from app.fhir_mapping import codec
from app.fhir_mapping.access import narrowing
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.jose import OF_CLIENTS, Denied, published, signed
from app.fhir_mapping.access.scope import Scope, granted, parse, spoken
from app.fhir_mapping.audit_event import LOGIN, LOGOUT
from app.fhir_mapping.outcome import Refusal, passing
from app.fhir_mapping.registry import RESOURCES
from app.routers import logins
from app.routers.answers import PLAIN_JSON, FhirResponse
from app.routers.assertions import SECONDS, TOKEN_PATH
from app.routers.entrance import ACCESS_TOKEN, SMART_CONFIGURATION, bearer
from app.routers.errors import RETRY_AFTER, log
from app.routers.forms import Form, form_of
from app.routers.hops import address_of
from app.routers.load import Share
from app.routers.requests import FhirRequest
from app.routers.service import Service
from app.store.session import utc_now
from app.store.tokens import key_to_sign, revoke

KEYS_PATH: Final = "/auth/jwks"
REVOKE_PATH: Final = "/auth/revoke"
BY_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_UNKEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_MOST_SCOPES: Final = 4000
"""Characters of the scopes of one token: what is longer no proxy lets through in a header."""
_TOLD: Final = {"token": LOGIN, "revoke": LOGOUT}
_UNAUTHENTICATED: Final = ("invalid_client", "invalid_token")

Work = Callable[[Request, Service, Form], Awaitable[Response]]

router = APIRouter(include_in_schema=False)


@router.post(TOKEN_PATH)
async def token(request: Request) -> Response:
    """An access token for who proves to be a registered client."""
    return await _answered(request, "token", _token)


@router.post(REVOKE_PATH)
async def give_back(request: Request) -> Response:
    """An access token counts no more; it is the same whether it ever did (RFC 7009)."""
    return await _answered(request, "revoke", _revoke)


@router.get(KEYS_PATH)
async def keys(request: Request) -> Response:
    """The public keys by which our access tokens are verified."""
    service: Service = request.app.state.service
    access = await service.store.access.now()
    return JSONResponse(published([one.key for one in access.keys]), headers={"Cache-Control": "max-age=60"})


@router.get(SMART_CONFIGURATION)
async def configuration(request: Request) -> Response:
    """Where tokens are, and what may be asked for (SMART App Launch)."""
    try:
        return JSONResponse(await _configuration(request.app.state.service))
    except Denied as denied:
        return _refused(denied)


async def smart_configuration(request: FhirRequest) -> FhirResponse:
    """The same below the FHIR base, where clients look for it."""
    try:
        return FhirResponse(200, codec.write(await _configuration(request.service)), [PLAIN_JSON])
    except Denied as denied:
        raise passing(503, "transient", denied.text, seconds=RETRY_AFTER) from None


async def _configuration(service: Service) -> dict[str, Any]:
    address, issuer = service.settings.address, service.entrance.issuer
    found = {
        "issuer": address,
        "jwks_uri": address + KEYS_PATH,
        "token_endpoint": address + TOKEN_PATH,
        "revocation_endpoint": address + REVOKE_PATH,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(OF_CLIENTS),
    }
    if issuer is not None:
        said = await issuer.described()
        found = {name: said[name] for name in found if name in said}
    return found | {
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": [
            "system/*.cruds",
            "system/*.rs",
            *(f"system/{name}.cruds" for name in RESOURCES),
        ],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


async def _answered(request: Request, name: str, work: Work) -> Response:
    """The answer to a form; what is refused is said as RFC 6749 §5.2 says it."""
    service: Service = request.app.state.service
    share = Share(service.load)
    began = perf_counter()
    try:
        share.enter()
        answer = await work(request, service, await form_of(request, service.settings.body_seconds))
    except Denied as denied:
        log.info("refused", extra={"path": request.url.path, "issues": [denied.error]})
        answer = _refused(denied)
        await logins.note_refused(
            service, denied.client, interaction=_TOLD[name], address=_from(request), status=answer.status_code
        )
    except Refusal as refusal:
        answer = _refused(Denied("temporarily_unavailable", refusal.issues[0].text), refusal)
    except ClientDisconnect:
        answer = Response(status_code=400)
    finally:
        share.leave()
    request.app.state.metrics.answered(
        interaction=name, kind="", status=answer.status_code, seconds=perf_counter() - began
    )
    return answer


def _refused(denied: Denied, refusal: Refusal | None = None) -> Response:
    status = 401 if denied.error in _UNAUTHENTICATED else 400 if refusal is None else refusal.status
    headers = _UNKEPT | ({} if refusal is None else refusal.headers)
    return JSONResponse({"error": denied.error, "error_description": denied.text}, status, headers)


async def _token(request: Request, service: Service, form: Form) -> Response:
    _refuse_where_others_sign(service)
    if form.get("grant_type") != "client_credentials":
        error = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise Denied(error, "send grant_type=client_credentials")
    client = await _client(service, form)
    scopes = _granted(client, form.get("scope", ""))
    if len(spoken(scopes)) > _MOST_SCOPES:
        text = f"these scopes have more than {_MOST_SCOPES} characters together: ask for fewer, or wider ones"
        raise Denied("invalid_scope", text, client.name)
    at = utc_now()
    claims = {
        "iss": service.settings.address,
        "aud": service.settings.fhir_base,
        "sub": client.name,
        "client_id": client.name,
        "scope": spoken(scopes),
        "jti": secrets.token_urlsafe(16),
        "iat": int(at.timestamp()),
        "exp": int(at.timestamp()) + SECONDS,
    }
    said = {
        "access_token": signed(claims, await key_to_sign(service.store, at=at), kind=ACCESS_TOKEN),
        "token_type": "bearer",
        "expires_in": SECONDS,
        "scope": claims["scope"],
    }
    await logins.note(service, client, interaction=LOGIN, address=_from(request), token=str(claims["jti"]))
    return JSONResponse(said, headers=_UNKEPT)


async def _client(service: Service, form: Form) -> Client:
    """Who asks, by their assertion."""
    if form.get("client_assertion_type") != BY_ASSERTION:
        raise Denied("invalid_request", f"send client_assertion_type={BY_ASSERTION}")
    if "client_assertion" not in form:
        raise Denied(
            "invalid_request", "send client_assertion: a JSON Web Token signed with the client's key"
        )
    client = await service.entrance.assertions.client(form["client_assertion"])
    if form.get("client_id", client.name) != client.name:
        text = "client_id is another's than the assertion's: leave it out"
        raise Denied("invalid_client", text, client.name)
    return client


def _granted(client: Client, asked: str) -> tuple[Scope, ...]:
    """What of the scopes asked for the client holds; all it holds where it asks for none in particular."""
    if not asked.strip():
        return client.scopes
    try:
        wanted = parse(asked)
    except Refusal:
        text = "one of these is no scope served here: write system/Type.cruds, or some of these letters"
        raise Denied("invalid_scope", text, client.name) from None
    wrong = [problem for scope in wanted for problem in narrowing.problems(scope)]
    if wrong:
        raise Denied("invalid_scope", "; ".join(wrong), client.name)
    scopes = granted(wanted, client.scopes)
    if not scopes:
        text = f"none of these is given to {client.name}: ask for some of {spoken(client.scopes)}"
        raise Denied("invalid_scope", text, client.name)
    return scopes


async def _revoke(request: Request, service: Service, form: Form) -> Response:
    _refuse_where_others_sign(service)
    if "token" not in form:
        raise Denied("invalid_request", "send token: the access token that is to count no more")
    authorization = ", ".join(request.headers.getlist("authorization"))
    if not authorization and "client_assertion" not in form:
        text = "sign in: by client_assertion, or by Authorization: Bearer and the token itself"
        raise Denied("invalid_client", text)
    if authorization:
        name = (await service.entrance.claims(bearer(authorization)))["sub"]
    else:
        name = (await _client(service, form)).name
    try:
        claims = await service.entrance.claims(form["token"])
    except Denied:  # it counts already no more, which is what was wanted
        return Response(headers=_UNKEPT)
    if claims["sub"] != name:
        raise Denied("invalid_grant", "this is another client's token", name)
    await revoke(service.store, claims["jti"], expires=claims["exp"])
    client = (await service.store.access.now()).client(name)
    if client is not None:
        await logins.note(service, client, interaction=LOGOUT, address=_from(request), token=claims["jti"])
    return Response(headers=_UNKEPT)


def _from(request: Request) -> str:
    return address_of(request.scope)


def _refuse_where_others_sign(service: Service) -> None:
    if service.entrance.issuer is not None:
        text = f"{service.entrance.issuer.url} gives the access tokens here: see {SMART_CONFIGURATION}"
        raise Denied("unsupported_grant_type", text)
