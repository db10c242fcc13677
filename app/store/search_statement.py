"""SQL in the making, and the few phrases every search is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.fhir_mapping.resource import Resource
from app.store.database import Database
from app.store.visibility import Visibility, visible


@dataclass(slots=True)
class Statement:
    """One statement: the values it needs, the names it has used, and who asks."""

    database: Database
    visibility: Visibility
    values: list[Any] = field(default_factory=list)
    names: int = 0
    steps: list[str] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def name(self, stem: str) -> str:
        """A name for a table that no other of this statement has."""
        self.names += 1
        return f"{stem}{self.names}"

    def step(self, ids: str, *, apart: bool) -> str:
        """Ids found on the way, selected at the head of the statement.

        One step within the other would be too deep for SQLite's parser. `apart` has the step gone by itself;
        else the planners may take it together with the next.
        """
        name = self.name("way")
        self.steps.append(f"{name}(id) AS {'' if apart else 'NOT '}MATERIALIZED ({ids})")
        return f"SELECT {name}.id FROM {name}"

    def whole(self, select: str) -> str:
        """The text of the statement, with the steps its conditions go."""
        return f"WITH {', '.join(self.steps)} {select}" if self.steps else select

    def one_of(self, column: str, values: Sequence[Any]) -> str:
        """That a column has one of some values."""
        placeholders = [self.value(value) for value in dict.fromkeys(values)]
        if len(placeholders) == 1:
            return f"{column} = {placeholders[0]}"
        return f"{column} IN ({', '.join(placeholders)})"

    def seen(self, alias: str, patient: str | None = None) -> str:
        """That the asker may see a resource; `patient` is the one whom all that is asked for is about."""
        return visible(self.database, self.visibility, alias, self.values, patient=patient)


@dataclass(frozen=True, slots=True)
class Of:
    """The resources a condition is asked of: those of one type, under an alias of `resource`.

    `few` says that another condition leaves few of them, so that it is better to look at each of these than
    to gather all there is in the index; `rare`, that it leaves hardly any. `patient` is whom all of them
    are about, if it is one.
    """

    alias: str
    resource: Resource
    few: bool = False
    rare: bool = False
    patient: str | None = None


def any_of(parts: Sequence[str]) -> str:
    """That one of these holds; as a tree, because SQLite bounds the depth of an expression."""
    if not parts:
        return "FALSE"
    if len(parts) == 1:
        return parts[0]
    if len(parts) <= 8:  # noqa: PLR2004 - shallow enough
        return f"({' OR '.join(parts)})"
    half = len(parts) // 2
    return f"({any_of(parts[:half])} OR {any_of(parts[half:])})"
