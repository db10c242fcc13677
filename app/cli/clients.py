"""The commands about who may ask: `trialbridge client add`, `list`, `show`, `rotate`, `disable`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.talk import FAILED, MISUSED, on_store, say, stop

if TYPE_CHECKING:
    from app.fhir_mapping.access.client import Client
    from app.store.session import Store

clients = typer.Typer(
    name="client",
    help="Who may ask: programs of hospitals, of the sponsor, of the safety board.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Its name here, which is its client_id, such as chu-a.")]


@clients.command()
def add(
    name: Name,
    *,
    role: Annotated[
        str,
        typer.Option(
            help="site, donor-centre, sponsor, safety-board, pharmacovigilance, auditor, administrator."
        ),
    ],
    site: Annotated[
        list[str] | None, typer.Option(help="The code its patients are tagged with, such as SLS. Repeats.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option(help="A study it sees, by number (NCT03562065) or id. Repeats.")
    ] = None,
    every_study: Annotated[bool, typer.Option("--every-study", help="It sees every study.")] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="A SMART scope, such as system/Observation.rs; all of its role without. Repeats."),
    ] = None,
    sender: Annotated[
        list[str] | None, typer.Option(help="A registered sender it may push for. Repeats.")
    ] = None,
    jwks: Annotated[Path | None, typer.Option(help="A file with its public keys, as a JWKS.")] = None,
    jwks_uri: Annotated[str | None, typer.Option(help="The https address of its public keys.")] = None,
    external: Annotated[
        bool, typer.Option("--external", help="The identity provider (TRIALBRIDGE_ISSUER) knows its key.")
    ] = False,
    purpose: Annotated[str, typer.Option(help="Why it asks (v3-PurposeOfUse).")] = "CLINTRCH",
    requests_per_minute: Annotated[
        int | None, typer.Option(help="How many requests it may make; else as the settings say.")
    ] = None,
) -> None:
    """Register a client, or register it anew: what is given now replaces all that was said before."""
    from app.fhir_mapping.access.client import Client

    if [jwks is not None, jwks_uri is not None, external].count(True) != 1:
        stop("say how it proves who it is: one of --jwks, --jwks-uri and --external", MISUSED)
    if bool(study) == every_study:
        stop("say what it sees: --study, once or more, or --every-study", MISUSED)
    client = Client(
        name=name,
        role=role,
        sites=tuple(site or ()),
        scopes=_scopes(role, scope),
        studies=None,
        senders=tuple(sender or ()),
        jwks=None if jwks is None else _read(jwks),
        jwks_uri=jwks_uri,
        purpose=purpose,
        requests_per_minute=requests_per_minute,
    )
    on_store(lambda store: _register(store, client, study))
    say(f"{name} is registered as {role}; it may sign in now")


async def _register(store: "Store", client: "Client", studies: list[str] | None) -> None:
    from app.routers.trial_answers import now
    from app.store.clients import register, studies_named

    if studies:
        client = replace(client, studies=await studies_named(store, studies))
    await register(store, client, at=now())


def _scopes(role: str, said: list[str] | None) -> Any:
    """The scopes as they are named; all that the role allows where none is."""
    from app.fhir_mapping.access.client_document import everything
    from app.fhir_mapping.access.role import ROLES
    from app.fhir_mapping.access.scope import parse
    from app.fhir_mapping.outcome import Refusal

    if role not in ROLES:
        stop(f"--role is one of {', '.join(ROLES)}", MISUSED)
    try:
        return parse(" ".join(said)) if said else everything(ROLES[role])
    except Refusal as refusal:
        stop(refusal.issues[0].text, MISUSED)


def _read(file: Path) -> dict[str, Any]:
    from app.fhir_mapping import codec
    from app.fhir_mapping.outcome import Refusal

    try:
        return codec.read(file.read_bytes())
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}", MISUSED)
    except Refusal as refusal:
        stop(f"{file}: {refusal.issues[0].text}", MISUSED)


@clients.command(name="list")
def list_all() -> None:
    """List the registered clients, one a line: name, role, sites, and whether it is disabled."""
    from app.store.clients import listed

    for client in on_store(listed):
        closed = "\tdisabled" if client.disabled else ""
        typer.echo(f"{client.name}\t{client.role}\t{' '.join(client.sites)}{closed}")


@clients.command()
def show(name: Name) -> None:
    """Show all that is registered of a client, as the options of `add` that say it."""
    from app.store.clients import listed

    there = {client.name: client for client in on_store(listed)}
    if name not in there:
        stop(f"no client is registered as {name}", FAILED)
    typer.echo("\n".join(_options(there[name])))


def _options(client: "Client") -> list[str]:
    given: list[tuple[str, str | int | None]] = [
        ("--role", client.role),
        *(("--site", code) for code in client.sites),
        *(("--study", study) for study in client.studies or ()),
        *(("--scope", str(scope)) for scope in client.scopes),
        *(("--sender", name) for name in client.senders),
        ("--jwks-uri", client.jwks_uri),
        ("--purpose", client.purpose),
        ("--requests-per-minute", client.requests_per_minute),
    ]
    said = [f"{option} {value}" for option, value in given if value is not None]
    if client.studies is None:
        said.append("--every-study")
    if client.jwks is not None:
        said.append("--jwks with " + ", ".join(str(key["kid"]) for key in client.jwks["keys"]))
    elif client.jwks_uri is None:
        said.append("--external")
    return [client.name + (" (disabled)" if client.disabled else ""), *said]


@clients.command()
def rotate(
    name: Name,
    *,
    jwks: Annotated[Path, typer.Option(help="A file with its new public keys, as a JWKS.")],
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="The keys it has count, too, until the next rotation.")
    ] = False,
) -> None:
    """Know a client by other keys. Access tokens it has stay good until they end, 5 minutes at most."""
    from app.store.clients import rotate as turn

    on_store(lambda store: turn(store, name, _read(jwks), keep_old=keep_old))
    say(f"{name} is known by its new keys" + (" and those it had" if keep_old else ""))


@clients.command()
def disable(name: Name) -> None:
    """Let a client in no more, with no token, within two seconds; `add` opens it again."""
    from app.store.clients import disable as close

    on_store(lambda store: close(store, name))
    say(f"{name} is disabled: none of its tokens counts any more")
