"""Whether the service is alive, whether it can work, and what it has done so far."""

import asyncio
from hmac import compare_digest

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, operation_outcome, passing
from app.routers import inbox_metrics
from app.routers.errors import RETRY_AFTER, log
from app.routers.logs import lineage
from app.routers.metrics import Metrics
from app.routers.service import Service
from app.settings import Settings
from app.store.session import Store

FHIR = "application/fhir+json; charset=utf-8"

PATIENCE = 5.0
"""Seconds the database has to answer whoever asks whether it does."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front() -> Response:
    """Where to go from here."""
    return JSONResponse({"name": "Trialbridge", "fhir": "/fhir/metadata", "docs": "/docs"})


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database is reachable and migrated; 503 where it is not."""
    service: Service = request.app.state.service
    if not await is_ready(service.store):
        text = (
            "the database is not reachable or not migrated (see the log; `trialbridge migrate` migrates it)"
        )
        away = passing(503, "transient", text, seconds=RETRY_AFTER)
        body = codec.write(operation_outcome(away.issues))
        return Response(body, away.status, away.headers, media_type=FHIR)
    return JSONResponse({"status": "ready"})


async def is_ready(store: Store) -> bool:
    """Whether the database is reachable and migrated; if not, the log says so."""
    try:
        async with asyncio.timeout(PATIENCE):
            await store.ready()
    except Exception as error:  # noqa: BLE001 whatever it is, the service is not ready
        hint = "is the database reachable, and has `trialbridge migrate` been run?"
        log.warning("not ready", extra={"error": lineage(error), "hint": hint})
        return False
    return True


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters for Prometheus, of all worker processes; and how the database and each sender's feed stand."""
    counted: Metrics = request.app.state.metrics
    service: Service = request.app.state.service
    if not may_see_metrics(service.settings, request.headers.get("authorization", "")):
        headers = {"WWW-Authenticate": 'Bearer realm="Trialbridge metrics"'}
        text = "send Authorization: Bearer and the TRIALBRIDGE_METRICS_TOKEN of this service"
        outcome = operation_outcome([Issue("login", text, "http.authorization")])
        return Response(codec.write(outcome), 401, headers, media_type=FHIR)
    told = counted.text() + await inbox_metrics.text(service.store)
    return PlainTextResponse(told, media_type="text/plain; version=0.0.4")


def may_see_metrics(settings: Settings, authorization: str) -> bool:
    """Whether this is the token for the metrics; without such a token, only a sandbox shows them."""
    token = settings.metrics_token
    if token is None:
        return settings.is_open
    return compare_digest(authorization.encode(), f"Bearer {token}".encode())
