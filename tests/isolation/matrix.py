"""How the leak matrix is asked and judged: every answer looked through, and compared with that of nobody."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from tests.isolation.asks import Ask
from tests.isolation.roles import Who
from tests.isolation.world import GROUPS, PATIENTS, TARGETS, Group

_CHANGES: Final = frozenset({"date", "x-request-id"})
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_TRACE: Final = "AuditEvent"


def forbidden(who: Who) -> dict[str, tuple[str, str]]:
    """The words a client must not be told: canaries, and what ids are made of; with whose each is."""
    words: dict[str, tuple[str, str]] = {}
    for target in TARGETS:
        if not who.may_see(target.group, target.label):
            words[target.canary] = (target.group.word, target.label)
    for group in GROUPS:
        labels = {target.label for target in TARGETS if target.group == group}
        if group in PATIENTS and not who.may_see(group, _TRACE):
            words[group.canary(_TRACE)] = (group.word, _TRACE)
        if not any(who.may_see(group, label) for label in labels):
            words[group.known] = (group.word, "id")
    return words


def out_of_reach(who: Who, group: Group) -> bool:
    """Whether nothing of a group is the client's, whatever its scopes are."""
    whole = replace(who, kinds=() if who.kinds == () and not who.sites else None, narrowed=False)
    return not any(whole.may_see(group, target.label) for target in TARGETS if target.group == group)


@dataclass
class Heard(logging.Handler):
    """Every line of the log, with all that is said beside it."""

    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__!r}")


@dataclass
class Matrix:
    """What was asked and what was found: leaks, and answers that tell what is there from what never was."""

    requests: int = 0
    leaks: list[str] = field(default_factory=list)
    told_apart: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    def look(self, who: Who, ask: Ask, answer: httpx.Response, words: Collection[str]) -> None:
        """Look for words that were not sent in all that was answered."""
        self.requests += 1
        self.statuses[answer.status_code] += 1
        sent = ask.text
        said = answer.text + " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        for word in words:
            if word in said and word not in sent:
                self.leaks.append(f"{who.name}: {ask.method} {ask.url} told {word} ({answer.status_code})")

    def count(self, who: Who, ask: Ask, answer: httpx.Response) -> None:
        """A total that is more than what is shown counts what is out of sight."""
        if ("_total", "accurate") not in ask.query or answer.status_code != httpx.codes.OK:
            return
        found = answer.json()
        if any(link["relation"] == "next" for link in found.get("link", ())):
            return
        shown = sum(entry["search"]["mode"] == "match" for entry in found.get("entry", ()))
        if "total" in found and found["total"] != shown:
            self.leaks.append(f"{who.name}: {ask.url} counts {found['total']} and shows {shown}")

    def compare(self, who: Who, ask: Ask, hidden: httpx.Response, never: httpx.Response) -> None:
        """What is out of sight is answered as what never was."""
        if fingerprint(hidden) != fingerprint(never):
            self.told_apart.append(
                f"{who.name}: {ask.method} {ask.url}: {hidden.status_code} {hidden.text[:300]}"
                f" / {never.status_code} {never.text[:300]}"
            )

    @property
    def said(self) -> dict[str, Any]:
        """For the last lines of the tests' output."""
        return {
            "roles": sorted(self.roles),
            "addresses": sorted(self.addresses),
            "resources": sorted(self.resources),
            "requests": self.requests,
            "leaks": len(self.leaks),
            "told_apart": len(self.told_apart),
        }


def fingerprint(answer: httpx.Response) -> tuple[object, ...]:
    """An answer without its id, its time and what distinguishes the ids asked for."""
    headers = sorted(
        (name, value.replace("nvr", "kno")) for name, value in answer.headers.items() if name not in _CHANGES
    )
    body = _STAMP.sub(b"", answer.content.replace(b"nvr", b"kno"))
    return answer.status_code, headers, body


async def send(client: httpx.AsyncClient, ask: Ask, signed: dict[str, str]) -> httpx.Response:
    """Ask, as whoever is signed in so."""
    return await client.request(
        ask.method, ask.url, content=ask.body or None, headers={**ask.headers, **signed}
    )


def hidden_from(who: Who) -> Iterator[Any]:
    """What the client may not see."""
    return (target for target in TARGETS if not who.may_see(target.group, target.label))
