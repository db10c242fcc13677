"""The commands about who pushes: `trialbridge sender add`, `list`, `show`, `disable`."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.talk import FAILED, on_store, say, stop

if TYPE_CHECKING:
    from app.fhir_mapping.sender import Sender

senders = typer.Typer(
    name="sender",
    help="Who pushes results: a hospital's laboratory system or integration engine.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Its name here, such as chu-a.")]


@senders.command()
def add(
    name: Name,
    *,
    system: Annotated[
        list[str], typer.Option(help="An identifier system it numbers its results in: a URI. Repeats.")
    ],
    codes: Annotated[
        list[str] | None, typer.Option(help="A code system of its own, that ConceptMaps map. Repeats.")
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="The URI its spellings of units are mapped under, by a ConceptMap.")
    ] = None,
    subjects: Annotated[
        str | None, typer.Option(help="The identifier system of the subjects it sends (HL7 v2: PID-3).")
    ] = None,
    application: Annotated[
        list[str] | None, typer.Option(help="How it names itself in HL7 v2: MSH-3|MSH-4. Repeats.")
    ] = None,
    zone: Annotated[
        str, typer.Option(help="The time zone of the times it sends without an offset.")
    ] = "Europe/Paris",
    silent_after: Annotated[
        int | None, typer.Option(help="Minutes without a message after which it counts as silent.")
    ] = None,
) -> None:
    """Register a sender, or register it anew: what is given now replaces all that was said before.

    From then on what bears an identifier of its systems is its own and stored once, however often it
    comes; what is stored already is recognised.
    """
    from app.fhir_mapping.sender import Sender
    from app.routers.trial_answers import now
    from app.store.senders import register

    sender = Sender(
        name=name,
        systems=tuple(system),
        code_systems=tuple(codes or ()),
        unit_system=units,
        subject_system=subjects,
        applications=tuple(application or ()),
        time_zone=zone,
        silent_after=silent_after,
    )
    found = on_store(lambda store: register(store, sender, at=now()))
    say(f"{name} is registered; {found.results} stored results are recognised as its own")
    if found.twice:
        say(f"{found.twice} others are the same results again: they stay, and a resend finds the oldest")


@senders.command(name="list")
def list_all() -> None:
    """List the registered senders, one a line: name, identifier systems, and whether it is disabled."""
    from app.store.senders import listed

    for sender in on_store(listed):
        closed = "\tdisabled" if sender.disabled else ""
        typer.echo(f"{sender.name}\t{' '.join(sender.systems)}{closed}")


@senders.command()
def show(name: Name) -> None:
    """Show all that is registered of a sender, as the options of `add` that say it."""
    from app.store.senders import listed

    there = {sender.name: sender for sender in on_store(listed)}
    if name not in there:
        stop(f"no sender is registered as {name}{_others(list(there))}", FAILED)
    typer.echo("\n".join(_options(there[name])))


def _others(names: list[str]) -> str:
    return f"; there are {', '.join(names)}" if names else ", and no other is"


def _options(sender: "Sender") -> list[str]:
    given: list[tuple[str, str | int | None]] = [
        *(("--system", uri) for uri in sender.systems),
        *(("--codes", uri) for uri in sender.code_systems),
        ("--units", sender.unit_system),
        ("--subjects", sender.subject_system),
        *(("--application", name) for name in sender.applications),
        ("--zone", sender.time_zone),
        ("--silent-after", sender.silent_after),
    ]
    said = [f"{option} {value}" for option, value in given if value is not None]
    return [sender.name + (" (disabled)" if sender.disabled else ""), *said]


@senders.command()
def disable(name: Name) -> None:
    """Take nothing more as this sender's own; its identifier systems stay its, and `add` opens it again."""
    from app.store.senders import disable as close

    on_store(lambda store: close(store, name))
    say(f"{name} is disabled: what bears its identifiers is plain FHIR from now on")
