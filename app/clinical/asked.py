"""What an operation was asked with beside the subject, and what is said where a protocol cannot answer it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a question was narrowed; None where the asker left it open.

    `today` is the clinical day the answer is given for: the day named (`on`), else the day of `asOf`, else
    the day of asking, in Europe/Paris. `at` is the instant of `asOf` or of asking, where no day is named.
    `names` narrows the results to those of these names.
    """

    today: date
    at: datetime | None = None
    on: date | None = None
    visits: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None


class CannotAnswer(ValueError):
    """The protocol does not know what was asked: a visit, a rule, a name (`parameter`), or all of it."""

    def __init__(self, text: str, *, parameter: str | None = None) -> None:
        super().__init__(text)
        self.parameter = parameter


def among(known: Sequence[str], wanted: Collection[str] | None, *, parameter: str) -> list[str]:
    """The known ones that were asked for, all where none was named; refuses one that is not known."""
    for name in wanted or ():
        if name not in known:
            said = f"{parameter} {name!r} is not one of {', '.join(known)}"
            raise CannotAnswer(said, parameter=parameter)
    return [name for name in known if wanted is None or name in wanted]
