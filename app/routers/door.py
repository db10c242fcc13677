"""The door: plain ASGI around everything, and the straight way from a FHIR request to its handler.

Each answer gets its request id, a few headers and a place in the metrics here; each refusal and each
failure becomes an OperationOutcome here. Nothing is parsed, and no content is logged.
"""

import os
from contextlib import aclosing
from itertools import count
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.fhir_mapping.national_numbers import is_told
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.shape import pretty
from app.routers import admission, answers, errors, permits, routes, trail
from app.routers.answers import FhirResponse, Headers
from app.routers.bodies import Disconnected
from app.routers.guard import PREFLIGHT, Guard
from app.routers.hops import address_of
from app.routers.load import Share
from app.routers.metrics import Metrics
from app.routers.negotiation import merged
from app.routers.requests import FhirRequest
from app.routers.routes import Handler
from app.routers.service import Service
from app.routers.told import refuse_token_in, refuse_told
from app.settings import Settings

BASE_PATH = "/fhir"
NOT_KEPT = (b"cache-control", b"no-store")
"""Trial data must not lie in the caches between us and the asker."""
_LONGEST_CORRELATION = 128


class Door:
    """Every request comes in here."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, settings: Settings) -> None:
        self.app = app
        self.metrics = metrics
        self._guard = Guard(settings)
        self._process = os.urandom(6).hex()
        self._number = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = f"{self._process}-{next(self._number)}"
        headers = merged(scope["headers"])
        ours = [
            *self._guard.headers(headers),
            (b"x-request-id", request_id.encode()),
            *_correlation(headers.get(b"x-correlation-id")),
        ]
        path: str = scope["path"]
        if self._guard.is_preflight(scope["method"], headers):
            await _sent(FhirResponse(204, headers=PREFLIGHT), ours, send, with_body=False)
        elif path == BASE_PATH or path.startswith(BASE_PATH + "/"):
            service: Service = scope["app"].state.service
            request = FhirRequest(
                service=service,
                method=scope["method"],
                path=path[len(BASE_PATH) :],
                query=scope["query_string"],
                headers=headers,
                base=(service.settings.base_url or _asked_address(scope, headers)) + BASE_PATH,
                request_id=request_id,
                receive=receive,
                share=Share(service.load),
            )
            try:
                await self._answer(request, address_of(scope), ours, send)
            finally:
                request.share.leave()
        else:
            await self._pass_on(scope, receive, send, request_id=request_id, ours=ours)

    async def _admitted(self, request: FhirRequest, address: str) -> Handler:
        """What answers the request, once it is known who asks and that they may."""
        refuse_token_in(request.query)
        if permits.is_public(request):
            admission.count(request.service, address, request.path)
        else:
            request.asker = await admission.admitted(
                request.service,
                request.header(b"authorization"),
                address=address,
                request=request.request_id,
            )
        refuse_told(request)
        handler = routes.find(request)
        permits.permit(request, handler)
        return handler

    async def _answer(self, request: FhirRequest, address: str, ours: Headers, send: Send) -> None:
        began = perf_counter()
        interaction = "unknown"
        try:
            try:
                request.share.enter()
                handler = await self._admitted(request, address)
                interaction = handler.__name__
                request.negotiate()
                response = await handler(request)
            except Refusal as refusal:
                response = errors.refused(refusal, request.request_id, place=_place(request))
            await trail.note(request, response)  # nothing goes out that is not written down
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 whatever it is, the client gets an OperationOutcome
            response = answers.refused(errors.failure(error, request.request_id))
            await trail.note_failed(request, response)
        if response.body and request.pretty:
            response.body = pretty(response.body)
        self.metrics.answered(
            interaction=interaction,
            kind="" if request.type is None else request.type.name,
            status=response.status,
            seconds=perf_counter() - began,
        )
        await _sent(response, [*ours, NOT_KEPT], send, with_body=request.method != "HEAD")

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, *, request_id: str, ours: Headers
    ) -> None:
        """The pages and probes of FastAPI, with the same headers and the same errors."""
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                said = message.get("headers", ())
                names = {name for name, _ in said}  # a page has a policy of its own
                message["headers"] = [*said, *(one for one in ours if one[0] not in names)]
            await send(message)

        try:
            admission.count(scope["app"].state.service, address_of(scope), scope["path"])
            await self.app(scope, receive, with_headers)
        except Refusal as refusal:
            refused = errors.refused(refusal, request_id, place="http.url")
            await _sent(refused, ours, send, with_body=True)
        except Exception as error:
            if started:
                raise
            await _sent(answers.refused(errors.failure(error, request_id)), ours, send, with_body=True)


def _place(request: FhirRequest) -> str:
    """Where an error lies that has no closer place."""
    return "http.url" if request.type is None else request.type.name


async def _sent(response: FhirResponse, ours: Headers, send: Send, *, with_body: bool) -> None:
    headers = [*response.headers, *ours]
    if response.status not in {204, 304} and response.stream is None:
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is not None:
        async with aclosing(response.stream) as stream:
            if with_body:
                async for piece in stream:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": response.body if with_body else b""})


def _correlation(sent: bytes | None) -> Headers:
    """The client's own id of the exchange, echoed where it is short, printable and nobody's number."""
    if (
        sent is None
        or len(sent) > _LONGEST_CORRELATION
        or not sent.isascii()
        or not sent.decode().isprintable()
        or is_told(sent.decode()) is not None
    ):
        return []
    return [(b"x-correlation-id", sent)]


def _asked_address(scope: Scope, headers: object) -> str:
    """The scheme and host the client used."""
    host = headers.get(b"host") if isinstance(headers, dict) else None
    if host:
        return f"{scope['scheme']}://{host.decode('latin-1')}"
    name, port = scope.get("server") or ("127.0.0.1", 8000)
    return f"{scope['scheme']}://{name}:{port}"
