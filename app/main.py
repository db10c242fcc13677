"""The application: settings in, FastAPI out; it opens the store when it starts and closes it when it ends."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from app import __version__
from app.protocol import loader
from app.routers import errors, health, hl7v2, swagger, tokens
from app.routers.door import Door
from app.routers.entrance import Entrance
from app.routers.load import Load
from app.routers.load_metrics import watched
from app.routers.metrics import Metrics
from app.routers.requests import intake_of
from app.routers.service import Service
from app.settings import Settings, from_environment
from app.store.session import Store
from app.store.sweeper import Sweeper

_BETWEEN_COLLECTIONS = 10_000
"""Objects made before Python looks for garbage: each look goes through all that a Bundle became so far."""


def create_app(settings: Settings) -> FastAPI:
    """The service with these settings. A protocol that is not valid stops its start (ProtocolError)."""
    if settings.protocols is not None:
        loader.also_read(settings.protocols)
    loader.load_all()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = await Store.open(
            settings.database_url,
            base=settings.fhir_base,
            search_seconds=settings.search_seconds,
            most_waiting=settings.max_waiting_changes,
            most_connections=settings.max_connections,
            audit=settings.audit,
        )
        await health.is_ready(store)  # a word in the log at the start, rather than errors later
        sweeper = Sweeper(store, intake_of(settings))
        sweeper.start()
        now = datetime.now(UTC)  # noqa: TID251 the clock
        load = Load(settings)
        entrance = Entrance(settings, store)
        service = Service(settings=settings, store=store, started=now, load=load, entrance=entrance)
        app.state.service = service
        try:
            async with watched(service, app.state.metrics):
                yield
        finally:
            await sweeper.stop()
            await store.close()

    app = FastAPI(
        title="Trialbridge",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        exception_handlers={HTTPException: errors.http_exception},
    )
    app.state.metrics = Metrics()
    app.include_router(health.router)
    app.include_router(hl7v2.router)
    app.include_router(tokens.router)
    swagger.mount(app, sandbox=settings.is_open)
    app.add_middleware(Door, metrics=app.state.metrics, settings=settings)
    return app


def app_from_environment() -> FastAPI:
    """The service with the settings of this process: what each worker process builds.

    Python then looks for garbage less often, and never again among what the service is made of.
    """
    app = create_app(from_environment())
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS)
    gc.enable()
    return app
