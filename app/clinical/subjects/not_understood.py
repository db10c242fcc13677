"""Results that no answer can use: for their unit, or because their code is not mapped or not read."""

from collections.abc import Iterator
from itertools import groupby

from pydantic import BaseModel

from app.clinical import codes
from app.clinical.answers import Figure, Result
from app.clinical.history import History
from app.clinical.records import Coding, Measurement
from app.clinical.remembered import of_protocol
from app.clinical.timeline import counted
from app.protocol.definition import Protocol
from app.protocol.words import Code


def unusable(protocol: Protocol, history: History) -> Iterator[Result]:
    """One result for each of the three reasons, with the records concerned; none where all are understood."""
    final = counted(protocol, history.measurements)
    units = [one for one in final if one.problem == "unit-not-convertible"]
    if units:
        yield Result(
            name="unit-not-understood",
            reasons=("unit-not-convertible",),
            evidence=tuple(dict.fromkeys(one.source for one in units)),
            notes=tuple(
                f"{one.source}: {one.received or ''} {one.received_unit or 'without a unit'}" for one in units
            ),
            figures=(Figure(name="results", value=len(units)),),
        )
    unmapped = [one for one in final if one.problem == "unmapped-code"]
    if unmapped:
        yield Result(
            name="code-not-mapped",
            reasons=("unmapped-code",),
            evidence=tuple(dict.fromkeys(one.source for one in unmapped)),
            notes=tuple(f"{one.source}: {_coded(one)}" for one in unmapped),
            figures=(Figure(name="results", value=len(unmapped)),),
        )
    known = codes_of(protocol)
    others = [one for one in final if one.problem != "unmapped-code"]
    unread = [parts for parts in _observations(others) if not any(_is_known(one, known) for one in parts)]
    if unread:
        yield Result(
            name="code-not-read",
            evidence=tuple(parts[0].source for parts in unread),
            notes=tuple(f"{parts[0].source}: {_coded(parts[0])}" for parts in unread),
            figures=(Figure(name="results", value=len(unread)),),
        )


@of_protocol
def codes_of(protocol: Protocol) -> frozenset[Coding]:
    """The codes that a protocol reads."""
    return frozenset(Coding(code.system, code.code) for code in read_by(protocol))


def read_by(part: object) -> Iterator[Code]:
    """Every code that is named anywhere in a protocol."""
    if isinstance(part, Code):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from read_by(getattr(part, name))
    elif isinstance(part, dict):
        for inner in part.values():
            yield from read_by(inner)
    elif isinstance(part, list | tuple | set | frozenset):
        for inner in part:
            yield from read_by(inner)


def _observations(final: list[Measurement]) -> Iterator[list[Measurement]]:
    by_source = sorted(final, key=lambda one: (str(one.source), one.part))
    return (list(parts) for _, parts in groupby(by_source, key=lambda one: one.source))


def _is_known(one: Measurement, known: frozenset[Coding]) -> bool:
    """Whether the protocol reads its code, or it is one of our own."""
    return any(coding in known or coding.system.startswith(codes.BASE) for coding in one.codings)


def _coded(one: Measurement) -> str:
    return ", ".join(f"{coding.system}|{coding.code}" for coding in one.codings) or "without a code"
