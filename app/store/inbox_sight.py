"""Who is shown a row of the inbox: who sees whom it is about, and who brought what is about nobody known."""

from typing import Final

from app.store.search_statement import Statement
from app.store.visibility import EVERYTHING, visible_patient, wholly_seen

_BROUGHT: Final = "({alias}.client = {client} AND {alias}.patient_id = '' AND {kind})"


def shown(statement: Statement, alias: str, client: str) -> str:
    """The condition on a row of the inbox; `client` is who asks, empty where nobody signed in.

    The inbox, its sums and how the feeds stand are asked with the same condition, so that they add up.
    """
    database, visibility = statement.database, statement.visibility
    seen = visible_patient(database, visibility, alias, statement.values)
    if not client or visibility == EVERYTHING:
        return seen
    # what could not be read is of no type
    kinds = database.members(["", *sorted(wholly_seen(visibility))])
    of_kind = database.member(f"{alias}.type", len(statement.values) + 1)
    statement.values.append(kinds)
    brought = _BROUGHT.format(alias=alias, client=statement.value(client), kind=of_kind)
    return f"({seen} OR {brought})"
