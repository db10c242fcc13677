"""The command line: serve, mllp, demo, migrate, backup, rebuild, export, openapi and those of its groups.

Exit codes: 0 done; 1 it could not be done (a database, a protocol, a port); 2 it must not be done as
asked (a wrong option, a missing or senseless setting).
"""

from typing import Annotated

import typer

from app import __version__
from app.cli.audit import audit
from app.cli.clients import clients
from app.cli.keys import keys
from app.cli.mllp import mllp
from app.cli.senders import senders
from app.cli.serving import demo, serve
from app.cli.upkeep import backup, export, migrate, openapi, rebuild

cli = typer.Typer(
    name="trialbridge",
    help="An open FHIR R4 service that connects hospitals to cell-therapy trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, mllp, demo, migrate, backup, rebuild, export, openapi):
    cli.command()(command)
cli.add_typer(senders)
cli.add_typer(clients)
cli.add_typer(keys)
cli.add_typer(audit)


def main() -> None:
    """The command `trialbridge`."""
    cli()


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
