"""Reads the protocols of the library; one that is not valid stops the start."""

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from app.protocol.complaints import in_plain_words
from app.protocol.definition import Protocol

LIBRARY = Path(__file__).parent / "library"


class ProtocolError(Exception):
    """A protocol file that cannot be used; the message says which, where, and what is wrong with it."""


def load_all(library: Path = LIBRARY) -> Mapping[str, Protocol]:
    """Every protocol of the library, by its key; read once."""
    return _read_all(library)


@cache
def _read_all(library: Path) -> Mapping[str, Protocol]:
    protocols: dict[str, Protocol] = {}
    for path in sorted(library.glob("*.toml")):
        protocol = load(path)
        if protocol.key in protocols:
            raise ProtocolError(f"{path.name}: another file already declares the study {protocol.key}")
        protocols[protocol.key] = protocol
    return MappingProxyType(protocols)


def load(path: Path) -> Protocol:
    """The protocol in one file."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{path.name} is not readable as TOML: {error}") from error
    return read(raw, name=path.name)


def read(raw: dict[str, Any], *, name: str) -> Protocol:
    """The protocol a decoded file means."""
    try:
        return Protocol.model_validate(raw)
    except ValidationError as error:
        raise ProtocolError("\n".join(in_plain_words(error, raw, name=name))) from error


def protocol_for(identifiers: Iterable[tuple[str, str]], library: Path = LIBRARY) -> Protocol | None:
    """The protocol of the study that a registry knows by one of these (system, value) identifiers."""
    wanted = set(identifiers)
    for protocol in load_all(library).values():
        if wanted & {(identifier.system, identifier.value) for identifier in protocol.study.identifiers}:
            return protocol
    return None
