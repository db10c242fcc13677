"""A registered client as it is kept, and what is wrong with one that somebody wants to register."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from app.fhir_mapping import codec
from app.fhir_mapping.access import narrowing
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.jose import key_problems
from app.fhir_mapping.access.role import ROLES, Role
from app.fhir_mapping.access.scope import EVERY, LETTERS, Scope, parse, spoken
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender_document import NAME

PURPOSES: Final = frozenset(
    (
        "CLINTRCH",
        "HCOMPL",
        "HOPERAT",
        "HOUTCOMS",
        "HQUALIMP",
        "HRESCH",
        "HSYSADMIN",
        "PATADMIN",
        "PATSFTY",
        "PUBHLTH",
        "TREAT",
    )
)
"""Why a program may say it asks: codes of v3-PurposeOfUse."""
_PLAIN: Final = (
    "name",
    "role",
    "sites",
    "studies",
    "senders",
    "jwks",
    "jwks_uri",
    "purpose",
    "requests_per_minute",
    "disabled",
)
_LISTS: Final = ("sites", "studies", "senders")
_READING: Final = frozenset("rs")
_WRITING: Final = frozenset("cud")
_LONGEST: Final = 64


def written(client: Client) -> bytes:
    """What is kept of a client."""
    said: dict[str, Any] = {name: getattr(client, name) for name in _PLAIN}
    return codec.write(said | {"scopes": spoken(client.scopes)})


def kept(definition: bytes) -> Client:
    """The client that was kept so."""
    said = codec.read(definition)
    lists = {name: None if said[name] is None else tuple(said[name]) for name in _LISTS}
    return Client(**said | lists | {"scopes": parse(said["scopes"])})


def everything(role: Role) -> tuple[Scope, ...]:
    """The scopes of all that a role allows."""
    reading = [EVERY] if role.reads >= RESOURCES.keys() else sorted(role.reads)
    writing = [EVERY] if role.writes >= RESOURCES.keys() else sorted(role.writes)
    letters = {kind: frozenset[str]() for kind in (*reading, *writing)}
    for kind in letters:
        letters[kind] = (_READING if kind in reading else frozenset()) | (
            _WRITING if kind in writing else frozenset()
        )
    return tuple(Scope(kind, found) for kind, found in letters.items())


def problems(client: Client) -> list[str]:
    """Every reason why a client cannot be registered so, each with what to do."""
    if client.role not in ROLES:
        return [f"--role is one of {', '.join(ROLES)}, not {client.role!r}"]
    return [
        *_name_problems(client),
        *_place_problems(client),
        *_scope_problems(client),
        *_key_problems(client),
    ]


def _name_problems(client: Client) -> Iterator[str]:
    if NAME.fullmatch(client.name) is None:
        yield "a client's name is 1 to 64 letters, digits, '-' and '.', such as chu-a"
    if client.purpose not in PURPOSES:
        yield f"--purpose is one of {', '.join(sorted(PURPOSES))}, not {client.purpose!r}"
    if client.requests_per_minute is not None and client.requests_per_minute < 1:
        yield "--requests-per-minute is a number, 1 or more"


def _place_problems(client: Client) -> Iterator[str]:
    if client.of.by_site and not client.sites:
        yield f"the role {client.role} is of a site: name it (--site), as its patients are tagged with it"
    if not client.of.by_site and client.sites:
        yield f"the role {client.role} is of no site: leave --site out, or choose the role site"
    for site in client.sites:
        if not site or len(site) > _LONGEST or not site.isprintable() or " " in site:
            yield f"--site is the code of a site, such as SLS, not {site!r}"
    if client.studies == ():
        yield "name the studies it sees (--study NCT03562065, or the id of the study), or say --every-study"


def _scope_problems(client: Client) -> Iterator[str]:
    if not client.scopes:
        yield f"the role {client.role} needs a scope at least"
    for scope in client.scopes:
        yield from narrowing.problems(scope)
        lacking = _lacking(scope, client.of)
        if lacking:
            letters = "".join(letter for letter in LETTERS if letter in lacking)
            other = "name the types it may have" if scope.kind == EVERY else "leave it out"
            yield f"the role {client.role} may not have {letters} in {scope}: {other}"


def _lacking(scope: Scope, role: Role) -> frozenset[str]:
    """The letters a role has not for the types of a scope."""
    return frozenset(
        letter
        for letter in scope.letters
        if not any(scope.within(one) and one.covers(scope.kind, letter) for one in everything(role))
    )


def _key_problems(client: Client) -> Iterator[str]:
    if client.jwks is not None and client.jwks_uri is not None:
        yield "give its public keys (--jwks) or where they are (--jwks-uri), not both"
    if client.jwks is not None:
        yield from key_problems(client.jwks)
    if client.jwks_uri is not None and not _is_https(client.jwks_uri):
        yield f"--jwks-uri is an https:// address without a name or password in it, not {client.jwks_uri!r}"


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        return False
