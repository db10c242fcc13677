"""Whether the service is alive, whether it can work, and what it has done so far."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, operation_outcome
from app.routers.errors import lineage, log
from app.routers.metrics import Metrics
from app.routers.service import Service

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database is reachable and migrated; 503 where it is not."""
    service: Service = request.app.state.service
    try:
        await service.store.ready()
    except Exception as error:  # noqa: BLE001 whatever it is, the service is not ready
        log.warning("not ready", extra={"error": lineage(error)})
        text = (
            "the database is not reachable or not migrated (see the log; `trialbridge migrate` migrates it)"
        )
        body = codec.write(operation_outcome([Issue("transient", text)]))
        return Response(body, 503, {"Retry-After": "5"}, media_type="application/fhir+json; charset=utf-8")
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters for Prometheus, of the worker process that answers."""
    counted: Metrics = request.app.state.metrics
    return PlainTextResponse(counted.text(), media_type="text/plain; version=0.0.4")
