"""The ACK: what became of a message, in HL7's words. It repeats no value of the message but its header.

| fate | HTTP | MSA-1 |
|---|---|---|
| stored, replayed, late history, waiting for a map, parked | 200, 202 | AA |
| the sender must mend it: what it says, or how it is written | 400, 404 to 422 | AE |
| not for us: another type, version, mode, character of message; an unknown sender | 403, 415 | AR |
| our fault, or it passes: send it again | 408, 429, 500, 503 | AR, with ERR-3 207 |

Source: HL7 Version 2.5.1, chapter 2, §2.9, §2.15.5; tables 0008, 0155, 0357, 0516.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.fhir_mapping.hl7v2.er7 import Encoding, Segment
from app.fhir_mapping.hl7v2.header import UNKNOWN_SENDER, UNKNOWN_TYPE, Header
from app.fhir_mapping.outcome import Issue, Refusal

ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"

_REJECTED = {401, UNKNOWN_SENDER, UNKNOWN_TYPE}
_PASSING = {408, 429, *range(500, 600)}
_COMMITTED = {ACCEPTED: "CA", ERROR: "CE", REJECTED: "CR"}
_WANTED = {"AL": {ACCEPTED, ERROR, REJECTED}, "NE": set[str](), "ER": {ERROR, REJECTED}, "SU": {ACCEPTED}}

_CONDITIONS = {
    "structure": (100, "Segment sequence error"),
    "required": (101, "Required field missing"),
    "value": (102, "Data type error"),
    "code-invalid": (103, "Table value not found"),
    "not-found": (204, "Unknown key identifier"),
    "duplicate": (205, "Duplicate key identifier"),
    "conflict": (205, "Duplicate key identifier"),
    "lock-error": (206, "Application record locked"),
    "transient": (207, "Application error"),
    "exception": (207, "Application error"),
    "throttled": (207, "Application error"),
    "timeout": (207, "Application error"),
}
"""Table 0357, by FHIR's type of issue."""
_OTHER = (207, "Application error")
_UNSUPPORTED = {
    "MSH[1]-9.1": (200, "Unsupported message type"),
    "MSH[1]-9.2": (201, "Unsupported event code"),
    "MSH[1]-11": (202, "Unsupported processing id"),
    "MSH[1]-12": (203, "Unsupported version id"),
}
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\](?:-(\d+)(?:\.(\d+))?)?")
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_LETTERS = {"fatal": "E", "error": "E", "warning": "W", "information": "I"}
_NEWER = ("2.3", "2.3.1", "2.4")
"""Versions whose ERR had one field, which says what ERR-2 and ERR-3 say later."""
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a message: a code, a sentence, and what is to be said of its parts."""

    code: str
    text: str
    issues: Sequence[Issue] = ()

    @staticmethod
    def stored(issues: Iterable[Issue] = (), text: str = "stored") -> "Fate":
        """It is ours now, whatever is to be said of it."""
        return Fate(code=ACCEPTED, text=text, issues=tuple(issues))

    @staticmethod
    def of(refused: Refusal) -> "Fate":
        """What a Refusal is to the sender."""
        return Fate(code=code(refused.status), text=_SENTENCES[code(refused.status)], issues=refused.issues)


_SENTENCES = {
    ACCEPTED: "kept; do not send it again",
    ERROR: "not stored: it must be mended first",
    REJECTED: "not taken",
}


def code(status: int) -> str:
    """The acknowledgment code of a result with that HTTP status (table 0008)."""
    if status < 400:  # noqa: PLR2004 where HTTP's errors begin
        return ACCEPTED
    return REJECTED if status in _REJECTED or status in _PASSING else ERROR


def is_wanted(header: Header, fate: Fate) -> bool:
    """Whether the sender wants an answer at all: in enhanced mode MSH-15 and MSH-16 say when."""
    accept, application = header.segment[15].text, header.segment[16].text
    if not accept and not application:
        return True
    return any(fate.code in _WANTED.get(asked, set()) for asked in (accept, application))


def ack(header: Header, fate: Fate, *, at: datetime, number: str) -> bytes:
    """The ACK of a message, made at this moment under this number.

    It is one answer, also in enhanced mode: AA, AE or AR where MSH-16 wants it, else CA, CE or CR.
    """
    msh = header.segment
    encoding = msh.encoding
    said = _mode(header, fate.code)
    versioned = msh[12][1].text
    head = [
        "MSH",
        msh.written(2),
        *(msh.written(at) for at in (5, 6, 3, 4)),
        at.strftime("%Y%m%d%H%M%S%z"),
        "",
        encoding.component.join(("ACK", msh[9][2].text or "R01", "ACK")),
        number,
        msh.written(11) or "P",
        msh.written(12) or "2.5.1",
        *([""] * 5),
        msh.written(18),
    ]
    told = ["MSA", said, msh.written(10), _plain(encoding, fate.text)]
    errors = [_error(issue, encoding, old=versioned in _NEWER) for issue in fate.issues[:_MOST]]
    lines = [encoding.field.join(line).rstrip(encoding.field) for line in (head, told, *errors)]
    return "".join(f"{line}\r" for line in lines).encode("latin-1", "replace")


def headless(fate: Fate, *, at: datetime, number: str) -> bytes:
    """The answer to what has no header: AR, or AE, for a message without a number."""
    msh = Segment("MSH", 1, ["MSH", "|", "^~\\&"], Encoding())
    return ack(Header(msh), fate, at=at, number=number)


def _mode(header: Header, said: str) -> str:
    """AA, AE, AR; where only the accept acknowledgment is wanted CA, CE, CR."""
    accept, application = header.segment[15].text, header.segment[16].text
    committed = said in _WANTED.get(accept, set()) and said not in _WANTED.get(application, set())
    return _COMMITTED[said] if committed else said


def _error(issue: Issue, encoding: Encoding, *, old: bool) -> list[str]:
    """ERR; up to 2.4 its first field says where and what, and the later ones are passed over."""
    number, name = _UNSUPPORTED.get(issue.expression or "", _CONDITIONS.get(issue.code, _OTHER))
    if issue.severity in {"warning", "information"}:
        number, name = 0, "Message accepted"
    segment, sequence, place, component = _place(issue)
    located = encoding.component.join((segment, sequence, place, "1" if place else "", component))
    condition = encoding.component.join((str(number), name, "HL70357"))
    whole = encoding.subcomponent.join((str(number), name, "HL70357"))
    first = encoding.component.join((segment, sequence, place, whole))
    text = _plain(encoding, issue.text)
    found = located.rstrip(encoding.component)
    return ["ERR", first if old else "", found, condition, _LETTERS[issue.severity], "", "", text, text]


def _place(issue: Issue) -> tuple[str, str, str, str]:
    """Segment, its number, field and component; "" for what the place does not say."""
    match = _PLACE.fullmatch(issue.expression or "")
    segment, sequence, field, component = match.groups("") if match else ("",) * 4
    return segment, sequence, field, component


def _plain(encoding: Encoding, text: str) -> str:
    """A sentence of ours as it is written: in ASCII, which every character set holds."""
    return encoding.write(text.encode("ascii", "replace").decode())


def placed(refused: Refusal, places: Sequence[str]) -> Refusal:
    """A Refusal of the Bundle, its reasons at the segments the entries were read from."""
    return Refusal(refused.status, tuple(at_places(refused.issues, places)), refused.headers)


def at_places(issues: Iterable[Issue], places: Sequence[str]) -> Iterator[Issue]:
    """The issues of the entries of the Bundle, each at the segment its entry was read from."""
    for issue in issues:
        match = _ENTRY.match(issue.expression or "")
        known = match is not None and int(match[1]) < len(places)
        yield replace(issue, expression=places[int(match[1])]) if match and known else issue
