"""What is said of a search that cannot be asked as it is written: where, what was meant, what there is.

A modifier that is not known and a value that cannot be read are always refused, since leaving either out
would change what is found. A parameter that is not known is ignored and named, or refused where the asker
wants strict handling.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.wording import is_code_like, may_hold_number, nearest

CONTROLS = (
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_include",
    "_revinclude",
    "_format",
    "_pretty",
    "_explain",
    "_after",
)
"""The parameters that shape an answer rather than choose what is in it, in the order a link has them."""


@dataclass
class Findings:
    """Everything that is wrong with one search, gathered while it is read."""

    resource: Resource
    strict: bool
    refused: list[Issue] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def malformed(self, name: str, text: str, expected: str) -> None:
        """A value that cannot be read."""
        self.refused.append(malformed(name, text, expected))

    def too_costly(self, text: str) -> None:
        """More than one search may ask for."""
        self.refused.append(Issue("too-costly", text, "http.url"))

    def ignore(self, written: str, known: Iterable[str], of: str) -> None:
        """Something not known, beside what is: passed over and named, refused under strict handling."""
        names = tuple(known)
        done = "is not served" if self.strict else "was ignored"
        what = spoken(written, spoken(written.partition("=")[0], "a parameter"))
        text = f"{what} {done}{near(written.rpartition('=')[2], names)}; {of} {', '.join(names)}"
        said = Issue("not-supported", text, where(written), "error" if self.strict else "warning")
        (self.refused if self.strict else self.warnings).append(said)
        self.ignored.append(written)


def known_names(resource: Resource) -> tuple[str, ...]:
    """Every parameter a search of this type understands."""
    return (*(parameter.name for parameter in resource.search), *CONTROLS)


def near(name: str, known: Sequence[str]) -> str:
    """A hint at the name that may have been meant, empty where none is near."""
    found = nearest(name, known)
    return f" (did you mean {found}?)" if found is not None else ""


def malformed(name: str, text: str, expected: str) -> Issue:
    """That a value cannot be read, and what is expected instead."""
    return Issue("value", f"{spoken(f'{name}={text}', name)} cannot be read: {expected}", where(name))


def unsupported(written: str, text: str) -> Refusal:
    """That a parameter cannot be asked so."""
    return refusal(400, "not-supported", text, where(written))


def where(written: str) -> str:
    """Where in the request, as an OperationOutcome says it: `http.` and the parameter's name."""
    return f"http.{spoken(written.partition('=')[0], 'url')}"


def spoken(text: str, otherwise: str) -> str:
    """A parameter as it was asked, where all its words look like codes, otherwise other words for it."""
    words = re.split("[:=.]", text)
    return text if all(map(is_code_like, words)) and not may_hold_number(text) else otherwise
