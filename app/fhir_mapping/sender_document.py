"""A registered sender as it is kept, and what is wrong with one that somebody wants to register."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.fhir_mapping import codec
from app.fhir_mapping.primitives import is_shaped
from app.fhir_mapping.sender import Sender

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}", re.ASCII)
"""What senders and clients may be called."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+", re.ASCII)
_APPLICATION: Final = re.compile(r"[^|]+\|[^|]*")
_LONGEST: Final = 250
_LISTS: Final = ("systems", "code_systems", "applications")


def written(sender: Sender) -> bytes:
    """What is kept of a sender."""
    return codec.write(asdict(sender))


def kept(definition: bytes) -> Sender:
    """The sender that was kept so."""
    said = codec.read(definition)
    return Sender(**said | {name: tuple(said[name]) for name in _LISTS})


def problems(sender: Sender) -> list[str]:
    """Every reason why a sender cannot be registered so, each with what to do."""
    return [*_name_problems(sender), *_uri_problems(sender), *_other_problems(sender)]


def _name_problems(sender: Sender) -> Iterator[str]:
    if NAME.fullmatch(sender.name) is None:
        yield "a sender's name is 1 to 64 letters, digits, '-' and '.', such as chu-a"


def _uri_problems(sender: Sender) -> Iterator[str]:
    if not sender.systems:
        yield "name an identifier system of its own (--system), such as urn:oid:1.2.250.1.0.99.1"
    uris = (
        *(("--system", uri) for uri in sender.systems),
        *(("--codes", uri) for uri in sender.code_systems),
        *(("--units", uri) for uri in (sender.unit_system,) if uri is not None),
        *(("--subjects", uri) for uri in (sender.subject_system,) if uri is not None),
    )
    for option, uri in uris:
        if not _is_uri(uri):
            yield (
                f"{option} must be a URI of at most {_LONGEST} characters, such as urn:oid:1.2.250.1.0.99.1"
                f" or https://chu-a.example/lab, not {uri!r}"
            )
    if sender.subject_system in sender.systems:
        yield "--subjects must not be one of its --system: a subject's number is not a result's"


def _is_uri(text: str) -> bool:
    if len(text) > _LONGEST or _URI.fullmatch(text) is None:
        return False
    return is_shaped("oid", text) if text.startswith("urn:oid:") else True


def _other_problems(sender: Sender) -> Iterator[str]:
    for application in sender.applications:
        if _APPLICATION.fullmatch(application) is None:
            yield f"--application is MSH-3|MSH-4, such as LAB|CHU-A, not {application!r}"
    if not _is_zone(sender.time_zone):
        yield f"--zone must be a time zone of the IANA list, such as Europe/Paris, not {sender.time_zone!r}"
    if sender.silent_after is not None and sender.silent_after < 1:
        yield "--silent-after is a number of minutes, 1 or more"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
