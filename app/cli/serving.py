"""The commands that serve: for production, and the demonstration on this machine."""

import asyncio
import gc
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.talk import FAILED, MISUSED, say, settings_or_stop, stop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.settings import Settings

_HUNG_SECONDS = 30
"""A worker that does not answer its parent for so long is replaced; many that start at once take a while."""


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; one is best on SQLite.")] = 1,
) -> None:
    """Serve in production: settings from TRIALBRIDGE_* variables, on a database `migrate` has prepared."""
    from app.settings import is_loopback, loopback_address, tell_workers

    gc.disable()  # nothing that is loaded for these checks becomes garbage
    settings = settings_or_stop()
    refused = settings.refuses_to_listen_on(host)
    if refused is not None:
        stop(refused, MISUSED)
    if settings.is_open:
        say("WARNING: open: whoever comes without a token may read and write everything.")
    if settings.identifying_data == "accept":
        say("WARNING: identifying data are accepted: for tests with synthetic data only.")
    _check_protocols(settings.protocols)
    _check_port(host, port)
    _check_clients(settings, host)
    if settings.base_url is None and is_loopback(host):
        tell_workers(loopback_address(host, port))
    gc.enable()
    _listen("app.cli.serving:service", settings, host=host, port=port, workers=workers, factory=True)


def service() -> "FastAPI":
    """What each worker process serves, loaded without looking for garbage: there is none until it stands."""
    gc.disable()
    from app.main import app_from_environment

    return app_from_environment()


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    data: Annotated[Path, typer.Option(help="The directory that keeps the data.")] = Path("var"),
    empty: Annotated[bool, typer.Option("--empty", help="Leave the demonstration trials out.")] = False,
) -> None:
    """Serve the demonstration trials on this machine only: migrate, load them once, and listen."""
    from app.demo.sandbox import load_once, offer_clients, welcome
    from app.main import create_app
    from app.settings import Settings
    from app.store.migrate import upgrade

    _check_protocols()
    _check_port("127.0.0.1", port)
    data.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    file = data.resolve() / "trialbridge.db"
    settings = Settings(database_url=f"sqlite:///{file}", base_url=address, auth="none")
    upgrade(settings.database_url, base=settings.fhir_base)
    if not empty:
        loaded = asyncio.run(load_once(settings))
        if loaded:
            say(f"loaded the demonstration trials: {loaded} resources")
    say(welcome(address, empty=empty))
    app = create_app(settings)
    _listen(app if empty else offer_clients(app), settings, host="127.0.0.1", port=port)


def _check_protocols(further: Path | None = None) -> None:
    from app.protocol.loader import ProtocolError, also_read, load_all

    try:
        if further is not None:
            also_read(further)
        load_all()
    except ProtocolError as error:
        stop(f"a protocol is not valid:\n{error}", FAILED)


def _check_clients(settings: "Settings", host: str) -> None:
    """Stop where others reach us and anybody could sign in with a key of the demonstration."""
    from app.demo.left import left_behind
    from app.settings import is_loopback

    found = asyncio.run(left_behind(settings.database_url))
    if not found:
        return
    said = f"everybody knows the keys of {', '.join(found)}, which a demonstration registered"
    if not is_loopback(host):
        stop(f"{said}: disable them (`trialbridge client disable NAME`) or serve another database", MISUSED)
    say(f"WARNING: {said}.")


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as error:
            stop(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port", FAILED)


def _listen(
    app: Any, settings: "Settings", *, host: str, port: int, workers: int = 1, factory: bool = False
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way then end first, and the exit code is 0."""
    import uvicorn

    from app.routers.logs import configuration
    from app.settings.counts import counted_together

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn drains, then raises the signal again
    with counted_together(workers):
        uvicorn.run(
            app,
            factory=factory,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="app.routers.connection:Connection",
            ws="none",
            log_config=configuration(settings.log_level),
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.drain_seconds,
            timeout_worker_healthcheck=_HUNG_SECONDS,
        )
