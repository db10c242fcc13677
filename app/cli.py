"""The command line: serve, demo, migrate, rebuild, export, openapi.

Exit codes: 0 done; 1 it could not be done (a database, a protocol, a port); 2 it must not be done as
asked (a wrong option, a missing or senseless setting).
"""

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app import __version__

if TYPE_CHECKING:
    from app.settings import Settings

FAILED, MISUSED = 1, 2

cli = typer.Typer(
    name="trialbridge",
    help="An open FHIR R4 service that connects hospitals to cell-therapy trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The command `trialbridge`."""
    cli()


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _stop(text: str, code: int) -> NoReturn:
    _say(f"trialbridge: {text}")
    raise typer.Exit(code)


def _settings() -> "Settings":
    from app.settings import SettingsError, from_environment

    try:
        return from_environment()
    except SettingsError as error:
        _stop(str(error), MISUSED)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"trialbridge {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """What stands before a command."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; one is best on SQLite.")] = 1,
) -> None:
    """Serve in production: settings from TRIALBRIDGE_* variables, on a database `migrate` has prepared."""
    from app.settings import is_loopback, loopback_address, tell_workers

    settings = _settings()
    refused = settings.refuses_to_listen_on(host)
    if refused is not None:
        _stop(refused, MISUSED)
    if settings.auth == "none-i-accept":
        _say(f"WARNING: no authentication: whoever reaches {host}:{port} may read and write everything.")
    if settings.identifying_data == "accept":
        _say("WARNING: identifying data are accepted: for tests with synthetic data only.")
    _check_protocols(settings.protocols)
    _check_port(host, port)
    if settings.base_url is None and is_loopback(host):
        tell_workers(loopback_address(host, port))
    _listen("app.main:app_from_environment", settings, host=host, port=port, workers=workers, factory=True)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    data: Annotated[Path, typer.Option(help="The directory that keeps the data.")] = Path("var"),
    empty: Annotated[bool, typer.Option("--empty", help="Leave the demonstration trials out.")] = False,
) -> None:
    """Serve the demonstration trials on this machine only: migrate, load them once, and listen."""
    from app.demo.sandbox import load_once, welcome
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
            _say(f"loaded the demonstration trials: {loaded} resources")
    _say(welcome(address, empty=empty))
    _listen(create_app(settings), settings, host="127.0.0.1", port=port)


@cli.command()
def migrate() -> None:
    """Bring the database to the form this version needs; run it before `serve`, and after every upgrade."""
    from app.store.migrate import head, upgrade

    settings = _settings()
    try:
        upgrade(settings.database_url, base=settings.fhir_base)
    except Exception as error:  # noqa: BLE001 whatever the driver says, the operator needs a sentence
        _stop(f"the database could not be migrated: {type(error).__name__}: {error}", FAILED)
    _say(f"the database is at migration {head()}")


@cli.command()
def rebuild() -> None:
    """Derive every typed and search row again from the stored documents; the documents stay as they are."""
    settings = _settings()
    _say("deriving every row again …")
    try:
        rows = asyncio.run(_rebuild(settings))
    except Exception as error:  # noqa: BLE001 as above
        _stop(f"nothing was changed: {type(error).__name__}: {error}", FAILED)
    for table, count in rows.items():
        typer.echo(f"{table}: {count}")


@cli.command()
def export(
    study: Annotated[str, typer.Option(help="Its registry number, such as NCT03562065, or its id.")],
    to: Annotated[Path, typer.Option(help="The directory for the files; made where it is not there.")],
    as_of: Annotated[str, typer.Option(help="As recorded up to this instant or day, instead of now.")] = "",
) -> None:
    """Write a study as pseudonymised files: NDJSON of resources, CSV tables and what their columns mean."""
    from app.fhir_mapping.outcome import Refusal
    from app.fhir_mapping.question import instant
    from app.routers.export_directory import export_to
    from app.routers.trial_answers import now

    settings = _settings()
    at = instant(as_of) if as_of else now()
    if at is None:
        _stop("--as-of must be an instant, such as 2024-05-03T10:20:30+02:00, or a day", MISUSED)
    try:
        sizes = asyncio.run(export_to(settings, to, study=study, as_of=at, say=_say))
    except Refusal as refusal:
        _stop("; ".join(issue.text for issue in refusal.issues), FAILED)
    except Exception as error:  # noqa: BLE001 as above
        _stop(f"the export is not complete: {type(error).__name__}: {error}", FAILED)
    for name, size in sizes.items():
        typer.echo(f"{name}: {size} bytes")


@cli.command()
def openapi() -> None:
    """Print the description of the API (openapi/openapi.json) to standard output."""
    from app.routers.openapi import text

    sys.stdout.buffer.write(text())


async def _rebuild(settings: "Settings") -> dict[str, int]:
    from app.store.rebuild import rebuild as derive
    from app.store.session import Store

    store = await Store.open(settings.database_url, base=settings.fhir_base)
    try:
        return await derive(store, base=settings.fhir_base)
    finally:
        await store.close()


def _check_protocols(further: Path | None = None) -> None:
    from app.protocol.loader import ProtocolError, also_read, load_all

    try:
        if further is not None:
            also_read(further)
        load_all()
    except ProtocolError as error:
        _stop(f"a protocol is not valid:\n{error}", FAILED)


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as error:
            _stop(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port", FAILED)


def _listen(
    app: Any, settings: "Settings", *, host: str, port: int, workers: int = 1, factory: bool = False
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way then end first, and the exit code is 0."""
    import uvicorn

    from app.routers.logs import configuration

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn drains, then raises the signal again
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
    )


if __name__ == "__main__":
    main()
