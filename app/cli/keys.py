"""The commands about the keys this server signs access tokens with: `trialbridge keys list`, `rotate`."""

from typing import Annotated

import typer

from app.cli.talk import on_store, say

keys = typer.Typer(name="keys", help="The keys this server signs access tokens with.", no_args_is_help=True)


@keys.command(name="list")
def list_all() -> None:
    """List the keys, the oldest first, one a line: its kid and when it was made; the last one signs."""
    for one in on_store(lambda store: store.access.anew()).keys:
        typer.echo(f"{one.key['kid']}\t{one.made.isoformat()}")


@keys.command()
def rotate(
    *,
    drop: Annotated[
        bool, typer.Option("--drop", help="Nothing the other keys signed counts any more: clients ask anew.")
    ] = False,
) -> None:
    """Sign with a new key; it does so by itself every 30 days. `--drop` where a key may have been stolen."""
    from app.routers.trial_answers import now
    from app.store.tokens import rotate as turn

    key = on_store(lambda store: turn(store, at=now(), drop=drop))
    say(f"{key['kid']} signs from now on" + (", and no other counts any more" if drop else ""))
