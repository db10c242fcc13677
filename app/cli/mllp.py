"""The command that takes HL7 v2 over MLLP."""

import asyncio
import ssl
from pathlib import Path
from typing import Annotated

import typer

from app.cli.talk import FAILED, MISUSED, say, settings_or_stop, stop


def mllp(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 2575,
    client: Annotated[
        str, typer.Option(help="The registered client as which messages are taken in, and what it may do.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Listen by TLS, with this certificate.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The key of the certificate.")
    ] = None,
    clients: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="By TLS: who may connect, the authorities that say so."
        ),
    ] = None,
) -> None:
    """Take HL7 v2 (ORU^R01) over MLLP, beside `serve` and into the same database."""
    from logging.config import dictConfig

    from app.fhir_mapping.outcome import Refusal
    from app.mllp import serve
    from app.routers.logs import configuration

    settings = settings_or_stop()
    refused = settings.refuses_to_listen_on(host)
    if refused is not None:
        stop(refused, MISUSED)
    if not client and not settings.is_open:
        stop("say as which registered client messages are taken in: --client NAME", MISUSED)
    if certificate is None and (key is not None or clients is not None):
        stop("--key and --clients belong to --certificate", MISUSED)
    dictConfig(configuration(settings.log_level))
    try:
        tls = None if certificate is None else _tls(certificate, key, clients)
        asyncio.run(
            serve(
                settings,
                host,
                port,
                client=client,
                tls=tls,
                ready=lambda at: say(f"MLLP on {host}:{at}"),
            )
        )
    except Refusal as refused_client:
        stop(refused_client.issues[0].text, FAILED)
    except OSError as error:
        stop(f"cannot listen on {host}:{port} ({error.strerror or error})", FAILED)


def _tls(certificate: Path, key: Path | None, clients: Path | None) -> ssl.SSLContext:
    """TLS as the server; with `clients` only who shows a certificate of theirs is heard."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
