"""How a migration runs: on the connection that `app.store.migrate` hands over."""

from typing import Any

from alembic import context

from app.store import types as ours
from app.store.models import metadata


def _render(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types by their names, so that one migration serves both databases."""
    if kind != "type":
        return False
    names = {id(getattr(ours, name)): name for name in dir(ours) if name.isupper()}
    name = names.get(id(item))
    if name is None:
        return False
    autogen_context.imports.add(f"from app.store.types import {name}")
    return name


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
