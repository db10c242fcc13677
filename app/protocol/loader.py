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
_PLACES = [LIBRARY]


class ProtocolError(Exception):
    """A protocol file that cannot be used; the message says which, where, and what is wrong with it."""


def also_read(directory: Path) -> None:
    """Read the protocols of a further directory, too: said once, before anything is answered."""
    if not directory.is_dir():
        raise ProtocolError(f"{directory} is not a directory with protocol files")
    if directory not in _PLACES:
        _PLACES.append(directory)


def load_all(library: Path | None = None) -> Mapping[str, Protocol]:
    """Every protocol by its key: of the library and what was added to it, or of one directory; read once."""
    return _read_all(tuple(_PLACES) if library is None else (library,))


@cache
def _read_all(places: tuple[Path, ...]) -> Mapping[str, Protocol]:
    protocols: dict[str, Protocol] = {}
    for path in (path for place in places for path in sorted(place.glob("*.toml"))):
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


def protocol_for(identifiers: Iterable[tuple[str, str]], library: Path | None = None) -> Protocol | None:
    """The protocol of the study that a registry knows by one of these (system, value) identifiers."""
    wanted = set(identifiers)
    for protocol in load_all(library).values():
        if wanted & {(identifier.system, identifier.value) for identifier in protocol.study.identifiers}:
            return protocol
    return None
